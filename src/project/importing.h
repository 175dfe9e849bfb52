/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_IMPORTING_H
#define PROJECT_IMPORTING_H

/*
 * What import and update share: to get at data of other projects, or at an
 * address, and into the store; then into the work tree, with a pointer.
 */

#include "mldv/other.h"
#include "project/other.h"
#include "project/pointers.h"

struct importing {
	struct mldv_project *project;
	struct pointers pointers;
	const char *temp; /* for clones and downloads; NULL: none was made */
	struct other other;
	struct mldv_place at; /* what other is of; all NULL: nothing */
	struct lock lock;     /* of the store */
	struct pointer begun; /* by an import that was stopped; zeroed: none */
	struct arena arena;
};

CHECKED int importing_begin(struct importing *importing,
    struct mldv_error *err);
/* Closes what was entered, and removes what it left. */
CHECKED int importing_leave(struct importing *importing,
    struct mldv_error *err);
void importing_end(struct importing *importing);

/*
 * Opens another project; several items often come from one, which is cloned
 * once.
 */
CHECKED int importing_enter(struct importing *importing,
    const struct mldv_place *place, struct mldv_error *err);
/* Puts a part of it into the store, durably. */
CHECKED int importing_take(struct importing *importing,
    const struct other_part *part, struct mldv_error *err);

/* MLDV_USAGE if a pointer has no room for it. */
CHECKED int importing_check_address(const char *address,
    struct mldv_error *err);
/* Which version of what lies there is there now; see remote/outside.h. */
CHECKED int importing_look(struct importing *importing, const char *address,
    const char **version, struct mldv_error *err);
/*
 * Downloads what lies at pointer->from_address into the store, durably, and
 * sets the pointer's content and version.
 */
CHECKED int importing_download(struct importing *importing,
    struct pointer *pointer, struct mldv_error *err);

/*
 * Writes the pointer, then the data. (In this order: if the rest fails,
 * checkout or import does it.)
 */
CHECKED int importing_place(struct importing *importing, const char *out,
    const struct pointer *pointer, struct mldv_error *err);

#endif
