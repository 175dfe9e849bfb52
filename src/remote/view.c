/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/view.h"

#include <stdlib.h>
#include <string.h>

#include "remote/fetch.h"
#include "remote/kept.h"
#include "remote/ranges.h"

#define SEGMENT (16u << 20) /* bytes of chunks that are in memory at once */

struct remote_view {
	struct remote *remote;
	struct store *store;
	struct content item;
	struct known known;
	struct arena arena;
};

/* Also anew, when what was kept of the item has turned out to be of no use. */
static int look(struct remote_view *view, bool kept, bool only_trees,
    struct mldv_error *err)
{
	known_release(&view->known);
	known_init(&view->known, view->remote);
	view->known.only_trees = only_trees;
	view->known.kept = kept;
	if (known_add_item(&view->known, &view->item, &view->arena, err) < 0)
		return -1;
	return known_load(&view->known, view->store, err);
}

static bool is_stale(const struct remote_view *view,
    const struct mldv_error *err)
{
	return view->known.was_kept &&
	    (err->code == MLDV_CORRUPT || err->code == MLDV_NOT_FOUND);
}

int remote_view_open(struct remote_view **out, struct remote *remote,
    struct store *store, const struct content *item, struct mldv_error *err)
{
	struct remote_view *view = xcalloc(1, sizeof(*view));
	int ret;

	view->remote = remote;
	view->store = store;
	view->item = *item;
	remote->doing = NULL;
	ret = look(view, true, true, err);
	if (ret < 0 && is_stale(view, err))
		ret = look(view, false, true, err);
	if (ret < 0)
		remote_view_close(view);
	else
		*out = view;
	return ret;
}

void remote_view_close(struct remote_view *view)
{
	if (!view)
		return;
	known_release(&view->known);
	arena_release(&view->arena);
	free(view);
}

static int lacks(const struct remote_view *view, const struct oid *oid,
    struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	char hex[OID_HEX + 1];

	remote_manifest_name(view->remote, &view->item, name);
	oid_hex(oid, hex);
	return err_set(err, MLDV_CORRUPT,
	    "no pack that '%s' on remote '%s' names holds object %s; remove "
	    "this manifest there and push the item again from a clone that "
	    "has it",
	    name, view->remote->name, hex);
}

static int take_all(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	(void)want;
	(void)err;
	buf_add(context, payload.data, payload.len);
	return 0;
}

/* Appends the bytes of one small object. */
static int read_one(struct remote_view *view, const struct known_place *place,
    struct buf *out, struct mldv_error *err)
{
	const struct range_sink sink = {.context = out, .take = take_all};
	struct range_want want = {
	    .pack = place->pack,
	    .record = place->record,
	};

	return ranges_run(&view->known, &want, 1, &sink, err);
}

static int read_tree(struct remote_view *view, const struct oid *oid,
    struct buf *out, struct mldv_error *err)
{
	const struct known_place *place = known_find(&view->known, oid, true);

	if (!place || place->record->chunk_list)
		return lacks(view, oid, err);
	return read_one(view, place, out, err);
}

int remote_view_tree(struct remote_view *view, const struct oid *oid,
    struct buf *out, struct mldv_error *err)
{
	size_t before = out->len;
	int ret;

	if (kept_tree(view->remote, oid, out))
		return 0;
	ret = read_tree(view, oid, out, err);
	if (ret < 0 && is_stale(view, err)) {
		ret = look(view, false, view->known.only_trees, err);
		if (ret == 0)
			ret = read_tree(view, oid, out, err);
	}
	if (ret == 0)
		kept_put_tree(view->remote, oid,
		    (struct slice){buf_str(out) + before, out->len - before});
	return ret;
}

/* Chunks of a large object that are read together. */
struct segment {
	const struct chunk *chunks;
	size_t count;
	char *data;
};

static int take_chunk(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	(void)context;
	(void)err;
	memcpy(want->object, payload.data, payload.len);
	return 0;
}

static int read_segment(struct remote_view *view, const struct segment *segment,
    struct mldv_error *err)
{
	const struct range_sink sink = {.take = take_chunk};
	struct range_want *wants = xcalloc(segment->count, sizeof(*wants));
	char *at = segment->data;
	int ret;

