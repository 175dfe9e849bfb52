/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_FAILED_H
#define PIPELINE_FAILED_H

/*
 * .git/mldv/failed/<stage>/<time>/: what must not stay where it is, and is not
 * thrown away: outputs and log of a failed stage, outputs that were edited.
 */

#include "project/project.h"

/*
 * A name for a new directory, absolute, which is not made yet; the oldest of
 * the stage's are deleted, so that three are left with it.
 */
CHECKED int failed_dir(struct mldv_project *project, struct arena *arena,
    const char *stage, const char **out, struct mldv_error *err);
/* Moves root/path to dir/outputs/path, copying if need be; 1, or 0: not there.
 */
CHECKED int failed_keep(struct mldv_project *project, const char *path,
    const char *dir, struct mldv_error *err);
/* The same from elsewhere, absolute (then nothing is copied) or not. */
CHECKED int failed_keep_as(struct mldv_project *project, const char *from,
    const char *path, const char *dir, struct mldv_error *err);
/* How to say a directory of failed_dir: from the root, if it is below it. */
const char *failed_show(const struct mldv_project *project, const char *dir);

#endif
