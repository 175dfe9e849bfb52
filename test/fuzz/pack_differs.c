/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Our reader of packs against zstd and libarchive, on the same bytes.
 *
 * The input says how a pack is made: entries; how they are divided into
 * frames, and how each frame is written; and then how the pack is damaged,
 * by bytes set anywhere in its content. The pack is written here, by other
 * code than ours, or by ours if the first byte is 128 or more; the index is
 * put right after the damage.
 *
 * An undamaged pack must read the same by both. Of a damaged one:
 *
 * - What we read as an object is what lies in the archive.
 * - A frame that we decode, zstd decodes by streaming, too, and to the same,
 *   unless it needs more than the window that it declares.
 * - If the archive is still the one that was written, with every frame's
 *   content size in place, we read every object of it. Not so those in stored
 *   frames, which are only ever written in one way, nor those in frames that
 *   need a window of more than 128 MiB: mldv-format(5).
 *
 * Headers in the archive are not compared when damaged, nor what lies between
 * the objects: mldv goes by the index.
 *
 * Covers: store/pack.c store/frame.c format/packindex.c
 */

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "format/packindex.h"
#include "store/pack.h"

#define ENTRIES        24
#define FRAMES         32
#define DAMAGES        8
#define LARGEST        400000 /* bytes of an entry: more than a frame, and blocks */
#define SMALL          3000
#define TAR_BLOCK      512
#define STREAM         (64 << 10) /* bytes decoded at a time */
#define PIECE          100        /* of its input: never a whole frame */
#define SINGLE_SEGMENT 0x20       /* in a frame's descriptor */
#define INPUT_MAX      512        /* more says nothing new */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The input, taken a number at a time; zeros when it is used up. */
struct input {
	const uint8_t *data;
	size_t len;
};

static uint32_t take(struct input *input, size_t bytes)
{
	uint32_t number = 0;

	for (; bytes > 0 && input->len > 0; bytes--, input->len--)
		number = number << 8 | *input->data++;
	return number;
}

struct entry {
	struct oid oid;
	struct buf payload;
	bool chunk_list;
	size_t at;    /* of the payload in the archive */
	size_t frame; /* which it lies in */
};

struct frame {
	size_t begin; /* in the pack */
	size_t len;
	size_t archive; /* where its content begins in the archive */
	size_t content;
	bool stored;
	bool sized; /* declares its content size */
	bool wide;  /* asks for a window that nobody gives */
};

struct pack {
	struct entry entries[ENTRIES];
	size_t entry_count;
	struct frame frames[FRAMES];
	size_t frame_count;
	struct buf archive;
	struct buf bytes;
	ZSTD_CCtx *zstd;
	struct pack_index index;
	struct pack_record records[ENTRIES];
	bool damaged;
};

/* --- the archive ---------------------------------------------------- */

/* A payload of letters, or of noise, that no other entry has. */
static void make_payload(struct entry *entry, struct input *input,
    size_t number)
{
	uint32_t kind = take(input, 1);
	size_t size = 1 + take(input, kind % 16 == 3 ? 3 : kind % 4 / 2 + 1);
	uint64_t noise = kind | 1;
	char *to;

	size = kind % 16 == 3 ? size % LARGEST : size % SMALL;
	to = buf_room(&entry->payload, size + 1);
	for (size_t i = 0; i < size; i++) {
		noise = noise * UINT64_C(6364136223846793005) + 1;
		to[i] = (char)(kind % 8 < 4 ? noise >> 56 : 'a' + i % 7);
	}
	to[size] = (char)number;
	entry->payload.len = size + 1;
	entry->chunk_list = kind % 32 == 9;
	oid_of(to, size + 1, &entry->oid);
}

