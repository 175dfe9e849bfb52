/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/path.h"
#include "remote/push.h"

/*
 * The plan follows from sizes and from the order of the store's packs (by id)
 * and of the objects in them: a push begun again makes the same packs.
 */

struct planner {
	struct push *push;
	struct plan *plan;
	const struct store_pack *packs; /* of the store */
	size_t count;
	uint64_t *wanted; /* bytes of each pack that are to travel */
	bool trees;       /* the kind of object that is planned now */
};

int push_missing(const struct push *push, const struct reach_object *object,
    struct mldv_error *err)
{
	char hex[OID_HEX + 1];

	oid_hex(&object->oid, hex);
	return err_set(err, MLDV_MISSING,
	    "cannot push it: object %s is neither here nor on remote '%s'; run "
	    "'mldv fetch' from a remote that has it, or push from a clone that "
	    "has it",
	    hex, push->remote->name);
}

static const struct map *objects_of(const struct planner *planner)
{
	return planner->trees ? &planner->push->reach.trees
	                      : &planner->push->reach.files;
}

static bool is_large(const struct reach_object *object)
{
	return !object->tree && object->size > OBJECT_WHOLE_MAX;
}

static int count_wanted(struct planner *planner, struct mldv_error *err)
{
	const struct map *objects = objects_of(planner);

	for (size_t i = 0; i < planner->count; i++)
		planner->wanted[i] = 0;
	for (size_t i = 0; i < objects->count; i++) {
		const struct reach_object *object = objects->entries[i].value;
		const struct store_pack *pack;
		const struct pack_record *record;

		if (object->settled || is_large(object))
			continue;
		record = store_find(planner->push->store, &object->oid, &pack);
		if (!record)
			return push_missing(planner->push, object, err);
		if (!object->tree && record->size != object->size)
			return err_set(err, MLDV_CORRUPT,
			    "a tree of the item says another size of an object "
			    "than pack '%s' does",
			    pack->path);
		planner->wanted[pack - planner->packs] += record->size;
	}
	return 0;
}

/*
 * Nothing may leave that is not part of the item: not even a file that was
 * added by mistake and shares a pack with files that are meant.
 */
static bool is_part(const struct planner *planner,
    const struct store_pack *pack)
{
	for (size_t i = 0; i < pack->index.count; i++) {
		const struct pack_record *record = &pack->index.records[i];
		const struct reach_object *object =
		    reach_find(&planner->push->reach, &record->oid,
		        planner->trees);

		if (!object || record->chunk_list ||
		    (!object->tree && object->size != record->size))
			return false;
	}
	return true;
}

/* Is the pack worth going whole, if all of it may? */
static bool may_go_whole(const struct planner *planner, size_t i)
{
	const struct pack_index *index = &planner->packs[i].index;
	uint64_t sum = 0;

	if (planner->wanted[i] == 0)
		return false;
	for (size_t k = 0; k < index->count; k++)
		sum += index->records[k].size;
	return planner->wanted[i] >= sum / 2 &&
	    is_part(planner, &planner->packs[i]);
}

static void go_whole(struct planner *planner, const struct store_pack *pack)
{
	struct plan *plan = planner->plan;

	plan->whole = xgrow(plan->whole, plan->whole_count,
	    &plan->whole_capacity, sizeof(*plan->whole));
	plan->whole[plan->whole_count++] = (struct plan_whole){
	    .pack = pack,
	    .trees = planner->trees,
	};
	plan->bytes += pack->bytes;
	for (size_t i = 0; i < pack->index.count; i++)
		reach_find(&planner->push->reach, &pack->index.records[i].oid,
		    planner->trees)
		    ->settled = true;
}

static bool adds_something(const struct planner *planner,
    const struct store_pack *pack)
{
	for (size_t i = 0; i < pack->index.count; i++) {
		if (!reach_find(&planner->push->reach,
		        &pack->index.records[i].oid, planner->trees)
		         ->settled)
			return true;
	}
	return false;
}

