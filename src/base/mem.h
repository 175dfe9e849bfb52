/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

/*
 * Memory that is always there: running out of it ends the program (status 1).
 *
 * An arena holds what lives and dies together: a parsed file, a command. A
 * zeroed arena is empty. Sanitizer builds give each allocation a block of its
 * own, so that overruns are seen. An arena is not thread-safe.
 */

#include <stddef.h>

#include "base/err.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* Resizes an array to count elements of size bytes; checks the product. */
void *xrealloc(void *ptr, size_t count, size_t size);

/*
 * Makes room for one more element in an array that has count of *capacity in
 * use: the array, perhaps moved.
 */
void *xgrow(void *array, size_t count, size_t *capacity, size_t size);

struct arena_block;
struct arena {
	struct arena_block *newest;
};

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_str(struct arena *arena, const char *text);
/* A terminated copy of len bytes. */
char *arena_strn(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);
void arena_release(struct arena *arena);

#endif