static void add_archive_entry(struct pack *pack, struct entry *entry)
{
	static const char magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
	char name[OID_HEX + 8];
	char block[TAR_BLOCK] = {0};
	size_t size = entry->payload.len;
	size_t padding = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
	unsigned sum = 0;

	oid_hex(&entry->oid, name);
	if (entry->chunk_list)
		memcpy(name + OID_HEX, ".chunks", 8);
	(void)snprintf(block, 100, "%s", name);
	(void)snprintf(block + 100, 25, "0000444%c0000000%c0000000", 0, 0);
	(void)snprintf(block + 124, 12, "%011zo", size);
	(void)snprintf(block + 136, 12, "%011o", 0);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, magic, sizeof magic);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	(void)snprintf(block + 148, 7, "%06o", sum);
	buf_add(&pack->archive, block, sizeof block);
	entry->at = pack->archive.len;
	buf_add(&pack->archive, entry->payload.data, size);
	memset(block, 0, padding);
	buf_add(&pack->archive, block, padding);
}

/* --- frames --------------------------------------------------------- */

static void add_block(struct buf *out, unsigned type, size_t size,
    const char *data, size_t len)
{
	uint32_t header = (uint32_t)(size << 3 | type << 1);
	char bytes[3] = {(char)header, (char)(header >> 8),
	    (char)(header >> 16)};

	buf_add(out, bytes, sizeof bytes);
	buf_add(out, data, len);
}

static void add_raw(struct buf *out, const char *data, size_t len)
{
	while (len > 0) {
		size_t piece = len < FRAME_BLOCK ? len : FRAME_BLOCK;

		add_block(out, 0, piece, data, piece);
		data += piece;
		len -= piece;
	}
}

/* Writes a stored frame; notes where the payloads came to lie. */
static void add_stored(struct pack *pack, const struct frame *frame,
    size_t first, size_t last)
{
	const char *archive = pack->archive.data;
	struct buf *out = &pack->bytes;
	char start[9] = {'\x28', '\xb5', '\x2f', '\xfd', '\xa0'};
	size_t at = frame->archive;
	size_t end = frame->archive + frame->content;

	for (int i = 0; i < 4; i++)
		start[5 + i] = (char)(frame->content >> (8 * i));
	buf_add(out, start, sizeof start);
	for (size_t i = first; i < last; i++) {
		const struct entry *entry = &pack->entries[i];
		struct pack_record *record = &pack->records[i];

		add_raw(out, archive + at, entry->at - at);
		record->stored = true;
		record->offset = (uint32_t)out->len;
		add_raw(out, archive + entry->at, entry->payload.len);
		record->length = (uint32_t)out->len - record->offset;
		at = entry->at + entry->payload.len;
	}
	add_raw(out, archive + at, end - at);
	buf_add(out, "\1\0\0", 3);
}

/*
 * Gives the frame that begins there a window of its own: RFC 8878, sections
 * 3.1.1.1.1 and 3.1.1.1.2. What has none yet is a single segment.
 */
static bool add_window(struct pack *pack, size_t begin, uint32_t window)
{
	char *descriptor = pack->bytes.data + begin + 4;

	if (((uint8_t)*descriptor & SINGLE_SEGMENT) == 0)
		return false;
	*descriptor = (char)((uint8_t)*descriptor & ~SINGLE_SEGMENT);
	(void)buf_room(&pack->bytes, 1);
	descriptor = pack->bytes.data + begin + 4;
	memmove(descriptor + 2, descriptor + 1, pack->bytes.len - begin - 5);
	descriptor[1] = (char)window;
	pack->bytes.len++;
	return true;
}

/* Compresses a frame in one of the ways that zstd has. */
static void add_compressed(struct pack *pack, struct input *input,
    struct frame *frame, uint32_t how)
{
	ZSTD_CCtx *zstd = pack->zstd;
	size_t room = ZSTD_compressBound(frame->content);
	size_t len;

	frame->sized = how % 16 != 0;
	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel,
	    (int)(how % 9) - 3);
	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag,
	    how / 16 % 2 != 0);
	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag,
	    frame->sized);
	len = ZSTD_compress2(zstd, buf_room(&pack->bytes, room), room,
	    pack->archive.data + frame->archive, frame->content);
	check(!ZSTD_isError(len));
	pack->bytes.len += len;
	/* 128 MiB is the most that zstd takes without being asked to. */
	if (frame->sized && how >= 96) {
		uint32_t window = take(input, 1);

		if (window >> 3 >= 9 && add_window(pack, frame->begin, window))
			frame->wide = window > 17 << 3;
	}
}

