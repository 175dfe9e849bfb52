/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/map.h"
#include "mldv/remote.h"
#include "project/earlier.h"
#include "project/failures.h"
#include "project/item.h"
#include "project/prune.h"
#include "project/pushed.h"
#include "project/remotes.h"
#include "project/worktree.h"

/* One push or fetch. */
struct sync {
	struct mldv_project *project;
	const struct mldv_transfer *options;
	struct mldv_transferred *out;
	struct remote *remote;
	struct items items;
	struct lock lock; /* of the store */
	struct failures failures;
	struct strs had; /* items that are here now */
	int (*move)(struct sync *sync, const struct item *item,
	    struct remote_count *count, struct mldv_error *err);
};

static int push_item(struct sync *sync, const struct item *item,
    struct remote_count *count, struct mldv_error *err)
{
	struct earlier earlier = {.count = 0};
	struct remote_push options = {
	    .earlier = earlier.list,
	    .dry_run = sync->options->dry_run,
	};
	int pushed = pushed_has(sync->project, &item->content, err);

	if (pushed < 0)
		return -1;
	/* What is there already needs nothing to build on. */
	if (!pushed &&
	    earlier_find(sync->project, sync->options->revision, &sync->items,
	        item, &earlier, err) < 0)
		return -1;
	options.earlier_count = earlier.count;
	return remote_push(sync->remote, sync->project->store, &item->content,
	    &options, count, err);
}

static int fetch_item(struct sync *sync, const struct item *item,
    struct remote_count *count, struct mldv_error *err)
{
	struct mldv_error second;
	int ret = remote_fetch(sync->remote, sync->project->store,
	    &item->content, sync->options->dry_run, count, err);

	/* The packs that have come are not in the list that was read. */
	if (ret == 0 && count->objects > 0 && !sync->options->dry_run)
		store_unload(sync->project->store);
	/* What nobody has pushed yet may be here all the same. */
	if (ret < 0 && err->code == MLDV_MISSING &&
	    worktree_complete(sync->project, &item->content, NULL, &second) ==
	        1) {
		*count = (struct remote_count){0};
		return 1;
	}
	return ret;
}

static void count_item(struct sync *sync, const struct item *item,
    const struct remote_count *count, double seconds)
{
	struct mldv_transferred *out = sync->out;
	const struct mldv_done done = {
	    .path = item->path,
	    .files = item->content.files,
	    .bytes = item->content.size,
	    .changed = count->objects,
	    .seconds = seconds,
	};

	if (count->objects == 0 && count->bytes == 0) {
		out->up_to_date++;
		return;
	}
	out->items++;
	out->objects += count->objects;
	out->packs += count->packs;
	out->bytes += count->bytes;
	if (sync->options->done)
		sync->options->done(sync->options->context, &done);
}

static int sync_item(struct sync *sync, const struct item *item,
    struct mldv_error *err)
{
	struct remote_count count = {0};
	double began = project_clock();
	int ret;

	if (project_check(sync->project, err) < 0)
		return -1;
	remote_set_label(sync->remote, item->path);
	ret = sync->move(sync, item, &count, err);
	if (ret < 0)
		return err_prefix(err, "'%s'", item->path);
	if (ret == 0 && !sync->options->dry_run &&
	    pushed_note(sync->project, item->path, &item->content, err) < 0)
		return -1;
	strs_add(&sync->had, item->path);
	count_item(sync, item, &count, project_clock() - began);
	return 0;
}

/* Two items may have the same content, which then moves once. */
static void *same_content(const struct map *seen, const struct item *item,
    struct arena *arena, const char **key)
{
	char hex[OID_HEX + 1];

	oid_hex(&item->content.oid, hex);
	*key = arena_printf(arena, "%c%s",
	    item->content.kind == KIND_DIR ? 'd' : 'f', hex);
	return map_get_str(seen, *key);
}

