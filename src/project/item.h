/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_ITEM_H
#define PROJECT_ITEM_H

/*
 * Items: what pointers and the lock say should lie in the work tree.
 */

#include "format/kind.h"
#include "format/lock.h"
#include "format/pointer.h"
#include "project/project.h"

struct item {
	const char *path;
	struct content content;
	const char *stage; /* of which it is an output; NULL: a pointer */
	bool git;          /* an output that Git keeps; never sent */
};

struct items {
	struct item *list; /* sorted by path */
	size_t count;
	struct arena arena;
};

/*
 * The items of the work tree: every pointer in Git's index, or that mldv wrote
 * and could not stage, whose file is there, and every output in mldv.lock.
 * Zeroed: empty. A pointer that does not parse, or that names what it may not
 * (see item_refused), is an error that names it.
 */
CHECKED int items_load(struct mldv_project *project, struct items *out,
    struct mldv_error *err);
/* The items of a Git revision. */
CHECKED int items_load_at(struct mldv_project *project, const char *revision,
    struct items *out, struct mldv_error *err);
/* Only those of some pointers, or of mldv.lock, given by their files' paths. */
CHECKED int items_load_some(struct mldv_project *project, const char *revision,
    const struct strs *files, struct items *out, struct mldv_error *err);
void items_release(struct items *items);

/* Why mldv may not track this path as an item: a phrase, or NULL. */
const char *item_refused(const char *path);

/* Reads path.mldv: 1, or 0 if there is none. */
CHECKED int item_pointer(struct mldv_project *project, const char *path,
    struct pointer *out, struct arena *arena, struct mldv_error *err);

/* Reads mldv.lock; none is an empty one. */
CHECKED int project_read_lock(struct mldv_project *project,
    struct lockfile *out, struct mldv_error *err);
/* Replaces it, durably; does not stage. */
CHECKED int project_write_lock(struct mldv_project *project,
    const struct lockfile *lock, struct mldv_error *err);

/* --- itemselect.c: those that paths mean --- */

/* The number of the first item whose path is not less than this. */
size_t items_from(const struct items *items, const char *path);
const struct item *items_find(const struct items *items, const char *path);
/*
 * The item that path is or lies in, or NULL. *inner, if given, becomes what
 * follows the item and the slash: "" for the item itself.
 */
const struct item *items_around(const struct items *items, const char *path,
    const char **inner);
/*
 * Keeps the items that any of paths names: the item, a directory above it, or
 * something inside it. No paths: all. A path that names none is
 * MLDV_NOT_FOUND.
 */
CHECKED int items_select(struct items *items, const struct strs *paths,
    struct mldv_error *err);

#endif
