/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_COMPARE_H
#define PROJECT_COMPARE_H

/*
 * How what lies in the work tree differs from an item as it was recorded.
 *
 * Directories that are the same on both sides are passed over, so it costs
 * what has changed and the directories around it, not the item.
 */

#include "project/trees.h"

struct compare {
	struct store *store;            /* has the recorded trees */
	const struct content *recorded; /* the item */
	const struct parts *parts;      /* what is wanted of it */
	const struct snapshot *disk;    /* of worktree_hash */
	void *context;
	/* Old is NULL for a file that was added, new for one removed. */
	int (*visit)(void *context, const struct content *old,
	    const struct content *new, struct mldv_error *err);
};

/*
 * Visits each file that differs, in no order. What is not wanted counts as not
 * recorded. MLDV_MISSING if a tree that is needed is not in the store.
 */
CHECKED int compare_item(const struct compare *compare, struct mldv_error *err);

#endif
