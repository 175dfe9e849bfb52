/* SPDX-License-Identifier: Apache-2.0 */
#include "project/sync.h"

#include <string.h>

#include "base/map.h"
#include "project/bring.h"
#include "project/pushed.h"
#include "project/remotes.h"

/* So many are asked for at once, instead of one after the other. */
#define TOGETHER_MANY 2

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
	    (!sync->fetches || bring_is_simple(&bring, pick));
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
		if (!sync->fetches)
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
	    (sync->asks && confirm(sync, &gathered, &many, err) < 0))
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

int sync_items(struct sync *sync, struct mldv_error *err)
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

int sync_begin(struct sync *sync, const struct strs *paths,
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

void sync_end(struct sync *sync)
{
	if (sync->remote)
		remote_close(sync->remote);
	picks_release(&sync->picks);
	items_release(&sync->items);
	strs_release(&sync->sent);
	arena_release(&sync->arena);
	lock_release(&sync->lock);
}
