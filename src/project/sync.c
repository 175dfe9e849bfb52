/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/map.h"
#include "mldv/remote.h"
#include "project/bring.h"
#include "project/checkout.h"
#include "project/earlier.h"
#include "project/failures.h"
#include "project/price.h"
#include "project/prune.h"
#include "project/pushed.h"
#include "project/pushruns.h"
#include "project/remotes.h"
#include "project/sync.h"
#include "remote/inspect.h"

/* So many are asked for at once, instead of one after the other. */
#define TOGETHER_MANY 2

/* One push or fetch. */
struct sync {
	struct mldv_project *project;
	const struct mldv_transfer *options;
	struct mldv_transferred *out;
	struct remote *remote;
	struct items items; /* that are to move */
	struct items all;   /* of the project; lies in the arena of those */
	struct picks picks; /* of each item */
	struct lock lock;   /* of the store */
	struct failures failures;
	size_t earlier;   /* manifests that pushes ask for */
	struct strs sent; /* stages of which something was pushed */
	bool skip;        /* what [pull] skip says is left out */
	/* What became of each pick already, and how much was moved of it. */
	enum remote_fate *fates;
	uint64_t *moved;
	struct arena arena;
	int (*move_many)(struct remote *remote, struct store *store,
	    const struct remote_many *many, struct remote_count *out,
	    struct mldv_error *err);
	int (*move)(struct sync *sync, struct pick *pick,
	    struct mldv_done *done, struct remote_count *count,
	    struct mldv_error *err);
};

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

static int fetch_item(struct sync *sync, struct pick *pick,
    struct mldv_done *done, struct remote_count *count, struct mldv_error *err)
{
	struct bring bring = {
	    .project = sync->project,
	    .remote = sync->remote,
	    .skip = sync->skip,
	    .dry_run = sync->options->dry_run,
	    .count = count,
	};
	int ret = bring_pick(&bring, pick, err);

	done->files = bring.files;
	done->bytes = bring.bytes;
	return ret;
}

static void count_item(struct sync *sync, const struct mldv_done *done,
    const struct remote_count *count)
{
	struct mldv_transferred *out = sync->out;

	if (count->objects == 0 && count->bytes == 0) {
		out->up_to_date++;
		return;
	}
	out->items++;
	out->files += done->files;
	out->objects += count->objects;
	out->packs += count->packs;
	out->bytes += count->bytes;
	if (sync->options->done)
		sync->options->done(sync->options->context, done);
}

/* Moves the item, unless it was moved together with others. */
static int move_item(struct sync *sync, struct pick *pick,
    struct mldv_done *done, struct remote_count *count, struct mldv_error *err)
{
	size_t i = (size_t)(pick - sync->picks.list);
	enum remote_fate fate = sync->fates[i];

	if (fate == REMOTE_LEFT || fate == REMOTE_LACKING)
		return sync->move(sync, pick, done, count, err);
	count->nothing = fate == REMOTE_THERE;
	if (fate == REMOTE_MOVED)
		count->objects = sync->moved[i];
	return 0;
}

static int sync_item(struct sync *sync, struct pick *pick,
    struct mldv_error *err)
{
	const struct item *item = pick->item;
	struct remote_count count = {0};
	double began = project_clock();
	struct mldv_done done = {
	    .path = item->path,
	    .files = item->content.files,
	    .bytes = item->content.size,
	};
	int ret;

	if (project_check(sync->project, err) < 0)
		return -1;
	remote_set_label(sync->remote, item->path);
	ret = move_item(sync, pick, &done, &count, err);
	if (ret < 0)
		return err_prefix(err, "'%s'", item->path);
	if (item->stage && !count.nothing)
		strs_add(&sync->sent, item->stage);
	if (ret == 0 && !sync->options->dry_run &&
	    pushed_note(sync->project, item->path, &item->content, err) < 0)
		return -1;
	pick->had = true;
	done.changed = count.objects;
	done.seconds = project_clock() - began;
	count_item(sync, &done, &count);
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

static bool is_left_out(const struct sync *sync, const struct pick *pick)
{
	return pick->item->git ||
	    (sync->skip && pick_is_skipped(sync->project, pick->item) &&
	        !pick->here && !pick->noted);
}

/* Items that are to be moved as they are, none twice. */
struct gathered {
	struct content *items;
	struct content *earlier; /* of each, what was pushed last */
	size_t *picks;           /* the number of each */
	size_t count;
};

static bool may_be_gathered(const struct sync *sync, const struct pick *pick)
{
	const struct bring bring = {
	    .project = sync->project,
	    .skip = sync->skip,
	};

	return !is_left_out(sync, pick) && pick->item->content.files > 0 &&
	    (sync->move != fetch_item || bring_is_simple(&bring, pick));
}

static int gather(struct sync *sync, struct gathered *out,
    struct mldv_error *err)
{
	size_t most = sync->picks.count + 1;
	struct map seen = {0};
	int ret = 0;

