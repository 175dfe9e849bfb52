/* SPDX-License-Identifier: Apache-2.0 */
#include "format/notebook.h"

#include <string.h>

#include "format/assigned.h"

#define TAG_PARAMETERS "parameters"
#define TAG_INJECTED   "injected-parameters"
/* The cells that papermill puts above a failed one, to lead there. */
#define TAG_ERROR "papermill-error-cell-tag"

/* Skips a cell for nbclient: NotebookClient.skip_cells_with_tag. */
#define TAG_SKIP "skip-execution"

static struct json *metadata_of(const struct json *value)
{
	return json_member(value, "metadata");
}

static bool has_tag(const struct json *cell, const char *tag)
{
	const struct json *tags = json_member(metadata_of(cell), "tags");

	for (size_t i = 0; i < json_len(tags); i++) {
		const char *text = json_str(json_item(tags, i));

		if (text && strcmp(text, tag) == 0)
			return true;
	}
	return false;
}

static bool is_type(const struct json *value, const char *member,
    const char *type)
{
	const char *text = json_str(json_member(value, member));

	return text && strcmp(text, type) == 0;
}

static bool is_code(const struct json *cell)
{
	return is_type(cell, "cell_type", "code");
}

/* A text, or the list of its lines; false for anything else. */
static bool join(const struct json *value, struct buf *out)
{
	struct slice text;

	if (json_slice(value, &text)) {
		buf_add(out, text.data, text.len);
		return true;
	}
	for (size_t i = 0; i < json_len(value); i++) {
		if (!json_slice(json_item(value, i), &text))
			return false;
		buf_add(out, text.data, text.len);
	}
	return json_is_list(value);
}

CHECKED static int check_cell(const struct json *cell, size_t number,
    struct mldv_error *err)
{
	struct buf source = {0};
	bool has_source = join(json_member(cell, "source"), &source);

	buf_release(&source);
	if (!json_str(json_member(cell, "cell_type")))
		return err_set(err, MLDV_FAILED,
		    "not a notebook: cell %zu has no type", number);
	if (!has_source)
		return err_set(err, MLDV_FAILED,
		    "not a notebook: cell %zu has no source", number);
	return 0;
}

CHECKED static int check(const struct notebook *notebook,
    struct mldv_error *err)
{
	int64_t format;

	if (!json_is_map(notebook->root) ||
	    !json_whole(json_member(notebook->root, "nbformat"), &format))
		return err_set(err, MLDV_FAILED,
		    "not a notebook: it has no nbformat");
	if (format < 4)
		return err_set(err, MLDV_FAILED,
		    "a notebook of the old format %lld; open and save it with "
		    "Jupyter",
		    (long long)format);
	if (!json_is_list(notebook->cells))
		return err_set(err, MLDV_FAILED,
		    "not a notebook: it has no cells");
	for (size_t i = 0; i < json_len(notebook->cells); i++) {
		if (check_cell(json_item(notebook->cells, i), i + 1, err) < 0)
			return -1;
	}
	return 0;
}

int notebook_parse(struct notebook *out, struct slice text,
    struct mldv_error *err)
{
	struct notebook notebook = {0};
	const struct json *metadata;
	const struct json *spec;

	if (json_open(&notebook.root, text, NOTEBOOK_LIMIT, JSON_OF_PYTHON,
	        err) < 0)
		return -1;
	notebook.cells = json_member(notebook.root, "cells");
	if (check(&notebook, err) < 0) {
		notebook_release(&notebook);
		return -1;
	}
	metadata = metadata_of(notebook.root);
	spec = json_member(metadata, "kernelspec");
	notebook.kernel = json_str(json_member(spec, "name"));
	notebook.language = json_str(
	    json_member(json_member(metadata, "language_info"), "name"));
	if (!notebook.language)
		notebook.language = json_str(json_member(spec, "language"));
	for (size_t i = 0; i < json_len(notebook.cells); i++) {
		const struct json *cell = json_item(notebook.cells, i);

		notebook.parameters += has_tag(cell, TAG_PARAMETERS);
		notebook.injected |= has_tag(cell, TAG_INJECTED);
	}
	*out = notebook;
	return 0;
}

void notebook_release(struct notebook *notebook)
{
	json_close(notebook->root);
	*notebook = (struct notebook){0};
}

bool notebook_is_python(const struct notebook *notebook)
{
	const char *name =
	    notebook->language ? notebook->language : notebook->kernel;

	return name && slice_starts(slice_of(name), "python");
}

