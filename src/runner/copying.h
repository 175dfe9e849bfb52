/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_COPYING_H
#define RUNNER_COPYING_H

/*
 * Copies of what lies in a work tree, to where nothing is; of files their
 * content and mode, links as they are. What is none of a file, directory or
 * link is refused.
 */

#include "base/err.h"
#include "base/mem.h"

CHECKED int copy_link(const char *from, const char *to, struct mldv_error *err);
/* The whole of it, directory by directory. */
CHECKED int copy_tree(struct arena *arena, const char *from, const char *to,
    struct mldv_error *err);

#endif
