/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RECHECK_H
#define PIPELINE_RECHECK_H

/*
 * Does a stage that was run again make what is recorded? The last word on
 * what "the same" is: the same bytes, kinds and names; of an executed
 * notebook, what a reader of it sees.
 */

#include "pipeline/plan.h"

/*
 * Compares what lies at the step's outputs with step->made: *differs is NULL,
 * or says which do, in the plan's arena.
 */
CHECKED int recheck(struct plan *plan, const struct step *step,
    const char **differs, struct mldv_error *err);

#endif