void notebook_names(const struct notebook *notebook, struct strs *out)
{
	struct buf source = {0};

	for (size_t i = 0; i < json_len(notebook->cells); i++) {
		const struct json *cell = json_item(notebook->cells, i);

		if (!is_code(cell) || !has_tag(cell, TAG_PARAMETERS))
			continue;
		buf_reset(&source);
		(void)join(json_member(cell, "source"), &source);
		assigned_names((struct slice){buf_str(&source), source.len},
		    notebook_is_python(notebook), out);
	}
	strs_unique(out);
	buf_release(&source);
}

static void add_name(struct buf *out, const char *name)
{
	if (out->data[out->len - 1] != '{')
		buf_add_char(out, ',');
	json_add_text(out, slice_of(name));
	buf_add_char(out, ':');
}

static void add_tags(struct buf *out, const struct json *cell)
{
	const struct json *tags = json_member(metadata_of(cell), "tags");
	struct strs sorted = {0};
	struct slice tag;

	for (size_t i = 0; i < json_len(tags); i++) {
		if (json_slice(json_item(tags, i), &tag))
			strs_add_n(&sorted, tag.data, tag.len);
	}
	strs_unique(&sorted);
	buf_add_char(out, '[');
	for (size_t i = 0; i < sorted.count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_add_text(out, slice_of(sorted.items[i]));
	}
	buf_add_char(out, ']');
	strs_release(&sorted);
}

static size_t span(struct slice text, size_t from, const char *any)
{
	size_t i = from;

	while (i < text.len && text.data[i] && strchr(any, text.data[i]))
		i++;
	return i - from;
}

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdefABCDEF"

/* How much of text's beginning says nothing, and what stands for it. */
static size_t noise_len(struct slice text, const char **instead)
{
	static const char kernel[] = "/ipykernel_";
	size_t len = sizeof kernel - 1;

	*instead = "";
	if (slice_starts(text, "\033[")) {
		len = 2 + span(text, 2, DIGITS ";?");
		return len < text.len ? len + 1 : len;
	}
	if (slice_starts(text, "0x") && span(text, 2, HEX) >= 6) {
		*instead = "0x";
		return 2 + span(text, 2, HEX);
	}
	if (slice_starts(text, kernel)) {
		*instead = kernel;
		len += span(text, len, DIGITS);
		len += span(text, len, "/");
		return len + span(text, len, DIGITS);
	}
	return 0;
}

static void add_quiet_text(struct buf *out, const struct buf *text)
{
	struct slice rest = {buf_str(text), text->len};
	struct buf quiet = {0};

	while (rest.len > 0) {
		const char *instead;
		size_t len = noise_len(rest, &instead);

		if (len > 0) {
			buf_add_str(&quiet, instead);
		} else {
			len = 1;
			buf_add_char(&quiet, rest.data[0]);
		}
		rest.data += len;
		rest.len -= len;
	}
	json_add_text(out, (struct slice){buf_str(&quiet), quiet.len});
	buf_release(&quiet);
}

/* Texts joined and without noise; anything else as it is. */
static void add_joined(struct buf *out, const struct json *value, bool quiet)
{
	struct buf text = {0};

	if (!join(value, &text))
		json_add(out, value);
	else if (quiet)
		add_quiet_text(out, &text);
	else
		json_add_text(out, (struct slice){buf_str(&text), text.len});
	buf_release(&text);
}

static void add_data(struct buf *out, struct json *data)
{
	struct strs types = {0};

	json_names(data, &types);
	add_name(out, "data");
	buf_add_char(out, '{');
	for (size_t i = 0; i < types.count; i++) {
		add_name(out, types.items[i]);
		add_joined(out, json_member(data, types.items[i]),
		    slice_starts(slice_of(types.items[i]), "text/"));
	}
	buf_add_char(out, '}');
	strs_release(&types);
}

static void add_output(struct buf *out, const struct json *output)
{
	static const char *const members[] = {
	    "ename",
	    "evalue",
	    "name",
	    "output_type",
	};

	buf_add_char(out, '{');
	if (json_member(output, "data"))
		add_data(out, json_member(output, "data"));
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const struct json *member = json_member(output, members[i]);

		if (!member)
			continue;
		add_name(out, members[i]);
		add_joined(out, member, true);
	}
}

/* The same stream as the output before, of which the kernel made two. */
static bool goes_on(const struct json *output, const struct json *before)
{
	const char *name = json_str(json_member(output, "name"));

	return name && is_type(output, "output_type", "stream") &&
	    is_type(before, "output_type", "stream") &&
	    is_type(before, "name", name);
}

