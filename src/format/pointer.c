/* SPDX-License-Identifier: Apache-2.0 */
#include "format/pointer.h"

#include <string.h>

#include "format/lines.h"

/* Bytes of all but the line with the note. */
#define FIXED_LIMIT (POINTER_LIMIT - POINTER_NOTE_LIMIT)

static int parse_from(struct pointer *pointer, struct lines *lines,
    struct arena *arena, struct mldv_error *err)
{
	struct slice version, address;

	if (lines_word(lines, &version, err) < 0)
		return -1;
	if (memchr(version.data, '\0', version.len) != NULL)
		return lines_error(lines, err, "holds a NUL byte");
	if (lines_path(lines, arena, &address, err) < 0)
		return -1;
	pointer->from_version = arena_strn(arena, version.data, version.len);
	pointer->from_address = address.data;
	return 0;
}

static int parse_note(struct pointer *pointer, struct lines *lines,
    struct arena *arena, struct mldv_error *err)
{
	struct slice note;

	if (lines->line.len > POINTER_NOTE_LIMIT)
		return lines_error(lines, err,
		    "the note is longer than %d bytes", POINTER_NOTE_LIMIT);
	if (lines_path(lines, arena, &note, err) < 0)
		return -1;
	pointer->note = note.data;
	return 0;
}

/*
 * The lines that need not be there, each once, in this order. *note_len is
 * how much of the text the note takes.
 */
static int parse_optional(struct pointer *pointer, struct lines *lines,
    struct arena *arena, size_t *note_len, struct mldv_error *err)
{
	struct slice word;
	int more;

	*note_len = 0;
	while ((more = lines_next(lines, err)) > 0) {
		size_t len = lines->line.len;

		if (lines_word(lines, &word, err) < 0)
			return -1;
		if (slice_is(word, "from") && pointer->note == NULL &&
		    pointer->from_version == NULL)
			more = parse_from(pointer, lines, arena, err);
		else if (slice_is(word, "note") && pointer->note == NULL)
			more = parse_note(pointer, lines, arena, err);
		else
			more = lines_error(lines, err,
			    "is not a line that may stand here");
		if (more < 0)
			return -1;
		if (pointer->note != NULL)
			*note_len = len;
	}
	return more;
}

int pointer_parse(struct pointer *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct pointer pointer = {0};
	struct lines lines;
	size_t note_len;

	if (len > POINTER_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "pointer: is longer than %d bytes", POINTER_LIMIT);
	if (lines_start(&lines, "pointer", text, len, err) < 0 ||
	    content_parse(&pointer.content, &lines, err) < 0 ||
	    parse_optional(&pointer, &lines, arena, &note_len, err) < 0)
		return -1;
	if (len - note_len > FIXED_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "pointer: is longer than %d bytes without its note",
		    FIXED_LIMIT);
	*out = pointer;
	return 0;
}

void pointer_format(const struct pointer *pointer, struct buf *out)
{
	buf_add_str(out, "mldv-pointer 1\n");
	content_format(&pointer->content, out);
	if (pointer->from_version != NULL) {
		buf_add_str(out, "from ");
		buf_add_str(out, pointer->from_version);
		buf_add_char(out, ' ');
		lines_add_path(out, pointer->from_address,
		    strlen(pointer->from_address));
		buf_add_char(out, '\n');
	}
	if (pointer->note != NULL && *pointer->note != '\0') {
		buf_add_str(out, "note ");
		lines_add_path(out, pointer->note, strlen(pointer->note));
		buf_add_char(out, '\n');
	}
}
