/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "remote/budget.h"
#include "remote/fetch.h"
#include "remote/ranges.h"

/*
 * Large objects arrive in segments of their chunks in order, across objects.
 * While one segment arrives, the one before it is hashed and written:
 *
 *     step 1   segment 0 arrives
 *     step 2   segment 1 arrives   segment 0 is hashed   and written
 *     step 3   segment 2 arrives   segment 1 is hashed   and written …
 *
 * An object gets its name when all of it was written and hashed to it. Where
 * two can be hashed in the time of one, chunks are hashed beside it, else as
 * they arrive.
 */

struct part {
	struct big *big;
	const struct chunk *chunk;
	size_t begin; /* in the segment */
	size_t twin;  /* an earlier part of the same bytes, else itself */
	bool first;   /* of its object */
	bool last;
};

struct segment {
	char *data;
	size_t len;
	struct part *parts;
	size_t count;
	size_t capacity;
	struct range_want *wants;
	struct ranges ranges;
};

struct moving {
	struct fetch *fetch;
	struct big *bigs;
	size_t count;
	size_t big; /* the next chunk to ask for */
	size_t chunk;
	struct segment segments[FETCH_SEGMENTS];
	struct segment *arriving;
	struct segment *arrived;
	struct big **whole; /* those that were written to their end */
	size_t whole_count;
	struct hasher *hasher;
	struct hasher *beside; /* for chunks, where there are two lanes */
	struct range_sink sink;
};

static int check_list(const struct known *known, struct big *big,
    struct mldv_error *err)
{
	const struct chunks *chunks = &big->chunks;

	if (big->size > 0 && chunks->size != big->size)
		return err_set(err, MLDV_CORRUPT,
		    "a list of chunks does not add up to its object's size");
	for (size_t i = 0; i < chunks->count; i++) {
		char hex[OID_HEX + 1];

		if (known_find_whole(known, &chunks->items[i].oid,
		        chunks->items[i].size))
			continue;
		oid_hex(&chunks->items[i].oid, hex);
		return err_set(err, MLDV_CORRUPT,
		    "a list of chunks names %s, which no pack of the item has",
		    hex);
	}
	return 0;
}

static int take_list(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	const struct known *known = context;
	struct big *big = want->object;

	if (chunks_parse(&big->chunks, &big->arena, payload.data, payload.len,
	        err) < 0 ||
	    check_list(known, big, err) < 0) {
		remote_damaged(known->remote, &want->pack->info.id,
		    want->pack->of, err);
		return -1;
	}
	big->size = big->chunks.size;
	return 0;
}

int fetch_lists(struct known *known, struct big *bigs, size_t count,
    struct mldv_error *err)
{
	const struct range_sink sink = {.context = known, .take = take_list};
	struct range_want *wants = xcalloc(count + 1, sizeof(*wants));
	int ret;

	for (size_t i = 0; i < count; i++) {
		wants[i].pack = bigs[i].list->pack;
		wants[i].record = bigs[i].list->record;
		wants[i].object = &bigs[i];
	}
	ret = ranges_run(known, wants, count, &sink, err);
	free(wants);
	return ret;
}

void fetch_release_bigs(struct big *bigs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		tempfile_release(&bigs[i].temp);
		arena_release(&bigs[i].arena);
	}
	free(bigs);
}

static void add_part(struct moving *moving, struct segment *segment,
    struct map *seen)
{
	struct big *big = &moving->bigs[moving->big];
	const struct chunk *chunk = &big->chunks.items[moving->chunk];
	struct part *part;
	char *place;

	segment->parts = xgrow(segment->parts, segment->count,
	    &segment->capacity, sizeof(*segment->parts));
	part = &segment->parts[segment->count];
	*part = (struct part){
	    .big = big,
	    .chunk = chunk,
	    .begin = segment->len,
	    .twin = segment->count,
	    .first = moving->chunk == 0,
	    .last = moving->chunk + 1 == big->chunks.count,
	};
	/* The map's values say which part it was, as a place in the buffer. */
	place = segment->data + segment->count;
	if (!map_add(seen, &chunk->oid, sizeof(chunk->oid), place)) {
		place = map_get(seen, &chunk->oid, sizeof(chunk->oid));
		part->twin = (size_t)(place - segment->data);
	}
	segment->count++;
	segment->len += chunk->size;
	if (part->last) {
		moving->big++;
		moving->chunk = 0;
	} else {
		moving->chunk++;
	}
}

/* Decides what arrives next; nothing is left if the segment stays empty. */
static void plan_segment(struct moving *moving, struct segment *segment)
{
	struct known *known = &moving->fetch->known;
	struct map seen = {0};
	size_t wanted = 0;

	segment->len = segment->count = 0;
	while (moving->big < moving->count &&
	    moving->bigs[moving->big].chunks.items[moving->chunk].size <=
	        FETCH_SEGMENT - segment->len)
		add_part(moving, segment, &seen);
	map_release(&seen);
	free(segment->wants);
	segment->wants = xcalloc(segment->count + 1, sizeof(*segment->wants));
	for (size_t i = 0; i < segment->count; i++) {
		struct part *part = &segment->parts[i];
		const struct known_place *place;

		if (part->twin != i)
			continue;
		place = known_find_whole(known, &part->chunk->oid,
		    part->chunk->size);
		place->pack->used = true;
		segment->wants[wanted++] = (struct range_want){
		    .pack = place->pack,
		    .record = place->record,
		    .object = part,
		};
	}
	ranges_release(&segment->ranges);
	ranges_plan(&segment->ranges, known, segment->wants, wanted,
	    &moving->sink);
}

