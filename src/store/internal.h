/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

/*
 * What the files of the store share.
 */

#include <stdatomic.h>

#include "base/file.h"
#include "format/oidindex.h"
#include "store/store.h"

/* A run record that is not written yet. */
struct kept_run {
	struct oid key;
	struct buf text;
};

struct store {
	char *dir;
	bool loaded;
	uint64_t stamp;     /* of the list of packs, just before it was read */
	atomic_bool missed; /* something was not in it, and it was asked anew */
	struct store_pack *packs; /* sorted by id */
	size_t pack_count;
	const char *damaged;      /* the first pack passed over, or NULL */
	struct oid_index objects; /* pack << 32 | record */
	struct arena arena;       /* of the packs and their indexes */
	struct store_keeper keeper;
	struct kept_run *kept;
	size_t kept_count;
	size_t kept_capacity;
};

/* Differs, very likely, when packs were added or removed. */
uint64_t store_stamp(const struct store *store);

/* --- shards.c: where the files of the store lie --- */

/* The id that a pack's file name has, or false. */
bool store_pack_id(const char *name, struct oid *out);
/* Appends dir/kind/ab/<oid><suffix>. */
void store_path(const struct store *store, const char *kind,
    const struct oid *oid, const char *suffix, struct buf *out);
/*
 * Makes dir/kind/ab for an oid, durably, and appends the object's path
 * below it.
 */
CHECKED int store_shard(const struct store *store, const char *kind,
    const struct oid *oid, const char *suffix, struct buf *out,
    struct mldv_error *err);
/* The same, but the caller has dir/kind to sync if it says 1. */
CHECKED int store_shard_begin(const struct store *store, const char *kind,
    const struct oid *oid, const char *suffix, struct buf *out,
    struct mldv_error *err);
/* Opens a temporary file in dir/kind. */
CHECKED int store_temp(const struct store *store, const char *kind,
    struct tempfile *temp, struct mldv_error *err);

#endif
