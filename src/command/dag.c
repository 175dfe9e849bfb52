/* SPDX-License-Identifier: Apache-2.0 */

/* mldv dag: the stages, and which of them reads what another makes. */

#include <string.h>

#include "base/map.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/lineage.h"

struct values {
	bool dot;
	bool mermaid;
	bool json;
};

static const struct option options[] = {
    {0, "dot", NULL, "write a graph for Graphviz", FLAG(struct values, dot)},
    {0, "mermaid", NULL, "write a graph for Mermaid",
        FLAG(struct values, mermaid)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct drawing {
	const struct context *context;
	const struct values *given;
	struct arena arena;
	struct map numbers; /* of what was named in Mermaid's text */
	struct buf out;
	struct jsonout json;
	struct columns columns;
};

static void add_names(struct jsonout *json, const char *name,
    const char *const *list, size_t count)
{
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < count; i++)
		jsonout_text(json, NULL, list[i]);
	jsonout_end(json, ']');
}

static void visit_json(void *context, const struct mldv_dag_stage *stage)
{
	struct drawing *drawing = context;
	struct jsonout *json = &drawing->json;

	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "name", stage->name);
	jsonout_text(json, "desc", stage->desc);
	add_names(json, "after", stage->above, stage->above_count);
	add_names(json, "sources", stage->sources, stage->source_count);
	add_names(json, "outs", stage->outs, stage->out_count);
	jsonout_end(json, '}');
}

static void list_shown(const char *const *list, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (out->len > 0)
			buf_add_str(out, ", ");
		show_text(list[i], out);
	}
}

static void visit_row(void *context, const struct mldv_dag_stage *stage)
{
	struct drawing *drawing = context;
	struct buf before = {0};
	struct buf outs = {0};

	list_shown(stage->above, stage->above_count, &before);
	list_shown(stage->sources, stage->source_count, &before);
	list_shown(stage->outs, stage->out_count, &outs);
	columns_row(&drawing->columns,
	    (const char *[]){stage->name, before.len > 0 ? "<-" : "",
	        buf_str(&before), outs.len > 0 ? "->" : "", buf_str(&outs)});
	buf_release(&before);
	buf_release(&outs);
}

/* A text in quotes, as Graphviz wants it. */
static void quote_dot(const char *text, struct buf *out)
{
	struct buf shown = {0};

	show_text(text, &shown);
	buf_add_char(out, '"');
	for (const char *c = buf_str(&shown); *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *c);
	}
	buf_add_char(out, '"');
	buf_release(&shown);
}

/*
 * A stage and a file may have the same name, so each name has its kind in
 * front, which the label leaves out.
 */
static void dot_node(struct drawing *drawing, const char *kind,
    const char *name, struct buf *id)
{
	struct buf full = {0};

	buf_printf(&full, "%s:%s", kind, name);
	quote_dot(buf_str(&full), id);
	if (map_add_str(&drawing->numbers,
	        arena_str(&drawing->arena, buf_str(&full)), drawing)) {
		buf_printf(&drawing->out, "\t%s [label=", buf_str(id));
		quote_dot(name, &drawing->out);
		buf_printf(&drawing->out, ", shape=%s];\n",
		    strcmp(kind, "stage") == 0 ? "box" : "note");
	}
	buf_release(&full);
}

static void dot_edges(struct drawing *drawing, const char *kind,
    const char *const *list, size_t count, const char *to)
{
	for (size_t i = 0; i < count; i++) {
		struct buf from = {0};

		dot_node(drawing, kind, list[i], &from);
		buf_printf(&drawing->out, "\t%s -> %s;\n", buf_str(&from), to);
		buf_release(&from);
	}
}

static void visit_dot(void *context, const struct mldv_dag_stage *stage)
{
	struct drawing *drawing = context;
	struct buf id = {0};

	dot_node(drawing, "stage", stage->name, &id);
	dot_edges(drawing, "stage", stage->above, stage->above_count,
	    buf_str(&id));
	dot_edges(drawing, "file", stage->sources, stage->source_count,
	    buf_str(&id));
	buf_release(&id);
}

