/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pieces.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

struct copying {
	const struct pack_piece *pieces;
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

static int compare_pieces(const void *a, const void *b)
{
	const struct pack_piece *left = a;
	const struct pack_piece *right = b;

	if (left->pack != right->pack)
		return left->pack < right->pack ? -1 : 1;
	if (left->record->offset != right->record->offset)
		return left->record->offset < right->record->offset ? -1 : 1;
	return (left->record->inner > right->record->inner) -
	    (left->record->inner < right->record->inner);
}

void pieces_sort(struct pack_piece *pieces, size_t count)
{
	if (count > 1)
		qsort(pieces, count, sizeof(*pieces), compare_pieces);
}

size_t pieces_fit(const struct pack_piece *pieces, size_t count)
{
	uint64_t sum = 0;
	size_t n = 0;

	for (; n < count; n++) {
		uint64_t size = pack_entry_size(pieces[n].record->size);

		if (n > 0 && (sum >= PACK_TARGET || sum + size > PACK_CEILING))
			break;
		sum += size;
	}
	return n;
}

static void close_pack(struct copying *copying)
{
	if (copying->fd >= 0)
		(void)close(copying->fd);
	copying->fd = -1;
	copying->pack = NULL;
	free(copying->offsets);
	copying->offsets = NULL;
}

static int compare_offsets(const void *a, const void *b)
{
	const uint32_t *left = a;
	const uint32_t *right = b;

	return (*left > *right) - (*left < *right);
}

static int open_pack(struct copying *copying, const struct store_pack *pack,
    struct mldv_error *err)
{
	size_t count = 0;

