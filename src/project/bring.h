/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_BRING_H
#define PROJECT_BRING_H

/*
 * Bringing what is wanted of an item from a remote into the store.
 */

#include "project/pick.h"
#include "remote/remote.h"

struct bring {
	struct mldv_project *project;
	struct remote *remote;
	bool skip; /* leave out what [pull] skip says; changes the pick */
	bool dry_run;
	struct remote_count *count;
	uint64_t files, bytes; /* out: that are wanted */
};

/* Is all of the item wanted, so that nothing else has to be known? */
bool bring_is_simple(const struct bring *bring, const struct pick *pick);

/*
 * 0, or 1 if it is all here but not on the remote. A path that was asked for
 * and is not in the item is MLDV_NOT_FOUND.
 */
CHECKED int bring_pick(struct bring *bring, struct pick *pick,
    struct mldv_error *err);

#endif
