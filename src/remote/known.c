/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "remote/kept.h"
#include "remote/purge.h"

#define PACKS "packs" /* their indexes */

void known_init(struct known *known, struct remote *remote)
{
	*known = (struct known){.remote = remote};
}

static void release_maps(struct known *known)
{
	map_release(&known->objects);
	map_release(&known->trees);
	arena_release(&known->arena);
}

void known_release(struct known *known)
{
	for (size_t i = 0; i < known->count; i++) {
		arena_release(&known->packs[i]->arena);
		free(known->packs[i]);
	}
	free(known->packs);
	map_release(&known->ids);
	release_maps(known);
	*known = (struct known){0};
}

struct known_pack *known_add(struct known *known,
    const struct manifest_pack *info, const struct content *of)
{
	struct known_pack *pack =
	    map_get(&known->ids, &info->id, sizeof(info->id));

	if (pack) {
		pack->info.trees |= info->trees;
		return pack;
	}
	pack = xcalloc(1, sizeof(*pack));
	pack->info = *info;
	pack->of = of;
	pack->serial = ++known->remote->serial;
	known->packs = xgrow(known->packs, known->count, &known->capacity,
	    sizeof(struct known_pack *));
	known->packs[known->count++] = pack;
	(void)map_add(&known->ids, &pack->info.id, sizeof(pack->info.id), pack);
	return pack;
}

int known_add_item(struct known *known, const struct content *item,
    struct arena *arena, struct mldv_error *err)
{
	struct remote *remote = known->remote;
	struct manifest manifest;
	int found = 0;

	known->was_kept =
	    known->kept && kept_manifest(remote, item, arena, &manifest);
	if (known->was_kept)
		found = 1;
	else
		found =
		    remote_read_manifest(remote, item, arena, &manifest, err);
	if (found < 0)
		return -1;
	if (found > 0 && known->kept && !known->was_kept)
		kept_put_manifest(remote, &manifest);
	if (found > 0) {
		for (size_t i = 0; i < manifest.count; i++)
			(void)known_add(known, &manifest.packs[i], item);
		return 0;
	}
	found = remote_check_format(remote, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, MLDV_MISSING,
		    "cannot fetch it: there is no mldv remote at '%s' ('%s'); "
		    "check the address, or push there first",
		    remote->url, remote->name);
	if (remote_refuse_purged(remote, item, true, err) < 0)
		return -1;
	return err_set(err, MLDV_MISSING,
	    "cannot fetch it: it is not on remote '%s'; somebody who has it "
	    "must push it",
	    remote->name);
}

void known_keep_index(struct remote *remote, const struct oid *id,
    const char *index, size_t size)
{
	kept_write(remote, PACKS, id, index, size);
}

struct loading {
	struct known *known;
	struct map here; /* the store's packs by id */
};

static bool fits(const struct known_pack *pack, const struct pack_index *index)
{
	return index->begin == pack->info.index &&
	    index->count == pack->info.objects;
}

static bool take_from_store(const struct loading *loading,
    struct known_pack *pack)
{
	const struct store_pack *here =
	    map_get(&loading->here, &pack->info.id, sizeof(pack->info.id));

	if (!here || here->bytes != pack->info.bytes ||
	    !fits(pack, &here->index))
		return false;
	/* The store may forget its packs before this is over. */
	pack->index = here->index;
	pack->index.records = arena_copy(&pack->arena, here->index.records,
	    here->index.count * sizeof(*here->index.records));
	return true;
}

static int parse(struct known_pack *pack, const struct buf *data,
    struct mldv_error *err)
{
	struct pack_index index;

	if (pack_index_parse(&index, &pack->arena,
	        (const uint8_t *)buf_str(data), data->len, pack->info.bytes,
	        err) < 0)
		return -1;
	if (!fits(pack, &index))
		return err_set(err, MLDV_CORRUPT,
		    "its index is not the one that the manifest says");
	pack->index = index;
	return 0;
}

