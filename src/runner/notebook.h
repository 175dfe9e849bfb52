/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_NOTEBOOK_H
#define RUNNER_NOTEBOOK_H

/*
 * What the notebook runner is made of: papermill runs a copy of the notebook
 * in the job's own directory, and what came of it is judged here, because
 * papermill's status alone says too little (it is 0 after sys.exit(0)).
 */

#include "format/notebook.h"
#include "runner/runner.h"

/* In job->state from prepare on. */
struct notebook_job {
	const char *copy;   /* what papermill reads, absolute */
	const char *result; /* what it writes, absolute */
};

/*
 * Refuses, with a sentence, a notebook that papermill would run otherwise than
 * meant: without a kernel, or with values that would not arrive. shown is how
 * the user calls it.
 */
CHECKED int notebook_check(const struct stage *stage,
    const struct notebook *notebook, const char *shown, struct mldv_error *err);

/*
 * Appends the values that the notebook gets, as JSON that YAML reads alike;
 * nothing if there are none. Paths are said from the working directory.
 */
CHECKED int notebook_values(const struct stage *stage,
    const struct notebook *notebook, struct buf *out, struct mldv_error *err);

/* Judges the executed notebook, and moves it to where it is to be. */
CHECKED int notebook_finish(struct runner_job *job,
    const struct proc_result *result, struct mldv_error *err);

/* After it ran too long, which err says: keeps how far it came. */
void notebook_cut_off(struct runner_job *job, struct mldv_error *err);

#endif
