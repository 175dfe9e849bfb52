/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/pool.h"
#include "remote/budget.h"
#include "remote/inner.h"

struct inspector {
	struct remote *remote;
	const struct inspect_options *options;
	struct inspection *out;
	size_t capacity;
	size_t pack_capacity;
	int64_t until;         /* of remote_clock */
	pthread_mutex_t mutex; /* guards the arena of out */
};

void inspection_release(struct inspection *inspection)
{
	free(inspection->manifests);
	free(inspection->packs);
	oid_set_release(&inspection->ids);
	oid_set_release(&inspection->damaged);
	arena_release(&inspection->arena);
	*inspection = (struct inspection){0};
}

static void add_pack(struct inspector *inspector,
    const struct manifest_pack *info, struct inspect_manifest *of)
{
	struct inspection *out = inspector->out;
	size_t at;

	if (oid_set_find(&out->ids, &info->id, &at)) {
		const struct manifest_pack *other = &out->packs[at].info;

		if (other->bytes != info->bytes ||
		    other->index != info->index ||
		    other->objects != info->objects)
			of->what = "it says something else of a pack than "
			           "another manifest";
		return;
	}
	(void)oid_set_add(&out->ids, &info->id);
	out->packs = xgrow(out->packs, out->pack_count,
	    &inspector->pack_capacity, sizeof(*out->packs));
	out->packs[out->pack_count++] = (struct inspect_pack){.info = *info};
}

static bool is_same(const struct content *content, const struct content *named)
{
	return (content->kind == KIND_DIR) == (named->kind == KIND_DIR) &&
	    oid_equal(&content->oid, &named->oid);
}

static int read_manifest(struct inspector *inspector, const char *name,
    const struct content *content, struct mldv_error *err)
{
	struct ops *ops = inspector->remote->ops;
	struct inspection *out = inspector->out;
	struct inspect_manifest *manifest;
	struct mldv_error why;
	struct buf text = {0};
	int found = ops->table->get(ops, name, MANIFEST_LIMIT, &text, err);

	if (found <= 0)
		goto out;
	out->manifests = xgrow(out->manifests, out->manifest_count,
	    &inspector->capacity, sizeof(*out->manifests));
	manifest = &out->manifests[out->manifest_count++];
	*manifest = (struct inspect_manifest){
	    .name = arena_str(&out->arena, name),
	    .content = *content,
	};
	if (manifest_parse(&manifest->manifest, &out->arena, buf_str(&text),
	        text.len, &why) < 0)
		manifest->what = arena_str(&out->arena, why.text);
	else if (!is_same(&manifest->manifest.content, content))
		manifest->what = "it is of another item than its name says";
	if (manifest->what)
		manifest->manifest.count = 0;
	else
		manifest->content = manifest->manifest.content;
	for (size_t i = 0; i < manifest->manifest.count; i++)
		add_pack(inspector, &manifest->manifest.packs[i], manifest);
out:
	buf_release(&text);
	return found < 0 ? -1 : 0;
}

static int read_all_manifests(struct inspector *inspector,
    struct mldv_error *err)
{
	struct remote *remote = inspector->remote;
	char dir[REMOTE_NAME];
	struct strs names = {0};
	int ret;

	(void)snprintf(dir, sizeof(dir), "manifests/%.32s", remote->project);
	ret = remote->ops->table->list(remote->ops, dir, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		struct content content;
		struct slice project;

		if (!remote_parse_manifest_name(names.items[i], &project,
		        &content))
			continue;
		ret = remote_stopped(remote, err);
		if (ret == 0)
			ret = read_manifest(inspector, names.items[i], &content,
			    err);
	}
	strs_release(&names);
	return ret;
}

