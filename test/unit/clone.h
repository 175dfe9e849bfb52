/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_CLONE_H
#define UNIT_CLONE_H

/*
 * A store with a remote, as a clone has them, in the working directory; and
 * bytes to put there. All remotes are the directory "remote".
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "format/kind.h"
#include "format/tree.h"
#include "remote/remote.h"
#include "store/store.h"

struct clone {
	const char *name;
	struct store *store;
	struct remote *remote;
	struct mldv_events events;
	bool nervous;    /* cancelled() says yes … */
	atomic_int calm; /* … after so many times of no */
};

/* Opened anew it has what was left there. */
void clone_open(struct clone *clone, const char *name);
void clone_close(struct clone *clone);

/* Appends bytes that do not compress; equal seeds give equal bytes. */
void random_bytes(struct buf *out, uint64_t seed, size_t size);

/* One entry of a directory to be. */
struct part {
	const char *name;
	enum kind kind;
	struct buf bytes;       /* not of a directory */
	struct content content; /* of a directory: filled in before */
};
/* Stores the parts (and gives each its content), then the directory. */
void clone_add_dir(struct clone *clone, struct part *parts, size_t count,
    struct content *out);
void clone_add_file(struct clone *clone, const struct buf *bytes,
    struct content *out);

/* Push and fetch that must succeed; no earlier items. */
void clone_push(struct clone *clone, const struct content *item,
    struct remote_count *out);
void clone_fetch(struct clone *clone, const struct content *item,
    struct remote_count *out);
/* A fetch that may fail, of the whole item. */
CHECKED int clone_try_fetch(struct clone *clone, const struct content *item,
    bool dry_run, struct remote_count *out, struct mldv_error *err);

/* Fails the test unless the store holds the object with these bytes. */
void clone_expect(struct clone *clone, const struct oid *oid,
    const struct buf *bytes);
/* Fails the test unless all that has a name in the store has the right one. */
void clone_is_sound(struct clone *clone);

#endif
