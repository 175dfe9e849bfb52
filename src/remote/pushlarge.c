/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "remote/push.h"

/*
 * Large objects pass through in segments, across objects, three steps each:
 *
 *     read and cut into chunks | hash the chunks, hash the whole | pack
 *
 * While one segment is cut, the one before it is hashed and the one before
 * that is packed, in parallel. Where two can be hashed in the time of one, a
 * chunk is hashed beside the whole, else in threads of its own. An object's
 * list is made only after all its bytes hashed to its name, so that damage here
 * is not spread; the lists come last, together, so that whoever reads many of
 * them asks once.
 */

#define HASH_JOBS 4 /* the chunks of one segment */

struct cut {
	struct oid oid;
	size_t begin; /* in the segment */
	uint32_t size;
	size_t big; /* which object */
	bool first; /* of it */
	bool last;
};

struct segment {
	char *data;
	size_t len;
	struct cut *cuts;
	size_t count;
	size_t capacity;
};

struct list {
	struct chunk *items;
	size_t count;
	size_t capacity;
	struct oid hashed;
};

struct cutting {
	struct push *push;
	const struct reach_object *const *bigs;
	struct list *lists;
	size_t count;
	/* Where reading is. */
	size_t big;
	uint64_t at;
	int fd;
	struct buf path;
	struct buf rest; /* read, but not cut yet */
	struct segment segments[PUSH_SEGMENTS];
	struct segment *read, *hashed, *packed;
	struct hasher *whole;
	struct hasher *chunk; /* in the lane beside it; NULL: there is none */
	/* The pack being built. */
	struct pack_writer *writer;
	struct pack_sink sink;
	struct buf bytes;
	struct behind *behind;
	struct map sent;
	struct arena sent_oids;
};

static int write_bytes(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

static int open_next(struct cutting *cutting, struct mldv_error *err)
{
	const struct reach_object *big = cutting->bigs[cutting->big];
	struct stat st;

	buf_reset(&cutting->path);
	store_file_path(cutting->push->store, &big->oid, &cutting->path);
	cutting->fd = open(buf_str(&cutting->path), O_RDONLY | O_CLOEXEC);
	if (cutting->fd < 0 || fstat(cutting->fd, &st) < 0)
		return err_errno(err, "cannot open '%s'",
		    buf_str(&cutting->path));
	if ((uint64_t)st.st_size != big->size)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' is damaged: it does not have its size; run 'mldv "
		    "fsck --repair'",
		    buf_str(&cutting->path));
	cutting->at = 0;
	return 0;
}

static void close_current(struct cutting *cutting)
{
	if (cutting->fd >= 0)
		(void)close(cutting->fd);
	cutting->fd = -1;
}

static void add_cut(struct cutting *cutting, size_t begin, size_t size,
    bool first, bool last)
{
	struct segment *segment = cutting->read;

	segment->cuts = xgrow(segment->cuts, segment->count, &segment->capacity,
	    sizeof(*segment->cuts));
	segment->cuts[segment->count++] = (struct cut){
	    .begin = begin,
	    .size = (uint32_t)size,
	    .big = cutting->big,
	    .first = first,
	    .last = last,
	};
}

/*
 * Reads as much of the current object as the segment has room for, and cuts
 * it while a cut does not depend on what was not read.
 */
static int read_object(struct cutting *cutting, struct mldv_error *err)
{
	struct segment *segment = cutting->read;
	uint64_t size = cutting->bigs[cutting->big]->size;
	uint64_t left = size - cutting->at;
	size_t room = PUSH_SEGMENT - segment->len - cutting->rest.len;
	size_t n = left < room ? (size_t)left : room;
	size_t begin = segment->len;
	size_t end = begin + cutting->rest.len + n;
	bool first = cutting->at == cutting->rest.len;
	bool all = n == left;

	if (cutting->rest.len > 0)
		memcpy(segment->data + begin, cutting->rest.data,
		    cutting->rest.len);
	if (file_read_at(cutting->fd, buf_str(&cutting->path),
	        segment->data + begin + cutting->rest.len, n, cutting->at,
	        err) < 0)
		return -1;
	cutting->at += n;
	while (begin < end && (all || end - begin >= CHUNK_MAX)) {
		size_t len =
		    chunk_cut((uint8_t *)segment->data + begin, end - begin);

		add_cut(cutting, begin, len, first, all && begin + len == end);
		first = false;
		begin += len;
	}
	buf_reset(&cutting->rest);
	buf_add(&cutting->rest, segment->data + begin, end - begin);
	segment->len = begin;
	return 0;
}

