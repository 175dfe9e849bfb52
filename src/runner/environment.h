/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_ENVIRONMENT_H
#define RUNNER_ENVIRONMENT_H

/*
 * What a stage's command finds in its environment.
 *
 * The inherited environment and what the stage sets; or, with `environment =
 * clean`, only what is in the table of mldv-pipeline(5).
 */

#include "base/strs.h"
#include "format/stages.h"

struct environment {
	const struct stage *stage;
	const char *root;     /* MLDV_ROOT, absolute */
	const char *params;   /* MLDV_PARAMS, absolute; or NULL */
	const char *temp;     /* TMPDIR, absolute; or NULL */
	uint64_t commit_time; /* SOURCE_DATE_EPOCH if clean; 0: none */
};

/*
 * Appends NAME=value; of two with one name the later counts. If the stage is
 * clean, that is all of the environment, else it goes over the inherited one.
 */
void environment_build(const struct environment *environment, struct strs *out);

/*
 * Is the setting NAME=value, which environment_build may have added, about
 * this machine or who runs mldv? It means nothing elsewhere.
 */
bool environment_is_of_machine(const char *setting);

#endif
