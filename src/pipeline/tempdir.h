/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_TEMPDIR_H
#define PIPELINE_TEMPDIR_H

/*
 * A stage's own TMPDIR: below the one of who runs it, or /tmp, because what
 * lies deep in a project makes the names of sockets too long.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

/*
 * Makes it, empty but for TEMPDIR_PARAMS perhaps, and gives its absolute path.
 * It has one name for all runs of a stage, so that the next one removes what a
 * kill left. spare is one that another stage left clean, to be renamed, or
 * NULL: who makes and removes a thousand within seconds has ext4 look through
 * all of them each time for a number that was not in use just before.
 */
#define TEMPDIR_PARAMS "params.json"
CHECKED int tempdir_make(struct arena *arena, const char *of, const char *spare,
    const char **out, struct mldv_error *err);
/* Has the stage, which has ended, left nothing behind in it? */
bool tempdir_is_clean(const char *path);
/* That it cannot be removed harms nobody. NULL: there is none. */
void tempdir_remove(const char *path);

#endif
