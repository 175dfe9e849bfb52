/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pack.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/chunks.h"
#include "format/oidindex.h"
#include "format/tree.h"

/* POSIX ustar, pax interchange format, table "ustar Header Block". */
#define TAR_BLOCK      512u
#define TAR_NAME       100u /* bytes of the name field */
#define TAR_MIDDLE     57u  /* mode … typeflag */
#define TAR_LINK       100u
#define TAR_MAGIC      8u /* magic and version */
#define TAR_MAGIC_AT   (TAR_NAME + TAR_MIDDLE + TAR_LINK)
#define TAR_REST       (TAR_BLOCK - TAR_MAGIC_AT - TAR_MAGIC)
#define TAR_END        (2 * TAR_BLOCK)
#define CHUNKS_SUFFIX  ".chunks"
#define ENTRY_NAME_MAX (OID_HEX + sizeof CHUNKS_SUFFIX)

static const char tar_magic[TAR_MAGIC] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};

struct pack_writer {
	struct pack_sink sink;
	struct hasher *hasher;
	struct codec *codec;
	struct buf payload; /* of the frame being built, end to end */
	struct buf tar;     /* the same as an archive, to be compressed */
	struct buf frame;   /* the frame, to be written */
	struct pack_record *records;
	size_t count;
	size_t capacity;
	size_t framed; /* records whose frame was written */
	struct oid_index seen;
	uint64_t entries; /* bytes of all entries in the archive */
	uint64_t framed_entries;
	uint64_t written;
};

