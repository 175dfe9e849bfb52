/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_COLLECT_H
#define REMOTE_COLLECT_H

/*
 * Deleting from a remote what nothing needs, by the rules G1 to G3:
 * mldv-format(5).
 */

#include "remote/remote.h"

enum remote_garbage {
	GARBAGE_MANIFEST, /* condemned now, or put back */
	GARBAGE_PACK,     /* condemned long enough ago */
	GARBAGE_PIECE,    /* what a killed push left, a day ago */
	GARBAGE_LATER,    /* a pack that is condemned but not due */
	GARBAGE_YOUNG,    /* nothing needs it, but it is too young */
};

struct remote_collect {
	bool delete; /* else nothing is changed */
	bool no_wait;
	bool exclusive; /* nobody pushes meanwhile: see struct ops_alone */
	/* Does anything need the item? Its size is not known. */
	bool (*needed)(const void *context, const struct content *content);
	/* Called for each. bytes: of a pack or a piece. */
	void (*visit)(const void *context, enum remote_garbage kind,
	    const char *name, uint64_t bytes);
	const void *context;
};

/*
 * Condemns the manifests that nothing needs, and the packs that no manifest
 * names; deletes the packs that were condemned 24 hours to 7 days ago, and
 * what killed pushes left under names of no meaning.
 */
CHECKED int remote_collect(struct remote *remote,
    const struct remote_collect *options, struct mldv_error *err);

/* --- putback.c --- */

/*
 * Puts back the manifests that the last collection deleted, while the packs
 * that they name are there; MLDV_MISSING if some cannot be. MLDV_NO if there
 * is nothing to put back.
 */
CHECKED int remote_put_back(struct remote *remote,
    const struct remote_collect *options, struct mldv_error *err);

/* --- shared by both --- */

/* Takes the lock of a place that must be a remote; alone: nobody else's. */
CHECKED int collect_enter(struct remote *remote,
    const struct remote_collect *options, bool alone, struct mldv_error *err);
/* What a collection condemned: 1, or 0 if the record is gone. */
struct condemned;
CHECKED int collect_read_record(const struct remote *remote,
    struct arena *arena, const char *name, struct condemned *out,
    struct mldv_error *err);

#endif
