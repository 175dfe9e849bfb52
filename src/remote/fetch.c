/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/fetch.h"

#include <stdlib.h>

#include "base/pool.h"
#include "remote/budget.h"
#include "remote/ranges.h"

/*
 * The order of a fetch: the manifest, the indexes, the trees level by level
 * (nothing else is asked for before all of them add up to the item), small
 * objects in whole packs or in ranges, large objects.
 */

struct job_list {
	struct fetch *fetch;
	struct known_pack **whole;
	size_t whole_count;
	struct range_want *wants;
	size_t want_count;
	struct ranges ranges;
	struct range_sink sink;
	struct big *bigs;
	size_t big_count;
};

static void close_packer(void *item)
{
	store_packer_close(item);
}

void fetch_open(struct fetch *fetch, struct remote *remote, struct store *store,
    const struct content *item)
{
	*fetch = (struct fetch){
	    .remote = remote,
	    .store = store,
	    .item = item,
	};
	known_init(&fetch->known, remote);
	reach_init(&fetch->reach);
	idle_init(&fetch->packers);
	(void)pthread_mutex_init(&fetch->trees, NULL);
	remote->moved = 0;
	remote->doing = NULL;
}

void fetch_close(struct fetch *fetch)
{
	known_release(&fetch->known);
	reach_release(&fetch->reach);
	idle_release(&fetch->packers, close_packer);
	(void)pthread_mutex_destroy(&fetch->trees);
	arena_release(&fetch->arena);
}

/* Is everything here already? */
int fetch_is_here(struct store *store, const struct remote_wanted *wanted,
    struct mldv_error *err)
{
	struct reach reach;
	struct mldv_error error;
	int here = 1;

	reach_init(&reach);
	if (reach_walk_store(&reach, store, wanted->parts, wanted->count,
	        &error) < 0) {
		here = error.code == MLDV_MISSING ? 0 : -1;
		if (here < 0)
			*err = error;
	}
	for (size_t i = 0;
	     here > 0 && !wanted->only_trees && i < reach.files.count; i++) {
		const struct reach_object *file = reach.files.entries[i].value;

		here = store_has(store, &file->oid, file->size, err);
	}
	reach_release(&reach);
	return here;
}

int fetch_put(struct fetch *fetch, const struct oid *oid, struct slice payload,
    struct mldv_error *err)
{
	struct store_packer *packer;
	int ret;

	if (fetch->dry_run)
		return 0;
	packer = idle_take(&fetch->packers);
	if (!packer)
		packer = store_packer_open(fetch->store);
	ret = store_packer_put(packer, oid, payload.data, payload.len, err);
	idle_give(&fetch->packers, packer);
	return ret;
}

static int end_packer(void *context, size_t i, struct mldv_error *err)
{
	struct idle *packers = context;

	return store_packer_end(packers->items[i], err);
}

/* Names what was put, so that trees and files come into packs of their own. */
static int end_packers(struct fetch *fetch, struct mldv_error *err)
{
	struct idle *packers = &fetch->packers;
	int ret = pool_run(fetch->remote->threads, packers->count, end_packer,
	    packers, err);

	while (ret == 0 && packers->count > 0)
		close_packer(packers->items[--packers->count]);
	return ret;
}

/* Marks what the store has, and refuses what cannot be had. */
static int sort_out(struct job_list *jobs, struct mldv_error *err)
{
	struct fetch *fetch = jobs->fetch;
	const struct map *files = &fetch->reach.files;

	jobs->bigs = xcalloc(files->count + 1, sizeof(*jobs->bigs));
	for (size_t i = 0; i < files->count; i++) {
		struct reach_object *file = files->entries[i].value;
		const struct known_place *list;
		int here = store_has(fetch->store, &file->oid, file->size, err);

		if (here < 0)
			return -1;
		file->settled = here > 0;
		if (here > 0)
			continue;
		if (file->size <= OBJECT_WHOLE_MAX) {
			if (!known_find_whole(&fetch->known, &file->oid,
			        file->size))
				return fetch_lacks(fetch, &file->oid, err);
			jobs->want_count++;
			continue;
		}
		list = known_find_list(&fetch->known, &file->oid);
		if (!list)
			return fetch_lacks(fetch, &file->oid, err);
		jobs->bigs[jobs->big_count++] = (struct big){
		    .oid = &file->oid,
		    .size = file->size,
		    .list = list,
		};
		file->settled = true;
	}
	return 0;
}

