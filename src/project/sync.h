/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_SYNC_H
#define PROJECT_SYNC_H

/*
 * What push.c and pull.c share: which items there are, and moving one after
 * the other or many at once.
 */

#include "mldv/remote.h"
#include "project/failures.h"
#include "project/item.h"
#include "project/pick.h"
#include "remote/remote.h"

/* One push or fetch. */
struct sync {
	struct mldv_project *project;
	const struct mldv_transfer *options;
	struct mldv_transferred *out;
	struct remote *remote;
	struct items items; /* that are to move */
	struct items all;   /* of the project; lies in the arena of those */
	struct picks picks; /* of each item */
	struct lock lock;   /* of the store */
	struct failures failures;
	size_t earlier;   /* manifests that pushes ask for */
	struct strs sent; /* stages of which something was pushed */
	bool fetches;     /* else it pushes */
	bool asks;        /* for what was sent, afterwards */
	bool skip;        /* what [pull] skip says is left out */
	/* What became of each pick already, and how much was moved of it. */
	enum remote_fate *fates;
	uint64_t *moved;
	struct arena arena;
	int (*move_many)(struct remote *remote, struct store *store,
	    const struct remote_many *many, struct remote_count *out,
	    struct mldv_error *err);
	int (*move)(struct sync *sync, struct pick *pick,
	    struct mldv_done *done, struct remote_count *count,
	    struct mldv_error *err);
};

/* Opens the remote, takes the lock, and finds the items that paths mean. */
CHECKED int sync_begin(struct sync *sync, const struct strs *paths,
    struct mldv_error *err);
/* Moves all of them; one that cannot be had does not keep back the others. */
CHECKED int sync_items(struct sync *sync, struct mldv_error *err);
/* In any case. */
void sync_end(struct sync *sync);

#endif
