/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/pool.h"
#include "remote/many.h"
#include "remote/push.h"

/* One push of some of the items: those that are sent together. */
struct group {
	struct push push;
	const struct remote_many *many;
	const size_t *numbers; /* of the items */
	struct content *items;
	size_t count;
	struct manifest *manifests; /* of each */
	struct many_manifest *earlier;
};

/* --- What the remote has --- */

/* P1(b): the packs of these manifests may be named again. */
static int read_earlier(struct group *group, struct mldv_error *err)
{
	struct push *push = &group->push;
	size_t count = 0;

	group->earlier = arena_array(&push->arena, group->count + 1,
	    sizeof(*group->earlier));
	for (size_t i = 0; group->many->earlier && i < group->count; i++) {
		const struct content *earlier =
		    &group->many->earlier[group->numbers[i]];

		if (earlier->files > 0)
			group->earlier[count++].item = earlier;
	}
	if (many_read_manifests(push->remote, group->earlier, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct many_manifest *from = &group->earlier[i];
		struct push_seen *seen;

		if (!from->found)
			continue;
		seen = arena_alloc(&push->arena, sizeof(*seen));
		*seen = (struct push_seen){
		    .item = from->item,
		    .when = from->when,
		    .next = push->seen,
		};
		push->seen = seen;
		for (size_t k = 0; k < from->manifest.count; k++)
			(void)known_add(&push->known, &from->manifest.packs[k],
			    from->item);
	}
	return 0;
}

static int find_out(struct group *group, struct mldv_error *err)
{
	struct push *push = &group->push;

	if (read_earlier(group, err) < 0 || upload_resume(push, err) < 0 ||
	    known_load(&push->known, push->store, err) < 0)
		return -1;
	return push_settle(push, err);
}

/* --- Manifests --- */

static int add_pack(struct manifest *manifest, const struct push *push,
    const struct reach_object *object, struct map *packs,
    struct mldv_error *err)
{
	/* A file with the bytes of a tree comes with the tree. */
	bool tree = object->tree ||
	    (object->size <= OBJECT_WHOLE_MAX &&
	        reach_find(&push->reach, &object->oid, true));
	const struct known_place *place = tree
	    ? known_find(&push->known, &object->oid, true)
	    : known_find_whole(&push->known, &object->oid, object->size);

	if (object->size == 0 && !object->tree)
		return 0;
	if (!place)
		return err_set(err, MLDV_FAILED,
		    "remote '%s' was changed while the push ran; push again",
		    push->remote->name);
	if (map_add(packs, &place->pack->info.id, sizeof(struct oid),
	        place->pack))
		manifest->packs[manifest->count++] = place->pack->info;
	return 0;
}

/* The packs that an item needs, and no others. */
static int make_manifest(struct group *group, size_t i, struct mldv_error *err)
{
	struct push *push = &group->push;
	struct manifest *manifest = &group->manifests[i];
	struct map packs = {0};
	struct reach reach;
	const struct map *maps[2] = {&reach.trees, &reach.files};
	int ret;

	reach_init(&reach);
	manifest->content = group->items[i];
	ret = reach_walk_store(&reach, push->store, &group->items[i], 1, err);
	if (ret == 0)
		manifest->packs = arena_array(&push->arena,
		    reach.trees.count + reach.files.count + 1,
		    sizeof(*manifest->packs));
	for (size_t m = 0; ret == 0 && m < 2; m++) {
		for (size_t k = 0; ret == 0 && k < maps[m]->count; k++)
			ret = add_pack(manifest, push,
			    maps[m]->entries[k].value, &packs, err);
	}
	group->many->objects[group->numbers[i]] =
	    reach.trees.count + reach.files.count;
	map_release(&packs);
	reach_release(&reach);
	return ret;
}

static int put_one(void *context, size_t i, struct mldv_error *err)
{
	struct group *group = context;
	struct remote *remote = group->push.remote;

	if (remote_stopped(remote, err) < 0)
		return -1;
	/* If somebody else was quicker, theirs is complete too. */
	return push_manifest(remote, &group->manifests[i], OPS_NEW, err);
}

static int write_manifests(struct group *group, struct mldv_error *err)
{
	struct push *push = &group->push;
	int ret = 0;

	group->manifests = arena_array(&push->arena, group->count + 1,
	    sizeof(*group->manifests));
	/* What was just sent is to be found like the rest. */
	if (known_load(&push->known, push->store, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < group->count; i++)
		ret = make_manifest(group, i, err);
	if (ret == 0)
		ret = push_check_seen(push, err);
	if (ret == 0)
		ret = pool_run(push->remote->threads, group->count, put_one,
		    group, err);
	return ret;
}

/* --- The order of it all --- */

static int send(struct group *group, struct mldv_error *err)
{
	struct push *push = &group->push;
	struct ops *ops = push->remote->ops;
	int ret = -1;

	if (group->many->dry_run)
		return remote_check_format(push->remote, err) >= 0 &&
		        find_out(group, err) == 0
		    ? push_estimate(push, err)
		    : -1;
	if (remote_prepare(push->remote, err) < 0 ||
	    ops->table->lock(ops, err) < 0)
		return -1;
	/* The packs are durable, names and all, before the manifests are. */
	if (find_out(group, err) == 0 && push_upload(push, err) == 0 &&
	    ops->table->sync(ops, err) == 0 && write_manifests(group, err) == 0)
		ret = ops->table->sync(ops, err);
	ops->table->unlock(ops);
	if (ret == 0)
		upload_end(push, true);
	return ret;
}

static int push_group(struct remote *remote, struct store *store,
    const struct many_group *part, struct remote_count *out,
    struct mldv_error *err)
{
	const struct remote_push options = {.dry_run = part->many->dry_run};
	struct group group = {
	    .many = part->many,
	    .numbers = part->numbers,
	    .items = part->items,
	    .count = part->count,
	};
	struct push *push = &group.push;
	int ret;

	push_open(push, remote, store, part->items);
	push->options = &options;
	push->many = true;
	push->walked = true;
	ret = reach_walk_store(&push->reach, store, part->items, part->count,
	    err);
	if (ret == 0)
		ret = send(&group, err);
	if (ret == 0) {
		out->objects += push->count.objects;
		out->packs += push->count.packs;
		out->bytes += push->count.bytes;
	}
	for (size_t i = 0; group.earlier && i < group.count; i++)
		arena_release(&group.earlier[i].arena);
	push_close(push);
	return ret;
}

/* --- Which of them --- */

struct asking {
	struct remote *remote;
	const struct remote_many *many;
	bool *lacking;
};

/* P2: one that grows old is left to be written again. */
static int ask(void *context, size_t i, struct mldv_error *err)
{
	struct asking *asking = context;
	const struct remote_many *many = asking->many;
	struct ops *ops = asking->remote->ops;
	char name[REMOTE_NAME + 64];
	struct ops_info info;
	int found;

	if (remote_stopped(asking->remote, err) < 0)
		return -1;
	remote_manifest_name(asking->remote, &many->items[i], name);
	found = ops->table->head(ops, name, !many->dry_run, &info, err);
	if (found > 0 && (many->dry_run || info.age <= REMOTE_YOUNG))
		many->fates[i] = REMOTE_THERE;
	if (found == 0)
		many->fates[i] = REMOTE_LACKING;
	asking->lacking[i] = found == 0;
	return found < 0 ? -1 : 0;
}

int remote_push_many(struct remote *remote, struct store *store,
    const struct remote_many *many, struct remote_count *out,
    struct mldv_error *err)
{
	struct asking asking = {
	    .remote = remote,
	    .many = many,
	    .lacking = xcalloc(many->count + 1, sizeof(bool)),
	};
	const struct many_way way = {
	    .remote = remote,
	    .store = store,
	    .move = push_group,
	};
	int ret;

	*out = (struct remote_count){0};
	for (size_t i = 0; i < many->count; i++)
		many->fates[i] = REMOTE_LEFT;
	ret = pool_run(remote->threads, many->count, ask, &asking, err);
	if (ret == 0)
		ret = many_move(&way, many, asking.lacking, out, err);
	free(asking.lacking);
	return ret;
}
