/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PICK_H
#define PROJECT_PICK_H

/*
 * What of each item a fetch, pull or checkout is about.
 *
 * An item that is named is meant as a whole. Something inside one is meant
 * alone if the item is not here yet, or in part; then it is added to that
 * part. Else an item stays as it is here, in part or whole; but what is not
 * here at all, [pull] skip leaves out.
 */

#include "project/partial.h"

struct pick {
	const struct item *item;
	struct parts parts; /* that are wanted in the end */
	bool noted;         /* so far it is here in part */
	bool by_default;    /* neither it nor anything in it was named */
	struct strs asked;  /* for these paths in it */
	bool here;          /* something lies in its place */
	bool had;           /* its data is in the store by now */
};

struct picks {
	struct pick *list;
	size_t count;
};

/*
 * For items that were selected by paths. here: of the work tree, not of some
 * revision.
 */
CHECKED int picks_load(struct mldv_project *project, const struct items *items,
    const struct strs *paths, bool here, struct picks *out,
    struct mldv_error *err);
void picks_release(struct picks *picks);
bool pick_is_whole(const struct pick *pick);

/* Is an item as a whole what [pull] skip says? */
bool pick_is_skipped(const struct mldv_project *project,
    const struct item *item);
/*
 * Leaves out of an item whose trees are at hand what [pull] skip says and
 * what is not here.
 */
CHECKED int pick_skip_inside(struct mldv_project *project, struct pick *pick,
    const struct trees *trees, struct mldv_error *err);

#endif
