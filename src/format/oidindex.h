/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_OIDINDEX_H
#define FORMAT_OIDINDEX_H

/*
 * A hash table of numbers that stand for things with an oid, which lie
 * elsewhere: the key function finds the oid of a number. Zeroed: empty.
 */

#include <stdbool.h>

#include "format/oid.h"

struct oid_index {
	uint64_t *slots; /* number + 1; 0: free */
	size_t slot_count;
	size_t count;
};

typedef const struct oid *oid_index_key(const void *context, uint64_t number);

/* Puts the number whose oid it is into *number; false if there is none. */
bool oid_index_find(const struct oid_index *index, const struct oid *oid,
    oid_index_key *key, const void *context, uint64_t *number);
/* Adds a number; false, and nothing added, if its oid is there already. */
bool oid_index_add(struct oid_index *index, uint64_t number, oid_index_key *key,
    const void *context);
/* Makes room, so that adding count numbers moves nothing. */
void oid_index_reserve(struct oid_index *index, size_t count,
    oid_index_key *key, const void *context);
void oid_index_reset(struct oid_index *index);
void oid_index_release(struct oid_index *index);

#endif
