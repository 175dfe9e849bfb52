/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_PURGEPLAN_H
#define REMOTE_PURGEPLAN_H

/*
 * What purge.c carries out, and how the other files find it:
 *
 *     purge.c      manifests and notes; carrying it out
 *     purgeneed.c  what others need of the packs that may go
 *     purgepack.c  which packs go, and what is kept of them
 */

#include "remote/inner.h"
#include "remote/purge.h"

/* A manifest on the remote, of any project. */
struct paper {
	const char *name;
	struct manifest manifest;
	bool goes;
	bool shares; /* names a pack that may go */
	struct paper *next;
};

/* A pack that may go. */
struct sheet {
	struct oid id;
	bool there;
	bool goes;
	bool renewed; /* fresh holds what is kept of it, unless it is empty */
	uint64_t bytes;
	struct manifest_pack fresh;
	struct buf text; /* of the new pack */
};

struct purge {
	struct remote *remote;
	struct store *store;
	const struct remote_purge *options;
	struct arena arena;
	struct paper *papers;
	struct oid_set named; /* packs that any manifest names */
	struct oid_set kept;  /* that a manifest names which stays */
	struct oid_set suspects;
	struct oid_set needed; /* objects that others need of those */
	struct oid_set gone;   /* objects that only the items have */
	struct sheet *sheets;  /* of the suspects, in the same order */
	size_t sheet_count;
	size_t sheet_capacity;
	bool *noted; /* of each item: there is something to be noted of it */
};

/* Notes that the pack may go, once. */
void purge_suspect(struct purge *purge, const struct oid *id);

/* Fills in what the manifests that stay need of the suspects. */
CHECKED int purge_find_needed(struct purge *purge, struct mldv_error *err);

/* Decides about each suspect, and finds packs that nobody names. */
CHECKED int purge_plan_packs(struct purge *purge, struct mldv_error *err);

/* The index of a pack that was read whole. */
CHECKED int purge_read_index(const struct buf *data, struct arena *arena,
    struct pack_index *out, struct mldv_error *err);
/* Makes, in the sheet, a pack of just what is needed of another one. */
CHECKED int purge_renew(struct purge *purge, struct sheet *sheet,
    const struct pack_index *index, const struct buf *data,
    struct mldv_error *err);

#endif