static void choose_whole(struct planner *planner)
{
	const struct push *push = planner->push;
	bool *chosen = xcalloc(planner->count + 1, sizeof(*chosen));
	size_t small = 0;
	bool merge;

	for (size_t i = 0; i < planner->count; i++) {
		chosen[i] = may_go_whole(planner, i);
		small += chosen[i] && planner->packs[i].bytes < SMALL_PACK;
	}
	merge = push->merge[planner->trees] || small >= SMALL_MANY;
	for (size_t i = 0; i < planner->count; i++) {
		const struct store_pack *pack = &planner->packs[i];

		if (chosen[i] && !(merge && pack->bytes < SMALL_PACK) &&
		    adds_something(planner, pack))
			go_whole(planner, pack);
	}
	free(chosen);
}

static void collect_pieces(struct planner *planner)
{
	const struct map *objects = objects_of(planner);
	struct plan *plan = planner->plan;
	size_t first = plan->piece_count;

	for (size_t i = 0; i < objects->count; i++) {
		struct reach_object *object = objects->entries[i].value;
		struct pack_piece piece;

		if (object->settled || is_large(object))
			continue;
		object->settled = true;
		piece.record =
		    store_find(planner->push->store, &object->oid, &piece.pack);
		plan->pieces = xgrow(plan->pieces, plan->piece_count,
		    &plan->piece_capacity, sizeof(*plan->pieces));
		plan->pieces[plan->piece_count++] = piece;
		plan->bytes += piece.record->size;
	}
	if (plan->piece_count > first)
		pieces_sort(plan->pieces + first, plan->piece_count - first);
}

static void divide_pieces(struct planner *planner, size_t first)
{
	struct plan *plan = planner->plan;
	size_t n;

	for (size_t i = first; i < plan->piece_count; i += n) {
		n = pieces_fit(plan->pieces + i, plan->piece_count - i);
		plan->builds = xgrow(plan->builds, plan->build_count,
		    &plan->build_capacity, sizeof(*plan->builds));
		plan->builds[plan->build_count++] = (struct plan_build){
		    .first = i,
		    .count = n,
		    .trees = planner->trees,
		};
	}
}

static int plan_small(struct planner *planner, bool trees,
    struct mldv_error *err)
{
	size_t first = planner->plan->piece_count;

	planner->trees = trees;
	if (count_wanted(planner, err) < 0)
		return -1;
	choose_whole(planner);
	collect_pieces(planner);
	divide_pieces(planner, first);
	return 0;
}

static int plan_large(struct planner *planner, struct mldv_error *err)
{
	struct push *push = planner->push;
	struct plan *plan = planner->plan;
	const struct map *files = &push->reach.files;

	plan->bigs = xcalloc(files->count + 1, sizeof(struct reach_object *));
	for (size_t i = 0; i < files->count; i++) {
		const struct reach_object *file = files->entries[i].value;
		int here;

		if (file->settled)
			continue;
		here = store_has(push->store, &file->oid, file->size, err);
		if (here <= 0)
			return here < 0 ? -1 : push_missing(push, file, err);
		plan->bigs[plan->big_count++] = file;
		plan->bytes += file->size;
	}
	return 0;
}

int push_plan(struct push *push, struct plan *out, struct mldv_error *err)
{
	struct planner planner = {.push = push, .plan = out};
	int ret = -1;

	*out = (struct plan){0};
	planner.packs = store_packs(push->store, &planner.count);
	planner.wanted = xcalloc(planner.count + 1, sizeof(*planner.wanted));
	if (plan_small(&planner, true, err) == 0 &&
	    plan_small(&planner, false, err) == 0 &&
	    plan_large(&planner, err) == 0)
		ret = 0;
	free(planner.wanted);
	return ret;
}

void push_plan_release(struct plan *plan)
{
	free(plan->whole);
	free(plan->pieces);
	free(plan->builds);
	free(plan->bigs);
	*plan = (struct plan){0};
}