static bool take_from_state(const struct loading *loading,
    struct known_pack *pack)
{
	struct buf data = {0};
	struct mldv_error ignored;
	bool taken = kept_read(loading->known->remote, PACKS, &pack->info.id,
	                 PACK_LIMIT, &data) &&
	    parse(pack, &data, &ignored) == 0;

	buf_release(&data);
	return taken;
}

static int take_from_remote(const struct loading *loading,
    struct known_pack *pack, struct mldv_error *err)
{
	struct remote *remote = loading->known->remote;
	char name[REMOTE_NAME];
	struct buf data = {0};
	size_t size = pack->info.bytes - pack->info.index;
	char *room = buf_room(&data, size);
	int ret = -1;

	remote_pack_name(&pack->info.id, name);
	if (remote->ops->table->get_range(remote->ops, name, pack->info.index,
	        size, room, err) == 0) {
		data.len = size;
		ret = parse(pack, &data, err);
	}
	if (ret == 0)
		known_keep_index(remote, &pack->info.id, data.data, data.len);
	else
		remote_damaged(remote, &pack->info.id, pack->of, err);
	buf_release(&data);
	return ret;
}

static int load_one(void *context, size_t i, struct mldv_error *err)
{
	const struct loading *loading = context;
	struct known_pack *pack = loading->known->packs[i];

	if (pack->index.records || pack->dropped ||
	    (loading->known->only_trees && !pack->info.trees) ||
	    take_from_store(loading, pack) || take_from_state(loading, pack))
		return 0;
	if (remote_stopped(loading->known->remote, err) < 0)
		return -1;
	if (take_from_remote(loading, pack, err) == 0)
		return 0;
	pack->dropped = loading->known->tolerant && err->code == MLDV_CORRUPT;
	return pack->dropped ? 0 : -1;
}

void known_renew(struct known *known)
{
	release_maps(known);
	for (size_t i = 0; i < known->count; i++) {
		struct known_pack *pack = known->packs[i];
		struct map *map =
		    pack->info.trees ? &known->trees : &known->objects;
		struct known_place *places;

		if (pack->dropped || pack->index.count == 0)
			continue;
		places = arena_array(&known->arena, pack->index.count,
		    sizeof(*places));
		for (size_t k = 0; k < pack->index.count; k++) {
			places[k].pack = pack;
			places[k].record = &pack->index.records[k];
			(void)map_add(map, &places[k].record->oid,
			    sizeof(struct oid), &places[k]);
		}
	}
}

int known_load(struct known *known, struct store *store, struct mldv_error *err)
{
	struct loading loading = {.known = known};
	const struct store_pack *packs;
	size_t count;
	int ret;

	if (store_load(store, err) < 0)
		return -1;
	packs = store_packs(store, &count);
	for (size_t i = 0; i < count && known->count > 0; i++) {
		/* Only looked at: the map's values are not const. */
		const void *pack = &packs[i];
		void *value;

		memcpy(&value, &pack, sizeof(value));
		(void)map_add(&loading.here, &packs[i].id, sizeof(packs[i].id),
		    value);
	}
	ret = pool_run(known->remote->threads, known->count, load_one, &loading,
	    err);
	map_release(&loading.here);
	if (ret == 0)
		known_renew(known);
	return ret;
}

const struct known_place *known_find(const struct known *known,
    const struct oid *oid, bool tree)
{
	const struct known_place *place = NULL;

	if (!tree)
		place = map_get(&known->objects, oid, sizeof(*oid));
	if (!place)
		place = map_get(&known->trees, oid, sizeof(*oid));
	return place;
}

const struct known_place *known_find_whole(const struct known *known,
    const struct oid *oid, uint64_t size)
{
	const struct known_place *place = known_find(known, oid, false);

	return place && !place->record->chunk_list &&
	        place->record->size == size
	    ? place
	    : NULL;
}

const struct known_place *known_find_list(const struct known *known,
    const struct oid *oid)
{
	const struct known_place *place = known_find(known, oid, false);

	return place && place->record->chunk_list ? place : NULL;
}
