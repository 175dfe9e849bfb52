/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_DIRCLOCK_H
#define REMOTE_DIRCLOCK_H

/*
 * What time it is by the clock that stamps the files of a directory: ages
 * there are differences to it, and this machine's clock may be another one.
 */

#include <stdint.h>

#include "base/err.h"

/* Seconds, by the stamp of a file made there just now, which is gone again. */
CHECKED int dirclock_read(const char *dir, int64_t *now,
    struct mldv_error *err);

#endif