static int read_segment(struct cutting *cutting, struct mldv_error *err)
{
	struct segment *segment = cutting->read;

	segment->len = segment->count = 0;
	/* Where no chunk is sure to be cut, none is begun. */
	while (cutting->big < cutting->count &&
	    PUSH_SEGMENT - segment->len - cutting->rest.len > CHUNK_MAX) {
		if (remote_stopped(cutting->push->remote, err) < 0)
			return -1;
		if (cutting->fd < 0 && open_next(cutting, err) < 0)
			return -1;
		if (read_object(cutting, err) < 0)
			return -1;
		if (cutting->at < cutting->bigs[cutting->big]->size)
			break;
		close_current(cutting);
		cutting->big++;
	}
	return 0;
}

/* The whole of the object, and its chunk if that is not hashed elsewhere. */
static void hash_whole(struct cutting *cutting, struct hasher *chunk)
{
	const struct segment *segment = cutting->hashed;
	struct hasher *whole = cutting->whole;

	for (size_t i = 0; i < segment->count; i++) {
		struct cut *cut = &segment->cuts[i];
		const char *data = segment->data + cut->begin;

		if (cut->first)
			hasher_start(whole);
		if (chunk) {
			hasher_start(chunk);
			hasher_add_two(whole, data, chunk, data, cut->size);
			hasher_end(chunk, &cut->oid);
		} else {
			hasher_add(whole, data, cut->size);
		}
		if (cut->last)
			hasher_end(whole, &cutting->lists[cut->big].hashed);
	}
}

/* Every HASH_JOBS-th chunk. */
static void hash_chunks(struct cutting *cutting, size_t job)
{
	struct segment *segment = cutting->hashed;
	struct hasher *hasher;

	if (job >= segment->count)
		return;
	hasher = hasher_open();
	for (size_t i = job; i < segment->count; i += HASH_JOBS)
		hasher_oid(hasher, segment->data + segment->cuts[i].begin,
		    segment->cuts[i].size, &segment->cuts[i].oid);
	hasher_close(hasher);
}

/* Behind the last one nothing is built, so it needs no thread. */
static int end_pack(struct cutting *cutting, bool last, struct mldv_error *err)
{
	struct pack_info info;
	int ret;

	if (pack_writer_count(cutting->writer) == 0)
		return 0;
	if (pack_writer_end(cutting->writer, &info, err) < 0)
		return -1;
	if (last)
		return upload_bytes(cutting->push, &info, false,
		    &cutting->bytes, err);
	ret =
	    behind_upload(cutting->behind, &info, false, &cutting->bytes, err);
	(void)buf_room(&cutting->bytes, PACK_MEMORY);
	pack_writer_start(cutting->writer, &cutting->sink);
	return ret;
}

static int add_entry(struct cutting *cutting, const struct oid *oid,
    const char *data, size_t size, bool list, struct mldv_error *err)
{
	if (pack_writer_full(cutting->writer, size) &&
	    end_pack(cutting, false, err) < 0)
		return -1;
	memcpy(pack_writer_room(cutting->writer, size), data, size);
	return pack_writer_add(cutting->writer, oid, size, list, err);
}

/* Must the chunk travel? It is the item's in any case. */
static bool is_new(struct cutting *cutting, const struct cut *cut)
{
	struct push *push = cutting->push;
	const struct known_place *place;
	const struct oid *key;

	place = known_find_whole(&push->known, &cut->oid, cut->size);
	if (place) {
		(void)pthread_mutex_lock(&push->mutex);
		place->pack->used = true;
		(void)pthread_mutex_unlock(&push->mutex);
		return false;
	}
	if (map_get(&cutting->sent, &cut->oid, sizeof(cut->oid)))
		return false;
	key = arena_copy(&cutting->sent_oids, &cut->oid, sizeof(cut->oid));
	(void)map_add(&cutting->sent, key, sizeof(*key), cutting);
	return true;
}

static int check_whole(struct cutting *cutting, size_t big,
    struct mldv_error *err)
{
	const struct oid *oid = &cutting->bigs[big]->oid;
	struct buf path = {0};

	if (oid_equal(&cutting->lists[big].hashed, oid))
		return 0;
	store_file_path(cutting->push->store, oid, &path);
	(void)err_set(err, MLDV_CORRUPT,
	    "'%s' is damaged: its bytes do not hash to its name; run 'mldv "
	    "fsck --repair'",
	    buf_str(&path));
	buf_release(&path);
	return -1;
}

