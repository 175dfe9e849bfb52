/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/newnotebook.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/json.h"

#define PYTHON "python3"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* "raw_data_path" for "data/raw-data.csv" */
static void add_name(const char *path, struct buf *out)
{
	const char *base = path_base(path);
	size_t len = strcspn(base, ".");

	if (len == 0 || (base[0] >= '0' && base[0] <= '9'))
		buf_add_char(out, '_');
	for (size_t i = 0; i < len; i++)
		buf_add_char(out, is_word(base[i]) ? base[i] : '_');
	buf_add_str(out, "_path");
}

static bool has_name(const struct strs *lines, const struct buf *name)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (strncmp(lines->items[i], name->data, name->len) == 0 &&
		    lines->items[i][name->len] == ' ')
			return true;
	}
	return false;
}

void newnotebook_inject(const struct strs *paths, struct strs *lines)
{
	struct buf line = {0};

	for (size_t i = 0; paths && i < paths->count; i++) {
		buf_reset(&line);
		add_name(paths->items[i], &line);
		if (has_name(lines, &line))
			continue;
		buf_printf(&line, " = %s", paths->items[i]);
		strs_add(lines, buf_str(&line));
	}
	buf_release(&line);
}

/* JSON's words true and false are Python's True and False. */
static void add_literal(const struct value *value, struct buf *out)
{
	struct buf json = {0};
	bool quoted = false;

	value_json(value, &json);
	for (const char *at = buf_str(&json); *at; at++) {
		char c = *at;

		if (c == '"')
			quoted = !quoted;
		if (!quoted && at[0] == 't' && at[1] == 'r')
			c = 'T';
		else if (!quoted && at[0] == 'f' && at[1] == 'a')
			c = 'F';
		buf_add_char(out, c);
		if (c == '\\' && at[1])
			buf_add_char(out, *++at);
	}
	buf_release(&json);
}

static void add_parameters(const struct stage *stage, struct buf *out)
{
	struct arena arena = {0};

	buf_add_str(out,
	    "# What Jupyter takes; 'mldv repro' puts the values of mldv.ini in "
	    "their place.");
	for (size_t i = 0; i < stage->given_count; i++) {
		const struct stage_inject *given = &stage->given[i];

		if (given->optional)
			continue;
		buf_printf(out, "\n%s = ", given->name);
		if (given->is_path)
			value_json_text(path_from(&arena, given->value.text,
			                    stage->cwd),
			    out);
		else
			add_literal(&given->value, out);
	}
	arena_release(&arena);
}

static bool is_output(const struct stage *stage,
    const struct stage_inject *given)
{
	for (size_t i = 0; given->is_path && i < stage->out_count; i++) {
		if (path_inside(given->value.text, stage->outs[i].path))
			return true;
	}
	return false;
}

static void add_work(const struct stage *stage, struct buf *out)
{
	buf_add_str(out,
	    "# mldv decides when this runs, brings what it reads, and keeps "
	    "what it writes.");
	for (size_t i = 0; i < stage->given_count; i++) {
		const struct stage_inject *given = &stage->given[i];

		if (given->is_path)
			buf_printf(out, "\n# %s: %s",
			    is_output(stage, given) ? "write" : "read",
			    given->name);
	}
}

struct cell {
	const char *type;
	const char *metadata;
	struct buf source;
};

/* As Jupyter writes it: a line of the source on a line of the file. */
static void add_source(const struct buf *source, struct buf *out)
{
	struct slice rest = {buf_str(source), source->len};
	struct slice line;
	bool more = true;

	buf_add_str(out, "\"source\": [\n");
	while (more) {
		struct slice whole = rest;

		more = slice_cut(&rest, '\n', &line);
		whole.len = line.len + more;
		buf_add_str(out, "    ");
		json_add_text(out, whole);
		buf_add_str(out, more ? ",\n" : "\n   ]\n");
	}
}

static void add_cell(const struct cell *cell, bool last, struct buf *out)
{
	bool code = strcmp(cell->type, "code") == 0;

	buf_printf(out, "  {\n   \"cell_type\": \"%s\",\n", cell->type);
	if (code)
		buf_add_str(out, "   \"execution_count\": null,\n");
	buf_printf(out, "   \"metadata\": %s,\n", cell->metadata);
	if (code)
		buf_add_str(out, "   \"outputs\": [],\n");
	buf_add_str(out, "   ");
	add_source(&cell->source, out);
	buf_add_str(out, last ? "  }\n" : "  },\n");
}

static void add_metadata(const char *kernel, struct buf *out)
{
	bool python = strncmp(kernel, "python", 6) == 0;

	buf_add_str(out,
	    " ],\n \"metadata\": {\n  \"kernelspec\": {\n"
	    "   \"display_name\": ");
	json_add_text(out, slice_of(python ? "Python 3" : kernel));
	if (python)
		buf_add_str(out, ",\n   \"language\": \"python\"");
	buf_add_str(out, ",\n   \"name\": ");
	json_add_text(out, slice_of(kernel));
	buf_add_str(out,
	    "\n  }\n },\n \"nbformat\": 4,\n \"nbformat_minor\": 4\n}\n");
}

static void format(const struct stage *stage, struct buf *out)
{
	struct cell cells[] = {
	    {.type = "markdown", .metadata = "{}"},
	    {.type = "code",
	        .metadata = "{\n    \"tags\": [\n     \"parameters\"\n    ]"
	                    "\n   }"},
	    {.type = "code", .metadata = "{}"},
	};
	enum { COUNT = sizeof cells / sizeof cells[0] };

	buf_printf(&cells[0].source, "# %s", stage->name);
	if (stage->desc)
		buf_printf(&cells[0].source, "\n\n%s", stage->desc);
	add_parameters(stage, &cells[1].source);
	add_work(stage, &cells[2].source);
	buf_add_str(out, "{\n \"cells\": [\n");
	for (size_t i = 0; i < COUNT; i++) {
		add_cell(&cells[i], i + 1 == COUNT, out);
		buf_release(&cells[i].source);
	}
	add_metadata(stage->kernel ? stage->kernel : PYTHON, out);
}

int newnotebook_write(struct mldv_project *project, const struct stage *stage,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	const char *path;
	int ret = 0;

	if (!stage || !stage->notebook)
		return 0;
	path = project_absolute(project, &arena, stage->notebook);
	ret = file_exists(path, err);
	if (ret == 0) {
		format(stage, &text);
		ret = file_make_parents(path, err);
		if (ret == 0)
			ret = file_replace(path, text.data, text.len, err);
	}
	buf_release(&text);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}