/* Writes the archive from begin as one frame of entries first to last. */
static void add_frame(struct pack *pack, struct input *input, size_t begin,
    size_t first, size_t last)
{
	struct frame *frame = &pack->frames[pack->frame_count];
	uint32_t how = take(input, 1);

	frame->begin = pack->bytes.len;
	frame->archive = begin;
	frame->content = pack->archive.len - begin;
	frame->stored = how >= 128;
	frame->sized = true;
	if (frame->stored)
		add_stored(pack, frame, first, last);
	else
		add_compressed(pack, input, frame, how);
	frame->len = pack->bytes.len - frame->begin;
	for (size_t i = first; i < last; i++) {
		struct pack_record *record = &pack->records[i];
		struct entry *entry = &pack->entries[i];

		entry->frame = pack->frame_count;
		record->oid = entry->oid;
		record->size = (uint32_t)entry->payload.len;
		record->chunk_list = entry->chunk_list;
		if (frame->stored)
			continue;
		record->offset = (uint32_t)frame->begin;
		record->length = (uint32_t)frame->len;
		record->inner = (uint32_t)(entry->at - begin);
	}
	pack->frame_count++;
}

static void make_frames(struct pack *pack, struct input *input)
{
	static const char zeros[2 * TAR_BLOCK];
	size_t begin = 0;
	size_t first = 0;

	for (size_t i = 0; i < pack->entry_count; i++) {
		bool last = i + 1 == pack->entry_count;

		make_payload(&pack->entries[i], input, i);
		add_archive_entry(pack, &pack->entries[i]);
		if (last)
			buf_add(&pack->archive, zeros, sizeof zeros);
		if (last || pack->archive.len - begin >= PACK_FRAME ||
		    take(input, 1) % 4 == 0) {
			add_frame(pack, input, begin, first, i + 1);
			begin = pack->archive.len;
			first = i + 1;
		}
	}
}

/* --- our own writer ------------------------------------------------- */

static int add_bytes(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	struct buf *out = context;

	(void)err;
	buf_add(out, data, size);
	return 0;
}

/* Notes where the writer put what; each object counts as a frame here. */
static void note_places(struct pack *pack, const struct pack_index *index)
{
	for (size_t i = 0; i < pack->entry_count; i++) {
		struct entry *entry = &pack->entries[i];
		const struct pack_record *record =
		    pack_index_find(index, &entry->oid);

		check(record != NULL &&
		    record->chunk_list == entry->chunk_list &&
		    record->size == entry->payload.len);
		entry->frame = i;
		pack->records[i] = *record;
		pack->frames[i] = (struct frame){.begin = record->offset,
		    .len = record->length,
		    .stored = record->stored,
		    .sized = true};
	}
	pack->frame_count = pack->entry_count;
}

static void write_ours(struct pack *pack, struct input *input)
{
	struct pack_sink sink = {&pack->bytes, add_bytes};
	struct pack_writer *writer = pack_writer_open();
	struct arena arena = {0};
	struct pack_index index;
	struct pack_info info;
	struct mldv_error err;

	pack_writer_start(writer, &sink);
	for (size_t i = 0; i < pack->entry_count; i++) {
		struct entry *entry = &pack->entries[i];
		size_t size;

		make_payload(entry, input, i);
		size = entry->payload.len;
		memcpy(pack_writer_room(writer, size), entry->payload.data,
		    size);
		check(pack_writer_add(writer, &entry->oid, size,
		          entry->chunk_list, &err) == 0);
	}
	check(pack_writer_end(writer, &info, &err) == 0);
	pack_writer_close(writer);
	check(info.bytes == pack->bytes.len);
	check(pack_index_parse(&index, &arena,
	          (const uint8_t *)pack->bytes.data + info.index,
	          info.bytes - info.index, info.bytes, &err) == 0);
	check(index.count == pack->entry_count && index.begin == info.index);
	note_places(pack, &index);
	pack->bytes.len = info.index;
	arena_release(&arena);
}

