/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_WATCH_H
#define PIPELINE_WATCH_H

/*
 * Whether what a stage reads stays as it is while it runs.
 */

#include "pipeline/plan.h"
#include "store/snapshot.h"

/* One path that is hashed to see whether it changes. */
struct watched {
	const char *path;
	struct content content;
	struct snapshot snapshot;
	/* A notebook that the stage runs: what its source is. */
	bool notebook;
	struct oid source;
};

struct watch {
	struct watched *list;
	size_t count;
};

/* Looks at the deps, which must be as they were when the key was made. */
CHECKED int watch_start(struct plan *plan, const struct step *step,
    struct watch *out, struct mldv_error *err);
/* Looks again: a change is an error that names the file. */
CHECKED int watch_check(struct plan *plan, const struct step *step,
    const struct watch *watch, struct mldv_error *err);
void watch_release(struct watch *watch);

#endif
