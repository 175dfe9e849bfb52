/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_AWSPRICE_H
#define RUNNER_AWSPRICE_H

/*
 * What AWS has and asks for: prices of instances, addresses of the images of
 * frameworks. Tables as they were found at a date; a stage's own settings go
 * before them.
 */

#include <stdbool.h>

#include "base/mem.h"

/* When the tables were made. */
#define AWS_TABLES "2026-11"

/* USD for an hour of training on demand; 0: not known. */
double aws_price(const char *region, const char *instance_type);

/*
 * USD on Fargate for an hour of a processor, and of a GiB of memory; false:
 * not known.
 */
bool aws_fargate_price(const char *region, double *cpu, double *memory);

/*
 * The image of "pytorch 2.3" or "pytorch 2.3 py311" for a region and a kind of
 * instance, in the arena. MLDV_USAGE, naming what is known, if it is not.
 */
CHECKED int aws_image(const char *framework, const char *region,
    const char *instance_type, struct arena *arena, const char **out,
    struct mldv_error *err);

#endif
