/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_SAGE_H
#define RUNNER_SAGE_H

/*
 * One job of SageMaker that is being prepared. Inside runner/sage*.c only.
 */

#include "remote/plain.h"
#include "runner/sagesettings.h"

/* The code on the remote, and in the job's directory. */
#define SAGE_SOURCE "sourcedir.tar.gz"

/* Everything lives in the job's arena. */
struct sage {
	struct runner_job *job;
	struct training training;
	struct sage_settings settings;
	struct remote *remote;
	const char *remote_name;
	const char *region;
	const char *profile; /* or NULL */
	char key[OID_HEX + 1];
	const char *source_name; /* on the remote */
	struct sagemaker_request request;
	const char *result;
};

/*
 * Fills in sage->request, when all before it in the struct is known.
 */
CHECKED int sage_request(struct sage *sage, struct mldv_error *err);
/* Sets an error about the stage, MLDV_USAGE with its line; -1. */
int sage_wrong(const struct sage *sage, struct mldv_error *err,
    const char *what);

#endif