static int read_manifests(struct inspector *inspector, struct mldv_error *err)
{
	const struct inspect_options *options = inspector->options;
	char name[REMOTE_NAME + 64];

	if (!options->items)
		return read_all_manifests(inspector, err);
	for (size_t i = 0; i < options->count; i++) {
		remote_manifest_name(inspector->remote, &options->items[i],
		    name);
		if (read_manifest(inspector, name, &options->items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Every object must be what the index says. */
static int decode_all(struct remote *remote, const struct pack_index *index,
    const struct buf *data, struct mldv_error *err)
{
	struct pack_decoder *decoder = pack_decoder_open();
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < index->count; i++) {
		const struct pack_record *record = &index->records[i];
		struct slice payload;

		ret = remote_stopped(remote, err);
		if (ret == 0)
			ret = pack_decode(decoder, record,
			    data->data + record->offset,
			    (uint64_t)record->offset + 1, &payload, err);
	}
	pack_decoder_close(decoder);
	return ret;
}

/* MLDV_CORRUPT, with the reason, if the bytes are not the pack. */
static int check_bytes(struct remote *remote, const struct manifest_pack *info,
    const struct buf *data, struct mldv_error *err)
{
	struct arena arena = {0};
	struct pack_index index;
	struct oid oid;
	int ret = -1;

	oid_of(data->data, data->len, &oid);
	if (data->len != info->bytes || !oid_equal(&oid, &info->id))
		return err_set(err, MLDV_CORRUPT,
		    "its bytes do not hash to its name");
	if (info->index >= data->len)
		return err_set(err, MLDV_CORRUPT,
		    "its index is not where the manifest says");
	if (pack_index_parse(&index, &arena,
	        (const uint8_t *)data->data + info->index,
	        data->len - info->index, data->len, err) < 0)
		goto out;
	if (index.begin != info->index || index.count != info->objects)
		ret = err_set(err, MLDV_CORRUPT,
		    "its index is not the one that the manifest says");
	else
		ret = decode_all(remote, &index, data, err);
out:
	arena_release(&arena);
	return ret;
}

static void note(struct inspector *inspector, struct inspect_pack *pack,
    const char *what)
{
	(void)pthread_mutex_lock(&inspector->mutex);
	pack->what = arena_str(&inspector->out->arena, what);
	(void)oid_set_add(&inspector->out->damaged, &pack->info.id);
	(void)pthread_mutex_unlock(&inspector->mutex);
}

static int look_for_pack(void *context, size_t i, struct mldv_error *err)
{
	struct inspector *inspector = context;
	struct inspect_pack *pack = &inspector->out->packs[i];
	struct ops *ops = inspector->remote->ops;
	char name[REMOTE_NAME];
	char what[96];
	struct ops_info info;
	int found;

	if (remote_stopped(inspector->remote, err) < 0)
		return -1;
	remote_pack_name(&pack->info.id, name);
	found = ops->table->head(ops, name, false, &info, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		note(inspector, pack, "it is not there");
	} else if (info.size != pack->info.bytes) {
		(void)snprintf(what, sizeof(what),
		    "it has %llu bytes, and not %llu",
		    (unsigned long long)info.size,
		    (unsigned long long)pack->info.bytes);
		note(inspector, pack, what);
	}
	return 0;
}

static int read_pack(void *context, size_t i, struct mldv_error *err)
{
	struct inspector *inspector = context;
	struct inspect_pack *pack = &inspector->out->packs[i];
	struct remote *remote = inspector->remote;
	struct ops *ops = remote->ops;
	char name[REMOTE_NAME];
	struct mldv_error why;
	struct buf data = {0};
	int found;

	if (pack->what ||
	    (inspector->until > 0 && remote_clock() >= inspector->until))
		return 0;
	if (remote_stopped(remote, err) < 0)
		return -1;
	remote_pack_name(&pack->info.id, name);
	found = ops->table->get(ops, name, PACK_LIMIT, &data, &why);
	if (found > 0)
		found = check_bytes(remote, &pack->info, &data, &why);
	else if (found == 0)
		found = err_set(&why, MLDV_CORRUPT, "it is not there");
	buf_release(&data);
	if (found < 0 && why.code != MLDV_CORRUPT) {
		*err = why;
		return -1;
	}
	pack->hashed = true;
	if (found < 0)
		note(inspector, pack, why.text);
	remote_advance(remote, pack->info.bytes);
	return 0;
}

static int compare_order(const void *a, const void *b)
{
	const struct inspect_pack *left = a;
	const struct inspect_pack *right = b;

	return (left->order > right->order) - (left->order < right->order);
}

/* What each night has no time for is another every night. */
static void shuffle(struct inspection *out)
{
	for (size_t i = 0; i < out->pack_count; i++) {
		if (getrandom(&out->packs[i].order, sizeof(uint64_t), 0) !=
		    (ssize_t)sizeof(uint64_t))
			out->packs[i].order = i;
	}
	if (out->pack_count > 1)
		qsort(out->packs, out->pack_count, sizeof(*out->packs),
		    compare_order);
	oid_set_release(&out->ids);
	for (size_t i = 0; i < out->pack_count; i++)
		(void)oid_set_add(&out->ids, &out->packs[i].info.id);
}

static int check_packs(struct inspector *inspector, struct mldv_error *err)
{
	struct inspection *out = inspector->out;
	struct remote *remote = inspector->remote;
	unsigned threads = remote->threads;
	uint64_t bytes = 0;

	for (size_t i = 0; i < out->pack_count; i++)
		bytes += out->packs[i].info.bytes;
	if (inspector->until > 0)
		shuffle(out);
	if (pool_run(threads, out->pack_count, look_for_pack, inspector, err) <
	    0)
		return -1;
	remote_begin(remote, "checking", bytes);
	if (threads > PACKS_AT_ONCE)
		threads = PACKS_AT_ONCE;
	if (pool_run(threads, out->pack_count, read_pack, inspector, err) < 0)
		return -1;
	for (size_t i = 0; i < out->pack_count; i++)
		out->left += !out->packs[i].what && !out->packs[i].hashed;
	return 0;
}

int remote_inspect(struct remote *remote, const struct inspect_options *options,
    struct inspection *out, struct mldv_error *err)
{
	struct inspector inspector = {
	    .remote = remote,
	    .options = options,
	    .out = out,
	};
	struct ops *ops = remote->ops;
	int ret = remote_check_format(remote, err);

	*out = (struct inspection){.remote = remote};
	if (ret == 0)
		return err_set(err, MLDV_MISSING,
		    "there is no mldv remote at '%s' ('%s'); check the address",
		    remote->url, remote->name);
	if (ret < 0 || ops->table->lock(ops, err) < 0)
		return -1;
	if (options->budget > 0)
		inspector.until = remote_clock() + 1 + (int64_t)options->budget;
	(void)pthread_mutex_init(&inspector.mutex, NULL);
	ret = read_manifests(&inspector, err);
	if (ret == 0)
		ret = check_packs(&inspector, err);
	(void)pthread_mutex_destroy(&inspector.mutex);
	ops->table->unlock(ops);
	if (ret < 0)
		inspection_release(out);
	return ret;
}

bool inspection_is_bad(const struct inspection *inspection,
    const struct inspect_manifest *manifest)
{
	if (manifest->what)
		return true;
	for (size_t i = 0; i < manifest->manifest.count; i++) {
		if (oid_set_has(&inspection->damaged,
		        &manifest->manifest.packs[i].id))
			return true;
	}
	return false;
}

int inspection_mend(const struct inspection *inspection, struct store *store,
    const struct content *item, bool dry_run, struct remote_count *out,
    struct mldv_error *err)
{
	const struct remote_push options = {
	    .earlier = item,
	    .earlier_count = 1,
	    .dry_run = dry_run,
	    .repair = true,
	    .damaged = &inspection->damaged,
	};

	return remote_push(inspection->remote, store, item, &options, out, err);
}

/* 1 if a manifest of another project is there. */
static int is_shared(struct remote *remote, struct mldv_error *err)
{
	struct strs names = {0};
	int ret =
	    remote->ops->table->list(remote->ops, "manifests", &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		struct content content;
		struct slice project;

		ret = remote_parse_manifest_name(names.items[i], &project,
		          &content) &&
		    !slice_is(project, remote->project);
	}
	strs_release(&names);
	return ret;
}

int inspection_sweep(const struct inspection *before,
    const struct inspection *after, struct mldv_error *err)
{
	struct remote *remote = before->remote;
	struct ops *ops = remote->ops;
	int ret = is_shared(remote, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (ops->table->lock(ops, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < before->damaged.count; i++) {
		const struct oid *id = &before->damaged.list[i];
		char name[REMOTE_NAME];

		remote_pack_name(id, name);
		if (!oid_set_has(&after->ids, id))
			ret = ops->table->drop(ops, name, NULL, err);
	}
	if (ret == 0)
		ret = ops->table->sync(ops, err);
	ops->table->unlock(ops);
	return ret;
}