	out->items = arena_array(&sync->arena, most, sizeof(*out->items));
	out->earlier = arena_array(&sync->arena, most, sizeof(*out->earlier));
	out->picks = arena_array(&sync->arena, most, sizeof(*out->picks));
	for (size_t i = 0; ret >= 0 && i < sync->picks.count; i++) {
		struct pick *pick = &sync->picks.list[i];
		struct content *last = &out->earlier[out->count];
		const char *key;

		if (!may_be_gathered(sync, pick) ||
		    same_content(&seen, pick->item, &sync->arena, &key))
			continue;
		(void)map_add_str(&seen, key, pick);
		if (sync->move != fetch_item)
			ret = pushed_last(sync->project, pick->item->path, last,
			    err);
		out->items[out->count] = pick->item->content;
		out->picks[out->count++] = i;
	}
	map_release(&seen);
	return ret < 0 ? -1 : 0;
}

/* What was sent is there only if the remote itself says so. */
static int confirm(struct sync *sync, const struct gathered *gathered,
    struct remote_many *many, struct mldv_error *err)
{
	size_t most = gathered->count + 1;
	struct content *sent = arena_array(&sync->arena, most, sizeof(*sent));
	size_t *numbers = arena_array(&sync->arena, most, sizeof(*numbers));
	bool *there = arena_array(&sync->arena, most, sizeof(*there));
	size_t count = 0;

	for (size_t i = 0; i < gathered->count; i++) {
		if (many->fates[i] != REMOTE_MOVED)
			continue;
		sent[count] = gathered->items[i];
		numbers[count++] = i;
	}
	if (remote_has_many(sync->remote, sent, count, there, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!there[i])
			many->fates[numbers[i]] = REMOTE_LEFT;
	}
	return 0;
}

/* Small items that are many travel together; the rest is left. */
static int sync_together(struct sync *sync, struct mldv_error *err)
{
	struct gathered gathered = {.count = 0};
	struct remote_many many = {.dry_run = sync->options->dry_run};
	struct remote_count count;
	size_t most = sync->picks.count + 1;

	sync->fates = arena_array(&sync->arena, most, sizeof(*sync->fates));
	sync->moved = arena_array(&sync->arena, most, sizeof(*sync->moved));
	if (sync->picks.count < TOGETHER_MANY || sync->options->repair)
		return 0;
	if (gather(sync, &gathered, err) < 0)
		return -1;
	if (gathered.count < TOGETHER_MANY)
		return 0;
	many.items = gathered.items;
	many.earlier = gathered.earlier;
	many.count = gathered.count;
	many.fates = arena_array(&sync->arena, most, sizeof(*many.fates));
	many.objects = arena_array(&sync->arena, most, sizeof(*many.objects));
	if (sync->move_many(sync->remote, sync->project->store, &many, &count,
	        err) < 0 ||
	    (sync->move == push_and_ask &&
	        confirm(sync, &gathered, &many, err) < 0))
		return -1;
	for (size_t i = 0; i < gathered.count; i++) {
		sync->fates[gathered.picks[i]] = many.fates[i];
		sync->moved[gathered.picks[i]] = many.objects[i];
		sync->earlier +=
		    many.fates[i] == REMOTE_MOVED && many.earlier[i].files > 0;
	}
	sync->out->packs += count.packs;
	sync->out->bytes += count.bytes;
	return 0;
}

static int sync_items(struct sync *sync, struct mldv_error *err)
{
	struct arena arena = {0};
	struct map seen = {0};

	if (sync_together(sync, err) < 0)
		return -1;
	for (size_t i = 0; i < sync->picks.count; i++) {
		struct pick *pick = &sync->picks.list[i];
		const char *key;

		if (is_left_out(sync, pick))
			continue;
		if (same_content(&seen, pick->item, &arena, &key)) {
			pick->had = true;
			continue;
		}
		if (sync_item(sync, pick, err) == 0) {
			if (pick_is_whole(pick))
				(void)map_add_str(&seen, key, pick);
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

/* What another item has on the remote counts, whatever is to move now. */
static int load_items(struct sync *sync, const struct strs *paths,
    struct mldv_error *err)
{
	struct items *items = &sync->items;

	if (items_load_at(sync->project, sync->options->revision, items, err) <
	    0)
		return -1;
	if (items->count > 0)
		sync->all.list = arena_copy(&items->arena, items->list,
		    items->count * sizeof(*items->list));
	sync->all.count = items->count;
	return items_select(items, paths, err);
}

static int sync_begin(struct sync *sync, const struct strs *paths,
    struct mldv_error *err)
{
	struct mldv_project *project = sync->project;
	const char *revision = sync->options->revision;
	struct arena arena = {0};
	const char *name;
	int ret = -1;

	*sync->out = (struct mldv_transferred){0};
	project->jobs = sync->options->jobs;
	if (remotes_choose(project, sync->options->remote, &arena, &name,
	        err) == 0 &&
	    project_lock_store(project, &sync->lock, LOCK_SHARED, err) == 0 &&
	    load_items(sync, paths, err) == 0 &&
	    picks_load(project, &sync->items, paths, revision == NULL,
	        &sync->picks, err) == 0)
		ret = remotes_open(project, name, &sync->remote, err);
	arena_release(&arena);
	return ret;
}

static void sync_end(struct sync *sync)
{
	if (sync->remote)
		remote_close(sync->remote);
	picks_release(&sync->picks);
	items_release(&sync->items);
	strs_release(&sync->sent);
	arena_release(&sync->arena);
	lock_release(&sync->lock);
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

int mldv_fetch(struct mldv_project *project, const struct strs *paths,
    const struct mldv_transfer *options, struct mldv_transferred *out,
    struct mldv_error *err)
{
	struct sync sync = {
	    .project = project,
	    .options = options,
	    .out = out,
	    .move = fetch_item,
	    .move_many = remote_fetch_many,
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

	return checkout_picks(sync->project, &sync->picks, &checkout, err);
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
	    .skip = !paths || paths->count == 0,
	    .move = fetch_item,
	    .move_many = remote_fetch_many,
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
