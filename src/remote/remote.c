/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/path.h"
#include "base/pool.h"
#include "base/str.h"
#include "remote/inner.h"

#define PACK_SUFFIX ".tar.zst"

void idle_init(struct idle *idle)
{
	*idle = (struct idle){0};
	(void)pthread_mutex_init(&idle->mutex, NULL);
}

void *idle_take(struct idle *idle)
{
	void *item = NULL;

	(void)pthread_mutex_lock(&idle->mutex);
	if (idle->count > 0)
		item = idle->items[--idle->count];
	(void)pthread_mutex_unlock(&idle->mutex);
	return item;
}

void idle_give(struct idle *idle, void *item)
{
	(void)pthread_mutex_lock(&idle->mutex);
	idle->items = xgrow(idle->items, idle->count, &idle->capacity,
	    sizeof(*idle->items));
	idle->items[idle->count++] = item;
	(void)pthread_mutex_unlock(&idle->mutex);
}

void idle_release(struct idle *idle, void (*close)(void *item))
{
	for (size_t i = 0; i < idle->count; i++)
		close(idle->items[i]);
	free(idle->items);
	(void)pthread_mutex_destroy(&idle->mutex);
	*idle = (struct idle){0};
}

static void close_decoder(void *item)
{
	pack_decoder_close(item);
}

/* The directory that a URL means, or NULL. */
static const char *directory_of(struct arena *arena, const char *url)
{
	if (strncmp(url, "file:///", 8) == 0)
		url += 7;
	return url[0] == '/' ? path_clean(arena, url) : NULL;
}

/* The remote that a URL means. */
static int open_ops(struct remote *remote, const struct remote_options *options,
    struct mldv_error *err)
{
	const char *dir = directory_of(&remote->arena, options->url);
	struct ops_options how = {0};

	if (options->ops)
		how = *options->ops;
	how.events = options->events;
	remote->url = arena_str(&remote->arena, options->url);
	if (s3_is_url(options->url))
		return s3_open_ops(&remote->ops, remote->url, remote->name,
		    &how, err);
	if (http_is_url(options->url))
		return http_open_ops(&remote->ops, remote->url, remote->name,
		    &how, err);
	if (!dir)
		return err_set(err, MLDV_USAGE,
		    "cannot understand '%s', the address of remote '%s'; give "
		    "a directory, as '/path' or 'file:///path', a bucket, as "
		    "'s3://bucket/prefix', or to fetch only, "
		    "'https://host/path'",
		    str_hide_password(&remote->arena, options->url),
		    options->name);
	remote->url = arena_str(&remote->arena, dir);
	remote->ops = dir_open(dir, remote->name, options->events);
	return 0;
}

int ops_open(struct ops **out, const char *url, const char *remote_name,
    const struct ops_options *options, struct mldv_error *err)
{
	struct remote_options how = {
	    .name = remote_name,
	    .url = url,
	    .events = options->events,
	    .ops = options,
	};
	struct remote remote = {.name = remote_name};
	int ret = open_ops(&remote, &how, err);

	*out = remote.ops;
	/* Both kinds of ops keep copies of what they are given. */
	arena_release(&remote.arena);
	return ret;
}

int remote_open(struct remote **out, const struct remote_options *options,
    struct mldv_error *err)
{
	struct remote *remote = xcalloc(1, sizeof(*remote));

	remote->name = arena_str(&remote->arena, options->name);
	if (open_ops(remote, options, err) < 0) {
		arena_release(&remote->arena);
		free(remote);
		return -1;
	}
	remote->project = arena_str(&remote->arena, options->project);
	if (options->state)
		remote->state = arena_str(&remote->arena, options->state);
	remote->events = options->events;
	remote->threads = remote->ops->table->threads;
	if (remote->threads == 0)
		remote->threads = pool_processors();
	if (options->ops && options->ops->jobs > 0 &&
	    options->ops->jobs < remote->threads)
		remote->threads = options->ops->jobs;
	idle_init(&remote->decoders);
	(void)pthread_mutex_init(&remote->mutex, NULL);
	*out = remote;
	return 0;
}

void remote_close(struct remote *remote)
{
	if (!remote)
		return;
	remote->ops->table->close(remote->ops);
	idle_release(&remote->decoders, close_decoder);
	(void)pthread_mutex_destroy(&remote->mutex);
	arena_release(&remote->arena);
	free(remote);
}

int remote_create(struct remote *remote, mldv_finding_fn *visit, void *context,
    struct mldv_error *err)
{
	if (!remote->ops->table->create)
		return err_set(err, MLDV_USAGE,
		    "there is nothing to make for remote '%s': it is no bucket "
		    "of S3; just use it",
		    remote->name);
	return remote->ops->table->create(remote->ops, visit, context, err);
}

void remote_set_label(struct remote *remote, const char *label)
{
	remote->label = label ? arena_str(&remote->arena, label) : NULL;
}

int ops_stopped(const struct mldv_events *events, struct mldv_error *err)
{
	if (events && events->cancelled && events->cancelled(events->context))
		return err_set(err, MLDV_INTERRUPTED, "interrupted");
	return 0;
}

int remote_stopped(const struct remote *remote, struct mldv_error *err)
{
	return ops_stopped(remote->events, err);
}

