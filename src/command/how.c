/* SPDX-License-Identifier: Apache-2.0 */

/* mldv how: how data, a model or a report was made. */

#include <string.h>

#include "base/str.h"
#include "command/command.h"
#include "command/howtext.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/lineage.h"

struct values {
	bool diff;
	bool dot;
	bool json;
};

static const struct option options[] = {
    {0, "diff", NULL, "show also what was not committed of the code",
        FLAG(struct values, diff)},
    {0, "dot", NULL, "write a graph for Graphviz", FLAG(struct values, dot)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	const struct context *context;
	const struct values *given;
	struct buf out;
	struct jsonout json;
	struct mldv_error err; /* of a diff that cannot be read */
	bool failed;
};

/* --- JSON --- */

static void json_utc(struct jsonout *json, const char *name, int64_t time)
{
	struct buf text = {0};

	show_utc(time, &text);
	jsonout_text(json, name, buf_str(&text));
	buf_release(&text);
}

static void json_file(struct jsonout *json, const struct mldv_how_file *file,
    bool input)
{
	const char kind[] = {file->kind, '\0'};

	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "path", file->path);
	jsonout_text(json, "kind", kind);
	jsonout_text(json, "oid", file->oid);
	if (input) {
		jsonout_text(json, "stage", file->stage);
		jsonout_text(json, "item", file->item);
		if (file->step > 0)
			jsonout_count(json, "step", file->step);
	} else {
		jsonout_count(json, "files", file->files);
		jsonout_count(json, "bytes", file->bytes);
	}
	jsonout_end(json, '}');
}

static void json_files(struct jsonout *json, const char *name,
    const struct mldv_how_file *list, size_t count)
{
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < count; i++)
		json_file(json, &list[i], strcmp(name, "inputs") == 0);
	jsonout_end(json, ']');
}

static void json_values(struct jsonout *json, const char *name,
    const char *word, const struct mldv_how_value *list, size_t count)
{
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < count; i++) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, word, list[i].word);
		jsonout_text(json, "name", list[i].name);
		jsonout_text(json, "value", list[i].value);
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
}

static void json_run(struct jsonout *json, const struct mldv_how_step *step)
{
	json_utc(json, "started", (int64_t)step->started);
	jsonout_number(json, "seconds", step->seconds);
	jsonout_text(json, "host", step->host);
	jsonout_text(json, "platform", step->platform);
	jsonout_text(json, "commit", step->code_commit);
	jsonout_text(json, "branch", step->branch);
	jsonout_text(json, "diff", step->diff);
	jsonout_bool(json, "committed", step->code_committed);
	jsonout_text(json, "who", step->who);
	jsonout_text(json, "interpreter", step->interpreter);
	jsonout_text(json, "job", step->job);
	jsonout_text(json, "cost", step->cost);
	jsonout_begin(json, "about", '{');
	for (size_t i = 0; i < step->about_count; i++)
		jsonout_text(json, step->about[i].name, step->about[i].value);
	jsonout_end(json, '}');
	json_values(json, "metrics", "file", step->metrics, step->metric_count);
}

static void json_step(struct jsonout *json, const struct mldv_how_step *step)
{
	jsonout_begin(json, NULL, '{');
	jsonout_count(json, "step", step->number);
	jsonout_text(json, "stage", step->stage);
	jsonout_bool(json, "earlier", step->earlier);
	json_files(json, "outs", step->outs, step->out_count);
	if (step->stage != NULL) {
		json_files(json, "inputs", step->inputs, step->input_count);
		json_values(json, "values", "what", step->values,
		    step->value_count);
		jsonout_text(json, "key", step->key);
		jsonout_text(json, "command", step->command);
		jsonout_text(json, "claim", step->claim);
		jsonout_text(json, "claim_why", step->claim_why);
		jsonout_bool(json, "recorded", step->known);
		if (step->known)
			json_run(json, step);
	} else {
		jsonout_text(json, "note", step->note);
		jsonout_text(json, "from", step->from_address);
		jsonout_text(json, "from_version", step->from_version);
		jsonout_text(json, "path_then", step->path_then);
	}
	if (step->recorded.id != NULL) {
		jsonout_begin(json, "added_in", '{');
		jsonout_text(json, "commit", step->recorded.id);
		json_utc(json, "time", step->recorded.time);
		jsonout_text(json, "who", step->recorded.who);
		jsonout_text(json, "subject", step->recorded.subject);
		jsonout_end(json, '}');
	}
	jsonout_end(json, '}');
}

/* --- Graphviz --- */

static void quote(const char *text, struct buf *out)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *c);
	}
}

