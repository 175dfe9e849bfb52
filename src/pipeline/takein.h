/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_TAKEIN_H
#define PIPELINE_TAKEIN_H

/*
 * Taking what a stage made into the store.
 */

#include "pipeline/plan.h"

/*
 * Every output must be there, and stand still while it is taken in: then
 * step->made is what they are. They go into plan->group.
 */
CHECKED int take_outputs(struct plan *plan, struct step *step,
    struct mldv_error *err);

#endif
