/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_MANY_H
#define REMOTE_MANY_H

/*
 * What moving many items, to a remote or from it, has in common.
 */

#include "remote/inner.h"

/* Small items that are moved together. */
struct many_group {
	const struct remote_many *many;
	struct content *items;
	const size_t *numbers; /* of each item in many */
	size_t count;
};
struct many_way {
	struct remote *remote;
	struct store *store;
	int (*move)(struct remote *remote, struct store *store,
	    const struct many_group *group, struct remote_count *out,
	    struct mldv_error *err);
};
/*
 * Moves, in groups, the small ones of the items that chosen says, if they are
 * many. A group of which something is lacking or damaged is left.
 */
CHECKED int many_move(const struct many_way *way,
    const struct remote_many *many, const bool *chosen,
    struct remote_count *out, struct mldv_error *err);

/* An item's manifest, and when it was read; the caller releases the arena. */
struct many_manifest {
	const struct content *item;
	struct manifest manifest;
	struct arena arena;
	int64_t when;
	bool found; /* there, and whole */
};
/* Reads all of them, many at once. */
CHECKED int many_read_manifests(struct remote *remote,
    struct many_manifest *list, size_t count, struct mldv_error *err);

#endif
