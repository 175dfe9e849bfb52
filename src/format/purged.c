/* SPDX-License-Identifier: Apache-2.0 */
#include "format/purged.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"

#define PROJECT_DIGITS 16
/* The shortest lines: pack, an id, LF. */
#define SHORTEST (5 + OID_HEX + 1)

static int take_project(struct lines *lines, struct arena *arena,
    struct purged *out, struct mldv_error *err)
{
	struct slice word;

	if (lines_field(lines, "project", err) < 0 ||
	    lines_word(lines, &word, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	out->project = arena_strn(arena, word.data, word.len);
	if (word.len != PROJECT_DIGITS ||
	    strspn(out->project, "0123456789abcdef") != PROJECT_DIGITS)
		return lines_error(lines, err, "a project has 16 digits");
	return 0;
}

static int take_kind(struct lines *lines, struct purged *out,
    struct mldv_error *err)
{
	struct slice word;

	if (lines_field(lines, "kind", err) < 0 ||
	    lines_word(lines, &word, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	out->kind = slice_is(word, "dir") ? KIND_DIR : KIND_FILE;
	if (out->kind == KIND_FILE && !slice_is(word, "file"))
		return lines_error(lines, err, "the kind is dir or file");
	return 0;
}

static bool is_date(struct slice text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (text.len != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool digit = text.data[i] >= '0' && text.data[i] <= '9';

		if (form[i] == 'd' ? !digit : text.data[i] != form[i])
			return false;
	}
	return true;
}

static int take_date_and_reason(struct lines *lines, struct arena *arena,
    struct purged *out, struct mldv_error *err)
{
	struct slice word;

	if (lines_field(lines, "date", err) < 0 ||
	    lines_word(lines, &word, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	if (!is_date(word))
		return lines_error(lines, err,
		    "a date reads 2026-11-24T12:00:00Z");
	out->date = arena_strn(arena, word.data, word.len);
	if (lines_field(lines, "why", err) < 0 ||
	    lines_path(lines, arena, &word, err) < 0)
		return -1;
	out->why = word.data;
	return 0;
}

static int take_pack(struct lines *lines, struct purged *out,
    struct mldv_error *err)
{
	struct oid *id = &out->packs[out->count];
	struct slice word;

	if (lines_word(lines, &word, err) < 0)
		return -1;
	if (!slice_is(word, "pack"))
		return lines_error(lines, err, "does not begin with 'pack'");
	if (lines_oid(lines, id, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	if (out->count > 0 && oid_compare(&id[-1], id) >= 0)
		return lines_error(lines, err,
		    "the pack is not after the one before it");
	out->count++;
	return 0;
}

int purged_parse(struct purged *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct purged purged = {0};
	struct lines lines;
	int more;

	if (len > PURGED_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "purged: is longer than %d bytes", PURGED_LIMIT);
	if (lines_start(&lines, "purged", text, len, err) < 0 ||
	    take_project(&lines, arena, &purged, err) < 0 ||
	    take_kind(&lines, &purged, err) < 0 ||
	    take_date_and_reason(&lines, arena, &purged, err) < 0)
		return -1;
	/* One more: a line too short is refused only after it was begun. */
	purged.packs = arena_array(arena, lines_count(&lines, SHORTEST) + 1,
	    sizeof(*purged.packs));
	while ((more = lines_next(&lines, err)) > 0) {
		if (take_pack(&lines, &purged, err) < 0)
			return -1;
	}
	if (more < 0)
		return -1;
	*out = purged;
	return 0;
}

static int compare_packs(const void *a, const void *b)
{
	return oid_compare(a, b);
}

void purged_format(struct purged *purged, struct buf *out)
{
	if (purged->count > 1)
		qsort(purged->packs, purged->count, sizeof(*purged->packs),
		    compare_packs);
	buf_printf(out, "mldv-purged 1\nproject %s\nkind %s\ndate %s\nwhy ",
	    purged->project, purged->kind == KIND_DIR ? "dir" : "file",
	    purged->date);
	lines_add_path(out, purged->why, strlen(purged->why));
	buf_add_char(out, '\n');
	for (size_t i = 0; i < purged->count; i++) {
		buf_add_str(out, "pack ");
		lines_add_oid(out, &purged->packs[i]);
		buf_add_char(out, '\n');
	}
}
