/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_OVERLAP_H
#define FORMAT_OVERLAP_H

/*
 * Which paths lie in which.
 */

#include <stddef.h>

/* A path that mldv.ini names, clean, and where. */
struct place {
	const char *path;
	const char *stage;
	unsigned line;
};

/* Sorts bytewise, for places_above. */
void places_sort(struct place *places, size_t count);
/* The place with this path, or that it lies in; NULL: none. */
const struct place *places_above(const struct place *places, size_t count,
    const char *path);
/*
 * Sorts so that what lies in a path follows it at once, and gives the second
 * of a pair of which one is or lies in the other; NULL: there is none.
 */
const struct place *places_overlap(struct place *places, size_t count);

#endif
