/* SPDX-License-Identifier: Apache-2.0 */
#define LINES_C
#include "format/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How much of a wrong field a message shows. */
static int shown(struct slice slice)
{
	return slice.len < 80 ? (int)slice.len : 80;
}

int lines_error(const struct lines *lines, struct mldv_error *err,
    const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(err, MLDV_CORRUPT, "%s, line %zu: %s", lines->what,
	    lines->number, text);
}

int lines_start(struct lines *lines, const char *what, const char *text,
    size_t len, struct mldv_error *err)
{
	struct slice magic = slice_of("mldv-");
	struct slice word = {0};
	uint64_t version;
	int more;

	*lines = (struct lines){.what = what, .rest = {text, len}};
	more = lines_next(lines, err);
	if (more < 0)
		return -1;
	if (more == 0 || !slice_starts(lines->line, "mldv-"))
		goto foreign;
	lines->line.data += magic.len;
	lines->line.len -= magic.len;
	if (!slice_cut(&lines->line, ' ', &word) || !slice_is(word, what) ||
	    !slice_number(lines->line, &version))
		goto foreign;
	if (version != 1)
		return lines_error(lines, err,
		    "version %llu is not known here, only version 1 is; a "
		    "newer mldv can read it",
		    (unsigned long long)version);
	return 0;
foreign:
	lines->number = 1;
	return lines_error(lines, err, "is not 'mldv-%s 1'", what);
}

int lines_next(struct lines *lines, struct mldv_error *err)
{
	const char *end;

	if (lines->rest.len == 0)
		return 0;
	lines->number++;
	end = memchr(lines->rest.data, '\n', lines->rest.len);
	if (end == NULL)
		return lines_error(lines, err, "has no line end");
	lines->line.data = lines->rest.data;
	lines->line.len = (size_t)(end - lines->rest.data);
	lines->rest.data = end + 1;
	lines->rest.len -= lines->line.len + 1;
	return 1;
}

size_t lines_count(const struct lines *lines, size_t shortest)
{
	struct slice rest = lines->rest;
	size_t most = rest.len / shortest;
	size_t count = 0;
	const char *end;

	while (rest.len > 0 && count < most &&
	    (end = memchr(rest.data, '\n', rest.len)) != NULL) {
		rest.len -= (size_t)(end + 1 - rest.data);
		rest.data = end + 1;
		count++;
	}
	return count;
}

int lines_end(const struct lines *lines, struct mldv_error *err)
{
	if (lines->line.len > 0)
		return lines_error(lines, err, "has too much: '%.*s'",
		    shown(lines->line), lines->line.data);
	return 0;
}

int lines_word(struct lines *lines, struct slice *out, struct mldv_error *err)
{
	struct slice word = lines->line;
	const char *space = NULL;

	if (word.len > 0)
		space = memchr(word.data, ' ', word.len);
	if (space != NULL)
		word.len = (size_t)(space - word.data);
	if (word.len == 0)
		return lines_error(lines, err, "a field is missing");
	if (space != NULL && lines->line.len == word.len + 1)
		return lines_error(lines, err, "ends with a space");
	lines->line.data += word.len + (space != NULL);
	lines->line.len -= word.len + (space != NULL);
	*out = word;
	return 0;
}

int lines_field(struct lines *lines, const char *name, struct mldv_error *err)
{
	struct slice word = {0};
	int more = lines_next(lines, err);

	if (more < 0)
		return -1;
	if (more == 0) {
		lines->number++;
		return lines_error(lines, err, "'%s' is missing", name);
	}
	if (lines_word(lines, &word, err) < 0)
		return -1;
	if (!slice_is(word, name))
		return lines_error(lines, err, "begins with '%.*s', not '%s'",
		    shown(word), word.data, name);
	return 0;
}

int lines_number(struct lines *lines, uint64_t *out, struct mldv_error *err)
{
	struct slice word = {0};

	if (lines_word(lines, &word, err) < 0)
		return -1;
	if (!slice_number(word, out))
		return lines_error(lines, err, "'%.*s' is not a number",
		    shown(word), word.data);
	return 0;
}

int lines_oid(struct lines *lines, struct oid *out, struct mldv_error *err)
{
	struct slice word = {0};

	if (lines_word(lines, &word, err) < 0)
		return -1;
	if (!oid_parse(out, word))
		return lines_error(lines, err,
		    "'%.*s' is not a SHA-256 in 64 lower-case digits",
		    shown(word), word.data);
	return 0;
}

bool lines_unescape(struct slice from, char *out, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++) {
		char c = from.data[i];

		if (c == '\\') {
			if (++i == from.len)
				return false;
			if (from.data[i] == 'n')
				c = '\n';
			else if (from.data[i] != '\\')
				return false;
		}
		out[n++] = c;
	}
	*len = n;
	return true;
}

int lines_path(struct lines *lines, struct arena *arena, struct slice *out,
    struct mldv_error *err)
{
	struct slice line = lines->line;
	char *text;
	size_t len = line.len;

	if (line.len == 0)
		return lines_error(lines, err, "a path or text is missing");
	if (memchr(line.data, '\0', line.len) != NULL)
		return lines_error(lines, err, "holds a NUL byte");
	text = arena_strn(arena, line.data, line.len);
	if (memchr(line.data, '\\', line.len) != NULL) {
		if (!lines_unescape(line, text, &len))
			return lines_error(lines, err,
			    "a backslash is followed by neither n nor "
			    "another");
		text[len] = '\0';
	}
	*out = (struct slice){text, len};
	lines->line.data += lines->line.len;
	lines->line.len = 0;
	return 0;
}

char *lines_put_path(char *to, const char *path, size_t len)
{
	if (len == 0)
		return to;
	if (memchr(path, '\n', len) == NULL &&
	    memchr(path, '\\', len) == NULL) {
		memcpy(to, path, len);
		return to + len;
	}
	for (size_t i = 0; i < len; i++) {
		char c = path[i];

		if (c == '\n' || c == '\\')
			*to++ = '\\';
		if (c == '\n')
			c = 'n';
		*to++ = c;
	}
	return to;
}

char *lines_put_number(char *to, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*to++ = digits[--count];
	return to;
}

/* Adds what was written to the room at the end of out. */
static void written(struct buf *out, const char *end)
{
	out->len = (size_t)(end - out->data);
	out->data[out->len] = '\0';
}

void lines_add_path(struct buf *out, const char *path, size_t len)
{
	written(out, lines_put_path(buf_room(out, 2 * len + 1), path, len));
}

void lines_add_oid(struct buf *out, const struct oid *oid)
{
	char *to = buf_room(out, OID_HEX + 1);

	oid_hex(oid, to);
	out->len += OID_HEX;
}

void lines_add_number(struct buf *out, uint64_t number)
{
	written(out, lines_put_number(buf_room(out, 21), number));
}
