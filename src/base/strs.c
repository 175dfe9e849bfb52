/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strs.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void strs_add(struct strs *strs, const char *text)
{
	strs_add_n(strs, text, strlen(text));
}

void strs_add_n(struct strs *strs, const char *text, size_t len)
{
	strs->items = xgrow(strs->items, strs->count, &strs->capacity,
	    sizeof *strs->items);
	strs->items[strs->count++] = arena_strn(&strs->arena, text, len);
}

void strs_add_words(struct strs *strs, const char *text)
{
	struct slice rest = slice_of(text);
	bool more = true;

	while (more) {
		struct slice word;

		more = slice_cut(&rest, ' ', &word);
		if (word.len > 0)
			strs_add_n(strs, word.data, word.len);
	}
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

void strs_sort(struct strs *strs)
{
	if (strs->count > 1)
		qsort(strs->items, strs->count, sizeof *strs->items, compare);
}

void strs_unique(struct strs *strs)
{
	size_t kept = 0;

	strs_sort(strs);
	for (size_t i = 0; i < strs->count; i++) {
		const char *item = strs->items[i];

		if (kept == 0 || strcmp(strs->items[kept - 1], item) != 0)
			strs->items[kept++] = item;
	}
	strs->count = kept;
}

bool strs_has(const struct strs *strs, const char *text)
{
	for (size_t i = 0; i < strs->count; i++) {
		if (strcmp(strs->items[i], text) == 0)
			return true;
	}
	return false;
}

void strs_release(struct strs *strs)
{
	free(strs->items);
	arena_release(&strs->arena);
	*strs = (struct strs){0};
}
