/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PUSHRUNS_H
#define PROJECT_PUSHRUNS_H

/*
 * Records of runs to a remote, after the outputs that they tell of.
 */

#include "project/project.h"
#include "remote/remote.h"

struct runs_push {
	const char *revision;      /* whose mldv.lock; NULL: the work tree's */
	const struct strs *stages; /* of that; NULL: all */
	/* Those of which something was sent just now. The records of others
	 * are there if this clone has sent them once. */
	const struct strs *sent;
};
/*
 * Sends the records that this clone has, where the remote has none: the first
 * one of a key stays, and if it tells of other outputs, a warning says so.
 */
CHECKED int runs_push(struct mldv_project *project, struct remote *remote,
    const struct runs_push *what, struct mldv_error *err);

#endif
