/* SPDX-License-Identifier: Apache-2.0 */
#include "command/listing.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

/* --- columns --- */

void columns_row(struct columns *columns, const char *const *cells)
{
	for (size_t i = 0; i < columns->count; i++)
		strs_add(&columns->cells, cells[i]);
}

static void add_spaces(size_t count, struct buf *out)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

void columns_write(struct columns *columns, struct term *term)
{
	const struct strs *cells = &columns->cells;
	size_t widths[COLUMNS_MOST] = {0};
	struct buf out = {0};
	size_t column;
	size_t width;
	size_t spaces = 0;

	for (size_t i = 0; i < cells->count; i++) {
		column = i % columns->count;
		width = utf8_width(cells->items[i]);
		if (width > widths[column])
			widths[column] = width;
	}
	for (size_t i = 0; i < cells->count; i++) {
		column = i % columns->count;
		/* Spaces are due only when something follows them. */
		if (cells->items[i][0] != '\0') {
			add_spaces(spaces, &out);
			spaces = 0;
			buf_add_str(&out, cells->items[i]);
		}
		width = utf8_width(cells->items[i]);
		spaces += widths[column] - width + 2;
		if (column + 1 == columns->count) {
			buf_add_char(&out, '\n');
			spaces = 0;
		}
	}
	term_write(term, buf_str(&out), out.len);
	buf_release(&out);
	columns_release(columns);
}

void columns_release(struct columns *columns)
{
	strs_release(&columns->cells);
	columns->cells = (struct strs){0};
}

/* --- JSON --- */

static void add_escape(unsigned code, struct buf *out)
{
	buf_printf(out, "\\u%04x", code);
}

/* The length of the UTF-8 character at text, or 0 if there is none. */
static size_t character(const char *text, size_t len)
{
	unsigned char lead = (unsigned char)text[0];
	size_t size = 1;

	if (lead >= 0xf0)
		size = 4;
	else if (lead >= 0xe0)
		size = 3;
	else if (lead >= 0xc0)
		size = 2;
	return size <= len && utf8_valid(text, size) ? size : 0;
}

static void add_string(const char *text, struct buf *out)
{
	size_t len = strlen(text);
	size_t size;

	buf_add_char(out, '"');
	for (size_t i = 0; i<len; i += size> 0 ? size : 1) {
		unsigned char c = (unsigned char)text[i];

		size = character(text + i, len - i);
		if (size == 0)
			add_escape(0xdc00U + c, out);
		else if (c == '\n')
			buf_add_str(out, "\\n");
		else if (c < ' ' || c == 0x7f)
			add_escape(c, out);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_add(out, text + i, size);
	}
	buf_add_char(out, '"');
}

/* A line for each record, and for each part of a document that has several. */
static bool in_lines(const struct json *json)
{
	return json->depth > 0 &&
	    json->depth <= (json->brackets[json->depth - 1] == '[' ? 2 : 1);
}

static void begin_line(struct json *json)
{
	buf_add_char(&json->out, '\n');
	add_spaces(json->depth * 2, &json->out);
}

/* What stands before a value. */
static void begin_value(struct json *json, const char *name)
{
	if (json->filled)
		buf_add_char(&json->out, ',');
	if (in_lines(json))
		begin_line(json);
	else if (json->filled)
		buf_add_char(&json->out, ' ');
	if (name != NULL) {
		add_string(name, &json->out);
		buf_add_str(&json->out, ": ");
	}
	json->filled = true;
}

void json_begin(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	buf_add_char(&json->out, bracket);
	assert(json->depth < sizeof(json->brackets));
	json->brackets[json->depth++] = bracket;
	json->filled = false;
}

void json_end(struct json *json, char bracket)
{
	bool lines = json->filled && in_lines(json);

	json->depth--;
	if (lines)
		begin_line(json);
	buf_add_char(&json->out, bracket);
	json->filled = true;
}

void json_text(struct json *json, const char *name, const char *text)
{
	begin_value(json, name);
	if (text != NULL)
		add_string(text, &json->out);
	else
		buf_add_str(&json->out, "null");
}

void json_count(struct json *json, const char *name, uint64_t number)
{
	begin_value(json, name);
	buf_printf(&json->out, "%llu", (unsigned long long)number);
}

void json_number(struct json *json, const char *name, double number)
{
	begin_value(json, name);
	if (isfinite(number))
		buf_printf(&json->out, "%.17g", number);
	else
		buf_add_str(&json->out, "null");
}

void json_bool(struct json *json, const char *name, bool yes)
{
	begin_value(json, name);
	buf_add_str(&json->out, yes ? "true" : "false");
}

void json_write(struct json *json, struct term *term)
{
	buf_add_char(&json->out, '\n');
	term_write(term, json->out.data, json->out.len);
	buf_reset(&json->out);
}

void json_release(struct json *json)
{
	buf_release(&json->out);
}

/* --- both --- */

void listing_open(struct listing *listing, const struct context *context,
    bool as_json, size_t columns)
{
	*listing = (struct listing){.context = context,
	    .as_json = as_json,
	    .columns.count = columns};
	json_begin(&listing->json, NULL, '[');
}

int listing_close(struct listing *listing, int ret)
{
	struct term *term = listing->context->term;

	json_end(&listing->json, ']');
	if (ret == 0 && listing->as_json)
		json_write(&listing->json, term);
	else if (ret == 0)
		columns_write(&listing->columns, term);
	columns_release(&listing->columns);
	json_release(&listing->json);
	return ret;
}
