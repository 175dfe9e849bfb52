/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PARTS_H
#define FORMAT_PARTS_H

/*
 * Which parts of a directory item are wanted in a work tree.
 *
 * Of paths inside the item, the nearest listed one at or above decides; where
 * there is none, rest does. No line says what follows from the others, so one
 * choice has one encoding. It is kept, for one work tree, as text:
 *
 *     mldv-parts 1
 *     item data/raw
 *     rest skip
 *     take images/train
 *     skip images/train/raw
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/mem.h"

#define PARTS_LIMIT (16 << 20) /* bytes of the text */

struct part {
	const char *path; /* from the item, clean */
	bool take;
};

/* Zeroed: nothing is wanted. */
struct parts {
	bool rest;         /* what no part speaks of is wanted */
	struct part *list; /* sorted by path */
	size_t count;
	size_t capacity;
	struct arena arena; /* of the paths */
};

enum parts_answer { PARTS_NONE, PARTS_SOME, PARTS_ALL };
/* Is what lies at path (a directory or file, "": the item) wanted? */
enum parts_answer parts_at(const struct parts *parts, const char *path);
/* From now on all (or nothing) at and below path is wanted. */
void parts_set(struct parts *parts, const char *path, bool take);
void parts_release(struct parts *parts);

/* item becomes the path on the second line. */
CHECKED int parts_parse(struct parts *out, const char **item, const char *text,
    size_t len, struct mldv_error *err);
void parts_format(const struct parts *parts, const char *item, struct buf *out);

#endif
