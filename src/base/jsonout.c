/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonout.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd, LONE_BYTE = 0xdc00, INDENT = 2 };

/* How many bytes begin a character, and its bits; 0: no such beginning. */
static size_t lead(unsigned char c, uint32_t *bits)
{
	if (c >= 0xc2 && c <= 0xdf) {
		*bits = c & 0x1f;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*bits = c & 0x0f;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*bits = c & 0x07;
		return 4;
	}
	return 0;
}

/* The length of the character of more than a byte; 0: a wrong byte. */
static size_t decode(const char *text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text;
	size_t len = lead(*at, code);

	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	if (len == 0 || *code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

static void add_escaped(struct buf *out, uint32_t code)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		buf_printf(out, "\\u%04" PRIx32, 0xd800 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	buf_printf(out, "\\u%04" PRIx32, code);
}

/* Gives how many bytes it took: one wrong byte is one character. */
static size_t add_wide(struct buf *out, const char *text,
    enum jsonout_style style)
{
	uint32_t code = 0;
	size_t len = decode(text, &code);

	if (style == JSONOUT_COMPACT)
		add_escaped(out, len > 0 ? code : REPLACEMENT);
	else if (len > 0)
		buf_add(out, text, len);
	else
		add_escaped(out, LONE_BYTE + (unsigned char)*text);
	return len > 0 ? len : 1;
}

static void add_text(struct buf *out, const char *text,
    enum jsonout_style style)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";

	buf_add_char(out, '"');
	while (*text) {
		const char *found = strchr(plain, *text);
		unsigned char c = (unsigned char)*text;

		if (c >= 0x80) {
			text += add_wide(out, text, style);
			continue;
		}
		if (found) {
			buf_add_char(out, '\\');
			buf_add_char(out, letters[found - plain]);
		} else if (c < ' ' || c == 0x7f) {
			/* Python leaves DEL as it is; a terminal does not. */
			add_escaped(out, c);
		} else {
			buf_add_char(out, *text);
		}
		text++;
	}
	buf_add_char(out, '"');
}

void jsonout_quote(struct buf *out, const char *text)
{
	add_text(out, text, JSONOUT_COMPACT);
}

static struct buf *target(struct jsonout *json)
{
	return json->out ? json->out : &json->own;
}

/* A line for each record, and for each part of a document that has several. */
static bool in_lines(const struct jsonout *json)
{
	return json->style == JSONOUT_LINES && json->depth > 0 &&
	    json->depth <= (json->brackets[json->depth - 1] == '[' ? 2 : 1);
}

static void begin_line(struct jsonout *json)
{
	buf_add_char(target(json), '\n');
	for (size_t i = 0; i < json->depth * INDENT; i++)
		buf_add_char(target(json), ' ');
}

/* What stands before a value. */
static void begin_value(struct jsonout *json, const char *name)
{
	struct buf *out = target(json);

	if (json->filled)
		buf_add_char(out, ',');
	if (in_lines(json))
		begin_line(json);
	else if (json->filled && json->style == JSONOUT_LINES)
		buf_add_char(out, ' ');
	if (name) {
		add_text(out, name, json->style);
		buf_add_char(out, ':');
		if (json->style == JSONOUT_LINES)
			buf_add_char(out, ' ');
	}
	json->filled = true;
}

void jsonout_begin(struct jsonout *json, const char *name, char bracket)
{
	begin_value(json, name);
	buf_add_char(target(json), bracket);
	json->filled = false;
	if (json->style != JSONOUT_LINES)
		return;
	assert(json->depth < sizeof(json->brackets));
	json->brackets[json->depth++] = bracket;
}

void jsonout_end(struct jsonout *json, char bracket)
{
	bool lines = json->filled && in_lines(json);

	if (json->style == JSONOUT_LINES)
		json->depth--;
	if (lines)
		begin_line(json);
	buf_add_char(target(json), bracket);
	json->filled = true;
}

void jsonout_text(struct jsonout *json, const char *name, const char *text)
{
	begin_value(json, name);
	if (text)
		add_text(target(json), text, json->style);
	else
		buf_add_str(target(json), "null");
}

void jsonout_count(struct jsonout *json, const char *name, uint64_t number)
{
	begin_value(json, name);
	buf_printf(target(json), "%" PRIu64, number);
}

void jsonout_number(struct jsonout *json, const char *name, double number)
{
	begin_value(json, name);
	if (isfinite(number))
		buf_printf(target(json), "%.17g", number);
	else
		buf_add_str(target(json), "null");
}

void jsonout_bool(struct jsonout *json, const char *name, bool yes)
{
	begin_value(json, name);
	buf_add_str(target(json), yes ? "true" : "false");
}

void jsonout_raw(struct jsonout *json, const char *name, const char *value)
{
	begin_value(json, name);
	buf_add_str(target(json), value);
}

void jsonout_release(struct jsonout *json)
{
	buf_release(&json->own);
}
