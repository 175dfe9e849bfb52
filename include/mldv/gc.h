/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_GC_H
#define MLDV_GC_H

/*
 * Room: what takes how much of it, and giving it back.
 */

#include "mldv/data.h"

enum mldv_garbage_kind {
	MLDV_GARBAGE_PACK,    /* all of it goes */
	MLDV_GARBAGE_REWRITE, /* a pack: a new one keeps what is needed of it */
	MLDV_GARBAGE_FILE,    /* a large object */
	MLDV_GARBAGE_RUN,     /* a run record */
	MLDV_GARBAGE_CACHE,   /* of something that is gone */
	MLDV_GARBAGE_MANIFEST, /* on a remote: an item */
	MLDV_GARBAGE_PIECE,    /* on a remote: what a killed push wrote */
	/* What stays, although nothing needs it: */
	MLDV_GARBAGE_YOUNG, /* too young */
	MLDV_GARBAGE_ASIDE, /* in quarantine/ or failed/: for people to delete
	                     */
	MLDV_GARBAGE_LATER, /* a pack on a remote: condemned, not yet due */
};

struct mldv_garbage {
	enum mldv_garbage_kind kind;
	const char *path; /* below .git/mldv or the remote, or absolute */
	uint64_t bytes;   /* about, of a pack that is written anew */
};

struct mldv_gc {
	bool delete; /* else nothing is changed */
	/* The caller has seen to it that nobody pushes to the remote. */
	bool exclusive;
	void (*visit)(void *context, const struct mldv_garbage *garbage);
	void *context;
};

/*
 * Finds, and deletes, what is in this clone's store and no commit, index, work
 * tree, stash, reflog, journal or young run record needs. Nothing younger
 * than 24 hours goes. MLDV_NO if what is needed cannot be told.
 */
MLDV_CHECKED int mldv_gc(struct mldv_project *project,
    const struct mldv_gc *options, struct mldv_error *err);

/*
 * The same on a remote (NULL: the default): items that neither this clone nor
 * any commit of its Git server needs, 14 days old; and, in two steps a day
 * apart, the packs that no item needs any more. MLDV_NO, with the reason, if
 * what other clones need cannot be told.
 */
MLDV_CHECKED int mldv_gc_remote(struct mldv_project *project,
    const char *remote, const struct mldv_gc *options, struct mldv_error *err);
/*
 * Puts back the items that the last collection took off a remote, and visits
 * each.
 */
MLDV_CHECKED int mldv_gc_undo(struct mldv_project *project, const char *remote,
    const struct mldv_gc *options, struct mldv_error *err);

enum mldv_purged {
	MLDV_PURGED_ITEM,    /* a revision of an item goes */
	MLDV_PURGED_PACK,    /* a pack goes */
	MLDV_PURGED_REWRITE, /* a new one keeps what other items need of it */
};
struct mldv_purge {
	const char *why;
	const char *remote; /* NULL: every remote */
	bool delete;        /* else nothing is changed */
	/* The caller has seen to it that nobody else uses the remotes. */
	bool exclusive;
	/* Called for each. bytes: of a pack, that are freed. */
	void (*visit)(void *context, const char *remote, enum mldv_purged kind,
	    const char *name, uint64_t bytes);
	void *context;
};
/*
 * Deletes from remotes, for good, what items were in any revision that this
 * clone knows, but for what other items need; and notes there date and reason.
 * Completes what was killed. MLDV_NO if the history is not all here;
 * MLDV_NOT_FOUND if there never was such an item.
 */
MLDV_CHECKED int mldv_purge(struct mldv_project *project,
    const struct strs *paths, const struct mldv_purge *options,
    struct mldv_error *err);

/* What a drop freed. */
struct mldv_dropped {
	uint64_t items;
	uint64_t files; /* bytes of files in the work tree */
	uint64_t store; /* bytes of the store, about */
};
/*
 * Removes items' files, and what is of them alone in the store, once the
 * remote (NULL: the default) has confirmed that it has them; pointers and
 * lock stay. MLDV_NO, and nothing is changed, if one of them is not there or
 * was changed here.
 */
MLDV_CHECKED int mldv_drop(struct mldv_project *project,
    const struct strs *paths, const char *remote, struct mldv_dropped *out,
    struct mldv_error *err);

/* How much room an item takes. */
struct mldv_usage {
	const char *path; /* NULL: of all that were visited together */
	uint64_t files;
	uint64_t bytes;        /* as they lie in a work tree */
	uint64_t local;        /* in the store, about */
	uint64_t local_shared; /* of these, with other items of the work tree */
	bool asked;            /* a remote was, so that the rest is known: */
	bool on_remote;
	uint64_t remote; /* the packs that its manifest names */
	uint64_t remote_shared;
};
struct mldv_du {
	const char *remote; /* NULL: the default, if there is one */
	bool local;         /* ask no remote */
	void (*visit)(void *context, const struct mldv_usage *usage);
	void *context;
};
/*
 * Visits items by their paths (no paths: every item), and their sum last.
 */
MLDV_CHECKED int mldv_du(struct mldv_project *project, const struct strs *paths,
    const struct mldv_du *options, struct mldv_error *err);

#endif
