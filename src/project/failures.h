/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_FAILURES_H
#define PROJECT_FAILURES_H

/*
 * Work on many items, of which one that fails does not stop the others.
 */

#include "project/project.h"

/* Zeroed: none. */
struct failures {
	struct mldv_error first;
	size_t count;
};

/*
 * Notes a failure: 0, and the work goes on; -1 if it must stop, because the
 * user wants that. All but the first are warned about at once.
 */
CHECKED int failures_add(struct failures *failures,
    const struct mldv_project *project, const struct mldv_error *err);
/* 0 if there was none, else -1 with the first. */
CHECKED int failures_end(const struct failures *failures,
    struct mldv_error *err);

#endif
