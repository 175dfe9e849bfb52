/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_ENCLOSED_H
#define PIPELINE_ENCLOSED_H

/*
 * What a run record brings along: the small files that Git keeps, which no
 * push sends before they are committed, and the diff of the code that ran.
 */

#include "pipeline/plan.h"

/* Encloses the step's outputs with git=yes, as far as they lie here. */
void enclosed_add(struct plan *plan, const struct step *step,
    struct arena *arena, struct run *run);
/* Puts them into the store, whose lock the caller holds. */
CHECKED int enclosed_keep(struct mldv_project *project,
    const struct run_object *objects, size_t count, struct mldv_error *err);

#endif