static int take_chunk(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	const struct moving *moving = context;
	const struct part *part = want->object;

	(void)err;
	memcpy(moving->arriving->data + part->begin, payload.data, payload.len);
	return 0;
}

static void copy_twins(struct segment *segment)
{
	for (size_t i = 0; i < segment->count; i++) {
		const struct part *part = &segment->parts[i];

		if (part->twin != i)
			memcpy(segment->data + part->begin,
			    segment->data + segment->parts[part->twin].begin,
			    part->chunk->size);
	}
}

static int is_damaged(const struct moving *moving, const struct part *part,
    struct mldv_error *err)
{
	const struct known_place *place =
	    known_find_whole(&moving->fetch->known, &part->chunk->oid,
	        part->chunk->size);

	(void)err_set(err, MLDV_CORRUPT, "the bytes do not hash to the name");
	remote_damaged(moving->fetch->remote, &place->pack->info.id,
	    place->pack->of, err);
	return -1;
}

/* The whole, and each chunk if that was not hashed where it arrived. */
static int hash_segment(struct moving *moving, struct mldv_error *err)
{
	const struct segment *segment = moving->arrived;
	struct hasher *whole = moving->hasher;

	for (size_t i = 0; i < segment->count; i++) {
		const struct part *part = &segment->parts[i];
		const char *data = segment->data + part->begin;
		struct oid oid = part->chunk->oid;

		if (part->first)
			hasher_start(whole);
		if (moving->beside) {
			hasher_start(moving->beside);
			hasher_add_two(whole, data, moving->beside, data,
			    part->chunk->size);
			hasher_end(moving->beside, &oid);
		} else {
			hasher_add(whole, data, part->chunk->size);
		}
		if (!oid_equal(&oid, &part->chunk->oid))
			return is_damaged(moving, part, err);
		if (part->last)
			hasher_end(whole, &part->big->hashed);
	}
	return 0;
}

static int write_segment(struct moving *moving, struct mldv_error *err)
{
	const struct segment *segment = moving->arrived;

	for (size_t i = 0; i < segment->count; i++) {
		const struct part *part = &segment->parts[i];
		struct tempfile *temp = &part->big->temp;

		if (part->first &&
		    store_large_start(moving->fetch->store, temp, err) < 0)
			return -1;
		if (file_write(temp->fd, temp->path,
		        segment->data + part->begin, part->chunk->size,
		        err) < 0)
			return -1;
		if (part->last)
			moving->whole[moving->whole_count++] = part->big;
		/* Else the disk begins only at the end, and nobody can stop. */
		if (part->last || i + 1 == segment->count)
			(void)sync_file_range(temp->fd, 0, 0,
			    SYNC_FILE_RANGE_WRITE);
	}
	return 0;
}

static int step_job(void *context, size_t i, struct mldv_error *err)
{
	struct moving *moving = context;

	if (i > 1)
		return ranges_read(&moving->arriving->ranges, i - 2, err);
	if (i == 1)
		return write_segment(moving, err);
	return hash_segment(moving, err);
}

static int name_job(void *context, size_t i, struct mldv_error *err)
{
	struct moving *moving = context;
	struct big *big = moving->whole[i];

	if (!oid_equal(&big->hashed, big->oid)) {
		(void)err_set(err, MLDV_CORRUPT,
		    "the chunks of an object do not make it up");
		remote_damaged(moving->fetch->remote, &big->list->pack->info.id,
		    moving->fetch->item, err);
		return -1;
	}
	return store_large_end(moving->fetch->store, &big->temp, big->oid, err);
}

static int run_steps(struct moving *moving, struct mldv_error *err)
{
	unsigned threads = moving->fetch->remote->threads;

	moving->arriving = &moving->segments[0];
	moving->arrived = &moving->segments[1];
	for (;;) {
		struct segment *swap = moving->arriving;

		plan_segment(moving, moving->arriving);
		if (moving->arriving->count + moving->arrived->count == 0)
			return 0;
		moving->whole_count = 0;
		if (pool_run(threads, moving->arriving->ranges.count + 2,
		        step_job, moving, err) < 0 ||
		    pool_run(threads, moving->whole_count, name_job, moving,
		        err) < 0)
			return -1;
		copy_twins(moving->arriving);
		moving->arriving = moving->arrived;
		moving->arrived = swap;
	}
}

int fetch_bigs(struct fetch *fetch, struct big *bigs, size_t count,
    struct mldv_error *err)
{
	struct moving moving = {.fetch = fetch, .bigs = bigs, .count = count};
	int ret;

	if (count == 0)
		return 0;
	moving.sink.context = &moving;
	moving.sink.take = take_chunk;
	moving.hasher = hasher_open_lane();
	if (hasher_has_lanes()) {
		moving.beside = hasher_open_lane();
		moving.sink.verifies = true;
	}
	moving.whole = xcalloc(count, sizeof(struct big *));
	for (size_t i = 0; i < FETCH_SEGMENTS; i++)
		moving.segments[i].data = xmalloc(FETCH_SEGMENT);
	ret = run_steps(&moving, err);
	for (size_t i = 0; i < FETCH_SEGMENTS; i++) {
		struct segment *segment = &moving.segments[i];

		ranges_release(&segment->ranges);
		free(segment->data);
		free(segment->parts);
		free(segment->wants);
	}
	free(moving.whole);
	hasher_close(moving.hasher);
	hasher_close(moving.beside);
	return ret;
}
