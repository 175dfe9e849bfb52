/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_ORIGIN_H
#define PIPELINE_ORIGIN_H

/*
 * Under which conditions a stage was run, for its record: the code as Git has
 * it and how it differed from that, who ran it, with which interpreter; and
 * the numbers that it wrote down.
 */

#include "base/buf.h"
#include "base/map.h"
#include "format/run.h"

struct plan;
struct stage;

/* What is alike for all stages that are run within a second. Zeroed: none. */
struct origin {
	bool known;
	double at; /* of project_clock */
	struct buf commit;
	struct buf branch;
	struct buf who;
	struct buf diff;
	struct map interpreters; /* by the word that calls them */
};
void origin_release(struct origin *origin);

/*
 * Fills the record's optional lines; texts live as long as arena and plan. The
 * diff goes into plan->group, which the caller began. Whatever cannot be found
 * out is a warning, and left out: the run itself is worth more.
 */
void origin_fill(struct plan *plan, const struct stage *stage,
    struct arena *arena, struct run *run);
/*
 * "Python 3.11.2", if the stage's command calls Python; else NULL. Asked for
 * once; lives as long as the plan.
 */
const char *origin_interpreter(struct plan *plan, const struct stage *stage);

#endif
