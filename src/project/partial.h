/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PARTIAL_H
#define PROJECT_PARTIAL_H

/*
 * Items of which only a part is here.
 *
 * Which one, is kept in a note: <Git's directory of the work tree>/mldv/parts/,
 * a file an item. It is no cache: without it, what is not here would look
 * deleted. With it, what is absent was deleted only where it is wanted; and
 * what lies there is as it lies, wanted or not. So a note must not say that
 * something is wanted before that was placed.
 */

#include "format/parts.h"
#include "project/item.h"
#include "project/trees.h"

/*
 * What is wanted of an item: 1, or 0, and all of it, if there is no note (or
 * the item is no directory).
 */
CHECKED int partial_read(struct mldv_project *project, const struct item *item,
    struct parts *out, struct mldv_error *err);
/* Keeps it, durably; wanting all of the item is to have no note. */
CHECKED int partial_write(struct mldv_project *project, const char *path,
    const struct parts *parts, struct mldv_error *err);
/* Removes what a killed one has begun to write, while nobody else writes. */
CHECKED int partial_sweep(struct mldv_project *project, struct mldv_error *err);
CHECKED int partial_forget(struct mldv_project *project, const char *path,
    struct mldv_error *err);
/* Gives another item the note of the first, or the lack of one. */
CHECKED int partial_copy(struct mldv_project *project, const char *from,
    const char *to, struct mldv_error *err);

/* What lies in the work tree, and what need not. */
struct partial {
	const struct parts *parts;
	const struct content *recorded; /* the item as it was added */
	struct trees trees;             /* of that */
	struct store *store;            /* what it has is not put again */
	struct store_packer *packer;    /* new trees go there; or NULL */
};
/*
 * What the item is, or what is in it at inner ("": itself), of which disk
 * (NULL: nothing) lies in the work tree: 1, or 0 if it is nothing.
 */
CHECKED int partial_merge(const struct partial *partial, const char *inner,
    const struct snapshot *disk, struct content *out, struct mldv_error *err);

/* The same with the trees of the store, to look only: sets them. */
CHECKED int partial_look(struct mldv_project *project, struct partial *partial,
    const char *inner, const struct snapshot *disk, struct content *out,
    struct mldv_error *err);

/*
 * As worktree_hash of an item, or of what is in it at inner. *whole becomes
 * whether all of it is here.
 */
CHECKED int partial_hash(struct mldv_project *project, const struct item *item,
    const char *inner, struct content *out, bool *whole,
    struct mldv_error *err);

/* The contents of all that is wanted; the trees lead there. */
struct contents {
	struct content *list;
	size_t count;
	size_t capacity;
};
CHECKED int partial_contents(const struct trees *trees,
    const struct content *item, const struct parts *parts, struct contents *out,
    struct mldv_error *err);

#endif
