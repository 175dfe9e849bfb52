/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_TREES_H
#define PROJECT_TREES_H

/*
 * Trees, believed only as far as they add up.
 */

#include "format/parts.h"
#include "format/tree.h"
#include "store/snapshot.h"
#include "store/store.h"

/* More files than this in one item are refused. */
#define TREES_FILES (UINT64_C(1) << 26)
/* As many directories may be there beyond the number of files. */
#define TREES_DIRS (UINT64_C(1) << 20)

/* Where trees come from: verified bytes, until the next call. */
struct trees {
	void *context;
	int (*get)(void *context, const struct oid *oid, struct slice *out,
	    struct mldv_error *err);
};
/* From the store and nowhere else: MLDV_MISSING. */
struct trees trees_of(struct store_reader *reader);

/*
 * Reads one directory, its pages joined: entries whose sizes and files add up
 * to what dir says.
 */
CHECKED int trees_read(const struct trees *trees, const struct content *dir,
    struct arena *arena, struct tree *out, struct mldv_error *err);

/*
 * What lies inside of dir, at inner ("a/b", "" for itself): 1, or 0 if there
 * is no such name.
 */
CHECKED int trees_inside(const struct trees *trees, const struct content *dir,
    const char *inner, struct content *out, struct mldv_error *err);

/*
 * All of an item as a snapshot whose entries have oid, size and kind but no
 * stat, and are not known yet; directories are known.
 */
CHECKED int trees_expand(struct store *store, const struct content *item,
    struct snapshot *out, struct mldv_error *err);
/*
 * Just what is wanted of a directory (parts may be NULL: all); the trees of
 * the rest need not be there. Directories that lack something are not known.
 */
CHECKED int trees_expand_parts(struct store *store, const struct content *item,
    const struct parts *parts, struct snapshot *out, struct mldv_error *err);
/* Sets an error about a tree; -1. */
int trees_refuse(struct mldv_error *err, const struct oid *oid,
    const char *why);

/* Visits the files of a snapshot in the order of their paths. */
CHECKED int snapshot_each(const struct snapshot *snapshot,
    int (*visit)(void *context, const char *path, const struct content *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

#endif