static int pack_segment(struct cutting *cutting, struct mldv_error *err)
{
	const struct segment *segment = cutting->packed;

	for (size_t i = 0; i < segment->count; i++) {
		const struct cut *cut = &segment->cuts[i];
		struct list *list = &cutting->lists[cut->big];

		list->items = xgrow(list->items, list->count, &list->capacity,
		    sizeof(*list->items));
		list->items[list->count++] = (struct chunk){
		    .oid = cut->oid,
		    .size = cut->size,
		};
		if (!is_new(cutting, cut))
			remote_advance(cutting->push->remote, cut->size);
		else if (add_entry(cutting, &cut->oid,
		             segment->data + cut->begin, cut->size, false,
		             err) < 0)
			return -1;
		if (cut->last && check_whole(cutting, cut->big, err) < 0)
			return -1;
	}
	return 0;
}

static int step_job(void *context, size_t i, struct mldv_error *err)
{
	struct cutting *cutting = context;

	if (i == 0)
		return pack_segment(cutting, err);
	if (i == 1)
		return read_segment(cutting, err);
	if (i == 2)
		hash_whole(cutting, cutting->chunk);
	else
		hash_chunks(cutting, i - 3);
	return 0;
}

static int run_steps(struct cutting *cutting, struct mldv_error *err)
{
	size_t jobs = cutting->chunk ? 3 : 3 + HASH_JOBS;

	do {
		struct segment *swap = cutting->packed;

		cutting->packed = cutting->hashed;
		cutting->hashed = cutting->read;
		cutting->read = swap;
		if (pool_run(cutting->push->remote->threads, jobs, step_job,
		        cutting, err) < 0)
			return -1;
	} while (cutting->read->count + cutting->hashed->count > 0);
	return 0;
}

static int add_lists(struct cutting *cutting, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < cutting->count; i++) {
		const struct list *list = &cutting->lists[i];
		const struct chunks chunks = {
		    .items = list->items,
		    .count = list->count,
		    .size = cutting->bigs[i]->size,
		};

		buf_reset(&text);
		chunks_format(&chunks, &text);
		if (text.len > CHUNKS_LIMIT)
			ret = err_set(err, MLDV_FAILED,
			    "cannot push a file of %llu bytes: its list of "
			    "chunks would be longer than %d MiB; divide it",
			    (unsigned long long)chunks.size,
			    CHUNKS_LIMIT >> 20);
		else
			ret = add_entry(cutting, &cutting->bigs[i]->oid,
			    text.data, text.len, true, err);
	}
	buf_release(&text);
	return ret;
}

static void release(struct cutting *cutting)
{
	close_current(cutting);
	for (size_t i = 0; i < cutting->count; i++)
		free(cutting->lists[i].items);
	free(cutting->lists);
	for (size_t i = 0; i < PUSH_SEGMENTS; i++) {
		free(cutting->segments[i].data);
		free(cutting->segments[i].cuts);
	}
	buf_release(&cutting->path);
	buf_release(&cutting->rest);
	buf_release(&cutting->bytes);
	hasher_close(cutting->whole);
	hasher_close(cutting->chunk);
	pack_writer_close(cutting->writer);
	map_release(&cutting->sent);
	arena_release(&cutting->sent_oids);
}

int push_bigs(struct push *push, const struct reach_object *const *bigs,
    size_t count, struct mldv_error *err)
{
	struct cutting cutting = {
	    .push = push,
	    .bigs = bigs,
	    .count = count,
	    .fd = -1,
	};
	int ret = -1;

	if (count == 0)
		return 0;
	cutting.lists = xcalloc(count, sizeof(*cutting.lists));
	cutting.whole = hasher_open_lane();
	cutting.chunk = hasher_has_lanes() ? hasher_open_lane() : NULL;
	cutting.writer = pack_writer_open();
	cutting.behind = behind_open(push);
	cutting.sink.context = &cutting.bytes;
	cutting.sink.write = write_bytes;
	(void)buf_room(&cutting.bytes, PACK_MEMORY);
	pack_writer_start(cutting.writer, &cutting.sink);
	for (size_t i = 0; i < PUSH_SEGMENTS; i++)
		cutting.segments[i].data = xmalloc(PUSH_SEGMENT);
	cutting.read = &cutting.segments[0];
	cutting.hashed = &cutting.segments[1];
	cutting.packed = &cutting.segments[2];
	if (run_steps(&cutting, err) == 0 && add_lists(&cutting, err) == 0 &&
	    end_pack(&cutting, true, err) == 0)
		ret = 0;
	if (behind_close(cutting.behind, ret == 0, err) < 0)
		ret = -1;
	release(&cutting);
	return ret;
}
