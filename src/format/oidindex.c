/* SPDX-License-Identifier: Apache-2.0 */
#include "format/oidindex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* An oid is random enough to be its own hash. */
static size_t first_slot(const struct oid_index *index, const struct oid *oid)
{
	uint64_t hash;

	memcpy(&hash, oid->bytes, sizeof hash);
	return (size_t)hash & (index->slot_count - 1);
}

bool oid_index_find(const struct oid_index *index, const struct oid *oid,
    oid_index_key *key, const void *context, uint64_t *number)
{
	if (index->count == 0)
		return false;
	for (size_t i = first_slot(index, oid); index->slots[i] != 0;
	     i = (i + 1) & (index->slot_count - 1)) {
		if (oid_equal(key(context, index->slots[i] - 1), oid)) {
			*number = index->slots[i] - 1;
			return true;
		}
	}
	return false;
}

static void insert(struct oid_index *index, uint64_t number,
    const struct oid *oid)
{
	size_t i = first_slot(index, oid);

	while (index->slots[i] != 0)
		i = (i + 1) & (index->slot_count - 1);
	index->slots[i] = number + 1;
}

void oid_index_reserve(struct oid_index *index, size_t count,
    oid_index_key *key, const void *context)
{
	struct oid_index wider = {.slot_count = 64, .count = index->count};

	while (wider.slot_count < 2 * (index->count + count))
		wider.slot_count *= 2;
	if (wider.slot_count <= index->slot_count)
		return;
	wider.slots = xcalloc(wider.slot_count, sizeof *wider.slots);
	for (size_t i = 0; i < index->slot_count; i++) {
		if (index->slots[i] != 0)
			insert(&wider, index->slots[i] - 1,
			    key(context, index->slots[i] - 1));
	}
	free(index->slots);
	*index = wider;
}

bool oid_index_add(struct oid_index *index, uint64_t number, oid_index_key *key,
    const void *context)
{
	const struct oid *oid = key(context, number);
	uint64_t found;

	if (oid_index_find(index, oid, key, context, &found))
		return false;
	oid_index_reserve(index, 1, key, context);
	insert(index, number, oid);
	index->count++;
	return true;
}

void oid_index_reset(struct oid_index *index)
{
	if (index->slot_count > 0)
		memset(index->slots, 0,
		    index->slot_count * sizeof *index->slots);
	index->count = 0;
}

void oid_index_release(struct oid_index *index)
{
	free(index->slots);
	*index = (struct oid_index){0};
}
