/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_SHAREDRUNS_H
#define PIPELINE_SHAREDRUNS_H

/*
 * Results of others: the records of runs on the remote.
 */

#include "pipeline/plan.h"

/*
 * Asks the default remote for a run with the step's key, by that one name: 1
 * and step->made, or 0. It counts only if all that it made is there, or here,
 * and if it was made as it would be here: on the same platform and with the
 * same interpreter, unless the stage says what its environment is, or
 * runs.trust = any. That the remote cannot be asked is a warning.
 */
CHECKED int shared_find(struct plan *plan, struct step *step,
    struct mldv_error *err);

#endif
