/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_JOBFILE_H
#define RUNNER_JOBFILE_H

/*
 * What is to be done for a job of SageMaker, written down by the process that
 * runs the pipeline for the one that submits and waits; and what came of it,
 * here or with another system of jobs (see elsewhere.h). Files of JSON in the
 * job's own directory, gone when the stage ends.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "format/oid.h"
#include "format/run.h"
#include "runner/runner.h"

struct job_channel {
	const char *path; /* of the dep, from the root */
	struct oid oid;
};

struct job_out {
	const char *path; /* from the root */
	bool model;       /* in model.tar.gz, not output.tar.gz */
	const char *inner;
};

/* Texts are borrowed, or in the arena. */
struct jobfile {
	const char *stage;
	const char *key;    /* 64 digits */
	const char *name;   /* of the job, without the attempt */
	const char *remote; /* where data goes to and from */
	const char *region;
	const char *profile; /* or NULL */
	/* Of CreateTrainingJob, whose name is to have the attempt's number. */
	const char *request;
	const char *source; /* sourcedir.tar.gz, absolute; and on the remote: */
	const char *source_name;
	struct job_channel *channels;
	size_t channel_count;
	struct job_out *outs;
	size_t out_count;
	uint64_t retries;
	uint64_t instances;
	const char *price;  /* USD an hour and instance, or NULL: not known */
	const char *result; /* where to say what came of it, absolute */
};

void jobfile_format(const struct jobfile *job, struct buf *out);
CHECKED int jobfile_parse(struct jobfile *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);

/* How it ended. */
struct job_result {
	const char *name;    /* with the attempt; NULL: there was no job */
	const char *cost;    /* or NULL */
	const char *failure; /* why the stage failed, or NULL */
	struct run_about *about;
	size_t about_count;
	struct run_metric *metrics; /* what it said of itself at the end */
	size_t metric_count;
};
CHECKED int job_result_write(const struct job_result *result, const char *path,
    struct mldv_error *err);
/*
 * What a runner does in finish whose process has written that: takes it for
 * the record, and says why the stage failed, if it did.
 */
CHECKED int job_result_take(struct runner_job *job, const char *path,
    const struct proc_result *result, struct mldv_error *err);

#endif
