/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_JOBEXPORT_H
#define RUNNER_JOBEXPORT_H

#include "remote/plain.h"
#include "runner/jobfile.h"
#include "runner/jobservice.h"

/*
 * Puts what a job reads where it can read it: each channel's files as plain
 * objects below export/<oid>/, once for all jobs, and its code. A channel is
 * there when export/<oid>.done is, which is written last and believed for a
 * week; what is below export/ may expire after two.
 */
CHECKED int job_export(const struct job_service *service, struct remote *remote,
    const struct jobfile *job, struct mldv_error *err);

#endif
