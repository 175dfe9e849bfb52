/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RUN_H
#define PIPELINE_RUN_H

/*
 * Running one stage's command, and taking in what it made.
 */

#include "base/proc.h"
#include "pipeline/output.h"
#include "pipeline/plan.h"

/* A stage that runs. */
struct running;

struct run_how {
	struct plan *plan;
	struct step *step; /* its inputs are in place */
	const struct mldv_repro *options;
	const struct strs *settings; /* NAME=value for its environment */
	const char *spare; /* what run_spare gave, or NULL; is used up */
};

/*
 * Starts it. On failure everything is as it was before. The caller holds the
 * locks of journal_lock until the last of these calls.
 */
CHECKED int run_begin(struct running **out, const struct run_how *how,
    struct mldv_error *err);
/* To be waited for; what it prints goes to output_take. */
struct proc *run_proc(struct running *running);
struct output *run_output(struct running *running);
/* When it has run for as long as it may, by project_clock(); 0: never. */
double run_deadline(const struct running *running);
/* Begins to stop it: it took too long, or the user wants it. */
void run_stop(struct running *running, bool late);
/*
 * After proc_look said 1: step->made and *seconds then say what came of it,
 * and it waits in plan->group; after a check, it is gone. On failure everything
 * is as it was before, what the stage left is kept, and *at is NULL; *failed:
 * it was its command that failed.
 */
CHECKED int run_end(struct running **at, double *seconds, bool *failed,
    struct mldv_error *err);
/*
 * The TMPDIR of one that waits, for another to use (tempdir.h), or NULL; valid
 * as long as it waits, with its locks held, and given once.
 */
const char *run_spare(struct running *running);
/* It is recorded, and so what was before it goes. */
void run_settle(struct running *running);
/* It could not be recorded for the reason in err: as run_end on failure. */
void run_revoke(struct running *running, struct mldv_error *err);

#endif
