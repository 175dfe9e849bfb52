/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_LOCALLAYOUT_H
#define RUNNER_LOCALLAYOUT_H

/*
 * The directory of a training job here, as SageMaker has it at /opt/ml: what
 * a process (localprocess.c) and a container (localcontainer.c) find.
 */

#include "runner/toolkit.h"

struct local {
	struct runner_job *job;
	struct training training;
	struct toolkit toolkit;
	const char *dir;  /* what is /opt/ml on SageMaker, here */
	const char *code; /* dir/code */
};

/* dir/name, in the arena. */
const char *local_path(const struct local *local, const char *name);
/*
 * Reads the stage and writes all but the channels. Before: job, dir, and of
 * toolkit base, instance and gpus are set.
 */
CHECKED int local_lay_out(struct local *local, struct mldv_error *err);
/* What the script left to say why it failed, or NULL; one line. */
const char *local_failure(const struct local *local);
/* Copies what it made to where the outputs are to be. */
CHECKED int local_take_results(const struct local *local,
    struct mldv_error *err);

#endif
