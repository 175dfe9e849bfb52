/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_SYNC_H
#define PROJECT_SYNC_H

/*
 * Sending items that are not those of the work tree.
 */

#include "mldv/remote.h"
#include "project/item.h"

/*
 * Adds to *out what was done. Pushes the items, in their order, of which
 * there may be several versions, and asks the remote for the manifest of each
 * one. revision is where they are from, or a descendant of that. Failing,
 * missing and going on are as in mldv_push.
 */
CHECKED int sync_push(struct mldv_project *project, const char *revision,
    const struct items *items, const struct mldv_transfer *options,
    struct mldv_transferred *out, struct mldv_error *err);

#endif
