/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "remote/fetch.h"
#include "remote/many.h"

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

/* Which are on the remote, and not here. */
static int choose(struct store *store, const struct remote_many *many,
    bool *there, struct mldv_error *err)
{
	for (size_t i = 0; i < many->count; i++) {
		const struct remote_wanted wanted = {
		    .parts = &many->items[i],
		    .count = 1,
		};
		int here = there[i] ? fetch_is_here(store, &wanted, err) : 0;

		if (here < 0)
			return -1;
		if (here > 0) {
			many->fates[i] = REMOTE_THERE;
			there[i] = false;
		}
	}
	return 0;
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
	int ret;

	*out = (struct remote_count){0};
	for (size_t i = 0; i < many->count; i++)
		many->fates[i] = REMOTE_LEFT;
	ret = remote_has_many(remote, many->items, many->count, there, err);
	if (ret == 0)
		ret = choose(store, many, there, err);
	if (ret == 0)
		ret = many_move(&way, many, there, out, err);
	free(there);
	return ret;
}
