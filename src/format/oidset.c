/* SPDX-License-Identifier: Apache-2.0 */
#include "format/oidset.h"

#include <stdlib.h>

#include "base/mem.h"

static const struct oid *key(const void *context, uint64_t number)
{
	const struct oid_set *set = context;

	return &set->list[number];
}

bool oid_set_find(const struct oid_set *set, const struct oid *oid, size_t *at)
{
	uint64_t number;

	if (!oid_index_find(&set->index, oid, key, set, &number))
		return false;
	*at = (size_t)number;
	return true;
}

bool oid_set_has(const struct oid_set *set, const struct oid *oid)
{
	uint64_t number;

	return oid_index_find(&set->index, oid, key, set, &number);
}

bool oid_set_add(struct oid_set *set, const struct oid *oid)
{
	if (oid_set_has(set, oid))
		return false;
	set->list =
	    xgrow(set->list, set->count, &set->capacity, sizeof(*set->list));
	set->list[set->count] = *oid;
	(void)oid_index_add(&set->index, set->count, key, set);
	set->count++;
	return true;
}

void oid_set_release(struct oid_set *set)
{
	free(set->list);
	oid_index_release(&set->index);
	*set = (struct oid_set){0};
}
