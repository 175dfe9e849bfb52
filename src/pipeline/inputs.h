/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_INPUTS_H
#define PIPELINE_INPUTS_H

/*
 * What a stage reads: what its deps are, and bringing them.
 */

#include "pipeline/plan.h"

/* Why the key is not known. */
struct obstacle {
	const char *reason;
	bool gone; /* a dep does not exist */
};

/*
 * Fills step->inputs and the key: 1; or 0 and the obstacle. With looking,
 * nothing is put into the work tree for it.
 */
CHECKED int inputs_find(struct plan *plan, struct step *step, bool looking,
    struct obstacle *obstacle, struct mldv_error *err);

/* Puts into the work tree what the stage reads and is not there. */
CHECKED int inputs_bring(struct plan *plan, struct step *step,
    struct mldv_error *err);
/*
 * Places content at path from the store, or fetches it first. What is there
 * and in no store is kept below .git/mldv/failed under the stage's name.
 */
CHECKED int inputs_place(struct plan *plan, const struct stage *stage,
    const char *path, const struct content *content, struct mldv_error *err);

/* The output that a dep is or lies in, if it is known what that is. */
const struct graph_out *inputs_output(const struct plan *plan,
    const char *path);

#endif
