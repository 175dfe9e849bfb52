/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_SOURCE_H
#define PROJECT_SOURCE_H

/*
 * Where an item's trees and files are read that need not be here: in a store,
 * and what that lacks on a remote. For one thread, and one item at a time.
 */

#include "project/project.h"
#include "project/trees.h"
#include "remote/view.h"

/* Zeroed: none. */
struct source {
	struct store *store;
	struct remote *remote; /* or NULL: only the store is asked */
	bool keep; /* trees that the remote gave are put into the store */
	struct content item;
	struct store_reader *reader;
	struct remote_view *view; /* of the item; NULL: not needed so far */
	struct store_packer *packer;
	struct buf text; /* of the last tree that the remote gave */
};

/* To be opened when store, remote and keep are set. */
CHECKED int source_open(struct source *source, struct mldv_error *err);
/* From now on it is about this item. */
void source_enter(struct source *source, const struct content *item);
/* Its trees; valid as long as the source. */
struct trees source_trees(struct source *source);
/* Reads a file of the item, or the item if it is one; see remote/view.h. */
CHECKED int source_file(struct source *source, const struct content *file,
    const struct remote_sink *sink, struct mldv_error *err);
/* Makes durable what was put into the store. */
CHECKED int source_end(struct source *source, struct mldv_error *err);
void source_close(struct source *source);

#endif
