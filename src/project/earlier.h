/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_EARLIER_H
#define PROJECT_EARLIER_H

/*
 * Contents that are likely on a remote and likely share objects with an item:
 * their packs need not be sent again.
 */

#include "project/item.h"

#define EARLIER_MAX 20

struct earlier {
	struct content list[EARLIER_MAX]; /* the likeliest first */
	size_t count;
};

/*
 * For an item of a revision (NULL: HEAD) beside the other items there: what
 * was last pushed or fetched under its path, the newest earlier versions in
 * the history that is here, and the other items.
 */
CHECKED int earlier_find(struct mldv_project *project, const char *revision,
    const struct items *items, const struct item *item, struct earlier *out,
    struct mldv_error *err);

#endif
