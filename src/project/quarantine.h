/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_QUARANTINE_H
#define PROJECT_QUARANTINE_H

/*
 * quarantine/: where damaged files of the store are put aside, as
 * NAME.SECONDS, and what is whole inside of them is taken from. Nothing is
 * deleted there: as long as a file lies in it, what was lost with it is missed.
 */

#include "project/project.h"

struct lost {
	struct oid oid;
	uint64_t size;
};

struct damaged {
	const char *object; /* "pack 3f…", "file 9c…" */
	const char *what;   /* without what was lost */
	const char *place;  /* where it lies now */
	bool is_pack;
	bool earlier; /* it lay there already */
	bool unknown; /* what else was in it cannot be told */
	struct lost
	    *lost; /* objects that were in it and are not in the store */
	size_t lost_count;
};

struct quarantine {
	struct damaged *list;
	size_t count;
	size_t capacity;
	struct arena arena;
};

/* Lists what lies there from earlier. The caller holds the store's lock. */
CHECKED int quarantine_load(struct mldv_project *project,
    struct quarantine *out, struct mldv_error *err);
/*
 * Moves a file of the store there; what, of the lifetime of the program, says
 * why. It is warned of.
 */
CHECKED int quarantine_put(struct mldv_project *project,
    struct quarantine *quarantine, const char *path, const char *what,
    struct mldv_error *err);
/*
 * Stores what is whole inside of all that lies there, and notes what is lost.
 * The store is loaded afterwards.
 */
CHECKED int quarantine_salvage(struct mldv_project *project,
    struct quarantine *quarantine, struct mldv_error *err);
void quarantine_release(struct quarantine *quarantine);

#endif
