/* SPDX-License-Identifier: Apache-2.0 */
#include "format/jsonout.h"

#include <inttypes.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd };

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

/* Takes a character of more than a byte; one wrong byte is one character. */
static uint32_t take(const char **text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t code = 0;
	size_t len = lead(*at, &code);

	*text += 1;
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (len == 0 || code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return REPLACEMENT;
	*text += len - 1;
	return code;
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

void jsonout_quote(struct buf *out, const char *text)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";

	buf_add_char(out, '"');
	while (*text) {
		const char *found = strchr(plain, *text);
		unsigned char c = (unsigned char)*text;

		if (found) {
			buf_add_char(out, '\\');
			buf_add_char(out, letters[found - plain]);
		} else if (c < ' ' || c == 0x7f) {
			/* Python leaves DEL as it is; a terminal does not. */
			add_escaped(out, c);
		} else if (c < 0x80) {
			buf_add_char(out, *text);
		} else {
			add_escaped(out, take(&text));
			continue;
		}
		text++;
	}
	buf_add_char(out, '"');
}

static void begin_value(struct jsonout *json, const char *name)
{
	if (json->comma)
		buf_add_char(json->out, ',');
	json->comma = true;
	if (name) {
		jsonout_quote(json->out, name);
		buf_add_char(json->out, ':');
	}
}

void jsonout_begin(struct jsonout *json, const char *name, char bracket)
{
	begin_value(json, name);
	buf_add_char(json->out, bracket);
	json->comma = false;
}

void jsonout_end(struct jsonout *json, char bracket)
{
	buf_add_char(json->out, bracket);
	json->comma = true;
}

void jsonout_text(struct jsonout *json, const char *name, const char *text)
{
	begin_value(json, name);
	if (text)
		jsonout_quote(json->out, text);
	else
		buf_add_str(json->out, "null");
}

void jsonout_count(struct jsonout *json, const char *name, uint64_t number)
{
	begin_value(json, name);
	buf_printf(json->out, "%" PRIu64, number);
}

void jsonout_bool(struct jsonout *json, const char *name, bool yes)
{
	begin_value(json, name);
	buf_add_str(json->out, yes ? "true" : "false");
}

void jsonout_raw(struct jsonout *json, const char *name, const char *value)
{
	begin_value(json, name);
	buf_add_str(json->out, value);
}