static void quote_shown(const char *text, struct buf *out)
{
	struct buf shown = {0};

	show_text(text, &shown);
	quote(buf_str(&shown), out);
	buf_release(&shown);
}

static void dot_step(struct buf *out, const struct mldv_how_step *step)
{
	buf_printf(out, "\ts%zu [shape=%s, label=\"", step->number,
	    step->stage != NULL ? "box" : "cylinder");
	quote_shown(step->stage != NULL ? step->stage : step->outs[0].path,
	    out);
	if (step->known) {
		buf_add_str(out, "\\n");
		show_time((int64_t)step->started, out);
	}
	buf_add_str(out, "\"];\n");
	for (size_t i = 0; i < step->input_count; i++) {
		const struct mldv_how_file *input = &step->inputs[i];

		if (input->step > 0) {
			buf_printf(out, "\ts%zu -> s%zu [label=\"", input->step,
			    step->number);
			quote_shown(input->path, out);
			buf_add_str(out, "\"];\n");
			continue;
		}
		buf_printf(out, "\t\"%.10s ", input->oid);
		quote_shown(input->path, out);
		buf_add_str(out, "\" [shape=note, label=\"");
		quote_shown(input->path, out);
		buf_printf(out, "\"];\n\t\"%.10s ", input->oid);
		quote_shown(input->path, out);
		buf_printf(out, "\" -> s%zu;\n", step->number);
	}
}

/* --- all of them --- */

static void begin(void *context, const char *path, const char *revision,
    enum mldv_how_state state)
{
	struct visit *visit = context;

	jsonout_text(&visit->json, "path", path);
	jsonout_text(&visit->json, "revision", revision);
	jsonout_text(&visit->json, "here",
	    state == MLDV_HOW_SAME          ? "yes"
	        : state == MLDV_HOW_CHANGED ? "changed"
	        : state == MLDV_HOW_ABSENT  ? "no"
	                                    : NULL);
	jsonout_begin(&visit->json, "steps", '[');
	if (!visit->given->dot && !visit->given->json)
		how_text_begin(visit->context, path, state, &visit->out);
}

static void add_diff(struct visit *visit, const struct mldv_how_step *step)
{
	struct buf diff = {0};
	struct slice rest;
	struct slice line;

	if (visit->failed || step->diff == NULL || !step->diff_here)
		return;
	visit->failed = mldv_how_diff(visit->context->project, step->diff,
	                    &diff, &visit->err) < 0;
	rest = (struct slice){buf_str(&diff), diff.len};
	while (!visit->failed && rest.len > 0) {
		struct buf text = {0};

		(void)slice_cut(&rest, '\n', &line);
		buf_add(&text, line.data, line.len);
		buf_add_str(&visit->out, "    ");
		show_text(buf_str(&text), &visit->out);
		buf_add_char(&visit->out, '\n');
		buf_release(&text);
	}
	buf_release(&diff);
}

static void visit_step(void *context, const struct mldv_how_step *step)
{
	struct visit *visit = context;

	if (visit->given->json) {
		json_step(&visit->json, step);
	} else if (visit->given->dot) {
		dot_step(&visit->out, step);
	} else {
		if (step->number > 1)
			buf_add_char(&visit->out, '\n');
		how_text_step(visit->context, step, &visit->out);
		if (visit->given->diff)
			add_diff(visit, step);
	}
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct visit visit = {.context = context,
	    .given = values,
	    .json.style = JSONOUT_LINES};
	const struct mldv_how how = {
	    .path = context->words->items[0],
	    .begin = begin,
	    .step = visit_step,
	    .context = &visit,
	};
	int ret;

	if (visit.given->dot && visit.given->json)
		return err_set(err, MLDV_USAGE,
		    "only one of --dot and --json can be had");
	jsonout_begin(&visit.json, NULL, '{');
	if (visit.given->dot)
		buf_add_str(&visit.out, "digraph how {\n\trankdir=LR;\n");
	ret = mldv_how(context->project, &how, err);
	if (ret == 0 && visit.failed) {
		*err = visit.err;
		ret = -1;
	}
	if (ret == 0 && visit.given->json) {
		jsonout_end(&visit.json, ']');
		jsonout_end(&visit.json, '}');
		json_print(&visit.json, context->term);
	} else if (ret == 0) {
		if (visit.given->dot)
			buf_add_str(&visit.out, "}\n");
		term_write(context->term, buf_str(&visit.out), visit.out.len);
	}
	jsonout_release(&visit.json);
	buf_release(&visit.out);
	return ret;
}

const struct command command_how = {
    .name = "how",
    .summary = "say how data, a model or a report was made",
    .arguments = "PATH[@REV]",
    .group = GROUP_DAILY,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
