/* SPDX-License-Identifier: Apache-2.0 */
#include "format/assigned.h"

#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (unsigned char)c >= 0x80;
}

static bool is_name_part(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

static size_t name_len(struct slice text)
{
	size_t i = 0;

	if (text.len == 0 || !is_letter(text.data[0]))
		return 0;
	while (i < text.len && is_name_part(text.data[i]))
		i++;
	return i;
}

static struct slice skip(struct slice text, size_t count)
{
	if (count > text.len)
		count = text.len;
	return (struct slice){text.data + count, text.len - count};
}

static bool is_one_of(char c, const char *any)
{
	return c && strchr(any, c);
}

/* Of a text in one or three quotes, at whose first quote code begins. */
static size_t quoted_len(struct slice code)
{
	char quote = code.data[0];
	size_t quotes =
	    code.len > 2 && code.data[1] == quote && code.data[2] == quote ? 3
	                                                                   : 1;
	size_t i = quotes;
	size_t run = 0;

	while (i < code.len && run < quotes) {
		if (code.data[i] == '\n' && quotes == 1)
			break;
		run = code.data[i] == quote ? run + 1 : 0;
		i += code.data[i] == '\\' ? 2 : 1;
	}
	return i < code.len ? i : code.len;
}

/*
 * The first place in text, outside brackets, of one of the characters any; or
 * text.len. An = that is part of another operator does not count.
 */
static size_t find(struct slice text, const char *any)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		char next = '\0';
		char last = '\0';

		if (i > 0)
			last = text.data[i - 1];
		if (i + 1 < text.len)
			next = text.data[i + 1];
		if (is_one_of(c, "([{"))
			depth++;
		else if (is_one_of(c, ")]}") && depth > 0)
			depth--;
		if (depth > 0 || !is_one_of(c, any))
			continue;
		if (c == '=' && next == '=')
			i++;
		else if (c != '=' || !is_one_of(last, "=<>!:+-*/%&|^@"))
			return i;
	}
	return text.len;
}

/* "a", "a, b", "(a, *b)", "a: int". */
static void add_targets(struct slice text, struct strs *out)
{
	bool more = true;

	text.len = find(text, ":");
	text = slice_trim(text);
	if (text.len > 1 && is_one_of(text.data[0], "([") &&
	    is_one_of(text.data[text.len - 1], ")]"))
		text = (struct slice){text.data + 1, text.len - 2};
	while (more) {
		size_t len = find(text, ",");
		struct slice name = slice_trim((struct slice){text.data, len});

		more = len < text.len;
		text = skip(text, len + 1);
		if (slice_starts(name, "*"))
			name = slice_trim(skip(name, 1));
		if (name.len > 0 && name_len(name) == name.len)
			strs_add_n(out, name.data, name.len);
	}
}

/* "a = b = 1": all but what stands behind the last =. */
static void add_statement(struct buf *statement, struct strs *out)
{
	struct slice rest = {buf_str(statement), statement->len};
	size_t len;

	while ((len = find(rest, "=")) < rest.len) {
		add_targets((struct slice){rest.data, len}, out);
		rest = skip(rest, len + 1);
	}
	buf_reset(statement);
}

/*
 * Python, statement by statement: a statement ends with a line, but not inside
 * brackets, texts or behind a backslash, and with a semicolon. What stands in
 * texts and comments is left out.
 */
static void add_python(struct slice code, struct strs *out)
{
	struct buf statement = {0};
	size_t depth = 0;

	while (code.len > 0) {
		char c = code.data[0];
		size_t len = 1;

		if (is_one_of(c, "([{"))
			depth++;
		else if (is_one_of(c, ")]}") && depth > 0)
			depth--;
		if (is_one_of(c, "'\"")) {
			len = quoted_len(code);
			c = '"';
		} else if (c == '#') {
			while (len < code.len && code.data[len] != '\n')
				len++;
			c = ' ';
		} else if (c == '\\') {
			len = 2;
			c = ' ';
		}
		code = skip(code, len);
		if ((c == '\n' || c == ';') && depth == 0)
			add_statement(&statement, out);
		else
			buf_add_char(&statement, c);
	}
	add_statement(&statement, out);
	buf_release(&statement);
}

static struct slice skip_blanks(struct slice text)
{
	while (text.len > 0 && is_one_of(text.data[0], " \t"))
		text = skip(text, 1);
	return text;
}

/*
 * The text behind a name, from where its value begins; unchanged if it gets
 * none. Scala's "lr: Double = 0.1" is told by the = on the same line.
 */
static struct slice skip_to_value(struct slice text)
{
	struct slice at = skip_blanks(text);

	if (slice_starts(at, ":") && !slice_starts(at, "::")) {
		while (at.len > 0 && !is_one_of(at.data[0], "=\n;,()"))
			at = skip(at, 1);
	}
	if (slice_starts(at, "<-"))
		return skip(at, 2);
	if (slice_starts(at, "=") && !slice_starts(at, "=="))
		return skip(at, 1);
	return text;
}

static void add_other(struct slice code, struct strs *out)
{
	while (code.len > 0) {
		size_t len = name_len(code);
		struct slice after;

		if (len == 0) {
			/* Not the end of a number or of a word. */
			do
				code = skip(code, 1);
			while (code.len > 0 && is_name_part(code.data[-1]) &&
			    is_name_part(code.data[0]));
			continue;
		}
		after = skip_to_value(skip(code, len));
		if (after.data != code.data + len)
			strs_add_n(out, code.data, len);
		code = after;
	}
}

void assigned_names(struct slice code, bool python, struct strs *out)
{
	if (python)
		add_python(code, out);
	else
		add_other(code, out);
}