static void add_outputs(struct buf *out, const struct json *outputs)
{
	struct buf stream = {0};

	add_name(out, "outputs");
	buf_add_char(out, '[');
	for (size_t i = 0; i < json_len(outputs); i++) {
		const struct json *output = json_item(outputs, i);

		if (goes_on(json_item(outputs, i + 1), output)) {
			(void)join(json_member(output, "text"), &stream);
			continue;
		}
		if (out->data[out->len - 1] != '[')
			buf_add_char(out, ',');
		add_output(out, output);
		if (join(json_member(output, "text"), &stream)) {
			add_name(out, "text");
			add_quiet_text(out, &stream);
		}
		buf_add_char(out, '}');
		buf_reset(&stream);
	}
	buf_add_char(out, ']');
	buf_release(&stream);
}

static void add_cell(struct buf *out, const struct json *cell, bool result)
{
	buf_add_char(out, '{');
	if (json_member(cell, "attachments")) {
		add_name(out, "attachments");
		json_add(out, json_member(cell, "attachments"));
	}
	add_name(out, "cell_type");
	json_add(out, json_member(cell, "cell_type"));
	if (result && is_code(cell))
		add_outputs(out, json_member(cell, "outputs"));
	add_name(out, "source");
	add_joined(out, json_member(cell, "source"), false);
	add_name(out, "tags");
	add_tags(out, cell);
	buf_add_char(out, '}');
}

static void add_word(struct buf *out, const char *name, const char *word)
{
	add_name(out, name);
	if (word)
		json_add_text(out, slice_of(word));
	else
		buf_add_str(out, "null");
}

static void add(const struct notebook *notebook, bool result, struct buf *out)
{
	buf_add_str(out, "{\"cells\":[");
	for (size_t i = 0; i < json_len(notebook->cells); i++) {
		const struct json *cell = json_item(notebook->cells, i);

		if (has_tag(cell, TAG_ERROR) ||
		    (!result && has_tag(cell, TAG_INJECTED)))
			continue;
		if (out->data[out->len - 1] != '[')
			buf_add_char(out, ',');
		add_cell(out, cell, result);
	}
	buf_add_char(out, ']');
	add_word(out, "kernel", notebook->kernel);
	add_word(out, "language", notebook->language);
	add_name(out, "nbformat");
	json_add(out, json_member(notebook->root, "nbformat"));
	buf_add_char(out, '}');
}

void notebook_add_source(const struct notebook *notebook, struct buf *out)
{
	add(notebook, false, out);
}

void notebook_add_result(const struct notebook *notebook, struct buf *out)
{
	add(notebook, true, out);
}

/* Would it run, if what stands before it runs? */
static bool is_to_run(const struct json *cell)
{
	struct buf source = {0};
	bool blank;

	(void)join(json_member(cell, "source"), &source);
	blank =
	    slice_trim((struct slice){buf_str(&source), source.len}).len == 0;
	buf_release(&source);
	return !blank && !has_tag(cell, TAG_SKIP);
}

static const struct json *error_of(const struct json *cell)
{
	const struct json *outputs = json_member(cell, "outputs");

	for (size_t i = 0; i < json_len(outputs); i++) {
		if (is_type(json_item(outputs, i), "output_type", "error"))
			return json_item(outputs, i);
	}
	return NULL;
}

static void see_cell(const struct json *cell, unsigned number,
    struct notebook_outcome *out)
{
	const struct json *papermill =
	    json_member(metadata_of(cell), "papermill");
	const struct json *error = error_of(cell);
	int64_t count;
	bool ran = json_whole(json_member(cell, "execution_count"), &count);

	if (ran && number > out->begun)
		out->begun = number;
	if (out->stopped)
		return;
	if (json_yes(json_member(papermill, "exception"))) {
		out->stopped = true;
		out->cell = number;
		out->name = json_str(json_member(error, "ename"));
		out->text = json_str(json_member(error, "evalue"));
	} else if (!ran && out->complete && is_to_run(cell)) {
		out->complete = false;
		out->cell = number;
	}
}

void notebook_outcome(const struct notebook *notebook,
    struct notebook_outcome *out)
{
	const struct json *papermill =
	    json_member(metadata_of(notebook->root), "papermill");
	unsigned number = 0;

	*out = (struct notebook_outcome){.complete = true};
	for (size_t i = 0; i < json_len(notebook->cells); i++) {
		const struct json *cell = json_item(notebook->cells, i);
		bool injected = has_tag(cell, TAG_INJECTED);

		if (!is_code(cell))
			continue;
		number += !injected;
		see_cell(cell, injected ? 0 : number, out);
	}
	if (out->stopped || json_yes(json_member(papermill, "exception")))
		out->complete = false;
}

bool notebook_left_early(const struct notebook_outcome *outcome)
{
	return outcome->stopped && outcome->name &&
	    strcmp(outcome->name, "SystemExit") == 0 &&
	    (!outcome->text || !outcome->text[0] ||
	        strcmp(outcome->text, "0") == 0);
}
