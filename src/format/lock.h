/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_LOCK_H
#define FORMAT_LOCK_H

/*
 * mldv.lock: for every stage its key, the document behind it and what the
 * stage made; nothing that varies from run to run. Stages sorted by name:
 *
 *     mldv-lock 1
 *     stage <name>
 *     key <oid>
 *     accepted <old key> <reason>  } one of the two, or none
 *     asserted <reason>            }
 *     (the lines of the key document after its first)
 *     made …                  as in a run record, sorted by path
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/run.h"

#define LOCKFILE_LIMIT (64 << 20)

/* What somebody vouches for instead of a run. */
enum claim {
	CLAIM_NONE,
	CLAIM_ACCEPTED, /* what another key made is as good for this one */
	CLAIM_ASSERTED, /* the outputs were made by hand */
};

struct lock_stage {
	const char *name;
	struct oid oid; /* the key */
	enum claim claim;
	struct oid old;  /* CLAIM_ACCEPTED: the key of the run */
	const char *why; /* NULL without a claim */
	struct key key;
	struct made *made;
	size_t made_count;
};

struct lockfile {
	struct lock_stage *stages; /* sorted by name */
	size_t count;
	size_t capacity;
	struct arena arena;
};

/*
 * Refuses a stage whose lines do not hash to its key, or that made what is
 * none of its outputs. Zeroed: empty.
 */
CHECKED int lockfile_parse(struct lockfile *out, const char *text, size_t len,
    struct mldv_error *err);
void lockfile_format(const struct lockfile *lock, struct buf *out);
const struct lock_stage *lockfile_find(const struct lockfile *lock,
    const char *name);
/*
 * Adds or replaces, without a claim; everything is copied into the lock's
 * arena.
 */
void lockfile_set(struct lockfile *lock, const char *name,
    const struct oid *oid, const struct key *key, const struct made *made,
    size_t made_count);
/* Makes a claim for a stage that is there; old is for CLAIM_ACCEPTED. */
void lockfile_claim(struct lockfile *lock, const char *name, enum claim claim,
    const struct oid *old, const char *why);
/* The key of the run that made the outputs: the stage's own, or the old one. */
const struct oid *lock_stage_run(const struct lock_stage *stage);
bool lockfile_remove(struct lockfile *lock, const char *name);
/* Who made this path, or something above it: NULL if nobody. */
const struct made *lockfile_made(const struct lockfile *lock, const char *path);
void lockfile_release(struct lockfile *lock);

#endif
