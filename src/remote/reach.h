/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_REACH_H
#define REMOTE_REACH_H

/*
 * Every object that an item consists of, each once.
 *
 * An oid names bytes, not a kind: a file may have the bytes of a tree, and is
 * then here twice. The trees may come from a peer; what does not add up to
 * what the item says of itself is MLDV_CORRUPT.
 */

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"
#include "format/kind.h"

struct store;

struct reach_object {
	struct oid oid;
	uint64_t size;  /* of the file; of all files below the tree */
	uint64_t files; /* below the tree */
	bool tree;
	/* For push and fetch. */
	bool settled; /* nothing is left to be done about it */
};

struct reach {
	struct map trees; /* by oid, in the order they were found */
	struct map files;
	/* The rest belongs to the walk. */
	struct arena arena;
	pthread_mutex_t mutex;
	struct reach_edge *edges;
	size_t edge_count;
	size_t edge_capacity;
};

/* Reads trees, and calls reach_take for each, from any thread. */
struct reach_source {
	void *context;
	int (*read)(void *context, struct reach *reach,
	    struct reach_object *const *trees, size_t count,
	    struct mldv_error *err);
};

void reach_init(struct reach *reach);
void reach_release(struct reach *reach);
/* Finds everything that these consist of, level by level. */
CHECKED int reach_walk(struct reach *reach, const struct content *items,
    size_t count, const struct reach_source *source, struct mldv_error *err);
/* Says what a tree of the walk holds: its verified bytes. */
CHECKED int reach_take(struct reach *reach, struct reach_object *tree,
    struct slice text, struct mldv_error *err);
/* The same with the trees that a store has; MLDV_MISSING if one is not. */
CHECKED int reach_walk_store(struct reach *reach, struct store *store,
    const struct content *items, size_t count, struct mldv_error *err);
/* The object, as a tree or as a file, or NULL. */
struct reach_object *reach_find(const struct reach *reach,
    const struct oid *oid, bool tree);

#endif
