/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_KNOWN_H
#define REMOTE_KNOWN_H

/*
 * Packs that are on a remote, and what is in them, by their indexes.
 *
 * An index comes from the store if the pack is there too, from the state
 * directory, or from the remote; that saves reading it, and is never evidence
 * that the pack exists.
 */

#include "base/map.h"
#include "remote/inner.h"

struct known_pack {
	struct manifest_pack info;
	struct pack_index index; /* after known_load */
	struct arena arena;
	uint32_t serial; /* unlike that of any other pack of this remote */
	bool dropped;    /* not to be found any more */
	bool used;       /* holds an object of the item */
	bool own;        /* put there, or found there, by this push */
	const struct content *of; /* the item whose manifest names it */
};

struct known {
	struct remote *remote;
	bool tolerant; /* a pack whose index is damaged is dropped */
	/*
	 * A manifest that was read before will do; was_kept: it was such a one,
	 * so that what seems to be damaged is to be looked at anew.
	 */
	bool kept;
	bool was_kept;
	bool only_trees; /* no indexes but those of packs of trees for now */
	struct known_pack **packs;
	size_t count;
	size_t capacity;
	struct map ids;
	struct map objects; /* by oid: struct known_place */
	struct map trees;   /* the same, of packs of trees only */
	struct arena arena;
};

struct known_place {
	struct known_pack *pack;
	const struct pack_record *record;
};

void known_init(struct known *known, struct remote *remote);
void known_release(struct known *known);
/* The pack, added now or before; it is borrowed of which item. */
struct known_pack *known_add(struct known *known,
    const struct manifest_pack *info, const struct content *of);
/*
 * Adds the packs that an item's manifest names. MLDV_MISSING, with the way
 * out, if the item is not on the remote.
 */
CHECKED int known_add_item(struct known *known, const struct content *item,
    struct arena *arena, struct mldv_error *err);
/* Reads the indexes that are still lacking, and makes objects findable. */
CHECKED int known_load(struct known *known, struct store *store,
    struct mldv_error *err);
/* Makes them findable again, after some packs were dropped. */
void known_renew(struct known *known);
/*
 * Where an object lies: as a tree, in a pack of trees; as a file, anywhere.
 * NULL if nowhere. A large object is found as its chunk list.
 */
const struct known_place *known_find(const struct known *known,
    const struct oid *oid, bool tree);
/* As a small object of just this size. */
const struct known_place *known_find_whole(const struct known *known,
    const struct oid *oid, uint64_t size);
/* As a list of chunks. */
const struct known_place *known_find_list(const struct known *known,
    const struct oid *oid);

/* Keeps the index of a pack; that it could not is no error. */
void known_keep_index(struct remote *remote, const struct oid *id,
    const char *index, size_t size);

#endif
