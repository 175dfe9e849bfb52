/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_IMMUTABLE_H
#define PROJECT_IMMUTABLE_H

/*
 * What a directory lost that may only gain files: [rules] immutable.
 */

#include "format/rules.h"
#include "project/item.h"
#include "project/trees.h"

/* One item, as it was and as it is to be. */
struct immutable {
	const char *path;
	const struct content *was;
	const struct content *is;
	struct trees was_trees;
	struct trees is_trees;
};
/* Files, and the first of them. */
struct immutable_lost {
	size_t removed;
	size_t changed;
	struct buf first; /* from the root */
};

/*
 * Counts what was removed or changed in those directories. MLDV_MISSING if a
 * list of files that is needed is not to be had.
 */
CHECKED int immutable_compare(const struct immutable *item,
    const struct rule_dirs *dirs, struct immutable_lost *out,
    struct mldv_error *err);
/* "2 files are gone and 1 is another, as 'data/raw/a'"; appended. */
void immutable_say(const struct immutable_lost *lost, struct buf *out);
void immutable_lost_release(struct immutable_lost *lost);

/* Is the item one of theirs, or above or in one? */
bool immutable_is_about(const struct rule_dirs *dirs, const char *path);

/*
 * Refuses, with MLDV_NO, what add would make of an item that HEAD has
 * otherwise; the lists of files are in the store.
 */
CHECKED int immutable_check(struct mldv_project *project,
    const struct rule_dirs *dirs, const char *path, const struct content *is,
    struct mldv_error *err);

#endif
