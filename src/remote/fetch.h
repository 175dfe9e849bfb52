/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_FETCH_H
#define REMOTE_FETCH_H

/*
 * One fetch: what its files share.
 */

#include "base/file.h"
#include "remote/known.h"
#include "remote/reach.h"

struct fetch {
	struct remote *remote;
	struct store *store;
	const struct content *item;
	bool dry_run;
	struct known known;
	struct reach reach;
	struct arena arena;
	struct idle packers;   /* struct store_packer */
	pthread_mutex_t trees; /* held while trees are put into a packer */
};

void fetch_open(struct fetch *fetch, struct remote *remote, struct store *store,
    const struct content *item);
void fetch_close(struct fetch *fetch);
/* Is everything that is wanted in the store? 1 or 0 */
CHECKED int fetch_is_here(struct store *store,
    const struct remote_wanted *wanted, struct mldv_error *err);
/* Brings what is wanted out of the packs that were made known. */
CHECKED int fetch_known(struct fetch *fetch, const struct remote_wanted *wanted,
    struct remote_count *out, struct mldv_error *err);

/* Takes an object into the store. */
CHECKED int fetch_put(struct fetch *fetch, const struct oid *oid,
    struct slice payload, struct mldv_error *err);
/* Says that no pack of the item holds the object; -1. */
CHECKED int fetch_lacks(const struct fetch *fetch, const struct oid *oid,
    struct mldv_error *err);
/* Reads trees for a walk (reach.h): from the store, what is kept, or packs. */
CHECKED int fetch_read_trees(void *context, struct reach *reach,
    struct reach_object *const *trees, size_t count, struct mldv_error *err);

/* A large object on its way. */
struct big {
	const struct oid *oid;
	uint64_t size; /* 0: not known */
	const struct known_place *list;
	struct chunks chunks;
	struct arena arena;
	struct tempfile temp;
	struct oid hashed;
};

/*
 * Reads the lists of large objects, and looks whether each adds up and all of
 * its chunks can be had.
 */
CHECKED int fetch_lists(struct known *known, struct big *bigs, size_t count,
    struct mldv_error *err);
void fetch_release_bigs(struct big *bigs, size_t count);
/* Fetches them, after fetch_lists. */
CHECKED int fetch_bigs(struct fetch *fetch, struct big *bigs, size_t count,
    struct mldv_error *err);

/* Takes a whole pack, every object of which is wanted, into the store. */
CHECKED int fetch_pack(struct fetch *fetch, const struct known_pack *pack,
    struct mldv_error *err);

#endif
