/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PRUNE_H
#define PROJECT_PRUNE_H

/*
 * Taking objects out of the store, so that whatever stops it, all that is
 * wanted is there: a pack of which some is wanted goes only when a new one
 * with that is durable.
 */

#include "project/project.h"
#include "store/pieces.h"

enum prune_fate { PRUNE_KEEP, PRUNE_YOUNG, PRUNE_REWRITE, PRUNE_REMOVE };

struct prune_pack {
	const struct store_pack *pack;
	enum prune_fate fate;
	uint64_t bytes; /* that are not wanted, about */
};

struct prune_file {
	struct oid oid;
	const char *path;
	uint64_t bytes;
	bool young;
};

struct prune {
	struct mldv_project *project;
	bool (*wanted)(const void *context, const struct oid *oid);
	const void *context;
	/* What was written since (seconds since 1970) stays. */
	int64_t since;
	/* Rewrite a pack for a single object, else only if half can go. */
	bool eager;
	/* After the plan: */
	struct prune_pack *packs; /* all there are */
	size_t pack_count;
	struct prune_file *files; /* large objects that are not wanted */
	size_t file_count;
	size_t file_capacity;
	struct arena arena;
};

/* Decides; nothing is changed. The store's lock is held exclusively. */
CHECKED int prune_plan(struct prune *prune, struct mldv_error *err);
/* Does it; the store is not loaded afterwards. */
CHECKED int prune_carry_out(struct prune *prune, struct mldv_error *err);
void prune_release(struct prune *prune);

/*
 * Merges small packs of trees, or of other objects, if there are many and
 * nobody else uses the store. That it could not is no error: it is done next
 * time. Call without holding the store's lock.
 */
void prune_merge(struct mldv_project *project);

#endif
