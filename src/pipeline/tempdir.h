/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_TEMPDIR_H
#define PIPELINE_TEMPDIR_H

/*
 * A stage's own TMPDIR: below the one of who runs it, or /tmp, because what
 * lies deep in a project makes the names of sockets too long.
 */

#include "base/mem.h"

/*
 * Makes it, empty, and gives its absolute path. It has one name for all runs
 * of a stage, so that the next one removes what a kill left.
 */
CHECKED int tempdir_make(struct arena *arena, const char *of, const char **out,
    struct mldv_error *err);
/* That it cannot be removed harms nobody. NULL: there is none. */
void tempdir_remove(const char *path);

#endif
