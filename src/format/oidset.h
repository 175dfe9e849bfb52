/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_OIDSET_H
#define FORMAT_OIDSET_H

/*
 * A set of oids that remembers the order in which they came. Zeroed: empty.
 */

#include "format/oidindex.h"

struct oid_set {
	struct oid *list;
	size_t count;
	size_t capacity;
	struct oid_index index;
};

/* False if it is there already. */
bool oid_set_add(struct oid_set *set, const struct oid *oid);
/* Its place in the list. */
bool oid_set_find(const struct oid_set *set, const struct oid *oid, size_t *at);
bool oid_set_has(const struct oid_set *set, const struct oid *oid);
void oid_set_release(struct oid_set *set);

#endif
