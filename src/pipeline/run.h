/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RUN_H
#define PIPELINE_RUN_H

/*
 * Running one stage's command, and taking in what it made.
 */

#include "pipeline/plan.h"

/*
 * Runs the stage, whose inputs are in place; step->made and *seconds then say
 * what came of it. On failure everything is as it was before, what the stage
 * left is kept, and nothing is recorded. The caller holds journal_lock.
 */
CHECKED int run_stage(struct plan *plan, struct step *step,
    const struct mldv_repro *options, struct strs *staged, double *seconds,
    struct mldv_error *err);

#endif
