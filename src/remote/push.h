/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_PUSH_H
#define REMOTE_PUSH_H

/*
 * One push: what its files share.
 *
 *     push.c       the order of it all; manifests
 *     pushmany.c   the same, of many small items
 *     settle.c     what the remote has already
 *     plan.c       what travels in which pack
 *     build.c      new packs out of the store's
 *     pushlarge.c  chunks of large objects
 *     upload.c     packs to the remote, and the journal of them
 *     behind.c     some of them at once
 */

#include "remote/budget.h"
#include "remote/known.h"
#include "remote/reach.h"
#include "store/pieces.h"

/* Packs below this are many enough at SMALL_MANY to be written as one. */
#define SMALL_PACK (PACK_TARGET / 16)
#define SMALL_MANY 16

/* A manifest that was read for its packs. */
struct push_seen {
	const struct content *item;
	int64_t when;
	struct push_seen *next;
};

struct push {
	struct remote *remote;
	struct store *store;
	const struct content *item;
	const struct remote_push *options;
	struct arena arena;
	struct known known;
	struct reach reach;
	struct push_seen *seen;
	bool merge[2]; /* small packs of files, of trees, are written anew */
	bool walked;   /* reach has everything */
	bool many;     /* item is only one of them */
	struct remote_count count;
	pthread_mutex_t mutex;    /* guards known.packs, count and journal */
	const char *journal_path; /* or NULL */
	int journal;              /* open for appending, or -1 */
};

/* Is this pack there, but not to be relied on? */
bool push_is_damaged(const struct push *push, const struct oid *id);

void push_open(struct push *push, struct remote *remote, struct store *store,
    const struct content *item);
void push_close(struct push *push);
/* Sends all that is not settled; or counts what that would be. */
CHECKED int push_upload(struct push *push, struct mldv_error *err);
CHECKED int push_estimate(struct push *push, struct mldv_error *err);
/* P1(b): a long push asks again before it writes manifests. */
CHECKED int push_check_seen(struct push *push, struct mldv_error *err);
/* Not durable before the remote is synced. */
CHECKED int push_manifest(struct remote *remote, struct manifest *manifest,
    enum ops_put how, struct mldv_error *err);

/*
 * Marks as settled what the known packs hold, and those packs as used. Large
 * objects are settled if all their chunks are there too.
 */
CHECKED int push_settle(struct push *push, struct mldv_error *err);

/* Says that an object can be had nowhere; -1. */
CHECKED int push_missing(const struct push *push,
    const struct reach_object *object, struct mldv_error *err);

/* A local pack that goes as it is. */
struct plan_whole {
	const struct store_pack *pack;
	bool trees;
};
/* A new pack: a run of pieces. */
struct plan_build {
	size_t first;
	size_t count;
	bool trees;
};
struct plan {
	struct plan_whole *whole;
	size_t whole_count;
	size_t whole_capacity;
	struct pack_piece *pieces; /* that go into new packs */
	size_t piece_count;
	size_t piece_capacity;
	struct plan_build *builds;
	size_t build_count;
	size_t build_capacity;
	const struct reach_object **bigs;
	size_t big_count;
	uint64_t bytes; /* of all that, about */
};
/* What is to be done about all that is not settled; settles it. */
CHECKED int push_plan(struct push *push, struct plan *out,
    struct mldv_error *err);
void push_plan_release(struct plan *plan);

/* Builds and uploads one pack. */
CHECKED int push_build(struct push *push, const struct plan *plan, size_t i,
    struct mldv_error *err);
/* Uploads what the known packs lack of large objects. */
CHECKED int push_bigs(struct push *push, const struct reach_object *const *bigs,
    size_t count, struct mldv_error *err);

/* Takes up the journal of a push of this item that was interrupted. */
CHECKED int upload_resume(struct push *push, struct mldv_error *err);
/* One pack: from the file of the store, or from memory. */
CHECKED int upload_file(struct push *push, const struct plan_whole *whole,
    struct mldv_error *err);
CHECKED int upload_bytes(struct push *push, const struct pack_info *info,
    bool trees, const struct buf *bytes, struct mldv_error *err);

/*
 * Uploads packs while the next ones are built: takes the bytes and leaves none,
 * once there is memory for them; a failure is told by a later call. Close waits
 * for all of them; with good, it fails if one of them did.
 */
struct behind;
struct behind *behind_open(struct push *push);
CHECKED int behind_upload(struct behind *behind, const struct pack_info *info,
    bool trees, struct buf *bytes, struct mldv_error *err);
CHECKED int behind_close(struct behind *behind, bool good,
    struct mldv_error *err);

/* Closes the journal; done: it is not needed any more. */
void upload_end(struct push *push, bool done);

#endif
