/* SPDX-License-Identifier: Apache-2.0 */

/* mldv find: which commits, stages and runs have a file, or such a result. */

#include <string.h>

#include "base/file.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "command/runlist.h"
#include "mldv/lineage.h"

struct values {
	bool json;
};

static const struct option options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

enum {
	SHORT = 10, /* digits of an id */
	/* Places that are listed; JSON has them all. */
	PLACES_MOST = 20,
};

struct visit {
	const struct context *context;
	struct buf out;
	struct jsonout json;
	size_t count;
	bool listed; /* the JSON's list is closed */
};

static const char *word_of(enum mldv_found_as as)
{
	static const char *const words[] = {
	    [MLDV_FOUND_ADDED] = "added",
	    [MLDV_FOUND_MADE] = "made",
	    [MLDV_FOUND_READ] = "read",
	    [MLDV_FOUND_INSIDE] = "inside",
	};

	return words[as];
}

static void add_json(struct jsonout *json, const struct mldv_found *found)
{
	struct buf time = {0};

	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "as", word_of(found->as));
	jsonout_text(json, "path", found->path);
	if (found->inside != NULL)
		jsonout_text(json, "inside", found->inside);
	jsonout_text(json, "stage", found->stage);
	jsonout_text(json, "key", found->key);
	jsonout_text(json, "commit", found->commit.id);
	if (found->commit.id != NULL) {
		show_utc(found->commit.time, &time);
		jsonout_text(json, "time", buf_str(&time));
		jsonout_text(json, "who", found->commit.who);
		jsonout_text(json, "subject", found->commit.subject);
		jsonout_text(json, "branch", found->holder);
	}
	jsonout_bool(json, "here", found->here);
	jsonout_end(json, '}');
	buf_release(&time);
}

/* "made by train as model.pt", "read by train as data/x", "added as data/x" */
static void add_what(struct visit *visit, const struct mldv_found *found)
{
	struct buf *out = &visit->out;

	if (found->as == MLDV_FOUND_INSIDE) {
		buf_add_str(out, found->stage ? "made by " : "added in ");
		if (found->stage != NULL) {
			show_text(found->stage, out);
			buf_add_str(out, " in ");
		}
		show_path(visit->context, found->path, out);
		buf_add_str(out, " as ");
		show_text(found->inside, out);
		return;
	}
	buf_add_str(out, word_of(found->as));
	if (found->stage != NULL) {
		buf_add_str(out, " by ");
		show_text(found->stage, out);
	}
	buf_add_str(out, " as ");
	show_path(visit->context, found->path, out);
	if (found->key != NULL)
		buf_printf(out, " (key %.*s)", SHORT, found->key);
}

static void add_since(struct visit *visit, const struct mldv_found *found)
{
	const struct mldv_commit *commit = &found->commit;
	struct buf *out = &visit->out;

	if (commit->id == NULL) {
		buf_add_str(out,
		    found->here ? "  not committed yet\n"
		                : "  in no commit; a run here tells of it\n");
		return;
	}
	buf_printf(out, "  commit %.*s, ", SHORT, commit->id);
	show_time(commit->time, out);
	buf_add_str(out, ", ");
	show_text(commit->who, out);
	buf_add_str(out, ": ");
	show_text(commit->subject, out);
	buf_add_str(out, "\n  ");
	if (found->holder != NULL) {
		buf_add_str(out, "on ");
		show_text(found->holder, out);
	} else {
		buf_printf(out,
		    "on no branch any more; 'git branch NAME %.*s' makes one",
		    SHORT, commit->id);
	}
	buf_add_str(out, found->here ? ", and here\n" : "\n");
}

static void visit_found(void *context, const struct mldv_found *found)
{
	struct visit *visit = context;

	add_json(&visit->json, found);
	if (visit->count++ >= PLACES_MOST)
		return;
	add_what(visit, found);
	buf_add_char(&visit->out, '\n');
	add_since(visit, found);
}

static void add_places(struct visit *visit, const struct mldv_lies *lies)
{
	struct buf *out = &visit->out;

	if (lies->path != NULL) {
		buf_add_str(out, "here as ");
		show_path(visit->context, lies->path, out);
		buf_add_str(out, ", ");
	}
	if (!lies->known) {
		buf_add_str(out, "where no pointer or output says");
		return;
	}
	if (!lies->store && !lies->on_remote) {
		buf_add_str(out,
		    lies->path != NULL ? "and mldv keeps no copy of it"
		                       : "neither here nor on a remote");
		return;
	}
	buf_printf(out, "%s the store", lies->store ? "in" : "not in");
	if (lies->remote != NULL)
		buf_printf(out, ", %son remote %s",
		    lies->on_remote ? "" : "not ", lies->remote);
}

static void visit_lies(void *context, const struct mldv_lies *lies)
{
	struct visit *visit = context;
	struct buf *out = &visit->out;
	struct jsonout *json = &visit->json;

	jsonout_end(json, ']');
	visit->listed = true;
	jsonout_text(json, "oid", lies->oid);
	jsonout_text(json, "path", lies->path);
	jsonout_bool(json, "store", lies->store);
	jsonout_text(json, "remote", lies->on_remote ? lies->remote : NULL);
	if (visit->count > PLACES_MOST)
		buf_printf(out, "and %zu more; --json lists them all\n",
		    visit->count - PLACES_MOST);
	buf_printf(out, "\n%.*s lies ", SHORT, lies->oid);
	add_places(visit, lies);
	buf_add_char(out, '\n');
}

static int find_content(const struct context *context, bool as_json,
    struct mldv_error *err)
{
	struct visit visit = {.context = context, .json.style = JSONOUT_LINES};
	const struct mldv_find how = {
	    .what = context->words->items[0],
	    .visit = visit_found,
	    .lies = visit_lies,
	    .context = &visit,
	};
	int ret;

	jsonout_begin(&visit.json, NULL, '{');
	jsonout_begin(&visit.json, "found", '[');
	ret = mldv_find(context->project, &how, err);
	if (!visit.listed)
		jsonout_end(&visit.json, ']');
	jsonout_end(&visit.json, '}');
	if (ret == 0 && as_json)
		json_print(&visit.json, context->term);
	else if (ret == 0)
		term_write(context->term, buf_str(&visit.out), visit.out.len);
	jsonout_release(&visit.json);
	buf_release(&visit.out);
	return ret;
}

static int find_runs(const struct context *context, bool as_json,
    struct mldv_error *err)
{
	struct listing listing;
	const struct mldv_runs how = {
	    .all = true,
	    .conditions = context->words,
	    .visit = run_list_visit,
	    .context = &listing,
	};
	bool none;
	int ret;

	listing_open(&listing, context, as_json, RUN_COLUMNS);
	ret = mldv_runs(context->project, &how, err);
	none = listing.columns.cells.count == 0;
	ret = listing_close(&listing, ret);
	if (ret == 0 && none)
		return err_set(err, MLDV_NO, "no run is like that");
	return ret;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct strs *words = context->words;
	struct mldv_error ignored;
	bool expression = mldv_is_condition(words->items[0]) &&
	    file_exists(words->items[0], &ignored) <= 0;

	if (!expression && words->count > 1)
		return err_set(err, MLDV_USAGE,
		    "'%s': one file or oid at a time, or conditions such as "
		    "'accuracy>0.9'",
		    words->items[1]);
	return expression ? find_runs(context, given->json, err)
	                  : find_content(context, given->json, err);
}

const struct command command_find = {
    .name = "find",
    .summary = "find what made or used a file, or runs with such a result",
    .arguments = "FILE|OID|CONDITION...",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
