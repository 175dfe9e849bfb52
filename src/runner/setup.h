/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_SETUP_H
#define RUNNER_SETUP_H

/*
 * What a stage's command finds when it starts: its environment and the files
 * with its parameters.
 */

#include "runner/runner.h"

/*
 * Writes the parameter files and adds the stage's environment to the job's;
 * whoever starts it looks at stage->clean, too.
 */
CHECKED int setup_job(struct runner_job *job, struct mldv_error *err);
/*
 * The same for somebody who wants to run it by hand: the parameters are put
 * where they stay, and out gets NAME=value.
 */
CHECKED int setup_by_hand(struct mldv_project *project,
    const struct stage *stage, struct strs *out, struct mldv_error *err);

#endif
