/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PUSH_H
#define PROJECT_PUSH_H

/*
 * Sending items that are not those of the work tree.
 */

#include "mldv/remote.h"
#include "project/item.h"

struct sync_push {
	/* Where all that is from, or a descendant of it. */
	const char *revision;
	const struct items *items; /* maybe several versions of one */
	/* Commits: records of the runs that their mldv.lock names are sent. */
	const struct strs *locks;
	mldv_done_fn *done;
	void *context;
};
/*
 * Pushes the items, in their order, asks the remote for the manifest of each
 * one, and then sends the records. Failing, missing and going on are as in
 * mldv_push.
 */
CHECKED int sync_push(struct mldv_project *project,
    const struct sync_push *push, struct mldv_transferred *out,
    struct mldv_error *err);

#endif
