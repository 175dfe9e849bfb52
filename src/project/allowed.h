/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_ALLOWED_H
#define PROJECT_ALLOWED_H

/*
 * Whether a path may become an item: for add and mv.
 */

#include "project/item.h"

/*
 * Refuses, with a sentence that says the way out, a path that cannot be an
 * item next to these: outside or inside what it may not be, tracked by Git,
 * a stage's output, reached through a link, its pointer ignored. moved (may
 * be NULL) is an item that will be gone by then.
 */
CHECKED int allowed_check(struct mldv_project *project, const char *path,
    const struct items *items, const char *moved, struct mldv_error *err);
/* The same for a path inside an item, which may be there. */
CHECKED int allowed_inside(struct mldv_project *project, const char *path,
    struct mldv_error *err);

#endif
