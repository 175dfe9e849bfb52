/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LINK_H
#define STORE_LINK_H

/*
 * Copying a file as cheaply as the file system allows.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Shares the blocks (FICLONE, ioctl_ficlone(2)): 1, or 0 if it cannot be. */
CHECKED int link_reflink(int from, int to, const char *name,
    struct mldv_error *err);
/*
 * Copies size bytes at offset to the same offset: copy_file_range(2), or
 * reading and writing where that cannot be. A file that ends early is an
 * error that says it changed.
 */
CHECKED int link_copy_range(int from, int to, uint64_t offset, uint64_t size,
    const char *name, struct mldv_error *err);
/* The whole file, by reflink if possible, else by copying. */
CHECKED int link_copy(int from, int to, uint64_t size, const char *name,
    struct mldv_error *err);

#endif