	if (copying->pack == pack)
		return 0;
	close_pack(copying);
	copying->fd = open(pack->path, O_RDONLY | O_CLOEXEC);
	if (copying->fd < 0)
		return err_errno(err, "cannot open '%s'", pack->path);
	copying->pack = pack;
	copying->number++;
	copying->offsets = xcalloc(pack->index.count + 1, sizeof(uint32_t));
	for (size_t i = 0; i < pack->index.count; i++) {
		if (!pack->index.records[i].stored)
			copying->offsets[count++] =
			    pack->index.records[i].offset;
	}
	copying->offset_count = count;
	qsort(copying->offsets, count, sizeof(uint32_t), compare_offsets);
	return 0;
}

/* The number of offsets below a value. */
static size_t below(const struct copying *copying, uint64_t offset)
{
	size_t low = 0;
	size_t high = copying->offset_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (copying->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool same_frame(const struct pack_piece *a, const struct pack_piece *b)
{
	return a->pack == b->pack && !a->record->stored && !b->record->stored &&
	    a->record->offset == b->record->offset;
}

/*
 * Are these all the objects of a frame? The pack's last one does not count:
 * it holds the end of the archive, too.
 */
static bool is_whole_frame(const struct copying *copying,
    const struct pack_piece *piece, size_t count)
{
	const struct pack_record *record = piece->record;

	return !record->stored &&
	    record->offset + record->length < piece->pack->index.begin &&
	    below(copying, (uint64_t)record->offset + 1) -
	        below(copying, record->offset) ==
	    count;
}

static int read_piece(struct copying *copying, const struct pack_piece *piece,
    struct mldv_error *err)
{
	const struct pack_record *record = piece->record;

	if (open_pack(copying, piece->pack, err) < 0)
		return -1;
	buf_reset(&copying->data);
	if (file_read_at(copying->fd, piece->pack->path,
	        buf_room(&copying->data, record->length), record->length,
	        record->offset, err) < 0)
		return -1;
	copying->data.len = record->length;
	return 0;
}

static int decode(struct copying *copying, const struct pack_piece *piece,
    struct slice *out, struct mldv_error *err)
{
	uint64_t key = (uint64_t)copying->number << 32 | piece->record->offset;

	if (pack_decode(copying->decoder, piece->record, copying->data.data,
	        key, out, err) < 0) {
		(void)err_prefix(err, "'%s' is damaged; run 'mldv fsck'",
		    piece->pack->path);
		return -1;
	}
	return 0;
}

static int add_piece(struct copying *copying, const struct pack_piece *piece,
    struct mldv_error *err)
{
	struct slice payload;

	if (decode(copying, piece, &payload, err) < 0)
		return -1;
	memcpy(pack_writer_room(copying->writer, payload.len), payload.data,
	    payload.len);
	return pack_writer_add(copying->writer, &piece->record->oid,
	    payload.len, piece->record->chunk_list, err);
}

static int add_frame(struct copying *copying, const struct pack_piece *pieces,
    size_t count, struct mldv_error *err)
{
	struct pack_record *records = xcalloc(count, sizeof(*records));
	struct slice payload;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count; i++) {
		records[i] = *pieces[i].record;
		records[i].offset = 0;
		ret = decode(copying, &pieces[i], &payload, err);
	}
	if (ret == 0)
		ret = pack_writer_add_frame(copying->writer, copying->data.data,
		    copying->data.len, records, count, err);
	free(records);
	return ret;
}

/* Adds the pieces of one frame, or one stored piece; count says how many. */
static int add_group(struct copying *copying, size_t first, size_t *count,
    struct mldv_error *err)
{
	const struct pack_piece *pieces = copying->pieces + first;
	size_t n = 1;

	while (first + n < copying->count && same_frame(pieces, &pieces[n]))
		n++;
	*count = n;
	if (read_piece(copying, pieces, err) < 0)
		return -1;
	if (is_whole_frame(copying, pieces, n))
		return add_frame(copying, pieces, n, err);
	for (size_t i = 0; i < n; i++) {
		if (add_piece(copying, &pieces[i], err) < 0)
			return -1;
	}
	return 0;
}

static bool is_cancelled(const struct mldv_events *events)
{
	return events && events->cancelled &&
	    events->cancelled(events->context);
}

int pieces_copy(struct pack_writer *writer, const struct pack_piece *pieces,
    size_t count, const struct mldv_events *events, struct mldv_error *err)
{
	struct copying copying = {
	    .pieces = pieces,
	    .count = count,
	    .writer = writer,
	    .fd = -1,
	};
	int ret = 0;
	size_t n;

	copying.decoder = pack_decoder_open();
	for (size_t i = 0; ret == 0 && i < count; i += n) {
		n = 1;
		if (i % 64 == 0 && is_cancelled(events))
			ret = err_set(err, MLDV_INTERRUPTED, "interrupted");
		else
			ret = add_group(&copying, i, &n, err);
	}
	close_pack(&copying);
	pack_decoder_close(copying.decoder);
	buf_release(&copying.data);
	return ret;
}

static int write_temp(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	const struct tempfile *temp = context;

	return file_write(temp->fd, temp->path, data, size, err);
}

/* One new pack. */
static int store_some(struct store *store, const struct pack_piece *pieces,
    size_t count, const struct mldv_events *events, struct oid *id,
    struct mldv_error *err)
{
	struct tempfile temp = {0};
	const struct pack_sink sink = {.context = &temp, .write = write_temp};
	struct pack_writer *writer;
	struct pack_info info;
	int ret = store_pack_start(store, &temp, err);

	if (ret < 0)
		return -1;
	writer = pack_writer_open();
	pack_writer_start(writer, &sink);
	ret = pieces_copy(writer, pieces, count, events, err);
	if (ret == 0)
		ret = pack_writer_end(writer, &info, err);
	if (ret == 0)
		ret = store_pack_end(store, &temp, &info.id, err);
	if (ret == 0)
		*id = info.id;
	pack_writer_close(writer);
	tempfile_release(&temp);
	return ret;
}

int pieces_store(struct store *store, const struct pack_piece *pieces,
    size_t count, const struct mldv_events *events, struct oid_set *ids,
    struct mldv_error *err)
{
	int ret = 0;
	size_t n;

	for (size_t i = 0; ret == 0 && i < count; i += n) {
		struct oid id;

		n = pieces_fit(pieces + i, count - i);
		ret = store_some(store, pieces + i, n, events, &id, err);
		if (ret < 0)
			break;
		(void)oid_set_add(ids, &id);
	}
	return ret;
}
