/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "project/item.h"

size_t items_from(const struct items *items, const char *path)
{
	size_t low = 0;
	size_t high = items->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(items->list[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct item *items_find(const struct items *items, const char *path)
{
	size_t i = items_from(items, path);

	return i < items->count && strcmp(items->list[i].path, path) == 0
	    ? &items->list[i]
	    : NULL;
}

const struct item *items_around(const struct items *items, const char *path,
    const char **inner)
{
	const struct item *item = items_find(items, path);
	struct buf above = {0};

	for (const char *slash = strchr(path, '/'); slash && !item;
	     slash = strchr(slash + 1, '/')) {
		buf_reset(&above);
		buf_add(&above, path, (size_t)(slash - path));
		item = items_find(items, buf_str(&above));
	}
	if (item && inner)
		*inner = path_inside(path, item->path);
	buf_release(&above);
	return item;
}

/* A pointer's name means its item. */
static const char *without_suffix(struct arena *arena, const char *path)
{
	if (!str_ends(path, POINTER_SUFFIX))
		return path;
	return arena_strn(arena, path, strlen(path) - strlen(POINTER_SUFFIX));
}

/* Marks the items that a path names: false if there are none. */
static bool mark(const struct items *items, const char *path, bool *wanted)
{
	struct buf part = {0};
	const struct item *item;
	bool found = false;
	size_t i = 0;

	for (size_t len = 1; path[0] && path[len - 1]; len++) {
		if (path[len] != '/' && path[len] != '\0')
			continue;
		buf_reset(&part);
		buf_add(&part, path, len);
		item = items_find(items, buf_str(&part));
		if (item) {
			wanted[item - items->list] = true;
			found = true;
		}
	}
	if (path[0]) {
		buf_add_char(&part, '/');
		i = items_from(items, buf_str(&part));
	}
	for (; i < items->count && path_inside(items->list[i].path, path);
	     i++) {
		wanted[i] = true;
		found = true;
	}
	buf_release(&part);
	return found;
}

int items_select(struct items *items, const struct strs *paths,
    struct mldv_error *err)
{
	struct arena arena = {0};
	bool *wanted;
	size_t kept = 0;
	int ret = -1;

	if (!paths || paths->count == 0)
		return 0;
	wanted = arena_array(&arena, items->count + 1, sizeof *wanted);
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];

		if (mark(items, path, wanted) ||
		    mark(items, without_suffix(&arena, path), wanted))
			continue;
		(void)err_set(err, MLDV_NOT_FOUND,
		    "'%s' names no item; 'mldv status --all' lists them",
		    path[0] ? path : ".");
		goto out;
	}
	for (size_t i = 0; i < items->count; i++) {
		if (wanted[i])
			items->list[kept++] = items->list[i];
	}
	items->count = kept;
	ret = 0;
out:
	arena_release(&arena);
	return ret;
}