static void make_pack(struct pack *pack, struct input *input)
{
	uint32_t how = take(input, 1);

	pack->entry_count = 1 + how % 128 % ENTRIES;
	if (how >= 128)
		write_ours(pack, input);
	else
		make_frames(pack, input);
}

/* Sets bytes of the content, most of them where a frame begins. */
static void damage(struct pack *pack, struct input *input)
{
	for (int i = 0; i < DAMAGES && input->len > 0; i++) {
		uint32_t where = take(input, 1);
		size_t at;
		char byte;

		if (where < 128)
			at = pack->frames[where % pack->frame_count].begin +
			    take(input, 1) % 32;
		else
			at = take(input, 3);
		at %= pack->bytes.len;
		byte = (char)take(input, 1);
		if (pack->bytes.data[at] != byte)
			pack->damaged = true;
		pack->bytes.data[at] = byte;
	}
}

static void add_index(struct pack *pack)
{
	pack->index.records = pack->records;
	pack->index.count = pack->entry_count;
	pack->index.begin = (uint32_t)pack->bytes.len;
	pack_index_format(&pack->index, &pack->bytes);
}

/* --- the others ----------------------------------------------------- */

/* Decodes by streaming, as zstd(1) does; false if zstd refuses it. */
static bool decode(ZSTD_DStream *zstd, const char *data, size_t len,
    struct buf *out)
{
	ZSTD_inBuffer in = {data, 0, 0};

	check(!ZSTD_isError(ZSTD_initDStream(zstd)));
	for (;;) {
		ZSTD_outBuffer to = {buf_room(out, STREAM), STREAM, 0};
		size_t left;

		in.size = in.pos + PIECE < len ? in.pos + PIECE : len;
		left = ZSTD_decompressStream(zstd, &to, &in);
		if (ZSTD_isError(left))
			return false;
		out->len += to.pos;
		if (left == 0)
			return in.pos == len;
		if (to.pos == 0 && in.pos == len)
			return false;
	}
}

/* Compares the next entry with what was written. */
static bool is_entry(struct archive *archive, struct archive_entry *found,
    const struct entry *entry)
{
	size_t size = entry->payload.len;
	char *data = malloc(size + 1);
	char name[OID_HEX + 8];
	bool same;

	check(data != NULL);
	oid_hex(&entry->oid, name);
	if (entry->chunk_list)
		memcpy(name + OID_HEX, ".chunks", 8);
	same = strcmp(archive_entry_pathname(found), name) == 0 &&
	    archive_entry_filetype(found) == AE_IFREG &&
	    archive_read_data(archive, data, size + 1) == (la_ssize_t)size &&
	    memcmp(data, entry->payload.data, size) == 0;
	free(data);
	return same;
}

/* Does libarchive, with its own zstd filter, find what was written? */
static bool archive_is_whole(const struct pack *pack)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *found;
	size_t count = 0;
	bool whole;

	check(archive_read_support_filter_zstd(archive) == ARCHIVE_OK);
	check(archive_read_support_format_tar(archive) == ARCHIVE_OK);
	whole = archive_read_open_memory(archive, pack->bytes.data,
	            pack->bytes.len) == ARCHIVE_OK;
	while (whole && count < pack->entry_count) {
		whole =
		    archive_read_next_header(archive, &found) == ARCHIVE_OK &&
		    is_entry(archive, found, &pack->entries[count]);
		count++;
	}
	whole =
	    whole && archive_read_next_header(archive, &found) == ARCHIVE_EOF;
	archive_read_free(archive);
	return whole;
}

/* --- and we --------------------------------------------------------- */

struct reading {
	const struct pack *pack;
	struct pack_decoder *decoder;
	ZSTD_DStream *zstd;
	bool whole; /* the others read all that was written */
	struct buf contents[FRAMES];
};

