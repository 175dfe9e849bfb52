/* SPDX-License-Identifier: Apache-2.0 */
#include "project/push.h"

#include <string.h>

#include "mldv/remote.h"
#include "project/earlier.h"
#include "project/price.h"
#include "project/pushed.h"
#include "project/pushruns.h"
#include "project/remotes.h"
#include "project/sync.h"
#include "remote/inspect.h"

/*
 * Looks at what is there of an item, and sends what is damaged of it: 1 if it
 * was there and is whole now, 0 if it was not there.
 */
static int repair_item(struct sync *sync, const struct item *item,
    struct remote_count *count, struct mldv_error *err)
{
	const struct inspect_options options = {
	    .items = &item->content,
	    .count = 1,
	};
	struct inspection found = {0};
	struct store *store = sync->project->store;
	int ret = remote_inspect(sync->remote, &options, &found, err);

	/* Where nothing was ever pushed nothing is to be mended. */
	if (ret < 0)
		return err->code == MLDV_MISSING ? 0 : -1;
	if (found.manifest_count == 0)
		goto out;
	ret = inspection_mend(&found, store, &item->content, true, count, err);
	if (ret == 0 && !sync->options->dry_run &&
	    (count->objects > 0 ||
	        inspection_is_bad(&found, &found.manifests[0])))
		ret = inspection_mend(&found, store, &item->content, false,
		    count, err);
	ret = ret < 0 ? -1 : 1;
out:
	inspection_release(&found);
	return ret;
}

/* A remote that lost its file 'format' is mended first. */
static int repair_format(const struct sync *sync, struct mldv_error *err)
{
	int lost;

	if (!sync->options->repair || sync->options->dry_run)
		return 0;
	lost = remote_lost_format(sync->remote, err);
	if (lost > 0)
		lost = remote_mend_format(sync->remote, err);
	return lost;
}

static int push_item(struct sync *sync, struct pick *pick,
    struct mldv_done *done, struct remote_count *count, struct mldv_error *err)
{
	const struct item *item = pick->item;
	struct earlier earlier = {.count = 0};
	struct remote_push options = {
	    .earlier = earlier.list,
	    .dry_run = sync->options->dry_run,
	    .lacking = sync->fates[pick - sync->picks.list] == REMOTE_LACKING,
	};
	int pushed = pushed_has(sync->project, &item->content, err);

	(void)done;
	if (pushed < 0)
		return -1;
	if (sync->options->repair) {
		int there = repair_item(sync, item, count, err);

		if (there != 0)
			return there < 0 ? -1 : 0;
	}
	/* What is there already needs nothing to build on. */
	if (!pushed &&
	    earlier_find(sync->project, sync->options->revision, &sync->all,
	        item, &earlier, err) < 0)
		return -1;
	options.earlier_count = earlier.count;
	sync->earlier += earlier.count;
	if (remote_push(sync->remote, sync->project->store, &item->content,
	        &options, count, err) < 0)
		return -1;
	return 0;
}

/* What was sent is there only if the remote itself says so. */
static int push_and_ask(struct sync *sync, struct pick *pick,
    struct mldv_done *done, struct remote_count *count, struct mldv_error *err)
{
	int found = 1;

	if (push_item(sync, pick, done, count, err) < 0)
		return -1;
	if (!count->nothing)
		found = remote_has(sync->remote, &pick->item->content, err);
	if (found == 0)
		return err_set(err, MLDV_FAILED,
		    "it was sent, but is not on the remote; push again");
	return found < 0 ? -1 : 0;
}

/* remote.NAME.runs */
static bool shares_runs(const struct sync *sync)
{
	struct mldv_error ignored;
	struct arena arena = {0};
	const char *name;
	const char *value = NULL;
	bool shares;

	if (remotes_choose(sync->project, sync->options->remote, &arena, &name,
	        &ignored) == 0)
		value = config_get(&sync->project->config,
		    arena_printf(&arena, "remote.%s.runs", name));
	shares = !value || strcmp(value, "write") == 0;
	arena_release(&arena);
	return shares;
}

/* Of runs all of whose outputs are there now. */
static int push_records(struct sync *sync, const char *revision,
    const struct strs *stages, struct mldv_error *err)
{
	const struct runs_push runs = {
	    .revision = revision,
	    .stages = stages,
	    .sent = &sync->sent,
	};

	if (sync->options->dry_run || sync->out->missing > 0 ||
	    !shares_runs(sync))
		return 0;
	return runs_push(sync->project, sync->remote, &runs, err);
}

static int push_selected_records(struct sync *sync, struct mldv_error *err)
{
	struct strs stages = {0};
	int ret;

	for (size_t i = 0; i < sync->items.count; i++) {
		if (sync->items.list[i].stage)
			strs_add(&stages, sync->items.list[i].stage);
	}
	strs_unique(&stages);
	ret = push_records(sync, sync->options->revision, &stages, err);
	strs_release(&stages);
	return ret;
}

/*
 * A request to ask for each item; for each that is sent one for its manifest,
 * and what asks which earlier packs there are.
 */
static void estimate(struct sync *sync)
{
	struct mldv_transferred *out = sync->out;
	struct arena arena = {0};
	struct mldv_error ignored;
	const char *name;

	out->puts = out->packs + out->items;
	out->heads = out->items + out->up_to_date + sync->earlier;
	if (remotes_choose(sync->project, sync->options->remote, &arena, &name,
	        &ignored) == 0)
		price_push(sync->project, name, out);
	arena_release(&arena);
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
	    .move_many = remote_push_many,
	};
	int ret = sync_begin(&sync, paths, err);

	if (ret == 0)
		ret = repair_format(&sync, err);
	if (ret == 0)
		ret = sync_items(&sync, err);
	if (ret == 0)
		ret = push_selected_records(&sync, err);
	if (ret == 0 && options->dry_run)
		estimate(&sync);
	sync_end(&sync);
	return ret;
}

int sync_push(struct mldv_project *project, const struct sync_push *push,
    struct mldv_transferred *out, struct mldv_error *err)
{
	const struct mldv_transfer options = {
	    .revision = push->revision,
	    .done = push->done,
	    .context = push->context,
	};
	struct sync sync = {
	    .project = project,
	    .options = &options,
	    .out = out,
	    .items = *push->items,
	    .all = *push->items,
	    .asks = true,
	    .move = push_and_ask,
	    .move_many = remote_push_many,
	};
	struct arena arena = {0};
	const char *name;
	int ret = -1;

	*out = (struct mldv_transferred){0};
	if (remotes_choose(project, NULL, &arena, &name, err) == 0 &&
	    project_lock_store(project, &sync.lock, LOCK_SHARED, err) == 0 &&
	    picks_load(project, &sync.items, NULL, false, &sync.picks, err) ==
	        0 &&
	    remotes_open(project, name, &sync.remote, err) == 0)
		ret = sync_items(&sync, err);
	for (size_t i = 0; ret == 0 && i < push->locks->count; i++)
		ret = push_records(&sync, push->locks->items[i], NULL, err);
	arena_release(&arena);
	/* They are the caller's. */
	sync.items = (struct items){0};
	sync_end(&sync);
	return ret;
}
