/* SPDX-License-Identifier: Apache-2.0 */

/* mldv status: what differs, what exists only here, which stages are stale. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/pipeline.h"
#include "mldv/rules.h"

struct values {
	bool all;
	bool exit_code;
	bool only_here;
	bool json;
};

static const struct option options[] = {
    {'a', "all", NULL, "list what is up to date as well",
        FLAG(struct values, all)},
    {0, "exit-code", NULL, "end with status 3 if anything differs",
        FLAG(struct values, exit_code)},
    {0, "only-here", NULL, "list only what no remote is known to have",
        FLAG(struct values, only_here)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	const struct context *context;
	const struct values *given;
	struct jsonout json;
	struct columns columns;
	uint64_t items, stages; /* that are not as they should be */
	uint64_t rules;         /* that are broken */
	bool absent, deleted;   /* an item is */
};

static const char *item_word(enum mldv_state state)
{
	static const char *const words[] = {
	    [MLDV_CLEAN] = "clean",
	    [MLDV_MODIFIED] = "modified",
	    [MLDV_DELETED] = "deleted",
	    [MLDV_ABSENT] = "not here",
	    [MLDV_HERE_ONLY] = "here only",
	    [MLDV_PART] = "part",
	    [MLDV_SKIPPED] = "skipped",
	    [MLDV_UNTRACKED] = "untracked",
	};

	return words[state];
}

/* "3 new, 1 changed", "60,000 files, 163 MB" */
static void add_details(const struct mldv_item *item, struct buf *out)
{
	if (item->state == MLDV_MODIFIED && item->counted) {
		show_changes(item->added, item->changed, item->removed, out);
		return;
	}
	if (item->state == MLDV_PART) {
		str_count(item->here, out);
		buf_add_str(out, " of ");
		show_count(item->files, "file", out);
		return;
	}
	if (item->state == MLDV_UNTRACKED) {
		str_bytes(item->bytes, out);
		return;
	}
	show_size(item->files, item->bytes, out);
}

static void item_json(struct jsonout *json, const struct mldv_item *item)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "path", item->path);
	jsonout_text(json, "state", item_word(item->state));
	jsonout_text(json, "stage", item->stage);
	jsonout_count(json, "files", item->files);
	jsonout_count(json, "bytes", item->bytes);
	if (item->part)
		jsonout_count(json, "here", item->here);
	if (item->counted) {
		jsonout_count(json, "added", item->added);
		jsonout_count(json, "changed", item->changed);
		jsonout_count(json, "removed", item->removed);
	}
	jsonout_end(json, '}');
}

static void visit_item(void *context, const struct mldv_item *item)
{
	struct visit *visit = context;
	struct buf details = {0};
	struct buf path = {0};

	if (item->state != MLDV_CLEAN && item->state != MLDV_PART &&
	    item->state != MLDV_SKIPPED)
		visit->items++;
	visit->absent = visit->absent || item->state == MLDV_ABSENT;
	visit->deleted = visit->deleted || item->state == MLDV_DELETED;
	if (visit->given->json) {
		item_json(&visit->json, item);
		return;
	}
	show_path(visit->context, item->path, &path);
	add_details(item, &details);
	columns_row(&visit->columns,
	    (const char *[]){item_word(item->state), buf_str(&path),
	        buf_str(&details)});
	buf_release(&details);
	buf_release(&path);
}

static bool is_fresh(enum mldv_stage_state state)
{
	return state == MLDV_STAGE_FRESH || state == MLDV_STAGE_FROZEN;
}

static void visit_stage(void *context, const struct mldv_stage *stage)
{
	struct visit *visit = context;
	const char *word = stage_word(stage->state);
	struct buf reason = {0};

	if (!is_fresh(stage->state))
		visit->stages++;
	else if (!visit->given->all && stage->claim == NULL)
		return;
	if (visit->given->json) {
		jsonout_begin(&visit->json, NULL, '{');
		jsonout_text(&visit->json, "name", stage->name);
		jsonout_text(&visit->json, "state", stage_word(stage->state));
		jsonout_text(&visit->json, "reason", stage->reason);
		jsonout_text(&visit->json, "claim", stage->claim);
		jsonout_text(&visit->json, "claim_why", stage->claim_why);
		jsonout_end(&visit->json, '}');
		return;
	}
	if (stage->reason != NULL)
		show_text(stage->reason, &reason);
	if (stage->claim != NULL && is_fresh(stage->state)) {
		word = stage->claim;
		if (reason.len > 0)
			buf_add_str(&reason, "; ");
		show_text(stage->claim_why, &reason);
	}
	columns_row(&visit->columns,
	    (const char *[]){word, stage->name, buf_str(&reason)});
	buf_release(&reason);
}

