/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "remote/fetch.h"
#include "remote/many.h"
#include "remote/push.h"

/* Knows the packs of all the items. */
static int add_packs(struct fetch *fetch, const struct many_group *group,
    struct mldv_error *err)
{
	struct many_manifest *list = xcalloc(group->count + 1, sizeof(*list));
	int ret;

	for (size_t i = 0; i < group->count; i++)
		list[i].item = &group->items[i];
	ret = many_read_manifests(fetch->remote, list, group->count, err);
	for (size_t i = 0; i < group->count; i++) {
		const struct manifest *manifest = &list[i].manifest;

		if (ret == 0 && !list[i].found)
			ret = err_set(err, MLDV_MISSING,
			    "an item is not on remote '%s'",
			    fetch->remote->name);
		for (size_t k = 0; ret == 0 && k < manifest->count; k++)
			(void)known_add(&fetch->known, &manifest->packs[k],
			    list[i].item);
		arena_release(&list[i].arena);
	}
	free(list);
	return ret;
}

static int fetch_group(struct remote *remote, struct store *store,
    const struct many_group *group, struct remote_count *out,
    struct mldv_error *err)
{
	const struct remote_many *many = group->many;
	const struct remote_wanted wanted = {
	    .parts = group->items,
	    .count = group->count,
	    .dry_run = many->dry_run,
	};
	struct remote_count count = {0};
	struct fetch fetch;
	int ret;

	fetch_open(&fetch, remote, store, group->items);
	fetch.dry_run = many->dry_run;
	ret = add_packs(&fetch, group, err);
	if (ret == 0)
		ret = fetch_known(&fetch, &wanted, &count, err);
	fetch_close(&fetch);
	for (size_t i = 0; i < group->count; i++)
		many->objects[group->numbers[i]] = group->items[i].files;
	out->objects += count.objects;
	out->packs += count.packs;
	out->bytes += count.bytes;
	/* The packs that have come are not in the list that was read. */
	if (!many->dry_run)
		store_unload(store);
	return ret;
}

/* Which are here. */
static int look_here(struct store *store, const struct remote_many *many,
    bool *here, struct mldv_error *err)
{
	for (size_t i = 0; i < many->count; i++) {
		const struct remote_wanted wanted = {
		    .parts = &many->items[i],
		    .count = 1,
		};
		int found = fetch_is_here(store, &wanted, err);

		if (found < 0)
			return -1;
		here[i] = found > 0;
	}
	return 0;
}

/*
 * Which are on the remote. Of few, which will be moved one by one, only those
 * that are here are asked for: the others' manifests say it.
 */
static int look_there(struct remote *remote, const struct remote_many *many,
    const bool *here, bool *there, struct mldv_error *err)
{
	struct content *items = xcalloc(many->count + 1, sizeof(*items));
	size_t *numbers = xcalloc(many->count + 1, sizeof(*numbers));
	bool *found = xcalloc(many->count + 1, sizeof(*found));
	size_t count = 0;
	int ret;

	for (size_t i = 0; i < many->count; i++) {
		if (!here[i] && many->count < SMALL_MANY)
			continue;
		items[count] = many->items[i];
		numbers[count++] = i;
	}
	ret = remote_has_many(remote, items, count, found, err);
	for (size_t i = 0; ret == 0 && i < count; i++)
		there[numbers[i]] = found[i];
	free(items);
	free(numbers);
	free(found);
	return ret;
}

int remote_fetch_many(struct remote *remote, struct store *store,
    const struct remote_many *many, struct remote_count *out,
    struct mldv_error *err)
{
	const struct many_way way = {
	    .remote = remote,
	    .store = store,
	    .move = fetch_group,
	};
	bool *there = xcalloc(many->count + 1, sizeof(bool));
	bool *here = xcalloc(many->count + 1, sizeof(bool));
	int ret = look_here(store, many, here, err);

	*out = (struct remote_count){0};
	if (ret == 0)
		ret = look_there(remote, many, here, there, err);
	for (size_t i = 0; i < many->count; i++) {
		many->fates[i] =
		    there[i] && here[i] ? REMOTE_THERE : REMOTE_LEFT;
		there[i] = there[i] && !here[i];
	}
	if (ret == 0)
		ret = many_move(&way, many, there, out, err);
	free(there);
	free(here);
	return ret;
}
