/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_VIEW_H
#define REMOTE_VIEW_H

/*
 * Looking into an item on a remote, a tree or a file at a time, without
 * fetching it: the manifest is read, the indexes of its packs, and just the
 * ranges that are asked for. For one thread.
 */

#include "remote/remote.h"

struct remote_view;

/*
 * Reads the item's manifest, and the indexes of packs of trees; those that
 * store has need not travel. MLDV_MISSING if the item is not there.
 */
CHECKED int remote_view_open(struct remote_view **out, struct remote *remote,
    struct store *store, const struct content *item, struct mldv_error *err);
void remote_view_close(struct remote_view *view);

/* Appends a tree's verified bytes. */
CHECKED int remote_view_tree(struct remote_view *view, const struct oid *oid,
    struct buf *out, struct mldv_error *err);

/* Where the bytes of a file go, in order. */
struct remote_sink {
	void *context;
	int (*write)(void *context, const void *data, size_t size,
	    struct mldv_error *err);
};
/*
 * Reads a file of size bytes. A small one is verified before anything of it
 * is written; of a large one each chunk is, and the whole at its end, which
 * is MLDV_CORRUPT if it is not what the oid says.
 */
CHECKED int remote_view_file(struct remote_view *view, const struct oid *oid,
    uint64_t size, const struct remote_sink *sink, struct mldv_error *err);

#endif
