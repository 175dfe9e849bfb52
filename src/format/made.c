/* SPDX-License-Identifier: Apache-2.0 */
#include "format/made.h"

#include <stdlib.h>
#include <string.h>

#include "format/items.h"

int made_parse(struct made *out, struct arena *arena, struct lines *lines,
    struct mldv_error *err)
{
	struct content content = {.files = 1};
	struct slice letter;
	struct slice path;
	const char *refused;

	if (lines_word(lines, &letter, err) < 0)
		return -1;
	if (!kind_of_letter(letter, &content.kind))
		return lines_error(lines, err, "'%.*s' is not f, x, l or d",
		    letter.len < 40 ? (int)letter.len : 40, letter.data);
	if (lines_number(lines, &content.size, err) < 0)
		return -1;
	if (content.kind == KIND_DIR &&
	    lines_number(lines, &content.files, err) < 0)
		return -1;
	if (lines_oid(lines, &content.oid, err) < 0 ||
	    lines_path(lines, arena, &path, err) < 0)
		return -1;
	refused = content_refused(&content);
	if (refused)
		return lines_error(lines, err, "%s", refused);
	if (!items_is_path(path.data))
		return lines_error(lines, err,
		    "'%.200s' is not a path inside the repository", path.data);
	*out = (struct made){content, path.data};
	return 0;
}

void made_format(const struct made *made, struct buf *out)
{
	const struct content *content = &made->content;

	buf_printf(out, "made %c ", kind_letter(content->kind));
	lines_add_number(out, content->size);
	buf_add_char(out, ' ');
	if (content->kind == KIND_DIR) {
		lines_add_number(out, content->files);
		buf_add_char(out, ' ');
	}
	lines_add_oid(out, &content->oid);
	buf_add_char(out, ' ');
	lines_add_path(out, made->path, strlen(made->path));
	buf_add_char(out, '\n');
}

static int by_path(const void *a, const void *b)
{
	const struct made *left = a;
	const struct made *right = b;

	return strcmp(left->path, right->path);
}

void made_sort(struct made *made, size_t count)
{
	if (count > 1)
		qsort(made, count, sizeof *made, by_path);
}

int made_list_read(struct made_list *list, struct arena *arena,
    struct lines *lines, struct mldv_error *err)
{
	struct made made;

	if (made_parse(&made, arena, lines, err) < 0)
		return -1;
	if (list->count > 0 &&
	    strcmp(list->items[list->count - 1].path, made.path) >= 0)
		return lines_error(lines, err,
		    "is not sorted after the line above");
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 4;
		struct made *items =
		    arena_array(arena, capacity, sizeof *items);

		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = made;
	return 0;
}
