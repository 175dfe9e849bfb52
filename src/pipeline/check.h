/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_CHECK_H
#define PIPELINE_CHECK_H

/*
 * What is known to go wrong, said before anything runs.
 */

#include "pipeline/plan.h"

/*
 * Refuses outputs that Git or a pointer tracks, and deps that do not exist
 * and that no stage makes, of the selected stages.
 */
CHECKED int check_stages(struct plan *plan, struct mldv_error *err);
/* Refuses to work for a stage that this work tree's repro waits for. */
CHECKED int check_nesting(const struct mldv_project *project,
    struct mldv_error *err);

#endif
