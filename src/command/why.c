/* SPDX-License-Identifier: Apache-2.0 */

/* mldv why: what differs from the run that a stage's outputs are from. */

#include <string.h>

#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/lineage.h"

struct values {
	const char *vs;
	bool json;
};

static const struct option options[] = {
    {0, "vs", "REV", "compare with this revision's mldv.lock",
        TEXT(struct values, vs)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

/* Digits of a key that are shown. */
enum { SHORT = 10 };

struct visit {
	const struct context *context;
	struct buf out;
	struct jsonout json;
	unsigned depth;
	bool open; /* a stage's object, and its list */
};

static void indent(struct visit *visit, unsigned depth)
{
	for (unsigned i = 0; i < 2 * depth; i++)
		buf_add_char(&visit->out, ' ');
}

static void add_head(struct visit *visit, const struct mldv_why_stage *stage)
{
	struct buf *out = &visit->out;

	indent(visit, stage->depth);
	show_text(stage->name, out);
	if (stage->dep != NULL) {
		buf_add_str(out, ", which makes ");
		show_path(visit->context, stage->dep, out);
		buf_add_str(out, ", is ");
	} else {
		buf_add_str(out, " is ");
	}
	buf_add_str(out, stage_word(stage->state));
	if (stage->reason != NULL) {
		buf_add_str(out, ": ");
		show_text(stage->reason, out);
	}
	buf_add_char(out, '\n');
	if (stage->claim != NULL) {
		indent(visit, stage->depth + 1);
		buf_printf(out, "its outputs are %s: ", stage->claim);
		show_text(stage->claim_why, out);
		buf_add_char(out, '\n');
	}
}

/* What it is compared with. */
static void add_base(const struct mldv_why_stage *stage, struct buf *out)
{
	if (stage->from == NULL)
		buf_add_str(out, "its last run");
	else
		show_text(stage->from, out);
}

static void add_sum(struct visit *visit, const struct mldv_why_stage *stage)
{
	struct buf *out = &visit->out;

	indent(visit, stage->depth + 1);
	if (stage->before == NULL) {
		buf_add_str(out, "there is no record of it in ");
		if (stage->from == NULL)
			buf_add_str(out, "mldv.lock");
		else
			show_text(stage->from, out);
	} else if (stage->differences == 0 && stage->after != NULL) {
		buf_add_str(out, "nothing that it depends on differs from ");
		add_base(stage, out);
		if (stage->depth > 0)
			buf_add_str(out,
			    ": it made something else of the same");
	} else if (stage->differences == 0) {
		buf_add_str(out, "what is known of it is as in ");
		add_base(stage, out);
	} else {
		show_count(stage->differences, "difference", out);
		buf_add_str(out, " from ");
		add_base(stage, out);
		if (stage->after != NULL)
			buf_printf(out, " (key %.*s -> %.*s)", SHORT,
			    stage->before, SHORT, stage->after);
		buf_add_char(out, ':');
	}
	buf_add_char(out, '\n');
}

static void end_stage(struct visit *visit)
{
	if (!visit->open)
		return;
	jsonout_end(&visit->json, ']');
	jsonout_end(&visit->json, '}');
	visit->open = false;
}

static void visit_stage(void *context, const struct mldv_why_stage *stage)
{
	struct visit *visit = context;
	struct jsonout *json = &visit->json;

	visit->depth = stage->depth;
	add_head(visit, stage);
	add_sum(visit, stage);
	end_stage(visit);
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "stage", stage->name);
	jsonout_count(json, "depth", stage->depth);
	jsonout_text(json, "makes", stage->dep);
	jsonout_text(json, "state", stage_word(stage->state));
	jsonout_text(json, "reason", stage->reason);
	jsonout_text(json, "compared_with", stage->from);
	jsonout_text(json, "key_before", stage->before);
	jsonout_text(json, "key_now", stage->after);
	jsonout_text(json, "claim", stage->claim);
	jsonout_text(json, "claim_why", stage->claim_why);
	jsonout_begin(json, "differences", '[');
	visit->open = true;
}

/* "dep src/train.py", "the command" */
static void add_subject(struct visit *visit, const struct mldv_why_fact *fact)
{
	static const char *const names[][2] = {
	    {"cmd", "the command"},
	    {"cwd", "the working directory"},
	    {"nb", "notebook"},
	    {"envlock", "the environment in"},
	    {"env", "variable"},
	    {"shell", "the shell"},
	    {"runner", "the runner"},
	    {"image", "the image"},
	    {"out", "output"},
	};
	const char *word = fact->word;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(word, names[i][0]) == 0)
			word = names[i][1];
	buf_add_str(&visit->out, word);
	if (fact->name[0] != '\0') {
		buf_add_char(&visit->out, ' ');
		show_text(fact->name, &visit->out);
	}
}

static void add_value(const char *before, const char *value, struct buf *out)
{
	if (value == NULL || value[0] == '\0')
		return;
	buf_add_str(out, before);
	show_text(value, out);
}

static void add_values(struct visit *visit, const struct mldv_why_fact *fact)
{
	struct buf *out = &visit->out;

	if (strcmp(fact->word, "cmd") == 0) {
		buf_add_str(out, " changed");
		return;
	}
	if (fact->before == NULL) {
		buf_add_str(out, " is new");
		add_value(": ", fact->after, out);
		return;
	}
	if (fact->after == NULL) {
		buf_add_str(out, " is not there any more");
		add_value(": was ", fact->before, out);
		return;
	}
	buf_add_char(out, ' ');
	show_text(fact->before, out);
	buf_add_str(out, " -> ");
	show_text(fact->after, out);
}

static void visit_fact(void *context, const struct mldv_why_fact *fact)
{
	struct visit *visit = context;
	struct jsonout *json = &visit->json;

	indent(visit, visit->depth + 2);
	add_subject(visit, fact);
	add_values(visit, fact);
	if (fact->maker != NULL) {
		buf_add_str(&visit->out, ", made by ");
		show_text(fact->maker, &visit->out);
	}
	buf_add_char(&visit->out, '\n');
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "what", fact->word);
	jsonout_text(json, "name", fact->name);
	jsonout_text(json, "before", fact->before);
	jsonout_text(json, "now", fact->after);
	jsonout_text(json, "made_by", fact->maker);
	jsonout_end(json, '}');
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.context = context, .json.style = JSONOUT_LINES};
	const struct mldv_why how = {
	    .stage = context->words->items[0],
	    .revision = given->vs,
	    .visit_stage = visit_stage,
	    .visit_fact = visit_fact,
	    .context = &visit,
	};
	int ret;

	jsonout_begin(&visit.json, NULL, '[');
	ret = mldv_why(context->project, &how, err);
	end_stage(&visit);
	jsonout_end(&visit.json, ']');
	if (ret == 0 && given->json)
		json_print(&visit.json, context->term);
	else if (ret == 0)
		term_write(context->term, buf_str(&visit.out), visit.out.len);
	jsonout_release(&visit.json);
	buf_release(&visit.out);
	return ret;
}

const struct command command_why = {
    .name = "why",
    .summary = "say what differs from a stage's last run, and why",
    .arguments = "STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
