/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_REHASH_H
#define PROJECT_REHASH_H

/*
 * Whether the store's files are what their names say; what is not, is put
 * aside in quarantine/, and what is whole inside of it kept.
 */

#include "project/quarantine.h"

struct rehash {
	struct quarantine quarantine; /* what lies there, also from earlier */
	size_t left; /* files that the budget did not suffice for */
};

/*
 * Checks the files that were not checked for the longest time first, for
 * budget seconds, or all if it is 0; then the store can be loaded. The caller
 * holds the store's lock.
 */
CHECKED int rehash_store(struct mldv_project *project, double budget,
    struct rehash *out, struct mldv_error *err);
void rehash_release(struct rehash *rehash);

#endif