/*
 * Does the frame declare a window that is smaller than its content? Then its
 * matches may reach behind it, which is seen only by who has no more than the
 * window: RFC 8878, section 3.1.1.1.2.
 */
static bool is_narrow(const char *frame, size_t content)
{
	unsigned window = (unsigned char)frame[5];
	uint64_t base = UINT64_C(1) << (10 + (window >> 3));

	return ((unsigned char)frame[4] & SINGLE_SEGMENT) == 0 &&
	    base + base / 8 * (window & 7) < content;
}

/* A frame that we decoded is one that zstd streams, and to the same. */
static void check_frame(struct reading *reading,
    const struct pack_record *record, size_t number, struct slice payload)
{
	struct buf *content = &reading->contents[number];
	const char *frame = reading->pack->bytes.data + record->offset;

	if (content->len == 0 &&
	    !decode(reading->zstd, frame, record->length, content)) {
		check(is_narrow(frame,
		    (size_t)ZSTD_getFrameContentSize(frame, record->length)));
		buf_reset(content);
		return;
	}
	check(record->inner + payload.len <= content->len);
	check(memcmp(content->data + record->inner, payload.data,
	          payload.len) == 0);
}

static void check_object(struct reading *reading,
    const struct pack_record *record, const struct entry *entry)
{
	const struct pack *pack = reading->pack;
	const struct frame *frame = &pack->frames[entry->frame];
	struct mldv_error err = {0};
	struct slice payload;
	bool read =
	    pack_decode(reading->decoder, record,
	        pack->bytes.data + record->offset, 0, &payload, &err) == 0;

	if (!read) {
		check(err.code == MLDV_CORRUPT && err.text[0] != '\0');
		/* What the others read, we read. */
		check(!reading->whole || (frame->stored && pack->damaged) ||
		    !frame->sized || frame->wide);
		return;
	}
	if (!record->stored)
		check_frame(reading, record, entry->frame, payload);
	if (reading->whole || !record->chunk_list)
		check(payload.len == entry->payload.len &&
		    memcmp(payload.data, entry->payload.data, payload.len) ==
		        0);
}

static const struct entry *find_entry(const struct pack *pack,
    const struct oid *oid)
{
	for (size_t i = 0; i < pack->entry_count; i++)
		if (oid_equal(&pack->entries[i].oid, oid))
			return &pack->entries[i];
	abort();
}

static void compare(const struct pack *pack)
{
	struct reading reading = {.pack = pack,
	    .decoder = pack_decoder_open(),
	    .zstd = ZSTD_createDStream(),
	    .whole = archive_is_whole(pack)};
	struct arena arena = {0};
	struct mldv_error err;
	struct pack_index index;
	size_t begin = pack->index.begin;
	bool wide = false;

	for (size_t i = 0; i < pack->frame_count; i++)
		wide = wide || pack->frames[i].wide;
	check(reading.whole || pack->damaged || wide);
	check(pack_index_parse(&index, &arena,
	          (const uint8_t *)pack->bytes.data + begin,
	          pack->bytes.len - begin, pack->bytes.len, &err) == 0);
	check(index.count == pack->entry_count);
	for (size_t i = 0; i < index.count; i++)
		check_object(&reading, &index.records[i],
		    find_entry(pack, &index.records[i].oid));
	for (size_t i = 0; i < FRAMES; i++)
		buf_release(&reading.contents[i]);
	ZSTD_freeDStream(reading.zstd);
	pack_decoder_close(reading.decoder);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size < INPUT_MAX ? size : INPUT_MAX};
	struct pack pack = {.zstd = ZSTD_createCCtx()};

	check(pack.zstd != NULL);
	make_pack(&pack, &input);
	damage(&pack, &input);
	add_index(&pack);
	compare(&pack);
	for (size_t i = 0; i < pack.entry_count; i++)
		buf_release(&pack.entries[i].payload);
	ZSTD_freeCCtx(pack.zstd);
	buf_release(&pack.archive);
	buf_release(&pack.bytes);
	return 0;
}
