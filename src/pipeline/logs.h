/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_LOGS_H
#define PIPELINE_LOGS_H

/*
 * What stages print, kept: .git/mldv/logs/<stage>/<UTC time>-<key>.log with
 * the first 8 digits of the key, the newest 10 of each stage.
 */

#include "format/oid.h"
#include "project/project.h"

#define LOGS_KEPT 10

/* A new file, to write and read: its descriptor and path (in the arena), or -1.
 */
CHECKED int logs_create(struct mldv_project *project, struct arena *arena,
    const char *stage, const struct oid *key, const char **path,
    struct mldv_error *err);
/* Absolute paths of a stage's logs, oldest first. */
CHECKED int logs_list(const struct mldv_project *project, const char *stage,
    struct strs *out, struct mldv_error *err);

#endif
