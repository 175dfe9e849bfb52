/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STRS_H
#define BASE_STRS_H

/*
 * A list of strings, each copied into the list's own memory. Zeroed: empty.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct strs {
	const char **items;
	size_t count;
	size_t capacity;
	struct arena arena;
};

void strs_add(struct strs *strs, const char *text);
void strs_add_n(struct strs *strs, const char *text, size_t len);
/* The words of the text, which spaces part: "bash -eu" are two. */
void strs_add_words(struct strs *strs, const char *text);
/* Bytewise order. */
void strs_sort(struct strs *strs);
/* Sorts, and keeps one of each. */
void strs_unique(struct strs *strs);
bool strs_has(const struct strs *strs, const char *text);
void strs_release(struct strs *strs);

#endif