/* Is everything in the pack a file of the item that is still to be had? */
static bool is_wanted_whole(const struct fetch *fetch,
    const struct known_pack *pack)
{
	for (size_t i = 0; i < pack->index.count; i++) {
		const struct pack_record *record = &pack->index.records[i];
		const struct reach_object *file =
		    reach_find(&fetch->reach, &record->oid, false);

		if (!file || file->settled || record->chunk_list ||
		    record->size != file->size)
			return false;
	}
	return true;
}

static void choose_whole(struct job_list *jobs)
{
	struct fetch *fetch = jobs->fetch;
	struct known *known = &fetch->known;

	jobs->whole = xcalloc(known->count + 1, sizeof(struct known_pack *));
	for (size_t i = 0; i < known->count; i++) {
		struct known_pack *pack = known->packs[i];

		if (!is_wanted_whole(fetch, pack))
			continue;
		for (size_t k = 0; k < pack->index.count; k++)
			reach_find(&fetch->reach, &pack->index.records[k].oid,
			    false)
			    ->settled = true;
		pack->used = true;
		jobs->whole[jobs->whole_count++] = pack;
	}
}

static int take_small(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	return fetch_put(context, &want->record->oid, payload, err);
}

static void choose_ranges(struct job_list *jobs)
{
	struct fetch *fetch = jobs->fetch;
	const struct map *files = &fetch->reach.files;
	size_t count = 0;

	jobs->wants = xcalloc(jobs->want_count + 1, sizeof(*jobs->wants));
	for (size_t i = 0; i < files->count; i++) {
		struct reach_object *file = files->entries[i].value;
		const struct known_place *place;

		if (file->settled)
			continue;
		place = known_find_whole(&fetch->known, &file->oid, file->size);
		place->pack->used = true;
		jobs->wants[count++] = (struct range_want){
		    .pack = place->pack,
		    .record = place->record,
		};
	}
	jobs->sink.context = fetch;
	jobs->sink.take = take_small;
	ranges_plan(&jobs->ranges, &fetch->known, jobs->wants, count,
	    &jobs->sink);
}

static uint64_t planned_bytes(const struct job_list *jobs)
{
	uint64_t sum = ranges_bytes(&jobs->ranges);

	for (size_t i = 0; i < jobs->whole_count; i++)
		sum += jobs->whole[i]->info.bytes;
	for (size_t i = 0; i < jobs->big_count; i++)
		sum += jobs->bigs[i].size;
	return sum;
}

static int small_job(void *context, size_t i, struct mldv_error *err)
{
	struct job_list *jobs = context;

	if (i < jobs->whole_count)
		return fetch_pack(jobs->fetch, jobs->whole[i], err);
	return ranges_read(&jobs->ranges, i - jobs->whole_count, err);
}

static int run_jobs(struct job_list *jobs, struct mldv_error *err)
{
	struct fetch *fetch = jobs->fetch;
	unsigned threads = fetch->remote->threads;

	if (fetch_lists(&fetch->known, jobs->bigs, jobs->big_count, err) < 0)
		return -1;
	remote_begin(fetch->remote, "fetching", planned_bytes(jobs));
	if (threads > PACKS_AT_ONCE)
		threads = PACKS_AT_ONCE;
	if (pool_run(threads, jobs->whole_count + jobs->ranges.count, small_job,
	        jobs, err) < 0 ||
	    end_packers(fetch, err) < 0)
		return -1;
	return fetch_bigs(fetch, jobs->bigs, jobs->big_count, err);
}

static void release_jobs(struct job_list *jobs)
{
	ranges_release(&jobs->ranges);
	free(jobs->whole);
	free(jobs->wants);
	fetch_release_bigs(jobs->bigs, jobs->big_count);
}

static void count_moved(const struct fetch *fetch, struct remote_count *out)
{
	for (size_t i = 0; i < fetch->known.count; i++) {
		if (fetch->known.packs[i]->used)
			out->packs++;
	}
	out->bytes = fetch->remote->moved;
}

static int fetch_objects(struct fetch *fetch, struct remote_count *out,
    struct mldv_error *err)
{
	struct job_list jobs = {.fetch = fetch};
	int ret = -1;

	if (sort_out(&jobs, err) < 0)
		goto out;
	out->objects = jobs.want_count + jobs.big_count;
	for (size_t i = 0; i < fetch->reach.trees.count; i++) {
		const struct reach_object *tree =
		    fetch->reach.trees.entries[i].value;

		if (!tree->settled)
			out->objects++;
	}
	choose_whole(&jobs);
	choose_ranges(&jobs);
	ret = 0;
	if (fetch->dry_run)
		fetch->remote->moved += planned_bytes(&jobs);
	else
		ret = run_jobs(&jobs, err);
	if (ret == 0)
		count_moved(fetch, out);
out:
	release_jobs(&jobs);
	return ret;
}

