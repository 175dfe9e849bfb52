/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_ROOTS_H
#define PROJECT_ROOTS_H

/*
 * What must be kept: the items that anything still refers to.
 */

#include "format/kind.h"
#include "format/oidset.h"
#include "project/project.h"

/* Zeroed: none. */
struct roots {
	struct content *list; /* each oid once as a directory, once as a file */
	size_t count;
	size_t capacity;
	struct oid_set dirs;
	struct oid_set files;
	/*
	 * All that a text names which should be a pointer or a lock and cannot
	 * be read: conflict markers in it are no reason to lose anything.
	 */
	struct oid_set named;
	struct oid_set keys; /* of the runs that a lock names */
};

/*
 * What this clone refers to: in every commit that Git keeps here, in the
 * index and the pointers and lock of every work tree, in journals, and in run
 * records not older than gc.runs. Call with the store's lock held
 * exclusively.
 */
CHECKED int roots_here(struct mldv_project *project, struct roots *out,
    struct mldv_error *err);
/*
 * Adds what the commits of the repositories refer to that this clone fetches
 * from. MLDV_NO, with the reason, if that cannot be told.
 */
CHECKED int roots_servers(struct mldv_project *project, struct roots *out,
    struct mldv_error *err);
/* Is the item a root, or named where what is meant cannot be told? */
bool roots_have(const struct roots *roots, const struct content *content);
void roots_release(struct roots *roots);

/* When run records begin to be old: seconds since 1970. */
int64_t roots_runs_since(const struct mldv_project *project);

#endif
