/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * This clone's objects, each named by the SHA-256 of its bytes.
 *
 *     files/ab/<oid>           above OBJECT_WHOLE_MAX, whole, read-only
 *     packs/ab/<id>.tar.zst    everything else
 *     runs/ab/<key>            run records
 *     seen/ab/<oid>            which large file was verified; only a cache
 *
 * What has its name is complete and durable, so readers take no lock. Whoever
 * relies on objects staying holds locks/store shared (project/locks.h).
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/chunks.h"
#include "store/pack.h"

struct store;

/* Nothing is made or read until it is needed. */
struct store *store_open(const char *dir);
void store_close(struct store *store);
const char *store_dir(const struct store *store);

/* A pack that is here; borrowed until store_refresh. */
struct store_pack {
	struct oid id;
	uint64_t bytes;
	struct pack_index index;
	char *path;
};

/*
 * Reads the list of packs and their indexes if that was not done yet. A pack
 * whose index is damaged is passed over, as if its objects were not here.
 */
CHECKED int store_load(struct store *store, struct mldv_error *err);
/*
 * The same for whoever deletes what nothing seems to need: MLDV_CORRUPT,
 * naming it, if a pack was passed over.
 */
CHECKED int store_load_whole(struct store *store, struct mldv_error *err);
/* The path of a pack that was passed over, or NULL. */
const char *store_damaged(const struct store *store);
/* Forgets it, when packs were added: the next load reads all anew. */
void store_unload(struct store *store);
/* Reads the list of packs again: somebody may have added or removed some. */
CHECKED int store_refresh(struct store *store, struct mldv_error *err);
/* All packs, after store_load. */
const struct store_pack *store_packs(const struct store *store, size_t *count);
/* The pack and record of a small object, after store_load; or NULL. */
const struct pack_record *store_find(const struct store *store,
    const struct oid *oid, const struct store_pack **pack);

/*
 * 1 if the object is here, else 0. size decides where to look: that is why
 * callers must know it. The empty object is everywhere. Loads if need be.
 */
CHECKED int store_has(struct store *store, const struct oid *oid, uint64_t size,
    struct mldv_error *err);
/* The path of a large object, there or not. */
void store_file_path(const struct store *store, const struct oid *oid,
    struct buf *out);

/*
 * Opens a large object for reading, its bytes verified: hashed now, unless it
 * is the file that was verified before, to judge by size, mtime and inode,
 * which seen/ab/<oid> keeps. MLDV_MISSING, or MLDV_CORRUPT naming it.
 */
CHECKED int store_file_open(struct store *store, const struct oid *oid,
    uint64_t size, int *fd, struct mldv_error *err);
/* Notes that the large object that is there was verified. */
CHECKED int store_file_seen(struct store *store, const struct oid *oid,
    struct mldv_error *err);

/*
 * Reads small objects one after the other; for one thread. Not found is
 * MLDV_MISSING; wrong bytes are MLDV_CORRUPT and name object and pack.
 */
struct store_reader;
struct store_reader *store_reader_open(struct store *store);
void store_reader_close(struct store_reader *reader);
/* The bytes, verified, until the next call. store_load comes first. */
CHECKED int store_reader_get(struct store_reader *reader, const struct oid *oid,
    struct slice *out, struct mldv_error *err);
/* Appends a small object's bytes: for the odd one. Loads if need be. */
CHECKED int store_read(struct store *store, const struct oid *oid,
    struct buf *out, struct mldv_error *err);

/*
 * Puts small objects into packs, a new one whenever one is full. For one
 * thread; several may work at once. An object that the store has, or that
 * this packer wrote, is not written again.
 */
struct store_packer;
struct store_packer *store_packer_open(struct store *store);
/* Drops what was not ended. */
void store_packer_close(struct store_packer *packer);
/* As pack_writer_room and pack_writer_add. */
char *store_packer_room(struct store_packer *packer, size_t size);
CHECKED int store_packer_add(struct store_packer *packer, const struct oid *oid,
    size_t size, struct mldv_error *err);
/* Adds bytes that lie elsewhere. */
CHECKED int store_packer_put(struct store_packer *packer, const struct oid *oid,
    const void *data, size_t size, struct mldv_error *err);
/*
 * Makes what was added durable and named. Once adding or ending has failed,
 * all that was added may be lost, and both fail from then on.
 */
CHECKED int store_packer_end(struct store_packer *packer,
    struct mldv_error *err);

/*
 * Adds a large object: copies what fd has from its begin (a reflink where
 * the file system can), hashing the copy behind it. The size must be what it
 * was; name is for messages. progress (may be NULL) hears of bytes hashed.
 */
struct store_large {
	const char *name;
	uint64_t size;
	void *context;
	void (*progress)(void *context, uint64_t bytes);
	bool (*cancelled)(void *context);
};
CHECKED int store_put_large(struct store *store, int fd,
    const struct store_large *large, struct oid *out, struct mldv_error *err);
/* A large object that arrives piece by piece under a temporary name. */
struct tempfile;
CHECKED int store_large_start(struct store *store, struct tempfile *temp,
    struct mldv_error *err);
/* Names it, after the caller hashed all of it to oid. */
CHECKED int store_large_end(struct store *store, struct tempfile *temp,
    const struct oid *oid, struct mldv_error *err);
/* Takes in a whole pack whose every object was verified: temp is its file. */
CHECKED int store_pack_start(struct store *store, struct tempfile *temp,
    struct mldv_error *err);
CHECKED int store_pack_end(struct store *store, struct tempfile *temp,
    const struct oid *id, struct mldv_error *err);

#define RUN_RECORD_LIMIT (32 << 20) /* bytes */

/* A run record: 1 and the bytes, or 0. */
CHECKED int store_run_read(struct store *store, const struct oid *key,
    struct buf *out, struct mldv_error *err);
/*
 * Run records are written together: they are kept in memory, where this
 * process finds them, until store_runs_end makes all of them durable and named,
 * or fails, and forgets them. Of two with one key the first stays, whoever
 * wrote it. For one thread.
 */
void store_run_keep(struct store *store, const struct oid *key,
    const struct buf *text);
CHECKED int store_runs_end(struct store *store, struct mldv_error *err);
void store_runs_drop(struct store *store);

/*
 * Who keeps objects back, to make many durable at once, has end called before
 * anybody in this process looks for objects (store_load, and what calls it);
 * afterwards they are here, or whoever looks fails. All zero: nobody does.
 */
struct store_keeper {
	int (*end)(void *context, struct mldv_error *err);
	void *context;
};
void store_set_keeper(struct store *store, struct store_keeper keeper);

/* A file of the store, for those who look after it. */
struct store_file {
	struct oid oid; /* or the key of a run record */
	const char *path;
	uint64_t bytes;
	int64_t mtime; /* seconds since 1970 */
};
/*
 * Visits the files of a kind ("packs", "files", "runs", "seen") in the order
 * of their names. What has no proper name is passed over.
 */
CHECKED int store_each(struct store *store, const char *kind,
    int (*visit)(void *context, const struct store_file *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/* Removes what crashes left; call with locks/store held exclusively. */
CHECKED int store_sweep(struct store *store, struct mldv_error *err);

#endif
