/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_DOCTOR_H
#define MLDV_DOCTOR_H

/*
 * Is all as it should be? What is found, one thing after the other.
 */

#include <stdbool.h>

#include "mldv/error.h"

struct mldv_project;

enum mldv_level {
	MLDV_OK,
	MLDV_WARNING, /* it works, but see to it */
	MLDV_FAILURE, /* something does not work */
};

struct mldv_finding {
	const char *topic; /* "versioning" */
	enum mldv_level level;
	const char *text;
	const char *fix; /* the way out, or NULL */
	bool changed;    /* it was set just now */
};
/* The texts are borrowed. */
typedef void mldv_finding_fn(void *context, const struct mldv_finding *finding);

/*
 * Looks at libraries, work tree, hooks, and the remote of that name, or the
 * default if it is NULL; on a bucket a small object is written and removed
 * again. -1 only if it cannot look: MLDV_USAGE if there is no such remote.
 */
MLDV_CHECKED int mldv_doctor(struct mldv_project *project, const char *remote,
    mldv_finding_fn *visit, void *context, struct mldv_error *err);

#endif