	for (size_t i = 0; i < segment->count; i++) {
		const struct chunk *chunk = &segment->chunks[i];
		/* fetch_lists has found it there. */
		const struct known_place *place =
		    known_find_whole(&view->known, &chunk->oid, chunk->size);

		wants[i] = (struct range_want){
		    .pack = place->pack,
		    .record = place->record,
		    .object = at,
		};
		at += chunk->size;
	}
	ret = ranges_run(&view->known, wants, segment->count, &sink, err);
	free(wants);
	return ret;
}

static int write_chunks(struct remote_view *view, const struct big *big,
    const struct remote_sink *sink, struct mldv_error *err)
{
	struct segment segment = {.data = xmalloc(SEGMENT)};
	struct hasher *hasher = hasher_open();
	struct oid oid;
	size_t next = 0;
	int ret = 0;

	hasher_start(hasher);
	while (ret == 0 && next < big->chunks.count) {
		size_t size = 0;

		segment.chunks = &big->chunks.items[next];
		segment.count = 0;
		while (next < big->chunks.count &&
		    big->chunks.items[next].size <= SEGMENT - size) {
			size += big->chunks.items[next++].size;
			segment.count++;
		}
		ret = read_segment(view, &segment, err);
		if (ret == 0) {
			hasher_add(hasher, segment.data, size);
			ret =
			    sink->write(sink->context, segment.data, size, err);
		}
	}
	hasher_end(hasher, &oid);
	if (ret == 0 && !oid_equal(&oid, big->oid)) {
		ret = err_set(err, MLDV_CORRUPT,
		    "the chunks of an object do not make it up");
		remote_damaged(view->remote, &big->list->pack->info.id,
		    &view->item, err);
	}
	hasher_close(hasher);
	free(segment.data);
	return ret;
}

static int write_large(struct remote_view *view, const struct oid *oid,
    uint64_t size, const struct remote_sink *sink, struct mldv_error *err)
{
	struct big *big = xcalloc(1, sizeof(*big));
	int ret = -1;

	big->oid = oid;
	big->size = size;
	big->list = known_find_list(&view->known, oid);
	if (!big->list)
		(void)lacks(view, oid, err);
	else if (fetch_lists(&view->known, big, 1, err) == 0)
		ret = write_chunks(view, big, sink, err);
	fetch_release_bigs(big, 1);
	return ret;
}

/* Tells whether anything was written. */
struct counted {
	const struct remote_sink *sink;
	bool wrote;
};

static int write_counted(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	struct counted *counted = context;

	counted->wrote = true;
	return counted->sink->write(counted->sink->context, data, size, err);
}

static int read_file(struct remote_view *view, const struct content *file,
    const struct remote_sink *sink, struct mldv_error *err)
{
	const struct known_place *place;
	struct buf data = {0};
	int ret;

	if (file->size > OBJECT_WHOLE_MAX)
		return write_large(view, &file->oid, file->size, sink, err);
	place = known_find_whole(&view->known, &file->oid, file->size);
	if (!place)
		return lacks(view, &file->oid, err);
	ret = read_one(view, place, &data, err);
	if (ret == 0)
		ret = sink->write(sink->context, buf_str(&data), data.len, err);
	buf_release(&data);
	return ret;
}

int remote_view_file(struct remote_view *view, const struct oid *oid,
    uint64_t size, const struct remote_sink *sink, struct mldv_error *err)
{
	const struct content file = {.oid = *oid, .size = size};
	struct counted counted = {.sink = sink};
	const struct remote_sink through = {&counted, write_counted};
	int ret = 0;

	if (oid_equal(oid, &oid_empty))
		return 0;
	if (view->known.only_trees) {
		view->known.only_trees = false;
		ret = known_load(&view->known, view->store, err);
	}
	if (ret == 0)
		ret = read_file(view, &file, &through, err);
	if (ret == 0 || counted.wrote || !is_stale(view, err))
		return ret;
	if (look(view, false, false, err) < 0)
		return -1;
	return read_file(view, &file, sink, err);
}
