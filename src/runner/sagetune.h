/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_SAGETUNE_H
#define RUNNER_SAGETUNE_H

/*
 * A tuning job: the same training with other parameters, many times, as
 * SageMaker chooses them.
 */

#include "aws/tuning.h"
#include "mldv/jobs.h"
#include "runner/jobfile.h"
#include "runner/runner.h"

/* One training of it; everything is in the job's arena. */
struct sage_trial {
	unsigned number; /* from 1, as they were started */
	const struct tuning_trial *trial;
	struct sagemaker_job job;
	struct job_result result; /* of one that has ended */
	bool told;
};

struct sage_tuning {
	const struct tune *tune;
	mldv_line_fn *say;
	void (*ended)(void *context, const struct sage_trial *trial);
	void *context;
	/* What came of it. */
	const char *name;
	const char *best; /* name of a training job, or NULL */
	struct sage_trial *trials;
	size_t count;
};

/*
 * Sends data and code, submits it or joins the one that is at the same, and
 * waits until it has ended; ended is called for each training once. The job's
 * deps, key and environment are as for prepare. When interrupted, it goes on:
 * MLDV_INTERRUPTED.
 */
CHECKED int sage_tune(struct runner_job *job, struct sage_tuning *tuning,
    struct mldv_error *err);

#endif