uint64_t pack_entry_size(uint64_t size)
{
	return TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

struct pack_writer *pack_writer_open(void)
{
	struct pack_writer *writer = xcalloc(1, sizeof *writer);

	writer->hasher = hasher_open();
	writer->codec = codec_open();
	return writer;
}

void pack_writer_close(struct pack_writer *writer)
{
	if (writer == NULL)
		return;
	hasher_close(writer->hasher);
	codec_close(writer->codec);
	buf_release(&writer->payload);
	buf_release(&writer->tar);
	buf_release(&writer->frame);
	oid_index_release(&writer->seen);
	free(writer->records);
	free(writer);
}

void pack_writer_start(struct pack_writer *writer, const struct pack_sink *sink)
{
	writer->sink = *sink;
	hasher_start(writer->hasher);
	buf_reset(&writer->payload);
	oid_index_reset(&writer->seen);
	writer->count = writer->framed = 0;
	writer->entries = writer->framed_entries = writer->written = 0;
}

static const struct oid *record_oid(const void *context, uint64_t number)
{
	const struct pack_writer *writer = context;

	return &writer->records[number].oid;
}

bool pack_writer_has(const struct pack_writer *writer, const struct oid *oid)
{
	uint64_t number;

	return oid_index_find(&writer->seen, oid, record_oid, writer, &number);
}

uint64_t pack_writer_size(const struct pack_writer *writer)
{
	return writer->entries;
}

size_t pack_writer_count(const struct pack_writer *writer)
{
	return writer->count;
}

bool pack_writer_full(const struct pack_writer *writer, size_t size)
{
	if (writer->count == 0)
		return false;
	return writer->entries >= PACK_TARGET ||
	    writer->entries + pack_entry_size(size) > PACK_CEILING;
}

static void add_record(struct pack_writer *writer,
    const struct pack_record *record)
{
	writer->records = xgrow(writer->records, writer->count,
	    &writer->capacity, sizeof *writer->records);
	writer->records[writer->count] = *record;
	oid_index_add(&writer->seen, writer->count, record_oid, writer);
	writer->count++;
	writer->entries += pack_entry_size(record->size);
}

/* Writes the frame, or whatever stands in writer->frame. */
static int emit(struct pack_writer *writer, struct mldv_error *err)
{
	if (writer->written + writer->frame.len > PACK_LIMIT)
		return err_set(err, MLDV_FAILED,
		    "a pack would be larger than %u bytes", PACK_LIMIT);
	hasher_add(writer->hasher, writer->frame.data, writer->frame.len);
	writer->written += writer->frame.len;
	return writer->sink.write(writer->sink.context, writer->frame.data,
	    writer->frame.len, err);
}

static size_t entry_name(const struct pack_record *record,
    char name[ENTRY_NAME_MAX])
{
	oid_hex(&record->oid, name);
	if (!record->chunk_list)
		return OID_HEX;
	memcpy(name + OID_HEX, CHUNKS_SUFFIX, sizeof CHUNKS_SUFFIX);
	return OID_HEX + sizeof CHUNKS_SUFFIX - 1;
}

/* The fields from mode to typeflag; the checksum is that of the block. */
static void entry_middle(const char *name, size_t name_len, uint32_t size,
    char out[TAR_MIDDLE + 1])
{
	static const char fields[] = "0000444\0"
	                             "0000000\0"
	                             "0000000\0"
	                             "00000000000\0"
	                             "00000000000\0"
	                             "        "
	                             "0";
	unsigned sum = 0;

	memcpy(out, fields, TAR_MIDDLE);
	for (int i = 0; i < 11; i++)
		out[24 + 10 - i] = (char)('0' + (size >> (3 * i) & 7));
	for (size_t i = 0; i < name_len; i++)
		sum += (unsigned char)name[i];
	for (size_t i = 0; i < TAR_MIDDLE; i++)
		sum += (unsigned char)out[i];
	for (size_t i = 0; i < TAR_MAGIC; i++)
		sum += (unsigned char)tar_magic[i];
	for (int i = 0; i < 6; i++)
		out[48 + 5 - i] = (char)('0' + (sum >> (3 * i) & 7));
	out[48 + 6] = 0;
}

static uint32_t padding(uint32_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

/* A frame in which the payloads lie as they are; sets where. */
static void build_stored(struct pack_writer *writer, uint32_t content,
    uint32_t end)
{
	struct buf *out = &writer->frame;
	const char *payload = writer->payload.data;
	char name[ENTRY_NAME_MAX], middle[TAR_MIDDLE + 1];

	frame_stored_start(out, content);
	for (size_t i = writer->framed; i < writer->count; i++) {
		struct pack_record *record = &writer->records[i];
		size_t len = entry_name(record, name);

		entry_middle(name, len, record->size, middle);
		frame_stored_raw(out, name, len);
		frame_stored_zeros(out, (uint32_t)(TAR_NAME - len));
		frame_stored_raw(out, middle, TAR_MIDDLE);
		frame_stored_zeros(out, TAR_LINK);
		frame_stored_raw(out, tar_magic, TAR_MAGIC);
		frame_stored_zeros(out, TAR_REST);
		record->stored = true;
		record->offset = (uint32_t)(writer->written + out->len);
		frame_stored_raw(out, payload, record->size);
		record->length =
		    (uint32_t)(writer->written + out->len - record->offset);
		frame_stored_zeros(out, padding(record->size));
		payload += record->size;
	}
	frame_stored_zeros(out, end);
	frame_stored_end(out);
}

static void build_tar(struct pack_writer *writer, uint32_t content,
    uint32_t end)
{
	const char *payload = writer->payload.data;
	char *to = buf_room(&writer->tar, content);

	memset(to + content - end, 0, end);
	for (size_t i = writer->framed; i < writer->count; i++) {
		struct pack_record *record = &writer->records[i];
		char name[ENTRY_NAME_MAX], middle[TAR_MIDDLE + 1];
		size_t len = entry_name(record, name);

		entry_middle(name, len, record->size, middle);
		memset(to, 0, TAR_BLOCK);
		memcpy(to, name, len);
		memcpy(to + TAR_NAME, middle, TAR_MIDDLE);
		memcpy(to + TAR_MAGIC_AT, tar_magic, TAR_MAGIC);
		to += TAR_BLOCK;
		record->inner =
		    (uint32_t)(to - (writer->tar.data + writer->tar.len));
		memcpy(to, payload, record->size);
		to += record->size;
		memset(to, 0, padding(record->size));
		to += padding(record->size);
		payload += record->size;
	}
	writer->tar.len += content;
}

/* Ends the frame being built; the pack's last one holds the archive's end. */
static int end_frame(struct pack_writer *writer, bool last,
    struct mldv_error *err)
{
	uint32_t end = last ? TAR_END : 0;
	uint32_t content =
	    (uint32_t)(writer->entries - writer->framed_entries) + end;

	if (content == 0)
		return 0;
	buf_reset(&writer->frame);
	if (writer->payload.len > 0 &&
	    frame_compresses(writer->codec, writer->payload.data,
	        writer->payload.len)) {
		buf_reset(&writer->tar);
		build_tar(writer, content, end);
		if (frame_compress(writer->codec, writer->tar.data, content,
		        &writer->frame, err) < 0)
			return -1;
		for (size_t i = writer->framed; i < writer->count; i++) {
			writer->records[i].offset = (uint32_t)writer->written;
			writer->records[i].length = (uint32_t)writer->frame.len;
		}
	} else {
		build_stored(writer, content, end);
	}
	writer->framed = writer->count;
	writer->framed_entries = writer->entries;
	buf_reset(&writer->payload);
	return emit(writer, err);
}

char *pack_writer_room(struct pack_writer *writer, size_t size)
{
	return buf_room(&writer->payload, size);
}

/*
 * A reader believes a frame up to 256 KiB and one object, so a list that is
 * longer than an object may not share its frame with one. The list stands in
 * the room already.
 */
static int begin_alone(struct pack_writer *writer, size_t size,
    struct mldv_error *err)
{
	size_t before = writer->payload.len;

	if (before == 0)
		return 0;
	if (end_frame(writer, false, err) < 0)
		return -1;
	memmove(writer->payload.data, writer->payload.data + before, size);
	return 0;
}

int pack_writer_add(struct pack_writer *writer, const struct oid *oid,
    size_t size, bool chunk_list, struct mldv_error *err)
{
	struct pack_record record = {.oid = *oid,
	    .size = (uint32_t)size,
	    .chunk_list = chunk_list};

	assert(size > 0 && size <= (chunk_list ? CHUNKS_LIMIT : TREE_LIMIT));
	if (size > OBJECT_WHOLE_MAX && begin_alone(writer, size, err) < 0)
		return -1;
	add_record(writer, &record);
	writer->payload.len += size;
	if (writer->entries - writer->framed_entries < PACK_FRAME)
		return 0;
	return end_frame(writer, false, err);
}

int pack_writer_add_frame(struct pack_writer *writer, const char *frame,
    size_t len, const struct pack_record *records, size_t count,
    struct mldv_error *err)
{
	if (end_frame(writer, false, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct pack_record record = records[i];

		record.offset += (uint32_t)writer->written;
		add_record(writer, &record);
	}
	writer->framed = writer->count;
	writer->framed_entries = writer->entries;
	buf_reset(&writer->frame);
	buf_add(&writer->frame, frame, len);
	return emit(writer, err);
}

int pack_writer_end(struct pack_writer *writer, struct pack_info *out,
    struct mldv_error *err)
{
	struct pack_index index = {0};

	if (end_frame(writer, true, err) < 0)
		return -1;
	index.records = writer->records;
	index.count = writer->count;
	index.begin = (uint32_t)writer->written;
	buf_reset(&writer->frame);
	pack_index_format(&index, &writer->frame);
	if (emit(writer, err) < 0)
		return -1;
	hasher_end(writer->hasher, &out->id);
	out->bytes = (uint32_t)writer->written;
	out->index = index.begin;
	out->objects = (uint32_t)index.count;
	return 0;
}

struct pack_decoder {
	struct codec *codec;
	struct hasher *hasher;
	struct buf content; /* of the frame frame_key, or scratch */
	struct buf scratch;
	uint64_t frame_key;
};

struct pack_decoder *pack_decoder_open(void)
{
	struct pack_decoder *decoder = xcalloc(1, sizeof *decoder);

	decoder->codec = codec_open();
	decoder->hasher = hasher_open();
	return decoder;
}

void pack_decoder_close(struct pack_decoder *decoder)
{
	if (decoder == NULL)
		return;
	codec_close(decoder->codec);
	hasher_close(decoder->hasher);
	buf_release(&decoder->content);
	buf_release(&decoder->scratch);
	free(decoder);
}

/* The most that a frame with this record in it may decode to. */
static size_t content_limit(const struct pack_record *record)
{
	uint64_t entry =
	    record->size > OBJECT_WHOLE_MAX ? record->size : OBJECT_WHOLE_MAX;

	return (size_t)(PACK_FRAME + pack_entry_size(entry) + TAR_END);
}

static int decode_frame(struct pack_decoder *decoder,
    const struct pack_record *record, const char *data, uint64_t frame_key,
    struct mldv_error *err)
{
	if (frame_key != 0 && decoder->frame_key == frame_key)
		return 0;
	decoder->frame_key = 0;
	if (frame_decompress(decoder->codec, data, record->length,
	        content_limit(record), &decoder->content, err) < 0)
		return -1;
	decoder->frame_key = frame_key;
	return 0;
}

int pack_payload(struct pack_decoder *decoder, const struct pack_record *record,
    const char *data, uint64_t frame_key, struct slice *out,
    struct mldv_error *err)
{
	struct slice payload;

	if (record->stored) {
		if (frame_stored_payload(data, record->length, record->size,
		        &decoder->scratch, &payload, err) < 0)
			return -1;
	} else {
		if (decode_frame(decoder, record, data, frame_key, err) < 0)
			return -1;
		if (record->inner > decoder->content.len ||
		    record->size > decoder->content.len - record->inner)
			return err_set(err, MLDV_CORRUPT,
			    "an object lies outside its frame");
		payload.data = decoder->content.data + record->inner;
		payload.len = record->size;
	}
	*out = payload;
	return 0;
}

int pack_decode(struct pack_decoder *decoder, const struct pack_record *record,
    const char *data, uint64_t frame_key, struct slice *out,
    struct mldv_error *err)
{
	struct slice payload;
	struct oid oid;

	if (pack_payload(decoder, record, data, frame_key, &payload, err) < 0)
		return -1;
	if (!record->chunk_list) {
		hasher_oid(decoder->hasher, payload.data, payload.len, &oid);
		if (!oid_equal(&oid, &record->oid))
			return err_set(err, MLDV_CORRUPT,
			    "the bytes do not hash to the name");
	}
	*out = payload;
	return 0;
}
