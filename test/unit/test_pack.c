/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "format/chunks.h"
#include "format/tree.h"
#include "sample.h"
#include "store/pack.h"

/*
 * Packs that other versions of mldv must read lie in the fixtures. With
 * MLDV_WRITE_FIXTURES set they are written, which is to be done only for a
 * new one.
 */
#define FIXTURES "test/fixtures/pack/"

enum { MIB = 1 << 20 };

enum sort { TEXT, NOISE, PROBED, LIST };

struct object {
	enum sort sort;
	uint32_t size;
};

struct pack {
	struct buf bytes;
	struct pack_info info;
	struct pack_index index;
	struct arena arena;
};

static void make(const struct object *object, uint64_t seed, char *out)
{
	switch (object->sort) {
	case TEXT:
	case LIST:
		sample_text(out, object->size, seed);
		break;
	case NOISE:
		sample_noise(out, object->size, seed);
		break;
	case PROBED:
		sample_probed(out, object->size, seed);
		break;
	}
}

/* A list's payload does not hash to its oid: that is the whole's. */
static void name(const struct object *object, uint64_t seed, const char *data,
    struct oid *out)
{
	if (object->sort == LIST)
		oid_of(&seed, sizeof seed, out);
	else
		oid_of(data, object->size, out);
}

static int to_buf(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

static void add(struct pack_writer *writer, const struct object *object,
    uint64_t seed)
{
	char *to = pack_writer_room(writer, object->size);
	struct mldv_error err;
	struct oid oid;

	make(object, seed, to);
	name(object, seed, to, &oid);
	assert_false(pack_writer_has(writer, &oid));
	assert_int_equal(pack_writer_add(writer, &oid, object->size,
	                     object->sort == LIST, &err),
	    0);
	assert_true(pack_writer_has(writer, &oid));
}

static void parse(struct pack *pack)
{
	struct mldv_error err;
	size_t begin = pack->info.index;
	struct oid id;

	oid_of(pack->bytes.data, pack->bytes.len, &id);
	assert_memory_equal(&id, &pack->info.id, sizeof id);
	assert_int_equal(pack->bytes.len, pack->info.bytes);
	if (pack_index_parse(&pack->index, &pack->arena,
	        (const uint8_t *)pack->bytes.data + begin,
	        pack->bytes.len - begin, pack->bytes.len, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(pack->index.count, pack->info.objects);
	assert_int_equal(pack->index.begin, begin);
}

static void build(struct pack *pack, const struct object *objects, size_t count)
{
	struct pack_writer *writer = pack_writer_open();
	struct pack_sink sink = {&pack->bytes, to_buf};
	uint64_t size = 0;
	struct mldv_error err;

	*pack = (struct pack){0};
	pack_writer_start(writer, &sink);
	for (size_t i = 0; i < count; i++) {
		add(writer, &objects[i], i);
		size += pack_entry_size(objects[i].size);
		assert_int_equal(pack_writer_size(writer), size);
		assert_int_equal(pack_writer_count(writer), i + 1);
	}
	assert_int_equal(pack_writer_end(writer, &pack->info, &err), 0);
	pack_writer_close(writer);
	parse(pack);
}

static void drop(struct pack *pack)
{
	buf_release(&pack->bytes);
	arena_release(&pack->arena);
}

/* Decodes a record from a copy of just its bytes. */
static int decode(struct pack_decoder *decoder, const struct pack *pack,
    const struct pack_record *record, struct buf *out, struct mldv_error *err)
{
	char *copy = xmalloc(record->length);
	struct slice payload;
	int ret;

	memcpy(copy, pack->bytes.data + record->offset, record->length);
	ret = pack_decode(decoder, record, copy, record->offset + 1, &payload,
	    err);
	buf_reset(out);
	if (ret == 0)
		buf_add(out, payload.data, payload.len);
	free(copy);
	return ret;
}

static void expect_objects(const struct pack *pack,
    const struct object *objects, size_t count)
{
	struct pack_decoder *decoder = pack_decoder_open();
	struct buf got = {0};
	struct mldv_error err;

	assert_int_equal(pack->index.count, count);
	for (size_t i = 0; i < count; i++) {
		char *data = xmalloc(objects[i].size);
		const struct pack_record *record;
		struct oid oid;

		make(&objects[i], i, data);
		name(&objects[i], i, data, &oid);
		record = pack_index_find(&pack->index, &oid);
		assert_non_null(record);
		assert_int_equal(record->size, objects[i].size);
		assert_int_equal(record->chunk_list, objects[i].sort == LIST);
		if (decode(decoder, pack, record, &got, &err) < 0)
			fail_msg("object %zu: %s", i, err.text);
		assert_int_equal(got.len, objects[i].size);
		assert_memory_equal(got.data, data, got.len);
		free(data);
	}
	buf_release(&got);
	pack_decoder_close(decoder);
}

/* One entry as libarchive, which shares no code with us, reads it. */
static void expect_entry(struct archive *archive, struct archive_entry *entry,
    const struct pack *pack)
{
	size_t size = (size_t)archive_entry_size(entry);
	const char *path = archive_entry_pathname(entry);
	char *data = xmalloc(size);
	struct oid named, hashed;
	const struct pack_record *record;

	assert_true(strlen(path) >= OID_HEX);
	assert_true(oid_parse(&named, (struct slice){path, OID_HEX}));
	assert_int_equal(archive_entry_filetype(entry), AE_IFREG);
	assert_int_equal(archive_entry_perm(entry), 0444);
	assert_int_equal(archive_entry_mtime(entry), 0);
	assert_int_equal(archive_entry_uid(entry), 0);
	assert_int_equal(archive_entry_gid(entry), 0);
	assert_int_equal(archive_read_data(archive, data, size), size);
	record = pack_index_find(&pack->index, &named);
	assert_non_null(record);
	assert_int_equal(record->size, size);
	oid_of(data, size, &hashed);
	if (record->chunk_list)
		assert_string_equal(path + OID_HEX, ".chunks");
	else
		assert_memory_equal(&hashed, &named, sizeof named);
	free(data);
}

static void expect_archive(const struct pack *pack)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	size_t count = 0;
	int ret;

	assert_int_equal(archive_read_support_filter_zstd(archive), ARCHIVE_OK);
	assert_int_equal(archive_read_support_format_tar(archive), ARCHIVE_OK);
	assert_int_equal(archive_read_open_memory(archive, pack->bytes.data,
	                     pack->bytes.len),
	    ARCHIVE_OK);
	while (
	    (ret = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
		expect_entry(archive, entry, pack);
		count++;
	}
	assert_int_equal(ret, ARCHIVE_EOF);
	assert_int_equal(count, pack->index.count);
	assert_int_equal(archive_read_free(archive), ARCHIVE_OK);
}

static void expect_id(const struct pack *pack, const char *hex)
{
	char got[OID_HEX + 1];

	oid_hex(&pack->info.id, got);
	assert_string_equal(got, hex);
}

/* Is it the fixture of this name, byte for byte? */
static void expect_fixture(const struct pack *pack, const char *file)
{
	struct buf path = {0}, text = {0};
	struct mldv_error err;

	buf_printf(&path, FIXTURES "%s.tar.zst", file);
	if (getenv("MLDV_WRITE_FIXTURES") != NULL)
		assert_int_equal(file_replace(buf_str(&path), pack->bytes.data,
		                     pack->bytes.len, &err),
		    0);
	assert_int_equal(file_read(buf_str(&path), PACK_LIMIT, &text, &err), 0);
	assert_int_equal(text.len, pack->bytes.len);
	assert_memory_equal(text.data, pack->bytes.data, text.len);
	buf_release(&path);
	buf_release(&text);
}

/* The same, where the compressor may have become another. */
static void read_fixture(struct pack *pack, const struct pack *like,
    const char *file)
{
	struct buf path = {0};
	struct mldv_error err;
	uint32_t count;

	*pack = (struct pack){0};
	buf_printf(&path, FIXTURES "%s.tar.zst", file);
	if (getenv("MLDV_WRITE_FIXTURES") != NULL)
		assert_int_equal(file_replace(buf_str(&path), like->bytes.data,
		                     like->bytes.len, &err),
		    0);
	assert_int_equal(file_read(buf_str(&path), PACK_LIMIT, &pack->bytes,
	                     &err),
	    0);
	buf_release(&path);
	assert_int_equal(pack_footer_parse((const uint8_t *)pack->bytes.data +
	                         pack->bytes.len - PACK_FOOTER_SIZE,
	                     pack->bytes.len, &pack->info.index, &count, &err),
	    0);
	pack->info.objects = count;
	pack->info.bytes = (uint32_t)pack->bytes.len;
	oid_of(pack->bytes.data, pack->bytes.len, &pack->info.id);
	parse(pack);
}

static const struct object small[] = {{NOISE, 1}, {NOISE, 2}, {NOISE, 511},
    {NOISE, 512}, {NOISE, 513}, {NOISE, 1024}, {NOISE, 3000}};

static void small_payloads_are_stored(void **state)
{
	struct pack pack;

	(void)state;
	build(&pack, small, 7);
	expect_objects(&pack, small, 7);
	expect_archive(&pack);
	for (size_t i = 0; i < pack.index.count; i++)
		assert_true(pack.index.records[i].stored);
	expect_fixture(&pack, "stored-small");
	expect_id(&pack,
	    "20caa8c64f6126f1defeb27d9887ad84e95bd86e15e5de3ba9ec86964963e6ea");
	drop(&pack);
}

/*
 * A block of 128 KiB, one byte more, an entry that ends just where a frame
 * does, and a last frame of one byte.
 */
static const struct object edges[] = {{PROBED, 131072}, {PROBED, 131073},
    {PROBED, 262144 - 512}, {PROBED, 262144}, {PROBED, 131071}, {NOISE, 1}};

static void payloads_at_the_edges_of_blocks_are_stored(void **state)
{
	struct pack pack;

	(void)state;
	build(&pack, edges, 6);
	expect_objects(&pack, edges, 6);
	expect_archive(&pack);
	for (size_t i = 0; i < pack.index.count; i++)
		assert_true(pack.index.records[i].stored);
	expect_fixture(&pack, "stored-edges");
	expect_id(&pack,
	    "d80e9f56e9b2204fdc3140463766613634ef9e7db6d610627ec8e0b3a342a683");
	drop(&pack);
}

/* The archive's end needs a frame of its own here. */
static void a_pack_may_end_with_a_full_frame(void **state)
{
	static const struct object one[] = {{PROBED, 262144 - 512}};
	struct pack pack;

	(void)state;
	build(&pack, one, 1);
	expect_objects(&pack, one, 1);
	expect_archive(&pack);
	expect_fixture(&pack, "stored-full");
	drop(&pack);
}

static const struct object texts[] = {{TEXT, 1000}, {TEXT, 511}, {TEXT, 131072},
    {TEXT, 131073}, {TEXT, 262144 - 512}, {TEXT, 4 * MIB}, {LIST, 700},
    {TEXT, 2000}};

static void what_compresses_is_compressed(void **state)
{
	struct pack pack, fixture;

	(void)state;
	build(&pack, texts, 8);
	assert_true(pack.bytes.len < 2 * MIB);
	expect_objects(&pack, texts, 8);
	expect_archive(&pack);
	for (size_t i = 0; i < pack.index.count; i++)
		assert_false(pack.index.records[i].stored);
	read_fixture(&fixture, &pack, "compressed");
	expect_objects(&fixture, texts, 8);
	expect_archive(&fixture);
	drop(&pack);
	drop(&fixture);
}

static const struct object mixed[] = {{TEXT, 300000}, {PROBED, 270000},
    {TEXT, 1}, {TEXT, 262143}, {NOISE, 100}, {LIST, 5000}, {NOISE, 7}};

static void frames_are_compressed_or_stored_one_by_one(void **state)
{
	struct pack pack, fixture;
	size_t stored = 0;

	(void)state;
	build(&pack, mixed, 7);
	for (size_t i = 0; i < pack.index.count; i++)
		stored += pack.index.records[i].stored;
	assert_int_equal(stored, 1);
	expect_objects(&pack, mixed, 7);
	expect_archive(&pack);
	read_fixture(&fixture, &pack, "mixed");
	expect_objects(&fixture, mixed, 7);
	expect_archive(&fixture);
	drop(&pack);
	drop(&fixture);
}

static void the_largest_objects_fit(void **state)
{
	static const struct object large[] = {{NOISE, 4 * MIB - 1},
	    {NOISE, 4 * MIB}, {TEXT, 4 * MIB}, {NOISE, 5}, {TEXT, 4 * MIB - 1}};
	struct pack pack;

	(void)state;
	build(&pack, large, 5);
	expect_objects(&pack, large, 5);
	expect_archive(&pack);
	drop(&pack);
}

/*
 * A reader believes a frame up to 256 KiB and one entry: a small object must
 * not lie in one frame with a list that is larger than an object can be.
 */
static void the_largest_trees_fit(void **state)
{
	static const struct object objects[] = {{NOISE, 100},
	    {NOISE, TREE_LIMIT}, {TEXT, TREE_LIMIT}};
	struct pack pack;

	(void)state;
	build(&pack, objects, 3);
	expect_objects(&pack, objects, 3);
	expect_archive(&pack);
	drop(&pack);
}

static void a_long_chunk_list_does_not_hide_its_neighbours(void **state)
{
	static const struct object objects[] = {{TEXT, 1000}, {TEXT, 100000},
	    {LIST, 9 * MIB}, {TEXT, 2000}, {LIST, 5 * MIB}};
	struct pack pack;

	(void)state;
	build(&pack, objects, 5);
	expect_objects(&pack, objects, 5);
	expect_archive(&pack);
	drop(&pack);
}

static void packs_are_deterministic(void **state)
{
	struct pack one, two;

	(void)state;
	build(&one, mixed, 7);
	build(&two, mixed, 7);
	assert_memory_equal(&one.info, &two.info, sizeof one.info);
	drop(&one);
	drop(&two);
}

static void a_pack_is_full_at_its_target(void **state)
{
	struct pack_writer *writer = pack_writer_open();
	struct pack pack = {0};
	struct pack_sink sink = {&pack.bytes, to_buf};
	static const struct object big = {NOISE, 4 * MIB};
	struct mldv_error err;

	(void)state;
	pack_writer_start(writer, &sink);
	assert_false(pack_writer_full(writer, CHUNKS_LIMIT));
	for (uint64_t i = 0; i < 7; i++)
		add(writer, &big, i);
	assert_int_equal(pack_writer_size(writer), 7 * (4 * MIB + 512));
	assert_false(pack_writer_full(writer, 4 * MIB));
	/* 28 MiB and a list of 48 MiB are above the ceiling. */
	assert_true(pack_writer_full(writer, CHUNKS_LIMIT));
	add(writer, &big, 7);
	assert_true(pack_writer_full(writer, 1));
	assert_int_equal(pack_writer_end(writer, &pack.info, &err), 0);
	assert_true(pack.info.bytes < PACK_LIMIT);
	parse(&pack);
	/* The next one begins empty. */
	buf_reset(&pack.bytes);
	pack_writer_start(writer, &sink);
	assert_false(pack_writer_full(writer, 4 * MIB));
	assert_int_equal(pack_writer_count(writer), 0);
	add(writer, &small[2], 2);
	assert_int_equal(pack_writer_end(writer, &pack.info, &err), 0);
	parse(&pack);
	assert_int_equal(pack.index.count, 1);
	pack_writer_close(writer);
	drop(&pack);
}

/* Many small objects: the most records, and the most overhead. */
static void a_pack_of_tiny_objects_stays_below_the_limit(void **state)
{
	struct pack_writer *writer = pack_writer_open();
	struct pack pack = {0};
	struct pack_sink sink = {&pack.bytes, to_buf};
	struct mldv_error err;

	(void)state;
	pack_writer_start(writer, &sink);
	for (uint32_t i = 0; !pack_writer_full(writer, 4); i++) {
		struct oid oid;

		memcpy(pack_writer_room(writer, sizeof i), &i, sizeof i);
		oid_of(&i, sizeof i, &oid);
		assert_int_equal(pack_writer_add(writer, &oid, sizeof i, false,
		                     &err),
		    0);
	}
	assert_int_equal(pack_writer_end(writer, &pack.info, &err), 0);
	assert_true(pack.info.bytes < PACK_LIMIT);
	assert_int_equal(pack.info.objects, PACK_TARGET / 1024);
	parse(&pack);
	expect_archive(&pack);
	pack_writer_close(writer);
	drop(&pack);
}

/* The records of the frame that begins with records[at], sorted by place. */
static int by_place(const void *a, const void *b)
{
	const struct pack_record *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	return left->inner < right->inner ? -1 : left->inner > right->inner;
}

/* Copies every compressed frame of from; gives how many records that were. */
static size_t copy_frames(struct pack_writer *writer, const struct pack *from)
{
	size_t count = from->index.count, copied = 0;
	struct pack_record *records = xcalloc(count, sizeof *records);
	struct mldv_error err;

	memcpy(records, from->index.records, count * sizeof *records);
	qsort(records, count, sizeof *records, by_place);
	for (size_t i = 0, end; i < count; i = end) {
		uint32_t offset = records[i].offset;
		uint32_t length = records[i].length;
		bool stored = records[i].stored;

		for (end = i; end < count && records[end].offset == offset;)
			records[end++].offset = 0;
		if (stored)
			continue;
		assert_int_equal(pack_writer_add_frame(writer,
		                     from->bytes.data + offset, length,
		                     records + i, end - i, &err),
		    0);
		copied += end - i;
	}
	free(records);
	return copied;
}

static void frames_are_copied_as_they_are(void **state)
{
	struct pack_writer *writer = pack_writer_open();
	struct pack from, pack = {0};
	struct pack_sink sink = {&pack.bytes, to_buf};
	struct pack_decoder *decoder = pack_decoder_open();
	struct buf got = {0};
	struct mldv_error err;

	(void)state;
	build(&from, texts, 8);
	pack_writer_start(writer, &sink);
	/* One of our own before, in a frame that is cut short by it. */
	add(writer, &small[3], 3);
	assert_int_equal(copy_frames(writer, &from), 8);
	assert_int_equal(pack_writer_count(writer), 9);
	add(writer, &small[4], 4);
	assert_int_equal(pack_writer_end(writer, &pack.info, &err), 0);
	parse(&pack);
	for (size_t i = 0; i < pack.index.count; i++)
		assert_int_equal(decode(decoder, &pack, &pack.index.records[i],
		                     &got, &err),
		    0);
	assert_int_equal(pack.index.count, 10);
	pack_writer_close(writer);
	pack_decoder_close(decoder);
	buf_release(&got);
	drop(&from);
	drop(&pack);
}

/*
 * With any bit of the pack flipped: the index is refused, or each object is
 * refused or comes back right.
 */
static void flip(struct pack *pack, size_t at, const struct pack *whole)
{
	struct pack_decoder *decoder = pack_decoder_open();
	struct arena arena = {0};
	struct pack_index index;
	struct buf got = {0}, right = {0};
	struct mldv_error err;
	size_t begin = whole->index.begin;
	size_t before, behind;

	pack->bytes.data[at] = (char)(pack->bytes.data[at] ^ 0x10);
	if (at >= begin) {
		assert_int_equal(pack_index_parse(&index, &arena,
		                     (const uint8_t *)pack->bytes.data + begin,
		                     pack->bytes.len - begin, pack->bytes.len,
		                     &err),
		    -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
	for (size_t i = 0; at < begin && i < whole->index.count; i++) {
		const struct pack_record *record = &whole->index.records[i];

		before = record->offset;
		behind = before + record->length;
		if (at < before || at >= behind || record->chunk_list)
			continue;
		if (decode(decoder, pack, record, &got, &err) < 0) {
			assert_int_equal(err.code, MLDV_CORRUPT);
			continue;
		}
		assert_false(record->stored);
		assert_int_equal(decode(decoder, whole, record, &right, &err),
		    0);
		assert_int_equal(got.len, right.len);
		assert_memory_equal(got.data, right.data, got.len);
	}
	pack->bytes.data[at] = (char)(pack->bytes.data[at] ^ 0x10);
	buf_release(&got);
	buf_release(&right);
	arena_release(&arena);
	pack_decoder_close(decoder);
}

static void a_flipped_byte_never_gives_other_bytes(void **state)
{
	static const struct object objects[] = {{TEXT, 3000}, {NOISE, 262144},
	    {NOISE, 100}, {LIST, 500}, {NOISE, 900}, {NOISE, 262144},
	    {TEXT, 5000}};
	struct pack whole, pack;

	(void)state;
	build(&whole, objects, 7);
	build(&pack, objects, 7);
	for (size_t i = 0; i < whole.bytes.len;) {
		flip(&pack, i, &whole);
		/* Inside of the large payloads not every single byte. */
		i += i > 4000 && i + 4000 < whole.index.begin ? 997 : 1;
	}
	drop(&whole);
	drop(&pack);
}

static void records_that_lie_are_refused(void **state)
{
	static const struct object objects[] = {{TEXT, 3000}, {TEXT, 4000},
	    {TEXT, 500}};
	struct pack_decoder *decoder = pack_decoder_open();
	struct pack_record record;
	struct buf got = {0};
	struct mldv_error err;
	struct pack pack;

	(void)state;
	build(&pack, objects, 3);
	for (size_t i = 0; i < 3; i++) {
		static const uint32_t inners[] = {0, 512, 4096, 8192, 262144,
		    UINT32_MAX};
		static const uint32_t sizes[] = {1, 3001, 4 * MIB, 48 * MIB,
		    UINT32_MAX};

		for (size_t j = 0; j < 6; j++) {
			record = pack.index.records[i];
			if (record.inner == inners[j])
				continue;
			record.inner = inners[j];
			assert_int_equal(decode(decoder, &pack, &record, &got,
			                     &err),
			    -1);
			assert_int_equal(err.code, MLDV_CORRUPT);
		}
		for (size_t j = 0; j < 5; j++) {
			record = pack.index.records[i];
			record.size = sizes[j];
			assert_int_equal(decode(decoder, &pack, &record, &got,
			                     &err),
			    -1);
			assert_int_equal(err.code, MLDV_CORRUPT);
		}
		record = pack.index.records[i];
		record.length--;
		/* Not the frame that is kept from before. */
		record.offset++;
		assert_int_equal(decode(decoder, &pack, &record, &got, &err),
		    -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		record = pack.index.records[i];
		record.oid.bytes[31] ^= 1;
		assert_int_equal(decode(decoder, &pack, &record, &got, &err),
		    -1);
		assert_string_equal(err.text,
		    "the bytes do not hash to the name");
	}
	buf_release(&got);
	pack_decoder_close(decoder);
	drop(&pack);
}

/* A frame of zeros in a few bytes, which claims to be what it is. */
static void a_bomb_in_a_pack_is_not_unpacked(void **state)
{
	struct pack_decoder *decoder = pack_decoder_open();
	struct pack_record record = {.inner = 512, .size = 1000};
	struct buf frame = {0};
	struct mldv_error err;
	struct slice out;

	(void)state;
	frame_stored_start(&frame, 40 * FRAME_BLOCK);
	for (int i = 0; i < 40; i++)
		frame_stored_zeros(&frame, FRAME_BLOCK);
	frame_stored_end(&frame);
	record.length = (uint32_t)frame.len;
	assert_int_equal(pack_decode(decoder, &record, frame.data, 0, &out,
	                     &err),
	    -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_non_null(strstr(err.text, "claims to hold 5242880 bytes"));
	pack_decoder_close(decoder);
	buf_release(&frame);
}

static int fail_writing(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	size_t *left = context;

	(void)data;
	if (size > *left)
		return err_set(err, MLDV_FAILED, "no space left");
	*left -= size;
	return 0;
}

static void a_sink_that_fails_fails_the_writer(void **state)
{
	struct pack_writer *writer = pack_writer_open();
	size_t left = 100000;
	struct pack_sink sink = {&left, fail_writing};
	struct pack_info info;
	struct mldv_error err;
	struct oid oid;
	int ret = 0;

	(void)state;
	pack_writer_start(writer, &sink);
	sample_noise(pack_writer_room(writer, 300000), 300000, 1);
	oid_of("a", 1, &oid);
	ret = pack_writer_add(writer, &oid, 300000, false, &err);
	assert_int_equal(ret, -1);
	assert_string_equal(err.text, "no space left");
	left = 100;
	pack_writer_start(writer, &sink);
	sample_noise(pack_writer_room(writer, 300), 300, 1);
	assert_int_equal(pack_writer_add(writer, &oid, 300, false, &err), 0);
	assert_int_equal(pack_writer_end(writer, &info, &err), -1);
	pack_writer_close(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_payloads_are_stored),
	    cmocka_unit_test(payloads_at_the_edges_of_blocks_are_stored),
	    cmocka_unit_test(a_pack_may_end_with_a_full_frame),
	    cmocka_unit_test(what_compresses_is_compressed),
	    cmocka_unit_test(frames_are_compressed_or_stored_one_by_one),
	    cmocka_unit_test(the_largest_objects_fit),
	    cmocka_unit_test(the_largest_trees_fit),
	    cmocka_unit_test(a_long_chunk_list_does_not_hide_its_neighbours),
	    cmocka_unit_test(packs_are_deterministic),
	    cmocka_unit_test(a_pack_is_full_at_its_target),
	    cmocka_unit_test(a_pack_of_tiny_objects_stays_below_the_limit),
	    cmocka_unit_test(frames_are_copied_as_they_are),
	    cmocka_unit_test(a_flipped_byte_never_gives_other_bytes),
	    cmocka_unit_test(records_that_lie_are_refused),
	    cmocka_unit_test(a_bomb_in_a_pack_is_not_unpacked),
	    cmocka_unit_test(a_sink_that_fails_fails_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
