/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_MERGETREE_H
#define PROJECT_MERGETREE_H

/*
 * Three versions of a directory become one: a name that only one side changed
 * is as that side has it.
 */

#include "project/project.h"
#include "project/source.h"

enum { SIDE_BASE, SIDE_OURS, SIDE_THEIRS, SIDES };

struct merge_trees {
	struct mldv_project *project;
	struct source *sources; /* SIDES of them: where each side's trees are */
	struct strs *conflicts; /* gets the paths that both sides changed */
};

/*
 * Merges directories (of kind KIND_DIR; the base may be NULL) and puts the new
 * trees into the store; out is ours where both changed the same.
 */
CHECKED int merge_trees(const struct merge_trees *merge,
    const struct content *const sides[SIDES], struct content *out,
    struct mldv_error *err);

#endif
