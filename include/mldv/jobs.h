/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_JOBS_H
#define MLDV_JOBS_H

/*
 * Jobs of SageMaker that stages run as.
 */

#include <stdint.h>

#include "mldv/project.h"

/* A line that a job, or what is done for it, says. */
typedef void mldv_line_fn(void *context, const char *line);

/*
 * Does what the file of a job says: sends its data, submits it or joins the
 * one that is at the same work, waits, and puts the results in place. It is
 * called in a process of its own, by the one that runs the pipeline. When
 * interrupted, the job goes on: MLDV_INTERRUPTED.
 */
MLDV_CHECKED int mldv_job_run(struct mldv_project *project, const char *file,
    mldv_line_fn *say, void *context, struct mldv_error *err);

/* The same for a stage that runs on another machine: batch, fargate. */
MLDV_CHECKED int mldv_job_elsewhere(struct mldv_project *project,
    const char *file, mldv_line_fn *say, void *context, struct mldv_error *err);

struct mldv_job {
	const char *name;
	const char *stage;
	const char *key;
	const char *state; /* "Training", "Completed"; NULL: there is no such */
	const char *why;   /* why it failed, or NULL */
	uint64_t started;  /* seconds since 1970 */
	uint64_t trained;  /* seconds; 0: not said */
	uint64_t billed;
	const char *instance; /* "ml.m5.large", or NULL */
	const char *console;  /* where people look at it */
};

/* Asks about every job that this clone has submitted, or joined. */
MLDV_CHECKED int mldv_jobs_each(struct mldv_project *project,
    void (*visit)(void *context, const struct mldv_job *job), void *context,
    struct mldv_error *err);

/*
 * What a job has printed; with follow, until it ends, and then MLDV_NO if it
 * failed. name: a job's, or a stage's: its newest.
 */
MLDV_CHECKED int mldv_job_logs(struct mldv_project *project, const char *name,
    bool follow, mldv_line_fn *say, void *context, struct mldv_error *err);

/* Ends it; MLDV_NO if it had ended. */
MLDV_CHECKED int mldv_job_stop(struct mldv_project *project, const char *name,
    mldv_line_fn *say, void *context, struct mldv_error *err);

#endif
