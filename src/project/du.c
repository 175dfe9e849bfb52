/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mldv/gc.h"
#include "project/item.h"
#include "project/marks.h"
#include "project/remotes.h"

/* Things by their oids, and how many items have each. */
struct tally {
	struct oid_set set;
	uint32_t *counts;
	uint64_t *bytes;
	size_t capacity;
};

/* Where the things of one item are in a tally. */
struct parts {
	size_t *list;
	size_t count;
};

struct usage {
	struct mldv_project *project;
	const struct mldv_du *options;
	struct items all;
	struct items items; /* that are asked for */
	struct tally objects;
	struct tally packs; /* on the remote */
	struct parts *local;
	struct parts *there; /* of each of all */
	bool *on_remote;
	double
	    *ratios; /* of each of the store's packs: its bytes by contents */
	struct remote *remote;
	struct arena arena;
};

static void tally_release(struct tally *tally)
{
	oid_set_release(&tally->set);
	free(tally->counts);
	free(tally->bytes);
}

/* Whether the oid is new; counts it. */
static bool tally_add(struct tally *tally, const struct oid *oid, size_t *at)
{
	if (oid_set_find(&tally->set, oid, at)) {
		tally->counts[*at]++;
		return false;
	}
	*at = tally->set.count;
	(void)oid_set_add(&tally->set, oid);
	if (*at >= tally->capacity) {
		tally->capacity = *at < 64 ? 128 : 2 * *at;
		tally->counts = xrealloc(tally->counts, tally->capacity,
		    sizeof(*tally->counts));
		tally->bytes = xrealloc(tally->bytes, tally->capacity,
		    sizeof(*tally->bytes));
	}
	tally->counts[*at] = 1;
	tally->bytes[*at] = 0;
	return true;
}

/* Objects in one pack share its frames: by size, as good as can be said. */
static void weigh_packs(struct usage *usage)
{
	const struct store_pack *packs;
	size_t count;

	packs = store_packs(usage->project->store, &count);
	usage->ratios =
	    arena_array(&usage->arena, count + 1, sizeof(*usage->ratios));
	for (size_t i = 0; i < count; i++) {
		uint64_t sum = 0;

		for (size_t k = 0; k < packs[i].index.count; k++)
			sum += packs[i].index.records[k].size;
		usage->ratios[i] =
		    sum > 0 ? (double)packs[i].bytes / (double)sum : 0;
	}
}

static uint64_t bytes_here(const struct usage *usage, const struct oid *oid)
{
	const struct store *store = usage->project->store;
	const struct store_pack *packs;
	const struct store_pack *pack;
	const struct pack_record *record = store_find(store, oid, &pack);
	struct buf path = {0};
	struct stat st;
	uint64_t bytes = 0;
	size_t count;

	if (record) {
		packs = store_packs(store, &count);
		return (uint64_t)((double)record->size *
		    usage->ratios[pack - packs]);
	}
	store_file_path(store, oid, &path);
	if (stat(buf_str(&path), &st) == 0)
		bytes = (uint64_t)st.st_size;
	buf_release(&path);
	return bytes;
}

static int count_local(struct usage *usage, const struct content *content,
    struct parts *out, struct mldv_error *err)
{
	struct marks marks = {0};
	int ret;

	marks_add(&marks, content);
	ret = marks_follow(&marks, usage->project, err);
	if (ret == 0) {
		out->list = arena_array(&usage->arena, marks.objects.count + 1,
		    sizeof(*out->list));
		out->count = marks.objects.count;
	}
	for (size_t i = 0; ret == 0 && i < out->count; i++) {
		const struct oid *oid = &marks.objects.list[i];

		if (tally_add(&usage->objects, oid, &out->list[i]))
			usage->objects.bytes[out->list[i]] =
			    bytes_here(usage, oid);
	}
	marks_release(&marks);
	return ret;
}

static int count_remote(struct usage *usage, const struct content *content,
    struct parts *out, bool *there, struct mldv_error *err)
{
	struct arena arena = {0};
	struct manifest manifest;
	int found =
	    remote_manifest(usage->remote, content, &arena, &manifest, err);

	*there = found > 0;
	if (found > 0) {
		out->list = arena_array(&usage->arena, manifest.count + 1,
		    sizeof(*out->list));
		out->count = manifest.count;
		for (size_t i = 0; i < manifest.count; i++) {
			(void)tally_add(&usage->packs, &manifest.packs[i].id,
			    &out->list[i]);
			usage->packs.bytes[out->list[i]] =
			    manifest.packs[i].bytes;
		}
	}
	arena_release(&arena);
	return found < 0 ? -1 : 0;
}

