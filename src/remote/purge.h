/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_PURGE_H
#define REMOTE_PURGE_H

/*
 * Deleting items from a remote for good, and telling afterwards that this was
 * done: mldv-format(5).
 */

#include "format/purged.h"
#include "remote/remote.h"

enum remote_purged {
	PURGED_MANIFEST, /* an item goes */
	PURGED_PACK,     /* a pack goes */
	PURGED_REWRITE,  /* a pack goes; a new one keeps what others need */
};

struct remote_purge {
	const struct content *items; /* what is to go */
	size_t count;
	const char *why;
	const char *date; /* as in struct purged */
	bool delete;      /* else nothing is changed */
	bool no_wait;
	bool exclusive; /* nobody else uses the remote: see struct ops_alone */
	/* Called for each. bytes: of a pack; of a rewrite, what is freed. */
	void (*visit)(const void *context, enum remote_purged kind,
	    const char *name, uint64_t bytes);
	const void *context;
};

/*
 * Deletes manifests and objects of the items, but for the objects that other
 * manifests, of whichever project, need: packs that hold both are written
 * anew. Killed at any moment it leaves every other item whole, and is
 * completed when it is run again. MLDV_MISSING if no remote is there;
 * MLDV_USAGE if others could be at work there and exclusive was not given.
 */
CHECKED int remote_purge(struct remote *remote, struct store *store,
    const struct remote_purge *options, struct mldv_error *err);

/* What is noted of a purged item: 1, or 0 if it never was. */
CHECKED int remote_purged(struct remote *remote, const struct content *item,
    struct arena *arena, struct purged *out, struct mldv_error *err);
/*
 * If the item is not there because it was purged, says that: -1 and MLDV_NO,
 * or with missing, MLDV_MISSING. Else 0.
 */
CHECKED int remote_refuse_purged(struct remote *remote,
    const struct content *item, bool missing, struct mldv_error *err);

#endif
