/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_INNER_H
#define REMOTE_INNER_H

/*
 * What the files of this floor share: the remote itself, names on it, and the
 * rules about ages.
 */

#include <pthread.h>

#include "base/mem.h"
#include "remote/ops.h"
#include "remote/remote.h"

#define REMOTE_DAY ((uint64_t)24 * 60 * 60)
/* P1(a), P2: how old what a push found there may be. */
#define REMOTE_YOUNG (7 * REMOTE_DAY)
/* P1(b): for so long after a manifest was read its packs may be named. */
#define REMOTE_SEEN 3600

#define REMOTE_NAME 96 /* with the final NUL */

/* Things that are dear to make, and are used by one thread at a time. */
struct idle {
	pthread_mutex_t mutex;
	void **items;
	size_t count;
	size_t capacity;
};
void idle_init(struct idle *idle);
/* One of them, or NULL if there is none. */
void *idle_take(struct idle *idle);
void idle_give(struct idle *idle, void *item);
void idle_release(struct idle *idle, void (*close)(void *item));

struct remote {
	struct arena arena;
	struct ops *ops;
	const char *name;
	const char *url;
	const char *project;
	const char *state; /* or NULL */
	const char *label; /* of the item being moved, or NULL */
	const struct mldv_events *events;
	unsigned threads;
	bool checked;          /* 'format' was read */
	struct idle decoders;  /* struct pack_decoder */
	pthread_mutex_t mutex; /* guards what follows */
	uint32_t serial;       /* the last that a known pack got */
	uint64_t moved;        /* bytes, since it was last set to 0 */
	const char *doing;
	uint64_t done;
	uint64_t total;
};

/* -1 and an error if the work is to stop. */
CHECKED int remote_stopped(const struct remote *remote, struct mldv_error *err);
/* Seconds of a clock that only goes forward. */
int64_t remote_clock(void);

/* What is being done, to how many bytes; then, that some more are done. */
void remote_begin(struct remote *remote, const char *doing, uint64_t total);
void remote_advance(struct remote *remote, uint64_t bytes);

/* "packs/ab/<id>.tar.zst" and "manifests/<project>/ab/<oid>.<kind>" */
void remote_pack_name(const struct oid *id, char out[REMOTE_NAME]);
void remote_manifest_name(const struct remote *remote,
    const struct content *item, char out[REMOTE_NAME + 64]);
/* Whose manifest or pack a name is, less its sizes; false: no one's. */
bool remote_parse_manifest_name(const char *name, struct slice *project,
    struct content *out);
bool remote_parse_pack_name(const char *name, struct oid *out);

/* --- formatfile.c: what says that a place is a remote --- */

/*
 * Reads 'format' once: 1, or 0 if it is not there. What this program does not
 * know is refused.
 */
CHECKED int remote_check_format(struct remote *remote, struct mldv_error *err);
/* Makes the place ready to be written to. */
CHECKED int remote_prepare(struct remote *remote, struct mldv_error *err);

/* --- remote.c --- */

/*
 * Reads an item's manifest, which must be that of the item: 1, or 0 if it is
 * not there.
 */
CHECKED int remote_read_manifest(struct remote *remote,
    const struct content *item, struct arena *arena, struct manifest *out,
    struct mldv_error *err);

/* Is it of this item, sizes and all? */
bool remote_is_manifest_of(const struct manifest *manifest,
    const struct content *item);

/* Puts the way out behind what is said of a damaged pack of an item. */
void remote_damaged(const struct remote *remote, const struct oid *pack,
    const struct content *item, struct mldv_error *err);

/* A file in the state directory: "<state>/<dir>/<hex of oid>". */
const char *remote_state_path(const struct remote *remote, struct arena *arena,
    const char *dir, const struct oid *oid);

#endif
