/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/push.h"

#include <stdlib.h>

#include "base/pool.h"
#include "remote/purge.h"
#include "remote/ranges.h"

/* At most so many manifests are read for their packs. */
#define EARLIER_MOST 20

struct upload_jobs {
	struct push *push;
	const struct plan *plan;
};

void push_open(struct push *push, struct remote *remote, struct store *store,
    const struct content *item)
{
	*push = (struct push){
	    .remote = remote,
	    .store = store,
	    .item = item,
	    .journal = -1,
	};
	known_init(&push->known, remote);
	push->known.tolerant = true;
	reach_init(&push->reach);
	(void)pthread_mutex_init(&push->mutex, NULL);
	remote->doing = NULL;
}

void push_close(struct push *push)
{
	upload_end(push, false);
	known_release(&push->known);
	reach_release(&push->reach);
	arena_release(&push->arena);
	(void)pthread_mutex_destroy(&push->mutex);
}

bool push_is_damaged(const struct push *push, const struct oid *id)
{
	const struct oid_set *damaged = push->options->damaged;

	return damaged && oid_set_has(damaged, id);
}

int push_manifest(struct remote *remote, struct manifest *manifest,
    enum ops_put how, struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	struct buf text = {0};
	struct ops_source source = {0};
	int ret;

	remote_manifest_name(remote, &manifest->content, name);
	manifest_format(manifest, &text);
	source.data = text.data;
	source.size = text.len;
	if (text.len > MANIFEST_LIMIT)
		ret = err_set(err, MLDV_FAILED,
		    "cannot push an item of %zu packs: its manifest would be "
		    "longer than %d MiB; divide it",
		    manifest->count, MANIFEST_LIMIT >> 20);
	else
		ret = remote->ops->table->put(remote->ops, name, &source, how,
		    err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static int put_manifest(struct remote *remote, struct manifest *manifest,
    enum ops_put how, struct mldv_error *err)
{
	if (push_manifest(remote, manifest, how, err) < 0)
		return -1;
	return remote->ops->table->sync(remote->ops, err);
}

/* P2: a manifest that grows old is written again, same bytes. */
static int renew(struct remote *remote, const struct content *item,
    struct mldv_error *err)
{
	struct ops *ops = remote->ops;
	struct arena arena = {0};
	struct manifest manifest;
	int found;

	if (remote_prepare(remote, err) < 0 || ops->table->lock(ops, err) < 0)
		return -1;
	found = remote_read_manifest(remote, item, &arena, &manifest, err);
	if (found > 0)
		found = put_manifest(remote, &manifest, OPS_REPLACE, err) < 0
		    ? -1
		    : 1;
	ops->table->unlock(ops);
	arena_release(&arena);
	return found;
}

/* Is the item there, and will it stay? */
static int is_there(struct remote *remote, const struct content *item,
    bool dry_run, struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	struct ops_info info;
	int found;

	remote_manifest_name(remote, item, name);
	found =
	    remote->ops->table->head(remote->ops, name, !dry_run, &info, err);
	if (found > 0 && !dry_run && info.age > REMOTE_YOUNG)
		return renew(remote, item, err);
	return found;
}

/* P1(b): the packs of these manifests may be named again. */
static int read_earlier(struct push *push, struct mldv_error *err)
{
	const struct remote_push *options = push->options;

	for (size_t i = 0; i < options->earlier_count && i < EARLIER_MOST;
	     i++) {
		const struct content *item = &options->earlier[i];
		struct manifest manifest;
		struct push_seen *seen;
		struct mldv_error error;
		int found;

		if (remote_stopped(push->remote, err) < 0)
			return -1;
		found = remote_read_manifest(push->remote, item, &push->arena,
		    &manifest, &error);
		/* A damaged one is of no use, but in nobody's way. */
		if (found < 0 && error.code != MLDV_CORRUPT) {
			*err = error;
			return -1;
		}
		if (found <= 0)
			continue;
		seen = arena_alloc(&push->arena, sizeof(*seen));
		*seen = (struct push_seen){
		    .item = item,
		    .when = remote_clock(),
		    .next = push->seen,
		};
		push->seen = seen;
		for (size_t k = 0; k < manifest.count; k++) {
			if (!push_is_damaged(push, &manifest.packs[k].id))
				(void)known_add(&push->known,
				    &manifest.packs[k], item);
		}
	}
	return 0;
}

static bool is_used(const struct push *push, const struct content *item)
{
	for (size_t i = 0; i < push->known.count; i++) {
		const struct known_pack *pack = push->known.packs[i];

		if (pack->used && !pack->own && pack->of == item)
			return true;
	}
	return false;
}

static bool names(const struct manifest *manifest,
    const struct known_pack *pack)
{
	for (size_t i = 0; i < manifest->count; i++) {
		if (oid_equal(&manifest->packs[i].id, &pack->info.id))
			return true;
	}
	return false;
}

static int ask_again(struct push *push, const struct push_seen *seen,
    struct mldv_error *err)
{
	struct manifest manifest;
	int found = remote_read_manifest(push->remote, seen->item, &push->arena,
	    &manifest, err);

	if (found < 0)
		return -1;
	if (found == 0)
		manifest.count = 0;
	for (size_t i = 0; i < push->known.count; i++) {
		const struct known_pack *pack = push->known.packs[i];

		if (pack->used && !pack->own && pack->of == seen->item &&
		    !names(&manifest, pack))
			return err_set(err, MLDV_FAILED,
			    "remote '%s' was changed while the push ran; push "
			    "again",
			    push->remote->name);
	}
	return 0;
}

int push_check_seen(struct push *push, struct mldv_error *err)
{
	int64_t now = remote_clock();

	for (struct push_seen *seen = push->seen; seen; seen = seen->next) {
		if (now - seen->when <= REMOTE_SEEN - 600 ||
		    !is_used(push, seen->item))
			continue;
		if (ask_again(push, seen, err) < 0)
			return -1;
		seen->when = now;
	}
	return 0;
}

static int write_manifest(struct push *push, struct mldv_error *err)
{
	struct manifest manifest = {.content = *push->item};
	const struct known *known = &push->known;

	if (push_check_seen(push, err) < 0)
		return -1;
	manifest.packs = arena_array(&push->arena, known->count + 1,
	    sizeof(*manifest.packs));
	for (size_t i = 0; i < known->count; i++) {
		const struct known_pack *pack = known->packs[i];

		if (pack->used && !pack->dropped)
			manifest.packs[manifest.count++] = pack->info;
	}
	/* If somebody else was quicker, theirs is complete too. */
	return put_manifest(push->remote, &manifest,
	    push->options->repair ? OPS_REPLACE : OPS_NEW, err);
}

static int upload_job(void *context, size_t i, struct mldv_error *err)
{
	const struct upload_jobs *jobs = context;
	const struct plan *plan = jobs->plan;

	if (i < plan->whole_count)
		return upload_file(jobs->push, &plan->whole[i], err);
	return push_build(jobs->push, plan, i - plan->whole_count, err);
}

int push_upload(struct push *push, struct mldv_error *err)
{
	struct plan plan;
	struct upload_jobs jobs = {.push = push, .plan = &plan};
	unsigned threads = push->remote->threads;
	int ret = push_plan(push, &plan, err);

	if (ret == 0) {
		remote_begin(push->remote, "pushing", plan.bytes);
		if (threads > PACKS_AT_ONCE)
			threads = PACKS_AT_ONCE;
		ret = pool_run(threads, plan.whole_count + plan.build_count,
		    upload_job, &jobs, err);
	}
	if (ret == 0)
		ret = push_bigs(push, plan.bigs, plan.big_count, err);
	push_plan_release(&plan);
	return ret;
}

/* What would travel, without a byte being read or cut. */
int push_estimate(struct push *push, struct mldv_error *err)
{
	struct plan plan;
	int ret = push_plan(push, &plan, err);

	if (ret == 0) {
		push->count.packs = plan.whole_count + plan.build_count;
		push->count.objects = plan.piece_count + plan.big_count;
		push->count.bytes = plan.bytes;
		for (size_t i = 0; i < plan.whole_count; i++)
			push->count.objects += plan.whole[i].pack->index.count;
	}
	push_plan_release(&plan);
	return ret;
}

/* Trees that are not here, of an item of which only a part is. */
struct afar {
	struct push *push;
	struct store_reader *reader;
	struct range_want *wants;
	size_t count;
};

static int take_tree(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	const struct afar *afar = context;

	return reach_take(&afar->push->reach, want->object, payload, err);
}

/* From the store, or else wanted from a pack that the remote has. */
static int find_tree(struct afar *afar, struct reach_object *tree,
    struct mldv_error *err)
{
	struct push *push = afar->push;
	const struct known_place *place;
	struct slice text;

	if (store_find(push->store, &tree->oid, NULL)) {
		if (store_reader_get(afar->reader, &tree->oid, &text, err) < 0)
			return -1;
		return reach_take(&push->reach, tree, text, err);
	}
	place = known_find(&push->known, &tree->oid, true);
	if (!place || place->record->chunk_list)
		return push_missing(push, tree, err);
	afar->wants[afar->count++] = (struct range_want){
	    .pack = place->pack,
	    .record = place->record,
	    .object = tree,
	};
	return 0;
}

static int read_trees(void *context, struct reach *reach,
    struct reach_object *const *trees, size_t count, struct mldv_error *err)
{
	struct afar *afar = context;
	const struct range_sink sink = {.context = afar, .take = take_tree};
	int ret = 0;

	(void)reach;
	afar->wants = xcalloc(count + 1, sizeof(*afar->wants));
	afar->count = 0;
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = find_tree(afar, trees[i], err);
	if (ret == 0)
		ret = ranges_run(&afar->push->known, afar->wants, afar->count,
		    &sink, err);
	free(afar->wants);
	return ret;
}

/* The remote knows the rest of the item, by earlier versions of it. */
static int walk(struct push *push, struct mldv_error *err)
{
	struct afar afar = {.push = push};
	const struct reach_source source = {
	    .context = &afar,
	    .read = read_trees,
	};
	int ret;

	if (push->walked)
		return 0;
	reach_release(&push->reach);
	reach_init(&push->reach);
	afar.reader = store_reader_open(push->store);
	ret = reach_walk(&push->reach, push->item, 1, &source, err);
	store_reader_close(afar.reader);
	push->walked = ret == 0;
	return ret;
}

static int find_out(struct push *push, struct mldv_error *err)
{
	if (read_earlier(push, err) < 0 || upload_resume(push, err) < 0 ||
	    known_load(&push->known, push->store, err) < 0 ||
	    walk(push, err) < 0)
		return -1;
	return push_settle(push, err);
}

/* Finds everything in the store; what of it is not there, find_out finds. */
static int walk_here(struct push *push, struct mldv_error *err)
{
	struct mldv_error why;

	if (reach_walk_store(&push->reach, push->store, push->item, 1, &why) ==
	    0)
		push->walked = true;
	else if (why.code != MLDV_MISSING ||
	    push->options->earlier_count == 0) {
		*err = why;
		return -1;
	}
	return 0;
}

static int push_all(struct push *push, struct mldv_error *err)
{
	struct ops *ops = push->remote->ops;
	int ret = -1;

	if (remote_prepare(push->remote, err) < 0 ||
	    ops->table->lock(ops, err) < 0)
		return -1;
	/* The packs are durable, names and all, before the manifest is. */
	if (find_out(push, err) == 0 && push_upload(push, err) == 0 &&
	    ops->table->sync(ops, err) == 0)
		ret = write_manifest(push, err);
	ops->table->unlock(ops);
	if (ret == 0)
		upload_end(push, true);
	return ret;
}

int remote_push(struct remote *remote, struct store *store,
    const struct content *item, const struct remote_push *options,
    struct remote_count *out, struct mldv_error *err)
{
	struct push push;
	int there = 0;
	int ret = -1;

	if (remote->ops->table->read_only && remote_prepare(remote, err) < 0)
		return -1;
	if (!options->repair && !options->lacking)
		there = is_there(remote, item, options->dry_run, err);
	if (there != 0) {
		*out = (struct remote_count){.nothing = true};
		return there < 0 ? -1 : 0;
	}
	/* What had to go must not come back from a clone that has it still. */
	if (!options->repair &&
	    remote_refuse_purged(remote, item, false, err) < 0)
		return -1;
	push_open(&push, remote, store, item);
	push.options = options;
	if (walk_here(&push, err) < 0)
		goto out;
	if (!options->dry_run)
		ret = push_all(&push, err);
	else if (remote_check_format(remote, err) >= 0 &&
	    find_out(&push, err) == 0)
		ret = push_estimate(&push, err);
	if (ret == 0)
		*out = push.count;
out:
	push_close(&push);
	return ret;
}
