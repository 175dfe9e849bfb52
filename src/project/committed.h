/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_COMMITTED_H
#define PROJECT_COMMITTED_H

/*
 * What would lie in a work tree of a commit, without one: Git's files as they
 * are in the commit, items as their pointers and the lock name them. File
 * contents of items are never needed, only lists of files, from the store or
 * else from a remote.
 */

#include "project/item.h"
#include "project/source.h"

/* Zeroed: none. */
struct committed {
	struct mldv_project *project; /* with the settings of the commit */
	struct git_view *view;
	struct items items;
	struct source source;
	struct strs ignore; /* [add] ignore */
	struct hasher *hasher;
	struct arena arena;
};

/*
 * Loads the settings of the revision into project, for good. The remote is
 * borrowed, and may be set later.
 */
CHECKED int committed_open(struct committed *committed,
    struct mldv_project *project, const char *revision, struct mldv_error *err);
void committed_close(struct committed *committed);

/*
 * What lies at path: 1, or 0 if nothing does. MLDV_MISSING if a list of files
 * that is needed can be had nowhere.
 */
CHECKED int committed_hash(struct committed *committed, const char *path,
    struct content *out, struct mldv_error *err);
/* What lies inside an item, inner as in trees_inside. */
CHECKED int committed_inside(struct committed *committed,
    const struct content *item, const char *inner, struct content *out,
    struct mldv_error *err);

#endif
