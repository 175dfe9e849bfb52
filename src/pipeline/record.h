/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RECORD_H
#define PIPELINE_RECORD_H

/*
 * What was done, remembered: run records in the store, and mldv.lock.
 */

#include "pipeline/plan.h"

/*
 * Looks for an earlier run with the step's key, all of whose outputs are in
 * the store: 1 and step->made, or 0.
 */
CHECKED int record_find(struct plan *plan, struct step *step,
    struct mldv_error *err);

/* How a run went. */
struct record_run {
	uint64_t started;        /* seconds since 1970 */
	uint64_t took;           /* milliseconds */
	const char *job;         /* what a remote runner calls it, or NULL */
	const char *cost;        /* of that, or NULL */
	struct run_about *about; /* of that */
	size_t about_count;
	const struct run_metric *metrics; /* that it said */
	size_t metric_count;
};
/*
 * Keeps a run record in plan->group, which the caller began. If there is one
 * for this key already, that one stays.
 */
void record_run(struct plan *plan, const struct step *step,
    const struct record_run *how);

/*
 * What a stage made is to go into mldv.lock, once for each time it is decided.
 * Its record is durable by now. The file is not written anew for each of them:
 * record_flush does nothing before a second has passed, unless all is true.
 * Who is killed before that finds the run record.
 */
void record_note(struct plan *plan, const struct step *step);
/* It was undone: mldv.lock is read again, and does not get to know. */
void record_forget(struct plan *plan, const struct step *step);
/*
 * Writes the .gitignore lines and the noted stages' parts of mldv.lock, and
 * stages them and the outputs that Git keeps. Stages that mldv.ini does not
 * have any more leave mldv.lock.
 */
CHECKED int record_flush(struct plan *plan, bool all, struct strs *staged,
    struct mldv_error *err);
/* Would record_flush write now? */
bool record_is_due(const struct plan *plan);
/*
 * For a stage that is recorded already: mldv.ini may say something new of
 * what Git is to keep and to ignore, and an earlier repro may have been killed
 * before it staged anything.
 */
CHECKED int record_git(struct plan *plan, const struct step *step,
    struct strs *staged, struct mldv_error *err);
/* Takes stages out of mldv.lock that mldv.ini does not have any more. */
CHECKED int record_prune(struct plan *plan, struct strs *staged,
    struct mldv_error *err);

#endif
