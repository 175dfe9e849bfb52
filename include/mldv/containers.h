/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_CONTAINERS_H
#define MLDV_CONTAINERS_H

/*
 * Containers that stages run in.
 */

#include <stddef.h>

#include "mldv/error.h"

/* What is in it prints that. */
typedef void mldv_output_fn(void *context, const char *data, size_t size);

/*
 * Runs a container to its end, in a process of its own, started by the one
 * that runs the pipeline. words: a file for what comes of it ("status 3", or
 * "failed <why>"), the container's name, its image, and the engine's command
 * line; NULL-terminated.
 *
 * SIGINT, SIGTERM, and the death of the parent, which is SIGTERM too, end the
 * container: what is in it has 4 seconds. Then the name is free again.
 */
MLDV_CHECKED int mldv_container_run(const char *const *words,
    mldv_output_fn *output, void *context, struct mldv_error *err);

#endif
