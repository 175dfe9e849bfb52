/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_UNSTAGED_H
#define PROJECT_UNSTAGED_H

/*
 * The pointers of this work tree that could not be staged when they were
 * written, so that they are known although Git's index has none of them. Kept
 * in state/, one escaped path a line; the order does not matter.
 */

#include "project/project.h"

/* Appends the pointers' paths. */
CHECKED int unstaged_list(struct mldv_project *project, struct strs *out,
    struct mldv_error *err);
/* Keeps those of these pointers that Git's index lacks; forgets the rest. */
CHECKED int unstaged_note(struct mldv_project *project,
    const struct strs *pointers, struct mldv_error *err);

#endif