/* "#quot;" is Mermaid's own way. */
static void quote_mermaid(const char *text, struct buf *out)
{
	struct buf shown = {0};

	show_text(text, &shown);
	for (const char *c = buf_str(&shown); *c != '\0'; c++) {
		if (*c == '"' || *c == '#' || *c == '<' || *c == '>' ||
		    *c == '&')
			buf_printf(out, "#%d;", *c);
		else
			buf_add_char(out, *c);
	}
	buf_release(&shown);
}

/* "n3", and the first time what it is called. */
static void mermaid_node(struct drawing *drawing, const char *kind,
    const char *name, struct buf *out)
{
	bool stage = strcmp(kind, "stage") == 0;
	char *key = arena_printf(&drawing->arena, "%s:%s", kind, name);
	const char *id = map_get_str(&drawing->numbers, key);

	if (id != NULL) {
		buf_add_str(out, id);
		return;
	}
	id = arena_printf(&drawing->arena, "n%zu", drawing->numbers.count);
	(void)map_add_str(&drawing->numbers, key,
	    arena_str(&drawing->arena, id));
	buf_printf(out, "%s%s\"", id, stage ? "[" : "([");
	quote_mermaid(name, out);
	buf_add_str(out, stage ? "\"]" : "\"])");
}

static void mermaid_edges(struct drawing *drawing, const char *kind,
    const char *const *list, size_t count, const char *to)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_str(&drawing->out, "\t");
		mermaid_node(drawing, kind, list[i], &drawing->out);
		buf_printf(&drawing->out, " --> %s\n", to);
	}
}

static void visit_mermaid(void *context, const struct mldv_dag_stage *stage)
{
	struct drawing *drawing = context;
	struct buf id = {0};

	buf_add_str(&drawing->out, "\t");
	mermaid_node(drawing, "stage", stage->name, &drawing->out);
	buf_add_char(&drawing->out, '\n');
	mermaid_node(drawing, "stage", stage->name, &id);
	mermaid_edges(drawing, "stage", stage->above, stage->above_count,
	    buf_str(&id));
	mermaid_edges(drawing, "file", stage->sources, stage->source_count,
	    buf_str(&id));
	buf_release(&id);
}

static int draw(struct drawing *drawing, struct mldv_error *err)
{
	const struct values *given = drawing->given;
	struct mldv_project *project = drawing->context->project;
	const struct strs *targets = drawing->context->words;
	int ret;

	if (given->json) {
		jsonout_begin(&drawing->json, NULL, '[');
		ret = mldv_dag(project, targets, visit_json, drawing, err);
		jsonout_end(&drawing->json, ']');
		if (ret == 0)
			json_print(&drawing->json, drawing->context->term);
		return ret;
	}
	if (!given->dot && !given->mermaid) {
		ret = mldv_dag(project, targets, visit_row, drawing, err);
		if (ret == 0)
			columns_write(&drawing->columns,
			    drawing->context->term);
		return ret;
	}
	buf_add_str(&drawing->out,
	    given->dot ? "digraph pipeline {\n" : "flowchart TD\n");
	ret = mldv_dag(project, targets, given->dot ? visit_dot : visit_mermaid,
	    drawing, err);
	if (given->dot)
		buf_add_str(&drawing->out, "}\n");
	if (ret == 0)
		term_write(drawing->context->term, buf_str(&drawing->out),
		    drawing->out.len);
	return ret;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct drawing drawing = {.context = context,
	    .given = values,
	    .json.style = JSONOUT_LINES,
	    .columns.count = 5};
	const struct values *given = values;
	int ret;

	if (given->dot + given->mermaid + given->json > 1)
		return err_set(err, MLDV_USAGE,
		    "only one of --dot, --mermaid and --json can be had");
	ret = draw(&drawing, err);
	columns_release(&drawing.columns);
	jsonout_release(&drawing.json);
	buf_release(&drawing.out);
	map_release(&drawing.numbers);
	arena_release(&drawing.arena);
	return ret;
}

const struct command command_dag = {
    .name = "dag",
    .summary = "show which stage reads what which other one makes",
    .arguments = "[TARGET...]",
    .group = GROUP_PIPELINE,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