static int sync_items(struct sync *sync, struct mldv_error *err)
{
	struct arena arena = {0};
	struct map seen = {0};

	for (size_t i = 0; i < sync->items.count; i++) {
		struct item *item = &sync->items.list[i];
		const char *key;

		if (item->git)
			continue;
		if (same_content(&seen, item, &arena, &key)) {
			strs_add(&sync->had, item->path);
			continue;
		}
		if (sync_item(sync, item, err) == 0) {
			(void)map_add_str(&seen, key, item);
			continue;
		}
		if (err->code == MLDV_MISSING) {
			sync->out->missing++;
			project_warn(sync->project, "%s", err->text);
			continue;
		}
		if (failures_add(&sync->failures, sync->project, err) < 0)
			break;
	}
	map_release(&seen);
	arena_release(&arena);
	return failures_end(&sync->failures, err);
}

static int sync_begin(struct sync *sync, const struct strs *paths,
    struct mldv_error *err)
{
	struct mldv_project *project = sync->project;
	struct arena arena = {0};
	const char *name;
	int ret = -1;

	*sync->out = (struct mldv_transferred){0};
	if (remotes_choose(project, sync->options->remote, &arena, &name,
	        err) == 0 &&
	    project_lock_store(project, &sync->lock, LOCK_SHARED, err) == 0 &&
	    items_load_at(project, sync->options->revision, &sync->items,
	        err) == 0 &&
	    items_select(&sync->items, paths, err) == 0)
		ret = remotes_open(project, name, &sync->remote, err);
	arena_release(&arena);
	return ret;
}

static void sync_end(struct sync *sync)
{
	if (sync->remote)
		remote_close(sync->remote);
	items_release(&sync->items);
	strs_release(&sync->had);
	lock_release(&sync->lock);
}

int mldv_push(struct mldv_project *project, const struct strs *paths,
    const struct mldv_transfer *options, struct mldv_transferred *out,
    struct mldv_error *err)
{
	struct sync sync = {
	    .project = project,
	    .options = options,
	    .out = out,
	    .move = push_item,
	};
	int ret = sync_begin(&sync, paths, err);

	if (ret == 0)
		ret = sync_items(&sync, err);
	sync_end(&sync);
	return ret;
}

int mldv_fetch(struct mldv_project *project, const struct strs *paths,
    const struct mldv_transfer *options, struct mldv_transferred *out,
    struct mldv_error *err)
{
	struct sync sync = {
	    .project = project,
	    .options = options,
	    .out = out,
	    .move = fetch_item,
	};
	int ret = sync_begin(&sync, paths, err);

	if (ret == 0)
		ret = sync_items(&sync, err);
	sync_end(&sync);
	if (ret == 0 && !options->dry_run && out->items > 0)
		prune_merge(project);
	return ret;
}

/* Checks out what could be had, although some of it could not. */
static int checkout_had(struct sync *sync, struct mldv_error *err)
{
	const struct mldv_checkout checkout = {
	    .force = sync->options->force,
	    .done = sync->options->done,
	    .context = sync->options->context,
	};

	if (sync->had.count == 0)
		return 0;
	return mldv_checkout(sync->project, &sync->had, &checkout, err);
}

int mldv_pull(struct mldv_project *project, const struct strs *paths,
    const struct mldv_transfer *options, struct mldv_transferred *out,
    struct mldv_error *err)
{
	struct mldv_transfer fetch = *options;
	struct sync sync = {
	    .project = project,
	    .options = &fetch,
	    .out = out,
	    .move = fetch_item,
	};
	struct mldv_error first;
	int fetched;
	int ret = -1;

	/* The checkout tells what was done. */
	if (!options->dry_run)
		fetch.done = NULL;
	if (sync_begin(&sync, paths, err) < 0)
		goto out;
	fetched = sync_items(&sync, &first);
	if (fetched < 0 && first.code == MLDV_INTERRUPTED) {
		*err = first;
		goto out;
	}
	sync.options = options;
	ret = options->dry_run ? 0 : checkout_had(&sync, err);
	if (fetched < 0) {
		if (ret < 0)
			project_warn(project, "%s", err->text);
		*err = first;
		ret = -1;
	}
out:
	sync_end(&sync);
	if (ret == 0 && !options->dry_run && out->items > 0)
		prune_merge(project);
	return ret;
}
