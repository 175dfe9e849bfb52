/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "remote/push.h"

/*
 * A new pack out of parts of the store's. A compressed frame of which all is
 * wanted is copied as it is, after it was decoded to see that it is sound.
 */

struct building {
	struct push *push;
	const struct plan_piece *pieces;
	size_t count;
	struct pack_writer *writer;
	struct pack_decoder *decoder;
	struct buf data;               /* what was read last */
	const struct store_pack *pack; /* which is open */
	int fd;
	uint32_t number;   /* of that pack, for the decoder */
	uint32_t *offsets; /* of its compressed frames, once an object */
	size_t offset_count;
};

static int write_bytes(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

static void close_pack(struct building *building)
{
	if (building->fd >= 0)
		(void)close(building->fd);
	building->fd = -1;
	building->pack = NULL;
	free(building->offsets);
	building->offsets = NULL;
}

static int compare_offsets(const void *a, const void *b)
{
	const uint32_t *left = a;
	const uint32_t *right = b;

	return (*left > *right) - (*left < *right);
}

static int open_pack(struct building *building, const struct store_pack *pack,
    struct mldv_error *err)
{
	size_t count = 0;

	if (building->pack == pack)
		return 0;
	close_pack(building);
	building->fd = open(pack->path, O_RDONLY | O_CLOEXEC);
	if (building->fd < 0)
		return err_errno(err, "cannot open '%s'", pack->path);
	building->pack = pack;
	building->number++;
	building->offsets = xcalloc(pack->index.count + 1, sizeof(uint32_t));
	for (size_t i = 0; i < pack->index.count; i++) {
		if (!pack->index.records[i].stored)
			building->offsets[count++] =
			    pack->index.records[i].offset;
	}
	building->offset_count = count;
	qsort(building->offsets, count, sizeof(uint32_t), compare_offsets);
	return 0;
}

/* The number of offsets below a value. */
static size_t below(const struct building *building, uint64_t offset)
{
	size_t low = 0;
	size_t high = building->offset_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (building->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool same_frame(const struct plan_piece *a, const struct plan_piece *b)
{
	return a->pack == b->pack && !a->record->stored && !b->record->stored &&
	    a->record->offset == b->record->offset;
}

/*
 * Are these all the objects of a frame? The pack's last one does not count:
 * it holds the end of the archive, too.
 */
static bool is_whole_frame(const struct building *building,
    const struct plan_piece *piece, size_t count)
{
	const struct pack_record *record = piece->record;

	return !record->stored &&
	    record->offset + record->length < piece->pack->index.begin &&
	    below(building, (uint64_t)record->offset + 1) -
	        below(building, record->offset) ==
	    count;
}

static int read_piece(struct building *building, const struct plan_piece *piece,
    struct mldv_error *err)
{
	const struct pack_record *record = piece->record;

	if (open_pack(building, piece->pack, err) < 0)
		return -1;
	buf_reset(&building->data);
	if (file_read_at(building->fd, piece->pack->path,
	        buf_room(&building->data, record->length), record->length,
	        record->offset, err) < 0)
		return -1;
	building->data.len = record->length;
	return 0;
}

static int decode(struct building *building, const struct plan_piece *piece,
    struct slice *out, struct mldv_error *err)
{
	uint64_t key = (uint64_t)building->number << 32 | piece->record->offset;

	if (pack_decode(building->decoder, piece->record, building->data.data,
	        key, out, err) < 0) {
		(void)err_prefix(err, "'%s' is damaged; run 'mldv fsck'",
		    piece->pack->path);
		return -1;
	}
	return 0;
}

static int add_piece(struct building *building, const struct plan_piece *piece,
    struct mldv_error *err)
{
	struct slice payload;

	if (decode(building, piece, &payload, err) < 0)
		return -1;
	memcpy(pack_writer_room(building->writer, payload.len), payload.data,
	    payload.len);
	return pack_writer_add(building->writer, &piece->record->oid,
	    payload.len, false, err);
}

static int add_frame(struct building *building, const struct plan_piece *pieces,
    size_t count, struct mldv_error *err)
{
	struct pack_record *records = xcalloc(count, sizeof(*records));
	struct slice payload;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count; i++) {
		records[i] = *pieces[i].record;
		records[i].offset = 0;
		ret = decode(building, &pieces[i], &payload, err);
	}
	if (ret == 0)
		ret =
		    pack_writer_add_frame(building->writer, building->data.data,
		        building->data.len, records, count, err);
	free(records);
	return ret;
}

/* Adds the pieces of one frame, or one stored piece; count says how many. */
static int add_group(struct building *building, size_t first, size_t *count,
    struct mldv_error *err)
{
	const struct plan_piece *pieces = building->pieces + first;
	size_t n = 1;

	while (first + n < building->count && same_frame(pieces, &pieces[n]))
		n++;
	*count = n;
	if (read_piece(building, pieces, err) < 0)
		return -1;
	if (is_whole_frame(building, pieces, n))
		return add_frame(building, pieces, n, err);
	for (size_t i = 0; i < n; i++) {
		if (add_piece(building, &pieces[i], err) < 0)
			return -1;
	}
	return 0;
}

static int add_all(struct building *building, struct mldv_error *err)
{
	size_t n;

	for (size_t i = 0; i < building->count; i += n) {
		if (i % 64 == 0 &&
		    remote_stopped(building->push->remote, err) < 0)
			return -1;
		if (add_group(building, i, &n, err) < 0)
			return -1;
	}
	return 0;
}

int push_build(struct push *push, const struct plan *plan, size_t i,
    struct mldv_error *err)
{
	const struct plan_build *build = &plan->builds[i];
	struct buf bytes = {0};
	const struct pack_sink sink = {.context = &bytes, .write = write_bytes};
	struct building building = {
	    .push = push,
	    .pieces = plan->pieces + build->first,
	    .count = build->count,
	    .fd = -1,
	};
	struct pack_info info;
	int ret = -1;

	building.writer = pack_writer_open();
	building.decoder = pack_decoder_open();
	pack_writer_start(building.writer, &sink);
	if (add_all(&building, err) == 0 &&
	    pack_writer_end(building.writer, &info, err) == 0)
		ret = upload_bytes(push, &info, build->trees, &bytes, err);
	close_pack(&building);
	pack_decoder_close(building.decoder);
	pack_writer_close(building.writer);
	buf_release(&building.data);
	buf_release(&bytes);
	return ret;
}
