/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_DIRCLOCK_H
#define REMOTE_DIRCLOCK_H

/*
 * What time it is by the clock that stamps the files of a directory: ages
 * there are differences to it, and this machine's clock may be another one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Zeroed: not asked yet. One thread at a time. */
struct dirclock {
	bool known;
	int64_t now;  /* its seconds … */
	int64_t then; /* … when this machine's monotonic clock showed this */
};

/*
 * How many seconds ago that time was, 0 if it is yet to come. The first time
 * a file is made in dir for it, which is gone again.
 */
CHECKED int dirclock_age(struct dirclock *clock, const char *dir, int64_t time,
    uint64_t *out, struct mldv_error *err);

#endif
