/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_SWEEP_H
#define PROJECT_SWEEP_H

/*
 * Removing temporary and trash names that killed commands left beside items.
 *
 * Whoever makes such names in the work tree holds its lock shared, from the
 * first time until the project is closed; so whoever has it exclusively for a
 * moment, and finds no stage's journal, knows that none is in use.
 */

#include "project/project.h"

/*
 * To be called before a temporary name is made beside path. The first call
 * sweeps the directories that path and the items' pointers lie in, if nobody
 * else is at work; it never waits for long.
 */
CHECKED int sweep_begin(struct mldv_project *project, const char *path,
    struct mldv_error *err);
/* No temporary name is in use here any more: the next call sweeps again. */
void sweep_end(struct mldv_project *project);

#endif
