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
	uint64_t times; /* so many jobs may cost together; 0: one */
};

/*
 * Reads settings, checks what it may cost, packs the code into the job's
 * directory and fills in the request. Close sage->remote, and release the
 * request, in any case.
 */
CHECKED int sage_prepare(struct sage *sage, struct mldv_error *err);
/* What is to be sent for it, and what is to come of it. */
struct jobfile;
void sage_fill(const struct sage *sage, struct jobfile *out);

/*
 * Fills in sage->request, when all before it in the struct is known.
 */
CHECKED int sage_request(struct sage *sage, struct mldv_error *err);
/* Sets an error about the stage, MLDV_USAGE with its line; -1. */
int sage_wrong(const struct sage *sage, struct mldv_error *err,
    const char *what);

#endif
