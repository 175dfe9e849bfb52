/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "remote/push.h"
#include "remote/ranges.h"

/* A large object whose list is known. */
struct listed {
	struct reach_object *object;
	struct push *push;
};

static void settle_small(struct push *push)
{
	struct known *known = &push->known;
	const struct map *trees = &push->reach.trees;
	const struct map *files = &push->reach.files;

	for (size_t i = 0; i < trees->count; i++) {
		struct reach_object *tree = trees->entries[i].value;
		const struct known_place *place =
		    known_find(known, &tree->oid, true);

		tree->settled = place && !place->record->chunk_list;
		if (tree->settled)
			place->pack->used = true;
	}
	for (size_t i = 0; i < files->count; i++) {
		struct reach_object *file = files->entries[i].value;
		const struct known_place *place;

		/* A file with the bytes of a tree comes with the tree. */
		file->settled = file->size <= OBJECT_WHOLE_MAX &&
		    reach_find(&push->reach, &file->oid, true) != NULL;
		if (file->settled)
			continue;
		place = known_find_whole(known, &file->oid, file->size);
		file->settled = place != NULL;
		if (place)
			place->pack->used = true;
	}
}

/* A list is only a hint here: if it is wrong, the object is cut again. */
static int take_list(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	struct push *push = context;
	struct reach_object *object = want->object;
	struct arena arena = {0};
	struct chunks chunks;
	size_t i = 0;

	if (chunks_parse(&chunks, &arena, payload.data, payload.len, err) < 0 ||
	    chunks.size != object->size)
		goto out;
	while (i < chunks.count &&
	    known_find_whole(&push->known, &chunks.items[i].oid,
	        chunks.items[i].size))
		i++;
	if (i < chunks.count)
		goto out;
	(void)pthread_mutex_lock(&push->mutex);
	for (i = 0; i < chunks.count; i++)
		known_find_whole(&push->known, &chunks.items[i].oid,
		    chunks.items[i].size)
		    ->pack->used = true;
	want->pack->used = true;
	object->settled = true;
	(void)pthread_mutex_unlock(&push->mutex);
out:
	arena_release(&arena);
	return 0;
}

static int settle_large(struct push *push, struct mldv_error *err)
{
	const struct range_sink sink = {.context = push, .take = take_list};
	const struct map *files = &push->reach.files;
	struct range_want *wants = xcalloc(files->count + 1, sizeof(*wants));
	size_t count = 0;
	int ret;

	for (size_t i = 0; i < files->count; i++) {
		struct reach_object *file = files->entries[i].value;
		const struct known_place *place;

		if (file->settled || file->size <= OBJECT_WHOLE_MAX)
			continue;
		place = known_find_list(&push->known, &file->oid);
		if (place)
			wants[count++] = (struct range_want){
			    .pack = place->pack,
			    .record = place->record,
			    .object = file,
			};
	}
	ret = ranges_run(&push->known, wants, count, &sink, err);
	free(wants);
	return ret;
}

static int settle_once(struct push *push, struct mldv_error *err)
{
	settle_small(push);
	return settle_large(push, err);
}

/* Merging needs every byte here. */
static int has_everything(struct push *push, struct mldv_error *err)
{
	const struct map *trees = &push->reach.trees;
	const struct map *files = &push->reach.files;
	int here = 1;

	for (size_t i = 0; here > 0 && i < trees->count; i++)
		here = store_find(push->store, trees->entries[i].key, NULL) !=
		    NULL;
	for (size_t i = 0; here > 0 && i < files->count; i++) {
		const struct reach_object *file = files->entries[i].value;

		here = store_has(push->store, &file->oid, file->size, err);
	}
	return here;
}

static bool is_small(const struct known_pack *pack, bool trees)
{
	return pack->used && !pack->own && !pack->dropped &&
	    pack->info.trees == trees && pack->info.bytes < SMALL_PACK;
}

static bool any_unsettled(const struct map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct reach_object *object = map->entries[i].value;

		if (!object->settled)
			return true;
	}
	return false;
}

/* Would there be too many small packs, of trees or of other objects? */
static bool are_many(const struct push *push, bool trees)
{
	const struct reach *reach = &push->reach;
	size_t count = any_unsettled(trees ? &reach->trees : &reach->files);

	for (size_t i = 0; i < push->known.count; i++)
		count += is_small(push->known.packs[i], trees);
	return count >= SMALL_MANY;
}

static void drop_small(struct push *push, bool trees)
{
	for (size_t i = 0; i < push->known.count; i++) {
		if (is_small(push->known.packs[i], trees))
			push->known.packs[i]->dropped = true;
	}
	push->merge[trees] = true;
}

int push_settle(struct push *push, struct mldv_error *err)
{
	bool many_files, many_trees;
	int here;

	if (settle_once(push, err) < 0)
		return -1;
	many_files = are_many(push, false);
	many_trees = are_many(push, true);
	if (!many_files && !many_trees)
		return 0;
	here = has_everything(push, err);
	if (here <= 0)
		return here;
	if (many_files)
		drop_small(push, false);
	if (many_trees)
		drop_small(push, true);
	for (size_t i = 0; i < push->known.count; i++)
		push->known.packs[i]->used = false;
	known_renew(&push->known);
	return settle_once(push, err);
}
