/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

/*
 * A place where objects are shared, and moving items to and from it. Layout
 * and the rules P1 to P3: mldv-format(5).
 */

#include "base/strs.h"
#include "format/kind.h"
#include "format/manifest.h"
#include "format/oidset.h"
#include "mldv/doctor.h"
#include "mldv/events.h"
#include "store/store.h"

struct remote;

struct ops_options;

struct remote_options {
	const char *name; /* for messages */
	/* "/path", "file:///path", "s3://bucket/prefix", "https://host/path" */
	const char *url;
	const char *project; /* 16 hexadecimal digits */
	/* Where indexes of remote packs and journals of pushes are kept. */
	const char *state;
	const struct mldv_events *events; /* or NULL */
	const struct ops_options *ops;    /* or NULL: see remote/ops.h */
};

/* Looks at nothing yet, but refuses a URL that it cannot understand. */
CHECKED int remote_open(struct remote **out,
    const struct remote_options *options, struct mldv_error *err);
void remote_close(struct remote *remote);
/* What progress calls the item that is moved next; or NULL. */
void remote_set_label(struct remote *remote, const char *label);

/*
 * Makes the bucket of a remote, and sets what is missing of it; MLDV_USAGE if
 * the remote is none. Visits each thing, with what was done.
 */
CHECKED int remote_create(struct remote *remote, mldv_finding_fn *visit,
    void *context, struct mldv_error *err);
/* Visits each thing of the remote, with what is the matter with it. */
CHECKED int remote_examine(struct remote *remote, mldv_finding_fn *visit,
    void *context, struct mldv_error *err);

/* What was moved, or would be. */
struct remote_count {
	uint64_t objects;
	uint64_t packs;
	uint64_t bytes;
	bool nothing; /* the item was there already */
};

/* 1 if the item's manifest is there, else 0. */
CHECKED int remote_has(struct remote *remote, const struct content *item,
    struct mldv_error *err);

/* Reads it: 1, or 0 if it is not there. */
CHECKED int remote_manifest(struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out, struct mldv_error *err);

/*
 * Brings an item to the remote. earlier are items whose manifests are likely
 * there, and whose packs then need not be sent again. With dry_run nothing is
 * written. What the store lacks is MLDV_MISSING.
 */
struct remote_push {
	const struct content *earlier;
	size_t earlier_count;
	bool dry_run;
	bool lacking; /* it was asked for just now, and was not there */
	/*
	 * To mend: the manifest that is there is no reason not to look at
	 * everything, and is replaced; packs in damaged (or NULL) count as not
	 * there and are replaced. earlier should be the item itself.
	 */
	bool repair;
	const struct oid_set *damaged;
};
CHECKED int remote_push(struct remote *remote, struct store *store,
    const struct content *item, const struct remote_push *options,
    struct remote_count *out, struct mldv_error *err);

/*
 * The same of many items, and the other way: asks for all of them at once, and
 * moves small ones (that are many) together, so that they share packs. The
 * rest is left to be moved one by one, as is everything that is lacking or
 * damaged, about which that says more.
 */
enum remote_fate {
	REMOTE_LEFT,
	REMOTE_LACKING, /* the same, and it is known not to be there (push) */
	REMOTE_THERE,   /* where it is to be */
	REMOTE_MOVED,
};
struct remote_many {
	const struct content *items;   /* none twice */
	const struct content *earlier; /* an earlier one of each, or all zero */
	size_t count;
	bool dry_run;
	enum remote_fate *fates; /* out: of each */
	uint64_t *objects;       /* out: of each that was moved */
};
CHECKED int remote_push_many(struct remote *remote, struct store *store,
    const struct remote_many *many, struct remote_count *out,
    struct mldv_error *err);
CHECKED int remote_fetch_many(struct remote *remote, struct store *store,
    const struct remote_many *many, struct remote_count *out,
    struct mldv_error *err);
/* Asks for many at once: what remote_has says of each. */
CHECKED int remote_has_many(struct remote *remote, const struct content *items,
    size_t count, bool *out, struct mldv_error *err);

/*
 * Brings an item, contents that lie in it, or only their trees from the
 * remote into the store, every byte verified. MLDV_MISSING if the item's
 * manifest is not there.
 */
struct remote_wanted {
	const struct content *item; /* whose manifest tells where they are */
	const struct content *parts;
	size_t count;
	bool only_trees;
	bool dry_run;
};
CHECKED int remote_fetch_parts(struct remote *remote, struct store *store,
    const struct remote_wanted *wanted, struct remote_count *out,
    struct mldv_error *err);

/*
 * Brings single objects into the store again, after fsck put the damaged ones
 * away: those that the packs of this item have, of whatever item they are. 1,
 * or 0 if there are none.
 */
CHECKED int remote_fetch_objects(struct remote *remote, struct store *store,
    const struct content *item, const struct oid *oids, size_t count,
    struct mldv_error *err);

#endif