/* What is shared can only be told once every item was looked at. */
static int count_all(struct usage *usage, struct mldv_error *err)
{
	size_t count = usage->all.count;

	usage->local =
	    arena_array(&usage->arena, count + 1, sizeof(*usage->local));
	usage->there =
	    arena_array(&usage->arena, count + 1, sizeof(*usage->there));
	usage->on_remote =
	    arena_array(&usage->arena, count + 1, sizeof(*usage->on_remote));
	for (size_t i = 0; i < count; i++) {
		const struct content *content = &usage->all.list[i].content;

		if (project_check(usage->project, err) < 0 ||
		    count_local(usage, content, &usage->local[i], err) < 0)
			return -1;
		if (usage->remote &&
		    count_remote(usage, content, &usage->there[i],
		        &usage->on_remote[i], err) < 0)
			return -1;
	}
	return 0;
}

static void sum_up(const struct tally *tally, const struct parts *parts,
    uint64_t *sum, uint64_t *shared)
{
	for (size_t i = 0; i < parts->count; i++) {
		size_t at = parts->list[i];

		*sum += tally->bytes[at];
		if (tally->counts[at] > 1)
			*shared += tally->bytes[at];
	}
}

/* Each thing once, and emptied so that it is not counted again. */
static uint64_t take(struct tally *tally, const struct parts *parts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < parts->count; i++) {
		sum += tally->bytes[parts->list[i]];
		tally->bytes[parts->list[i]] = 0;
	}
	return sum;
}

static void visit_all(struct usage *usage)
{
	const struct mldv_du *options = usage->options;
	bool asked = usage->remote != NULL;
	struct mldv_usage total = {.asked = asked, .on_remote = asked};

	for (size_t i = 0; i < usage->all.count; i++) {
		const struct item *item = &usage->all.list[i];
		struct mldv_usage one = {
		    .path = item->path,
		    .files = item->content.files,
		    .bytes = item->content.size,
		    .asked = asked,
		    .on_remote = usage->on_remote[i],
		};

		if (!items_find(&usage->items, item->path))
			continue;
		sum_up(&usage->objects, &usage->local[i], &one.local,
		    &one.local_shared);
		sum_up(&usage->packs, &usage->there[i], &one.remote,
		    &one.remote_shared);
		total.files += one.files;
		total.bytes += one.bytes;
		total.on_remote = total.on_remote && one.on_remote;
		options->visit(options->context, &one);
	}
	for (size_t i = 0; i < usage->all.count; i++) {
		if (!items_find(&usage->items, usage->all.list[i].path))
			continue;
		total.local += take(&usage->objects, &usage->local[i]);
		total.remote += take(&usage->packs, &usage->there[i]);
	}
	options->visit(options->context, &total);
}

/* Without any remote there is none to ask. */
static int open_remote(struct usage *usage, struct mldv_error *err)
{
	const struct mldv_du *options = usage->options;
	struct mldv_error ignored;
	const char *name;

	if (options->local)
		return 0;
	if (remotes_choose(usage->project, options->remote, &usage->arena,
	        &name, options->remote ? err : &ignored) < 0)
		return options->remote ? -1 : 0;
	return remotes_open(usage->project, name, &usage->remote, err);
}

int mldv_du(struct mldv_project *project, const struct strs *paths,
    const struct mldv_du *options, struct mldv_error *err)
{
	struct usage usage = {.project = project, .options = options};
	struct lock lock = {0};
	int ret = -1;

	if (project_lock_store(project, &lock, LOCK_SHARED, err) == 0 &&
	    items_load(project, &usage.all, err) == 0 &&
	    items_load(project, &usage.items, err) == 0 &&
	    items_select(&usage.items, paths, err) == 0 &&
	    store_load(project->store, err) == 0 &&
	    open_remote(&usage, err) == 0) {
		weigh_packs(&usage);
		ret = count_all(&usage, err);
	}
	if (ret == 0)
		visit_all(&usage);
	if (usage.remote)
		remote_close(usage.remote);
	tally_release(&usage.objects);
	tally_release(&usage.packs);
	items_release(&usage.items);
	items_release(&usage.all);
	arena_release(&usage.arena);
	lock_release(&lock);
	return ret;
}
