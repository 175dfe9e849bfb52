/* SPDX-License-Identifier: Apache-2.0 */
#include "format/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/items.h"
#include "format/lines.h"

/* The first part whose path is not less than the len bytes of path. */
static size_t place_of(const struct parts *parts, const char *path, size_t len)
{
	const struct slice wanted = {path, len};
	size_t low = 0;
	size_t high = parts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (slice_compare(slice_of(parts->list[middle].path), wanted) <
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What the nearest part at or above path says. */
static bool decide(const struct parts *parts, const char *path)
{
	size_t len = strlen(path);

	while (len > 0) {
		size_t at = place_of(parts, path, len);

		if (at < parts->count && strlen(parts->list[at].path) == len &&
		    memcmp(parts->list[at].path, path, len) == 0)
			return parts->list[at].take;
		while (len > 0 && path[len - 1] != '/')
			len--;
		if (len > 0)
			len--;
	}
	return parts->rest;
}

/* Where the parts below path begin, and how many there are. */
static size_t below(const struct parts *parts, const char *path, size_t *count)
{
	struct buf prefix = {0};
	size_t first;

	if (path[0] == '\0') {
		*count = parts->count;
		return 0;
	}
	buf_printf(&prefix, "%s/", path);
	first = place_of(parts, buf_str(&prefix), prefix.len);
	/* Behind all of them comes whatever follows the slash, "0". */
	prefix.data[prefix.len - 1]++;
	*count = place_of(parts, prefix.data, prefix.len) - first;
	buf_release(&prefix);
	return first;
}

enum parts_answer parts_at(const struct parts *parts, const char *path)
{
	size_t count;

	(void)below(parts, path, &count);
	if (count > 0)
		return PARTS_SOME;
	return decide(parts, path) ? PARTS_ALL : PARTS_NONE;
}

static void cut_out(struct parts *parts, size_t first, size_t count)
{
	if (count == 0)
		return;
	memmove(&parts->list[first], &parts->list[first + count],
	    (parts->count - first - count) * sizeof *parts->list);
	parts->count -= count;
}

void parts_set(struct parts *parts, const char *path, bool take)
{
	size_t count;
	size_t at = below(parts, path, &count);

	cut_out(parts, at, count);
	if (path[0] == '\0') {
		parts->rest = take;
		return;
	}
	at = place_of(parts, path, strlen(path));
	if (at < parts->count && strcmp(parts->list[at].path, path) == 0)
		cut_out(parts, at, 1);
	if (decide(parts, path) == take)
		return;
	parts->list = xgrow(parts->list, parts->count, &parts->capacity,
	    sizeof *parts->list);
	if (at < parts->count)
		memmove(&parts->list[at + 1], &parts->list[at],
		    (parts->count - at) * sizeof *parts->list);
	parts->list[at] = (struct part){arena_str(&parts->arena, path), take};
	parts->count++;
}

void parts_release(struct parts *parts)
{
	free(parts->list);
	arena_release(&parts->arena);
	*parts = (struct parts){0};
}

/* "take" or "skip" */
static int parse_choice(struct lines *lines, struct slice word, bool *out,
    struct mldv_error *err)
{
	*out = slice_is(word, "take");
	if (!*out && !slice_is(word, "skip"))
		return lines_error(lines, err, "says neither take nor skip");
	return 0;
}

/* A path as it may stand here: clean, and not the root itself. */
static int parse_path(struct lines *lines, struct arena *arena,
    const char **out, struct mldv_error *err)
{
	struct slice path;

	if (lines_path(lines, arena, &path, err) < 0)
		return -1;
	if (!items_is_path(path.data))
		return lines_error(lines, err, "is no clean path");
	*out = path.data;
	return 0;
}

static int parse_head(struct parts *parts, const char **item,
    struct lines *lines, struct mldv_error *err)
{
	struct slice word;

	if (lines_field(lines, "item", err) < 0 ||
	    parse_path(lines, &parts->arena, item, err) < 0 ||
	    lines_field(lines, "rest", err) < 0 ||
	    lines_word(lines, &word, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	return parse_choice(lines, word, &parts->rest, err);
}

static int parse_parts(struct parts *parts, struct lines *lines,
    struct mldv_error *err)
{
	int more;

	while ((more = lines_next(lines, err)) > 0) {
		struct part part;
		struct slice word;

		if (lines_word(lines, &word, err) < 0 ||
		    parse_choice(lines, word, &part.take, err) < 0 ||
		    parse_path(lines, &parts->arena, &part.path, err) < 0)
			return -1;
		if (parts->count > 0 &&
		    strcmp(parts->list[parts->count - 1].path, part.path) >= 0)
			return lines_error(lines, err, "is out of order");
		/* A directory sorts before what is below it. */
		if (decide(parts, part.path) == part.take)
			return lines_error(lines, err,
			    "says what holds without it");
		parts->list = xgrow(parts->list, parts->count, &parts->capacity,
		    sizeof *parts->list);
		parts->list[parts->count++] = part;
	}
	return more;
}

int parts_parse(struct parts *out, const char **item, const char *text,
    size_t len, struct mldv_error *err)
{
	struct parts parts = {0};
	struct lines lines;

	if (lines_start(&lines, "parts", text, len, err) < 0 ||
	    parse_head(&parts, item, &lines, err) < 0 ||
	    parse_parts(&parts, &lines, err) < 0) {
		parts_release(&parts);
		return -1;
	}
	*out = parts;
	return 0;
}

static void add_line(const char *word, const char *path, struct buf *out)
{
	buf_printf(out, "%s ", word);
	lines_add_path(out, path, strlen(path));
	buf_add_char(out, '\n');
}

void parts_format(const struct parts *parts, const char *item, struct buf *out)
{
	buf_add_str(out, "mldv-parts 1\n");
	add_line("item", item, out);
	buf_add_str(out, parts->rest ? "rest take\n" : "rest skip\n");
	for (size_t i = 0; i < parts->count; i++)
		add_line(parts->list[i].take ? "take" : "skip",
		    parts->list[i].path, out);
}
