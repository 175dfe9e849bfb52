/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_INIT_H
#define PROJECT_INIT_H

/*
 * Making a repository a project.
 */

#include "project/project.h"

/*
 * Hides temporary names from Git in this clone; common is its .git directory.
 * A clone that was never initialised does it with its first lock.
 */
CHECKED int init_exclude(const char *common, struct mldv_error *err);

/* Adds the lines of .gitattributes that are missing, and stages just them. */
CHECKED int init_attributes(struct mldv_project *project, struct strs *staged,
    struct mldv_error *err);

#endif
