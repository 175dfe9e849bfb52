/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_CONDITIONS_H
#define PIPELINE_CONDITIONS_H

/*
 * What a stage's result depends on and no file says: variables that come
 * from outside, and what commands print about this machine.
 */

#include "pipeline/plan.h"

/*
 * Adds env and probe lines. A probe that fails is an error; where none may be
 * run, they say what they said when the stage ran.
 */
CHECKED int conditions_add(struct plan *plan, const struct stage *stage,
    struct key *key, struct mldv_error *err);
/*
 * The same where nothing is to be run: takes them as they were when the
 * stage ran, from the key of its lock.
 */
void conditions_keep(const struct stage *stage, const struct key *locked,
    struct key *key);

/* After a run: refuses that a parameter in a file is another one now. */
CHECKED int conditions_check(struct plan *plan, const struct stage *stage,
    struct mldv_error *err);

#endif
