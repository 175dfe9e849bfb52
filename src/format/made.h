/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_MADE_H
#define FORMAT_MADE_H

/*
 * The lines "made …", which run records and the lock share.
 */

#include "format/lines.h"
#include "format/run.h"

/* Reads what stands behind the word "made". */
CHECKED int made_parse(struct made *out, struct arena *arena,
    struct lines *lines, struct mldv_error *err);
void made_format(const struct made *made, struct buf *out);
void made_sort(struct made *made, size_t count);

/* A list that grows in an arena. */
struct made_list {
	struct made *items;
	size_t count;
	size_t capacity;
};
/* Adds; an error if it does not sort after the last one. */
CHECKED int made_list_read(struct made_list *list, struct arena *arena,
    struct lines *lines, struct mldv_error *err);

#endif