int64_t remote_clock(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void show(const struct remote *remote,
    const struct mldv_progress *progress)
{
	const struct mldv_events *events = remote->events;

	if (events && events->progress)
		events->progress(events->context, progress);
}

void remote_begin(struct remote *remote, const char *doing, uint64_t total)
{
	struct mldv_progress progress = {
	    .what = doing,
	    .name = remote->label,
	    .unit = MLDV_BYTES,
	    .total = total,
	};

	remote->doing = doing;
	remote->done = 0;
	remote->total = total;
	show(remote, &progress);
}

void remote_advance(struct remote *remote, uint64_t bytes)
{
	struct mldv_progress progress = {
	    .name = remote->label,
	    .unit = MLDV_BYTES,
	};

	(void)pthread_mutex_lock(&remote->mutex);
	remote->moved += bytes;
	remote->done += bytes;
	if (remote->total > 0 && remote->done > remote->total)
		remote->done = remote->total;
	progress.what = remote->doing;
	progress.done = remote->done;
	progress.total = remote->total;
	(void)pthread_mutex_unlock(&remote->mutex);
	if (progress.what)
		show(remote, &progress);
}

void remote_pack_name(const struct oid *id, char out[REMOTE_NAME])
{
	char hex[OID_HEX + 1];

	oid_hex(id, hex);
	(void)snprintf(out, REMOTE_NAME, "packs/%.2s/%s.tar.zst", hex, hex);
}

void remote_manifest_name(const struct remote *remote,
    const struct content *item, char out[REMOTE_NAME + 64])
{
	char hex[OID_HEX + 1];

	oid_hex(&item->oid, hex);
	(void)snprintf(out, REMOTE_NAME + 64, "manifests/%.32s/%.2s/%s.%s",
	    remote->project, hex, hex, item->kind == KIND_DIR ? "dir" : "file");
}

bool remote_parse_manifest_name(const char *name, struct slice *project,
    struct content *out)
{
	struct slice rest = slice_of(name);
	struct slice part;
	struct slice kind;

	if (!slice_cut(&rest, '/', &part) || !slice_cut(&rest, '/', project) ||
	    !slice_cut(&rest, '/', &part) || !slice_cut(&rest, '.', &kind))
		return false;
	*out = (struct content){
	    .kind = slice_is(rest, "dir") ? KIND_DIR : KIND_FILE,
	};
	return oid_parse(&out->oid, kind) &&
	    (out->kind == KIND_DIR || slice_is(rest, "file"));
}

bool remote_parse_pack_name(const char *name, struct oid *out)
{
	const char *base = path_base(name);

	return strlen(base) == OID_HEX + sizeof(PACK_SUFFIX) - 1 &&
	    strcmp(base + OID_HEX, PACK_SUFFIX) == 0 &&
	    oid_parse(out, (struct slice){base, OID_HEX});
}

int remote_has(struct remote *remote, const struct content *item,
    struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	struct ops_info info;

	remote_manifest_name(remote, item, name);
	return remote->ops->table->head(remote->ops, name, false, &info, err);
}

static int damaged_manifest(const struct remote *remote, const char *name,
    struct mldv_error *err)
{
	struct mldv_error cause = *err;

	if (cause.code != MLDV_CORRUPT)
		return -1;
	return err_set(err, MLDV_CORRUPT,
	    "'%s' on remote '%s' is damaged: %s; remove it there and push the "
	    "item again from a clone that has it",
	    name, remote->name, cause.text);
}

bool remote_is_manifest_of(const struct manifest *manifest,
    const struct content *item)
{
	const struct content *content = &manifest->content;

	return (content->kind == KIND_DIR) == (item->kind == KIND_DIR) &&
	    oid_equal(&content->oid, &item->oid) &&
	    content->size == item->size && content->files == item->files;
}

int remote_read_manifest(struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out, struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	struct buf text = {0};
	int ret;

	remote_manifest_name(remote, item, name);
	ret = remote->ops->table->get(remote->ops, name, MANIFEST_LIMIT, &text,
	    err);
	if (ret > 0 &&
	    manifest_parse(out, arena, buf_str(&text), text.len, err) < 0) {
		ret = damaged_manifest(remote, name, err);
	} else if (ret > 0 && !remote_is_manifest_of(out, item)) {
		(void)err_set(err, MLDV_CORRUPT,
		    "it is of another item, or of other sizes than the "
		    "pointer says");
		ret = damaged_manifest(remote, name, err);
	}
	buf_release(&text);
	return ret;
}

int remote_manifest(struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out, struct mldv_error *err)
{
	return remote_read_manifest(remote, item, arena, out, err);
}

void remote_damaged(const struct remote *remote, const struct oid *pack,
    const struct content *item, struct mldv_error *err)
{
	char pack_name[REMOTE_NAME];
	char manifest[REMOTE_NAME + 64];
	struct mldv_error cause = *err;

	if (cause.code == MLDV_NOT_FOUND)
		(void)err_set(&cause, MLDV_CORRUPT,
		    "it is not there, although the manifest names it");
	if (cause.code != MLDV_CORRUPT)
		return;
	remote_pack_name(pack, pack_name);
	remote_manifest_name(remote, item, manifest);
	(void)err_set(err, MLDV_CORRUPT,
	    "'%s' on remote '%s' is damaged: %s; remove it and '%s' there and "
	    "push the item again from a clone that has it",
	    pack_name, remote->name, cause.text, manifest);
}

const char *remote_state_path(const struct remote *remote, struct arena *arena,
    const char *dir, const struct oid *oid)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return arena_printf(arena, "%s/%s/%s", remote->state, dir, hex);
}
