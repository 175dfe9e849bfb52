/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_JOBABOUT_H
#define RUNNER_JOBABOUT_H

#include "aws/sagemaker.h"
#include "runner/jobfile.h"

/* Where and for how much a job ran. */
struct job_place {
	const char *name; /* of the job */
	const char *region;
	const char *price; /* USD an hour and instance, or NULL */
};

/*
 * What is kept of a job that has ended: the lines "about" of its run record,
 * its cost and its last metrics; in the arena. All it costs is the instances:
 * what AWS asks for disks and for data is not in it.
 */
void job_about(const struct sagemaker_job *job, const struct job_place *place,
    struct arena *arena, struct job_result *out);

/* Percent of the time trained that is not billed; 0: none, or not known. */
unsigned job_saving(const struct sagemaker_job *job);

#endif
