/* SPDX-License-Identifier: Apache-2.0 */
#include "format/packindex.h"

#include <stdlib.h>
#include <string.h>

#include "format/chunks.h"
#include "format/tree.h"

#define MAGIC        "mldvpack"
#define VERSION      1
#define FRAME_HEADER 8 /* magic and size of the skippable frame */
#define STORED       (UINT32_C(1) << 31)
#define CHUNK_LIST   (UINT32_C(1) << 30)
#define TAR_BLOCK    512
/* Raw blocks of a stored frame hold at most this; each has a header of 3. */
#define BLOCK        131072
#define BLOCK_HEADER 3

static uint32_t get32(const uint8_t *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 |
	    (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint8_t *put32(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	to[2] = (uint8_t)(value >> 16);
	to[3] = (uint8_t)(value >> 24);
	return to + 4;
}

static int refuse(struct mldv_error *err, const char *why)
{
	return err_set(err, MLDV_CORRUPT, "pack index: %s", why);
}

size_t pack_index_size(size_t count)
{
	return FRAME_HEADER + count * PACK_RECORD_SIZE + PACK_FOOTER_SIZE;
}

int pack_footer_parse(const uint8_t footer[PACK_FOOTER_SIZE],
    uint64_t pack_size, uint32_t *begin, uint32_t *count,
    struct mldv_error *err)
{
	static const uint8_t zeros[8];
	uint32_t records = get32(footer + 12);
	uint32_t at = get32(footer + 16);

	if (memcmp(footer, MAGIC, 8) != 0)
		return refuse(err, "the file does not end with a footer");
	if (get32(footer + 8) != VERSION)
		return err_set(err, MLDV_CORRUPT,
		    "pack index: version %u is not known here, only version "
		    "%d is; a newer mldv can read it",
		    get32(footer + 8), VERSION);
	if (pack_size > PACK_LIMIT)
		return refuse(err, "the pack is larger than 64 MiB");
	if (get32(footer + 20) != PACK_RECORD_SIZE)
		return refuse(err, "records are not of 48 bytes");
	if (memcmp(footer + 24, zeros, sizeof(zeros)) != 0)
		return refuse(err, "the footer's zeros are not zero");
	if (records == 0 || at == 0)
		return refuse(err, "the pack is empty");
	if ((uint64_t)at + FRAME_HEADER + PACK_FOOTER_SIZE +
	        (uint64_t)records * PACK_RECORD_SIZE !=
	    pack_size)
		return refuse(err, "the index does not fit the pack's length");
	*begin = at;
	*count = records;
	return 0;
}

/* The length of a stored payload: every 128 KiB have a block header. */
static uint32_t stored_length(uint32_t size)
{
	return size + BLOCK_HEADER * ((size + BLOCK - 1) / BLOCK);
}

static void get_record(const uint8_t *from, struct pack_record *record)
{
	uint32_t inner = get32(from + 40);

	memcpy(record->oid.bytes, from, OID_SIZE);
	record->offset = get32(from + 32);
	record->length = get32(from + 36);
	record->inner = inner & ~(STORED | CHUNK_LIST);
	record->size = get32(from + 44);
	record->stored = (inner & STORED) != 0;
	record->chunk_list = (inner & CHUNK_LIST) != 0;
}

/* What is wrong with a record by itself; NULL: nothing. */
static const char *record_refused(const struct pack_record *record,
    uint32_t begin)
{
	uint32_t most = record->chunk_list ? CHUNKS_LIMIT : TREE_LIMIT;

	if (record->size == 0 || oid_equal(&record->oid, &oid_empty))
		return "the empty object is listed";
	if (record->size > most)
		return "an object is too large to lie in a pack";
	if (record->length == 0 || record->offset >= begin ||
	    record->length > begin - record->offset)
		return "an object lies outside the pack's content";
	if (record->stored) {
		if (record->inner != 0 ||
		    record->length != stored_length(record->size))
			return "a stored object's length does not fit its "
			       "size";
		return NULL;
	}
	/* A frame ends with the entry that brings it to PACK_FRAME. */
	if (record->inner < TAR_BLOCK || record->inner > PACK_FRAME ||
	    record->inner % TAR_BLOCK != 0)
		return "an object's place in its frame is impossible";
	return NULL;
}

/* Bits of a key: 26 of offset, 10 of inner / 512, 24 of the record's number. */
#define NUMBER_BITS 24
#define INNER_BITS  10
#define DIGIT_BITS  12

static uint64_t place_key(const struct pack_record *record, size_t number)
{
	uint64_t place =
	    (uint64_t)record->offset << INNER_BITS | record->inner / TAR_BLOCK;

	return place << NUMBER_BITS | number;
}

/* Sorts by the 36 bits above the record's number: three digits of 12. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *other, size_t count)
{
	size_t starts[1 << DIGIT_BITS];

	for (unsigned shift = NUMBER_BITS; shift < 60; shift += DIGIT_BITS) {
		uint64_t *swap = keys;
		size_t sum = 0;

		memset(starts, 0, sizeof(starts));
		for (size_t i = 0; i < count; i++)
			starts[keys[i] >> shift & 0xfff]++;
		for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
			size_t here = starts[i];

			starts[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < count; i++)
			other[starts[keys[i] >> shift & 0xfff]++] = keys[i];
		keys = other;
		other = swap;
	}
	return keys;
}

/* May b, the next by place, lie where it does, after a? */
static bool lies_after(const struct pack_record *a, const struct pack_record *b)
{
	uint64_t end;

	if (a->offset + a->length <= b->offset)
		return true;
	if (a->offset != b->offset || a->length != b->length || a->stored ||
	    b->stored)
		return false;
	/* In one frame: a's payload, its padding, b's header. */
	end = ((uint64_t)a->inner + a->size + TAR_BLOCK - 1) / TAR_BLOCK;
	return (end + 1) * TAR_BLOCK <= b->inner;
}

static int check_places(const struct pack_index *index, struct mldv_error *err)
{
	struct arena scratch = {0};
	uint64_t *keys = arena_array(&scratch, index->count, sizeof(*keys));
	uint64_t *other = arena_array(&scratch, index->count, sizeof(*other));
	size_t i;

	for (i = 0; i < index->count; i++)
		keys[i] = place_key(&index->records[i], i);
	keys = sort_keys(keys, other, index->count);
	for (i = 1; i < index->count; i++) {
		size_t mask = (1 << NUMBER_BITS) - 1;

		if (!lies_after(&index->records[keys[i - 1] & mask],
		        &index->records[keys[i] & mask]))
			break;
	}
	arena_release(&scratch);
	if (i < index->count)
		return refuse(err, "two objects overlap");
	return 0;
}

static int take_records(struct pack_index *index, const uint8_t *from,
    struct mldv_error *err)
{
	for (size_t i = 0; i < index->count; i++) {
		struct pack_record *record = &index->records[i];
		const char *why;

		get_record(from + i * PACK_RECORD_SIZE, record);
		why = record_refused(record, index->begin);
		if (why != NULL)
			return refuse(err, why);
		if (i > 0 && oid_compare(&record[-1].oid, &record->oid) >= 0)
			return refuse(err, "records are out of order");
	}
	return check_places(index, err);
}

int pack_index_parse(struct pack_index *out, struct arena *arena,
    const uint8_t *data, size_t len, uint64_t pack_size, struct mldv_error *err)
{
	struct pack_index index = {0};
	const uint8_t *footer;
	uint32_t count = 0;
	struct oid digest;

	if (len < pack_index_size(0))
		return refuse(err, "is cut short");
	footer = data + len - PACK_FOOTER_SIZE;
	if (pack_footer_parse(footer, pack_size, &index.begin, &count, err) < 0)
		return -1;
	if (len != pack_index_size(count))
		return refuse(err, "has another length than its footer says");
	if (get32(data) != PACK_INDEX_MAGIC ||
	    get32(data + 4) != len - FRAME_HEADER)
		return refuse(err, "is not a skippable frame of its length");
	oid_of(data + FRAME_HEADER, len - FRAME_HEADER - PACK_FOOTER_SIZE,
	    &digest);
	if (memcmp(digest.bytes, footer + 32, OID_SIZE) != 0)
		return refuse(err, "the records do not have their SHA-256");
	/* len bytes are here, so the count is no promise but a fact. */
	index.count = count;
	index.records = arena_array(arena, count, sizeof(*index.records));
	if (take_records(&index, data + FRAME_HEADER, err) < 0)
		return -1;
	*out = index;
	return 0;
}

static int compare_records(const void *a, const void *b)
{
	const struct pack_record *left = a;
	const struct pack_record *right = b;

	return oid_compare(&left->oid, &right->oid);
}

static uint8_t *put_record(uint8_t *to, const struct pack_record *record)
{
	uint32_t inner = record->stored ? STORED : record->inner;

	if (record->chunk_list)
		inner |= CHUNK_LIST;
	memcpy(to, record->oid.bytes, OID_SIZE);
	to = put32(to + OID_SIZE, record->offset);
	to = put32(to, record->length);
	to = put32(to, inner);
	return put32(to, record->size);
}

void pack_index_format(struct pack_index *index, struct buf *out)
{
	size_t size = pack_index_size(index->count);
	uint8_t *to = (uint8_t *)buf_room(out, size + 1);
	const uint8_t *records;
	struct oid digest;

	if (index->count > 0)
		qsort(index->records, index->count, sizeof(*index->records),
		    compare_records);
	to = put32(to, PACK_INDEX_MAGIC);
	to = put32(to, (uint32_t)(size - FRAME_HEADER));
	records = to;
	for (size_t i = 0; i < index->count; i++)
		to = put_record(to, &index->records[i]);
	oid_of(records, (size_t)(to - records), &digest);
	memcpy(to, MAGIC, 8);
	to = put32(to + 8, VERSION);
	to = put32(to, (uint32_t)index->count);
	to = put32(to, index->begin);
	to = put32(to, PACK_RECORD_SIZE);
	memset(to, 0, 8);
	memcpy(to + 8, digest.bytes, OID_SIZE);
	to[8 + OID_SIZE] = '\0';
	out->len += size;
}

const struct pack_record *pack_index_find(const struct pack_index *index,
    const struct oid *oid)
{
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = oid_compare(&index->records[middle].oid, oid);

		if (order == 0)
			return &index->records[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
