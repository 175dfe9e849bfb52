/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_REHASH_H
#define PROJECT_REHASH_H

/*
 * Whether the store's files are what their names say; what is not, is put
 * aside in quarantine/, and what is whole inside of it kept.
 */

#include "project/project.h"

struct lost {
	struct oid oid;
	uint64_t size;
};

struct rehash_damage {
	const char *object; /* "pack 3f…", "file 9c…" */
	const char *what;   /* without what was lost */
	const char *place;  /* where it lies now */
	bool is_pack;
	bool unknown; /* what else was in it cannot be told */
	struct lost
	    *lost; /* objects that were in it and are not in the store */
	size_t lost_count;
};

struct rehash {
	struct rehash_damage *list;
	size_t count;
	size_t capacity;
	size_t left; /* files that the budget did not suffice for */
	struct arena arena;
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
