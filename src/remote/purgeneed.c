/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "remote/purgeplan.h"
#include "remote/ranges.h"
#include "remote/reach.h"

static int take_tree(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	return reach_take(context, want->object, payload, err);
}

static int read_trees(void *context, struct reach *reach,
    struct reach_object *const *trees, size_t count, struct mldv_error *err)
{
	const struct range_sink sink = {.context = reach, .take = take_tree};
	struct known *known = context;
	struct range_want *wants = xcalloc(count + 1, sizeof(*wants));
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count; i++) {
		const struct known_place *place =
		    known_find(known, &trees[i]->oid, true);

		if (!place || place->record->chunk_list)
			ret = err_set(err, MLDV_CORRUPT,
			    "a tree that it needs is in none of its packs");
		else
			wants[i] = (struct range_want){
			    .pack = place->pack,
			    .record = place->record,
			    .object = trees[i],
			};
	}
	if (ret == 0)
		ret = ranges_run(known, wants, count, &sink, err);
	free(wants);
	return ret;
}

struct lists {
	struct purge *purge;
	pthread_mutex_t mutex;
};

static int take_list(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	struct lists *lists = context;
	struct arena arena = {0};
	struct chunks chunks;
	int ret = chunks_parse(&chunks, &arena, payload.data, payload.len, err);

	(void)want;
	(void)pthread_mutex_lock(&lists->mutex);
	for (size_t i = 0; ret == 0 && i < chunks.count; i++)
		(void)oid_set_add(&lists->purge->needed, &chunks.items[i].oid);
	(void)pthread_mutex_unlock(&lists->mutex);
	arena_release(&arena);
	return ret;
}

static int need_files(struct purge *purge, struct known *known,
    const struct map *files, struct mldv_error *err)
{
	struct lists lists = {.purge = purge};
	const struct range_sink sink = {.context = &lists, .take = take_list};
	struct range_want *wants = xcalloc(files->count + 1, sizeof(*wants));
	size_t count = 0;
	int ret;

	for (size_t i = 0; i < files->count; i++) {
		const struct reach_object *file = files->entries[i].value;
		const struct known_place *list;

		(void)oid_set_add(&purge->needed, &file->oid);
		list = known_find_list(known, &file->oid);
		if (list && file->size > OBJECT_WHOLE_MAX)
			wants[count++] = (struct range_want){
			    .pack = list->pack,
			    .record = list->record,
			};
	}
	(void)pthread_mutex_init(&lists.mutex, NULL);
	ret = ranges_run(known, wants, count, &sink, err);
	(void)pthread_mutex_destroy(&lists.mutex);
	free(wants);
	return ret;
}

/* All that the item of a manifest that stays consists of. */
static int need_item(struct purge *purge, const struct paper *paper,
    struct mldv_error *err)
{
	const struct manifest *manifest = &paper->manifest;
	struct known known;
	struct reach reach;
	const struct reach_source source = {
	    .context = &known,
	    .read = read_trees,
	};
	int ret;

	known_init(&known, purge->remote);
	reach_init(&reach);
	for (size_t i = 0; i < manifest->count; i++)
		(void)known_add(&known, &manifest->packs[i],
		    &manifest->content);
	ret = known_load(&known, purge->store, err);
	if (ret == 0)
		ret = reach_walk(&reach, &manifest->content, 1, &source, err);
	for (size_t i = 0; ret == 0 && i < reach.trees.count; i++)
		(void)oid_set_add(&purge->needed, reach.trees.entries[i].key);
	if (ret == 0)
		ret = need_files(purge, &known, &reach.files, err);
	if (ret < 0)
		(void)err_prefix(err, "cannot tell what '%s' needs",
		    paper->name);
	reach_release(&reach);
	known_release(&known);
	return ret;
}

int purge_find_needed(struct purge *purge, struct mldv_error *err)
{
	for (struct paper *paper = purge->papers; paper; paper = paper->next) {
		for (size_t i = 0; !paper->goes && i < paper->manifest.count;
		     i++)
			paper->shares |= oid_set_has(&purge->suspects,
			    &paper->manifest.packs[i].id);
		if (!paper->shares)
			continue;
		if (remote_stopped(purge->remote, err) < 0 ||
		    need_item(purge, paper, err) < 0)
			return -1;
	}
	return 0;
}
