/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

/*
 * Independent jobs, numbered, on several threads.
 */

#include <stddef.h>

#include "base/err.h"

/* How many processors this process may use, at least 1. */
unsigned pool_processors(void);

/*
 * Runs job(context, i) for i = 0 … count-1 in that order of starting, on at
 * most threads threads (this one among them). After a failure no further job
 * starts; the error is that of the lowest-numbered job that failed.
 */
CHECKED int pool_run(unsigned threads, size_t count,
    int (*job)(void *context, size_t i, struct mldv_error *err), void *context,
    struct mldv_error *err);

#endif