/* The stages, which have columns of their own. */
static int list_stages(struct visit *visit, struct mldv_error *err)
{
	const struct context *context = visit->context;
	int ret;

	if (visit->given->only_here)
		return 0;
	jsonout_begin(&visit->json, "stages", '[');
	ret = mldv_stages(context->project, visit_stage, visit, err);
	jsonout_end(&visit->json, ']');
	if (ret == 0 && visit->columns.cells.count > 0)
		term_write(context->term, "stages:\n", 8);
	if (ret == 0)
		columns_write(&visit->columns, context->term);
	return ret;
}

static void visit_rule(void *context, const struct mldv_broken *broken)
{
	struct visit *visit = context;
	struct buf name = {0};
	struct buf what = {0};

	visit->rules++;
	if (visit->given->json) {
		jsonout_begin(&visit->json, NULL, '{');
		jsonout_text(&visit->json, "rule", broken->rule);
		jsonout_text(&visit->json, "stage", broken->stage);
		jsonout_text(&visit->json, "path", broken->path);
		jsonout_text(&visit->json, "what", broken->what);
		jsonout_end(&visit->json, '}');
		return;
	}
	if (broken->stage)
		buf_printf(&name, "stage %s", broken->stage);
	else
		show_path(visit->context, broken->path, &name);
	show_text(broken->what, &what);
	columns_row(&visit->columns,
	    (const char *[]){broken->rule, buf_str(&name), buf_str(&what)});
	buf_release(&name);
	buf_release(&what);
}

/* Warnings only: they do not make anything differ. */
static int list_rules(struct visit *visit, struct mldv_error *err)
{
	const struct context *context = visit->context;
	int ret;

	if (visit->given->only_here)
		return 0;
	jsonout_begin(&visit->json, "rules", '[');
	ret = mldv_rules(context->project, visit_rule, visit, err);
	jsonout_end(&visit->json, ']');
	if (ret == 0 && visit->columns.cells.count > 0)
		term_write(context->term, "rules:\n", 7);
	if (ret == 0)
		columns_write(&visit->columns, context->term);
	return ret;
}

static void say_ways_out(const struct visit *visit)
{
	if (visit->given->json)
		return;
	if (visit->absent)
		term_say(visit->context->term,
		    "'mldv pull' gets what is not here");
	if (visit->deleted)
		term_say(visit->context->term,
		    "'mldv checkout' brings back what is deleted");
}

static int list(struct visit *visit, bool *dirty, struct mldv_error *err)
{
	const struct context *context = visit->context;
	const struct mldv_status how = {.all = visit->given->all,
	    .only_here = visit->given->only_here,
	    .visit = visit_item,
	    .context = visit};
	int ret;

	jsonout_begin(&visit->json, NULL, '{');
	jsonout_begin(&visit->json, "items", '[');
	ret = mldv_status(context->project, &how, dirty, err);
	jsonout_end(&visit->json, ']');
	if (ret == 0) {
		columns_write(&visit->columns, context->term);
		say_ways_out(visit);
	}
	if (ret == 0)
		ret = list_stages(visit, err);
	if (ret == 0)
		ret = list_rules(visit, err);
	jsonout_end(&visit->json, '}');
	return ret;
}

/* The answer in words, for --exit-code. */
static int answer(const struct visit *visit, struct mldv_error *err)
{
	struct buf text = {0};

	if (visit->items > 0 || visit->stages == 0)
		show_count(visit->items, "item", &text);
	if (visit->items > 0 && visit->stages > 0)
		buf_add_str(&text, " and ");
	if (visit->stages > 0)
		show_count(visit->stages, "stage", &text);
	err_set(err, MLDV_NO, "not up to date: %s", buf_str(&text));
	buf_release(&text);
	return -1;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct visit visit = {.context = context,
	    .given = values,
	    .json.style = JSONOUT_LINES,
	    .columns.count = 3};
	bool dirty = false;
	int ret = list(&visit, &dirty, err);

	if (ret == 0) {
		dirty = dirty || visit.stages > 0;
		if (visit.given->json)
			json_print(&visit.json, context->term);
		else if (!dirty && visit.rules == 0)
			term_say(context->term, "everything is up to date");
		if (visit.given->exit_code && dirty)
			ret = answer(&visit, err);
	}
	columns_release(&visit.columns);
	jsonout_release(&visit.json);
	return ret;
}

const struct command command_status = {
    .name = "status",
    .summary = "say what differs, what is only here, and what is stale",
    .arguments = "",
    .group = GROUP_DAILY,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
