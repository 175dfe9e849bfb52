/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_LOCALCONTAINER_H
#define RUNNER_LOCALCONTAINER_H

/*
 * A training job in its image here: sagemaker.instance_type = local, or
 * local_gpu.
 */

#include "runner/runner.h"

/* Adds the "image" line to the key, with the digest the engine knows. */
CHECKED int local_container_add_image(const struct runner_job *job,
    const char *reference, struct strs *lines, struct mldv_error *err);

#endif
