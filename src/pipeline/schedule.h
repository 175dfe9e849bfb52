/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_SCHEDULE_H
#define PIPELINE_SCHEDULE_H

/*
 * Many stages at once: one thread, which waits for what the stages' processes
 * do, and between that decides, hashes and takes in.
 */

#include "pipeline/carry.h"

/*
 * Does what is to be done with every selected stage. Of several failures the
 * first is the error, and the others are told as they come.
 */
CHECKED int schedule_run(const struct carry *carry, struct mldv_error *err);

#endif
