/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_LISTING_H
#define PROJECT_LISTING_H

/*
 * The files of items as one list, to be compared with another.
 */

#include "base/map.h"
#include "project/worktree.h"

struct listed {
	const char *path;
	struct content content;
};

struct listing {
	struct listed *list;
	size_t count;
	size_t capacity;
	struct arena arena;
};

/* Adds an item's files, from the trees in the store; its path comes first. */
CHECKED int listing_add_content(struct listing *listing,
    struct mldv_project *project, const char *path,
    const struct content *content, struct mldv_error *err);
/* Adds an item's files as worktree_hash found them. */
void listing_add_snapshot(struct listing *listing, const char *path,
    const struct snapshot *snapshot);
/*
 * Visits what differs: old is NULL for an added file, new for a removed one.
 */
void listing_compare(const struct listing *from, const struct listing *to,
    void (*visit)(void *context, const struct listed *old,
        const struct listed *new),
    void *context);
void listing_release(struct listing *listing);

#endif
