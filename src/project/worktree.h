/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_WORKTREE_H
#define PROJECT_WORKTREE_H

/*
 * From the work tree to objects and back, for one path at a time. Knows
 * nothing of pointers, locks or Git.
 */

#include "format/kind.h"
#include "project/project.h"
#include "store/snapshot.h"

struct worktree_count {
	uint64_t read;    /* files that had to be read, or were written */
	uint64_t ignored; /* files that [add] ignore skipped */
	uint64_t files;   /* that are there, and their bytes; for placing */
	uint64_t bytes;
};

/*
 * What lies at path: files that the stat cache does not vouch for are hashed,
 * nothing is stored, the cache is written if that is worth it.
 * MLDV_NOT_FOUND if nothing is there. A file that changes while it is read is
 * an error that names it. snapshot (may be NULL) gets the details.
 */
CHECKED int worktree_hash(struct mldv_project *project, const char *path,
    struct content *out, struct snapshot *snapshot, struct mldv_error *err);

/*
 * The same, and everything it consists of is in the store afterwards,
 * durable. The caller holds the store's lock. count may be NULL.
 */
CHECKED int worktree_store(struct mldv_project *project, const char *path,
    struct content *out, struct worktree_count *count, struct mldv_error *err);

/*
 * The same for many paths, one after the other, small ones into few packs.
 * Nothing of a path is durable before the batch has ended. The store stays
 * loaded, as it was when the batch began, until worktree_batch_end.
 */
struct worktree_batch {
	struct store_packer *files; /* NULL: not begun */
	struct store_packer *trees;
};
void worktree_batch_begin(struct mldv_project *project,
    struct worktree_batch *batch);
CHECKED int worktree_store_in(struct mldv_project *project, const char *path,
    struct worktree_batch *batch, struct content *out,
    struct worktree_count *count, struct mldv_error *err);
/* Forgets it; what of it is in the store already stays. Zeroed: nothing. */
void worktree_batch_drop(struct worktree_batch *batch);
/* Makes all of it durable. Zeroed afterwards, also if that failed. */
CHECKED int worktree_batch_end(struct mldv_project *project,
    struct worktree_batch *batch, struct mldv_error *err);

/*
 * Makes path what content says, from the store. What is there already stays;
 * what is not in the store is not overwritten (MLDV_EXISTS, naming the first
 * such file) unless force. Each object is verified on the way. Files that
 * [add] ignore names are left alone. MLDV_MISSING, with the way out, if the
 * store lacks something; then nothing was changed.
 */
CHECKED int worktree_place(struct mldv_project *project, const char *path,
    const struct content *content, bool force, struct worktree_count *count,
    struct mldv_error *err);

/* The same of a part of a directory; what is not wanted goes. */
struct parts;
struct placing {
	const char *path;
	const struct content *content;
	const struct parts *parts; /* NULL: all */
	bool force;
};
CHECKED int worktree_place_parts(struct mldv_project *project,
    const struct placing *placing, struct worktree_count *count,
    struct mldv_error *err);

/*
 * Moves what lies at path (if anything) to a trash name beside it, which
 * *trash becomes; "" if nothing was there. worktree_drop deletes it.
 */
CHECKED int worktree_trash(struct mldv_project *project, const char *path,
    struct buf *trash, struct mldv_error *err);
CHECKED int worktree_drop(struct mldv_project *project, const char *trash,
    struct mldv_error *err);

/* The file of a path's stat cache; tells which work tree it belongs to. */
void worktree_cache_path(const struct mldv_project *project, const char *path,
    struct buf *out);
/* The same for any work tree of the clone, by its root. */
void worktree_cache_of(const char *home, const char *root, const char *path,
    struct buf *out);

/*
 * Is all of an item in the store? 1, or 0 and the first missing oid in
 * *missing (may be NULL). Reads the trees.
 */
CHECKED int worktree_complete(struct mldv_project *project,
    const struct content *content, struct oid *missing, struct mldv_error *err);

/*
 * Walks an item's files in the order of their paths, directories not visited
 * themselves: for diff, fsck, counts. The path is from the item's root, ""
 * for a file item. Trees come from the store. Each visit may fail.
 */
CHECKED int worktree_each(struct mldv_project *project,
    const struct content *content,
    int (*visit)(void *context, const char *path, const struct content *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/*
 * The content of what lies inside an item: *out for inner ("a/b") below it.
 * 1, or 0 if there is no such name. Trees come from the store.
 */
CHECKED int worktree_inside(struct mldv_project *project,
    const struct content *item, const char *inner, struct content *out,
    struct mldv_error *err);

#endif
