/* SPDX-License-Identifier: Apache-2.0 */
#include "format/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"

static int by_path(const void *a, const void *b)
{
	const struct place *left = a;
	const struct place *right = b;

	return strcmp(left->path, right->path);
}

void places_sort(struct place *places, size_t count)
{
	if (count > 1)
		qsort(places, count, sizeof *places, by_path);
}

static const struct place *find(const struct place *places, size_t count,
    struct slice path)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = slice_compare(slice_of(places[middle].path), path);

		if (order == 0)
			return &places[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct place *places_above(const struct place *places, size_t count,
    const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 1; i <= len; i++) {
		const struct place *place;

		if (i < len && path[i] != '/')
			continue;
		place = find(places, count, (struct slice){path, i});
		if (place)
			return place;
	}
	return NULL;
}

/* As if '/' were the first of all characters. */
static int by_tree(const void *a, const void *b)
{
	const char *left = ((const struct place *)a)->path;
	const char *right = ((const struct place *)b)->path;

	while (*left && *left == *right) {
		left++;
		right++;
	}
	if (*left == *right)
		return 0;
	if (!*left || !*right)
		return *left ? 1 : -1;
	if (*left == '/' || *right == '/')
		return *left == '/' ? -1 : 1;
	return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
}

const struct place *places_overlap(struct place *places, size_t count)
{
	if (count > 1)
		qsort(places, count, sizeof *places, by_tree);
	for (size_t i = 1; i < count; i++) {
		if (path_inside(places[i].path, places[i - 1].path))
			return &places[i];
	}
	return NULL;
}
