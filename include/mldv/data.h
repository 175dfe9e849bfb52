/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_DATA_H
#define MLDV_DATA_H

/*
 * What one does with items: add, remove, move, look, check out, compare.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mldv/project.h"

/* What an add, checkout or fetch did to one item. */
struct mldv_done {
	const char *path;
	uint64_t files;   /* in the item */
	uint64_t bytes;   /* in the item */
	uint64_t changed; /* files that had to be read or written */
	uint64_t ignored; /* files that [add] ignore skipped */
	double seconds;
};
typedef void mldv_done_fn(void *context, const struct mldv_done *done);

struct mldv_add {
	const char *note; /* or NULL: keep what the pointer has */
	/* With a note: let files go that [rules] immutable protects. */
	bool force;
	mldv_done_fn *done;
	void *context;
};

/*
 * Stores items and writes their pointers; of a path inside an item just that
 * is taken, and the rest of the item need not be here. staged gets what was
 * staged in Git; if staging could not be done, the items are added all the same
 * and the events' warn says which `git add` to type.
 */
MLDV_CHECKED int mldv_add(struct mldv_project *project,
    const struct strs *paths, const struct mldv_add *options,
    struct strs *staged, struct mldv_error *err);

/*
 * Stops tracking items: pointer and .gitignore line go, and the data too
 * unless keep. MLDV_NO if the data was changed since it was added, unless
 * force.
 */
struct mldv_remove {
	bool keep;
	bool force;
};
MLDV_CHECKED int mldv_remove(struct mldv_project *project,
    const struct strs *paths, const struct mldv_remove *options,
    struct strs *staged, struct mldv_error *err);

/*
 * Renames an item, its data and pointer. mentions gets "mldv.ini:12: line"
 * for each line that names the old path.
 */
MLDV_CHECKED int mldv_move(struct mldv_project *project, const char *from,
    const char *to, struct strs *staged, struct strs *mentions,
    struct mldv_error *err);

/* Brings the work tree to what pointers and lock say. */
struct mldv_checkout {
	bool force; /* overwrite content that is not in the store */
	mldv_done_fn *done;
	void *context;
};
/*
 * No paths: every item, as far as it is wanted here. A path inside an item that
 * is not here yet, or in part, means just that; else the item.
 */
MLDV_CHECKED int mldv_checkout(struct mldv_project *project,
    const struct strs *paths, const struct mldv_checkout *options,
    struct mldv_error *err);

/* Gives plain writable copies in place of hard links. */
MLDV_CHECKED int mldv_unprotect(struct mldv_project *project,
    const struct strs *paths, struct mldv_error *err);

enum mldv_state {
	MLDV_CLEAN,
	MLDV_MODIFIED,  /* the counts say how */
	MLDV_DELETED,   /* pointer there, data not, but in the store */
	MLDV_ABSENT,    /* neither data nor store has it: pull */
	MLDV_HERE_ONLY, /* no push from here has confirmed it */
	MLDV_PART,      /* clean, as far as it is here */
	MLDV_SKIPPED,   /* not here, and [pull] skip says so */
	MLDV_UNTRACKED, /* a file below [rules] watch that nobody knows */
};

struct mldv_item {
	const char *path;
	enum mldv_state state;
	const char *stage; /* of which it is an output, or NULL */
	uint64_t files;
	uint64_t bytes;
	uint64_t added, changed, removed; /* files, if MLDV_MODIFIED */
	bool counted;                     /* the counts are known */
	bool part;                        /* only a part of it is here: */
	uint64_t here;                    /* so many files */
};

/*
 * Visits every item that is not clean, or with all every item, sorted by
 * path; an item that is here only is visited once more for that. A state
 * other than clean, part or skipped makes *dirty true.
 */
struct mldv_status {
	bool all;
	bool only_here; /* visit only MLDV_HERE_ONLY and MLDV_UNTRACKED */
	void (*visit)(void *context, const struct mldv_item *item);
	void *context;
};
MLDV_CHECKED int mldv_status(struct mldv_project *project,
    const struct mldv_status *options, bool *dirty, struct mldv_error *err);

enum mldv_change { MLDV_ADDED, MLDV_REMOVED, MLDV_CHANGED, MLDV_RENAMED };
struct mldv_difference {
	enum mldv_change change;
	const char *path;     /* of the file */
	const char *old_path; /* of a renamed file, else NULL */
	uint64_t old_size, new_size;
};

/*
 * Compares items: from (a Git revision; NULL: the pointers of HEAD) with to
 * (NULL: the work tree), below paths (none: everything).
 */
MLDV_CHECKED int mldv_diff(struct mldv_project *project, const char *from,
    const char *to, const struct strs *paths,
    void (*visit)(void *context, const struct mldv_difference *difference),
    void *context, struct mldv_error *err);

/* What is wrong with an object, found by fsck. */
struct mldv_damage {
	const char *object; /* "pack 3f…", "file 9c…", "item data/raw" */
	const char *what;   /* "the bytes do not hash to the name" */
	bool repaired;
};
struct mldv_fsck {
	double budget; /* seconds; 0: everything */
	bool repair;   /* fetch anew from the remotes, or put anew on one */
	const char *remote; /* mldv_fsck_remote: NULL: the default */
	void (*visit)(void *context, const struct mldv_damage *damage);
	void *context;
};
/*
 * Rehashes the store and checks every item of the work tree's pointers and
 * lock; damaged objects go to quarantine. MLDV_CORRUPT if any damage is left;
 * MLDV_MISSING if only objects are missing that no remote was asked for.
 */
MLDV_CHECKED int mldv_fsck(struct mldv_project *project,
    const struct mldv_fsck *options, struct mldv_error *err);
/*
 * Checks what of this project is on a remote: manifests, and within the budget
 * the bytes of their packs. repair puts anew what this clone's store has.
 * MLDV_CORRUPT if any damage is left.
 */
MLDV_CHECKED int mldv_fsck_remote(struct mldv_project *project,
    const struct mldv_fsck *options, struct mldv_error *err);

#endif
