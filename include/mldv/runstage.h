/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_RUNSTAGE_H
#define MLDV_RUNSTAGE_H

/*
 * A stage on another machine, which has nothing but the address of a remote.
 */

#include <stddef.h>

#include "mldv/error.h"
#include "mldv/events.h"
#include "mldv/jobs.h"

struct mldv_run_stage {
	const char *url; /* of the remote */
	const char *key; /* of the stage: 64 digits */
	/* Which job for that key this is; 0: none, so nobody waits for it. */
	unsigned attempt;
	const struct mldv_events *events; /* or NULL */
	mldv_line_fn *say;
	/* What the stage's command prints, as it comes. */
	void (*output)(void *context, const char *data, size_t size);
	void *context;
};

/*
 * Takes what 'mldv repro' has put on the remote for the stage, runs it in a
 * directory that is gone afterwards, and puts what it made there, and the
 * record of its run. If the remote has a result for the key, that is all.
 *
 * If the stage's command fails, the code is MLDV_ENDED and its exit status.
 */
MLDV_CHECKED int mldv_run_stage(const struct mldv_run_stage *how,
    struct mldv_error *err);

#endif
