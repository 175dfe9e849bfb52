/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PLACE_H
#define PROJECT_PLACE_H

/*
 * A directory that is not there is built under a temporary name beside its
 * place, and renamed once: as safe as renaming every file, and much cheaper.
 * Where a directory is there, each file is written under a temporary name
 * and renamed. What must go away first is moved aside and deleted at the
 * end: ext4 is slow at creating many files just after deleting many.
 *
 * Nothing is opened by a path of several names: each is opened below the one
 * before without following links, so no tree can lead outside of its item.
 */

#include <stdatomic.h>

#include "base/file.h"
#include "base/strs.h"
#include "project/project.h"
#include "store/snapshot.h"

/* In an entry's racy: it was written just now. */
#define PLACE_WRITTEN 2
/* What is there under this name was looked at and may be overwritten. */
#define PLACE_REPLACES 3

/* What was moved aside or built aside, from the root. */
struct aside {
	const char *path;
	const char *original; /* where it was, or NULL */
};

struct place {
	struct mldv_project *project;
	const char *path; /* of the item, from the root */
	const char *name; /* its last part */
	int parent;       /* the directory that it lies in */
	const char *base; /* name to write to: the item's or a temporary */
	struct snapshot *target; /* known: is in its place already */
	bool *existed;           /* per directory: it need not be made */
	int64_t published;       /* when what was built aside got its name */
	struct aside *asides;
	size_t aside_count;
	size_t aside_capacity;
	struct arena arena;
	/* Names beside the item, for it alone: what is being built, and what
	 * was there. After a crash the next checkout of the item finds them. */
	char building[TEMP_NAME];
	char replaced[TEMP_NAME];
	bool force;
	bool hardlink;
	bool reflink;
	atomic_ullong written;
	uint64_t total; /* files to be written */
};

/* Opens a directory of the target by its number, name by name. */
CHECKED int place_open_dir(const struct place *place, size_t dir,
    struct mldv_error *err);
/* Makes the directories that are not there, writes every file not known. */
CHECKED int place_write_tree(struct place *place, struct mldv_error *err);
/* The same for an item that is one file. */
CHECKED int place_write_file(struct place *place, struct mldv_error *err);
/* Builds an item where nothing is, and names it. */
CHECKED int place_new(struct place *place, struct mldv_error *err);
/*
 * Moves fd/name, which is parent/name from the root, aside under a fresh name,
 * or to as.
 */
CHECKED int place_set_aside(struct place *place, int fd, const char *name,
    const char *parent, const char *as, struct mldv_error *err);
/*
 * As renameat(2) within a directory, but fails with EEXIST if the new name is
 * taken.
 */
CHECKED int place_rename_new(int fd, const char *from, const char *to);
/*
 * Turns what is there into the target. What would be lost is refused unless
 * force, before anything is changed.
 */
CHECKED int place_update(struct place *place, struct mldv_error *err);

#endif
