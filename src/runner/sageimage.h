/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_SAGEIMAGE_H
#define RUNNER_SAGEIMAGE_H

/*
 * Which image a training job runs in, whatever its tag points to tomorrow: in
 * the key of a stage with an image of ECR stands
 *
 *     image 1….dkr.ecr.eu-west-1.amazonaws.com/own:v1@sha256:…
 *
 * with the digest that the tag had when the stage was run, which its lock
 * keeps until the stage names another image, or is run with --force. Images of
 * other registries, and those of AWS's table, stand as they are written.
 */

#include "runner/runner.h"

/* What is to follow "image ", in the job's arena. */
CHECKED int sage_image_resolve(const struct runner_job *job,
    const char *reference, const char **out, struct mldv_error *err);

/* What SageMaker is told, by what the key says: the digest, not the tag. */
const char *sage_image_pinned(const struct runner_job *job,
    const char *reference);

#endif