/* Only the trees were asked for, and they have come. */
static void count_trees(const struct fetch *fetch, struct remote_count *out)
{
	const struct map *trees = &fetch->reach.trees;

	for (size_t i = 0; i < trees->count; i++) {
		const struct reach_object *tree = trees->entries[i].value;

		out->objects += !tree->settled;
	}
	count_moved(fetch, out);
}

int fetch_known(struct fetch *fetch, const struct remote_wanted *wanted,
    struct remote_count *out, struct mldv_error *err)
{
	const struct reach_source source = {.context = fetch,
	    .read = fetch_read_trees};

	fetch->known.only_trees = wanted->only_trees;
	if (known_load(&fetch->known, fetch->store, err) < 0 ||
	    reach_walk(&fetch->reach, wanted->parts, wanted->count, &source,
	        err) < 0 ||
	    end_packers(fetch, err) < 0)
		return -1;
	if (!wanted->only_trees)
		return fetch_objects(fetch, out, err);
	count_trees(fetch, out);
	return 0;
}

/* *kept: may a manifest be used that was read before? Then, was one? */
static int fetch_parts(struct remote *remote, struct store *store,
    const struct remote_wanted *wanted, bool *kept, struct remote_count *out,
    struct mldv_error *err)
{
	struct remote_count count = {0};
	struct fetch fetch;
	int ret;

	fetch_open(&fetch, remote, store, wanted->item);
	fetch.dry_run = wanted->dry_run;
	fetch.known.kept = *kept;
	ret = known_add_item(&fetch.known, wanted->item, &fetch.arena, err);
	*kept = fetch.known.was_kept;
	if (ret == 0)
		ret = fetch_known(&fetch, wanted, &count, err);
	if (ret == 0)
		*out = count;
	fetch_close(&fetch);
	return ret;
}

int remote_fetch_parts(struct remote *remote, struct store *store,
    const struct remote_wanted *wanted, struct remote_count *out,
    struct mldv_error *err)
{
	bool kept = wanted->only_trees || wanted->parts != wanted->item;
	int here = fetch_is_here(store, wanted, err);
	int ret;

	/* That it is here does not say that it is there. */
	if (here > 0 && !wanted->only_trees)
		here = remote_has(remote, wanted->item, err);
	if (here != 0) {
		*out = (struct remote_count){.nothing = here > 0};
		return here > 0 ? 0 : -1;
	}
	ret = fetch_parts(remote, store, wanted, &kept, out, err);
	if (ret < 0 && kept &&
	    (err->code == MLDV_CORRUPT || err->code == MLDV_NOT_FOUND)) {
		kept = false;
		ret = fetch_parts(remote, store, wanted, &kept, out, err);
	}
	return ret;
}

/* Notes those that are there as if a walk had found them. */
static void note_objects(struct job_list *jobs, const struct oid *oids,
    size_t count)
{
	struct known *known = &jobs->fetch->known;

	jobs->bigs = xcalloc(count + 1, sizeof(*jobs->bigs));
	jobs->wants = xcalloc(count + 1, sizeof(*jobs->wants));
	for (size_t i = 0; i < count; i++) {
		const struct known_place *place =
		    known_find(known, &oids[i], false);

		if (!place)
			continue;
		if (place->record->chunk_list)
			jobs->bigs[jobs->big_count++] = (struct big){
			    .oid = &oids[i],
			    .list = place,
			};
		else
			jobs->wants[jobs->want_count++] = (struct range_want){
			    .pack = place->pack,
			    .record = place->record,
			};
	}
	jobs->sink.context = jobs->fetch;
	jobs->sink.take = take_small;
	ranges_plan(&jobs->ranges, known, jobs->wants, jobs->want_count,
	    &jobs->sink);
}

int remote_fetch_objects(struct remote *remote, struct store *store,
    const struct content *item, const struct oid *oids, size_t count,
    struct mldv_error *err)
{
	struct fetch fetch;
	struct job_list jobs = {.fetch = &fetch};
	int ret = -1;

	fetch_open(&fetch, remote, store, item);
	if (known_add_item(&fetch.known, item, &fetch.arena, err) == 0 &&
	    known_load(&fetch.known, store, err) == 0) {
		note_objects(&jobs, oids, count);
		ret = jobs.big_count + jobs.want_count > 0;
	}
	if (ret > 0 && run_jobs(&jobs, err) < 0)
		ret = -1;
	release_jobs(&jobs);
	fetch_close(&fetch);
	return ret;
}
