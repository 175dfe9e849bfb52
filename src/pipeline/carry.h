/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_CARRY_H
#define PIPELINE_CARRY_H

/*
 * What repro does with one stage, up to running it: decides, and places what
 * is known already.
 */

#include "pipeline/journal.h"
#include "pipeline/plan.h"

/* A repro. */
struct carry {
	struct plan *plan;
	const struct mldv_repro *options;
	struct strs *staged;
	bool named; /* the targets were, and so are to be here */
};

/* Tells whoever started it. */
void carry_tell(const struct mldv_repro *options, const struct step *step,
    const char *reason, double seconds);

/* What came of a stage. */
struct carried {
	struct journal_locks *locks; /* are held if it is to be run */
	struct arena *arena;         /* in which they lie */
	enum {
		CARRIED_DONE,
		CARRIED_RUN,
		CARRIED_BUSY, /* another process has it */
	} what;
	struct buf holder; /* which one; the caller releases it */
};
/* Those above the stage are done. locks and arena are given. */
CHECKED int carry_out(const struct carry *carry, struct step *step,
    struct carried *out, struct mldv_error *err);

#endif
