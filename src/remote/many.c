/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/many.h"

#include <stdlib.h>

#include "base/pool.h"
#include "remote/push.h"

/* Limits of a group: what its objects take in memory. */
#define GROUP_FILES 65536
#define GROUP_BYTES ((uint64_t)1 << 30)
#define SMALL_FILES 4096 /* of one small item */

struct reading {
	struct remote *remote;
	struct many_manifest *list;
};

static int read_one(void *context, size_t i, struct mldv_error *err)
{
	struct reading *reading = context;
	struct many_manifest *out = &reading->list[i];
	int found;

	if (remote_stopped(reading->remote, err) < 0)
		return -1;
	found = remote_read_manifest(reading->remote, out->item, &out->arena,
	    &out->manifest, err);
	out->when = remote_clock();
	out->found = found > 0;
	/* A damaged one is of no use, but in nobody's way. */
	return found < 0 && err->code != MLDV_CORRUPT ? -1 : 0;
}

int many_read_manifests(struct remote *remote, struct many_manifest *list,
    size_t count, struct mldv_error *err)
{
	struct reading reading = {remote, list};

	return pool_run(remote->threads, count, read_one, &reading, err);
}

struct asking {
	struct remote *remote;
	const struct content *items;
	bool *out;
};

static int ask(void *context, size_t i, struct mldv_error *err)
{
	struct asking *asking = context;
	int found = remote_stopped(asking->remote, err);

	if (found == 0)
		found = remote_has(asking->remote, &asking->items[i], err);
	asking->out[i] = found > 0;
	return found < 0 ? -1 : 0;
}

int remote_has_many(struct remote *remote, const struct content *items,
    size_t count, bool *out, struct mldv_error *err)
{
	struct asking asking = {remote, items, out};

	return pool_run(remote->threads, count, ask, &asking, err);
}

static bool is_small(const struct content *item)
{
	return item->size <= SMALL_PACK && item->files <= SMALL_FILES;
}

/* As many as make a group: how many of the numbers, which are not 0. */
static size_t fit(const struct remote_many *many, const size_t *numbers,
    size_t count)
{
	uint64_t files = 0;
	uint64_t bytes = 0;
	size_t n = 0;

	while (n < count && files < GROUP_FILES && bytes < GROUP_BYTES) {
		files += many->items[numbers[n]].files + 1;
		bytes += many->items[numbers[n]].size;
		n++;
	}
	return n;
}

static int move_group(const struct many_way *way,
    const struct many_group *group, struct remote_count *out,
    struct mldv_error *err)
{
	struct mldv_error why;

	for (size_t i = 0; i < group->count; i++)
		group->items[i] = group->many->items[group->numbers[i]];
	if (way->move(way->remote, way->store, group, out, &why) == 0) {
		for (size_t i = 0; i < group->count; i++)
			group->many->fates[group->numbers[i]] = REMOTE_MOVED;
		return 0;
	}
	if (why.code == MLDV_MISSING || why.code == MLDV_CORRUPT)
		return 0;
	*err = why;
	return -1;
}

int many_move(const struct many_way *way, const struct remote_many *many,
    const bool *chosen, struct remote_count *out, struct mldv_error *err)
{
	size_t *numbers = xcalloc(many->count + 1, sizeof(*numbers));
	struct content *items = xcalloc(many->count + 1, sizeof(*items));
	size_t count = 0;
	size_t n;
	int ret = 0;

	for (size_t i = 0; i < many->count; i++) {
		if (chosen[i] && is_small(&many->items[i]))
			numbers[count++] = i;
	}
	if (count < SMALL_MANY)
		count = 0;
	for (size_t i = 0; ret == 0 && i < count; i += n) {
		struct many_group group = {
		    .many = many,
		    .items = items,
		    .numbers = numbers + i,
		};

		group.count = n = fit(many, numbers + i, count - i);
		ret = move_group(way, &group, out, err);
	}
	free(items);
	free(numbers);
	return ret;
}
