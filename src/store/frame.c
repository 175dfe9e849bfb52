/* SPDX-License-Identifier: Apache-2.0 */
#include "store/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"

#define LEVEL       1
#define SLICES      16
#define SLICE       1024
#define BLOCK_RAW   0u
#define BLOCK_RLE   1u
#define BLOCK_LAST  1u
#define HEADER_SIZE 3
/* RFC 8878 section 3.1.1.1: the descriptor comes after the magic number. */
#define DESCRIPTOR_AT  4
#define SINGLE_SEGMENT 0x20
#define WINDOW_AT      5
#define WINDOW_MOST    (17 << 3) /* 128 MiB: 2 to the (10 + 17) */

struct codec {
	ZSTD_CCtx *compressor; /* NULL until needed */
	ZSTD_DCtx *decompressor;
	char sample[SLICES * SLICE];
	char packed[SLICES * SLICE + 512];
};

struct codec *codec_open(void)
{
	return xcalloc(1, sizeof(struct codec));
}

void codec_close(struct codec *codec)
{
	if (codec == NULL)
		return;
	ZSTD_freeCCtx(codec->compressor);
	ZSTD_freeDCtx(codec->decompressor);
	free(codec);
}

static ZSTD_CCtx *compressor(struct codec *codec)
{
	if (codec->compressor == NULL)
		codec->compressor = ZSTD_createCCtx();
	assert(codec->compressor != NULL); /* out of memory */
	return codec->compressor;
}

bool frame_compresses(struct codec *codec, const char *data, size_t len)
{
	size_t used = 0, stride = len / SLICES, size;

	if (len <= sizeof codec->sample) {
		memcpy(codec->sample, data, len);
		used = len;
	} else {
		for (size_t i = 0; i < SLICES; i++, used += SLICE)
			memcpy(codec->sample + used, data + i * stride, SLICE);
	}
	size = ZSTD_compressCCtx(compressor(codec), codec->packed,
	    sizeof codec->packed, codec->sample, used, LEVEL);
	return !ZSTD_isError(size) && size <= used - used * 3 / 100;
}

int frame_compress(struct codec *codec, const char *data, size_t len,
    struct buf *out, struct mldv_error *err)
{
	size_t room = ZSTD_compressBound(len);
	char *to = buf_room(out, room);
	size_t size =
	    ZSTD_compressCCtx(compressor(codec), to, room, data, len, LEVEL);

	if (ZSTD_isError(size))
		return err_set(err, MLDV_FAILED, "cannot compress: %s",
		    ZSTD_getErrorName(size));
	out->len += size;
	return 0;
}

/* zstd(1), and whoever reads a stream, gives no frame more than 128 MiB. */
static bool window_fits(const char *frame)
{
	return ((unsigned char)frame[DESCRIPTOR_AT] & SINGLE_SEGMENT) != 0 ||
	    (unsigned char)frame[WINDOW_AT] <= WINDOW_MOST;
}

int frame_decompress(struct codec *codec, const char *frame, size_t len,
    size_t limit, struct buf *out, struct mldv_error *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame, len);
	size_t got;

	buf_reset(out);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return err_set(err, MLDV_CORRUPT,
		    "not a zstd frame with its size");
	if (size > limit)
		return err_set(err, MLDV_CORRUPT,
		    "a frame claims to hold %llu bytes, more than %zu", size,
		    limit);
	if (!window_fits(frame))
		return err_set(err, MLDV_CORRUPT,
		    "a zstd frame needs a window of more than 128 MiB");
	if (ZSTD_findFrameCompressedSize(frame, len) != len)
		return err_set(err, MLDV_CORRUPT,
		    "a zstd frame is not as long as the index says");
	if (codec->decompressor == NULL)
		codec->decompressor = ZSTD_createDCtx();
	assert(codec->decompressor != NULL); /* out of memory */
	got = ZSTD_decompressDCtx(codec->decompressor,
	    buf_room(out, (size_t)size), (size_t)size, frame, len);
	if (ZSTD_isError(got))
		return err_set(err, MLDV_CORRUPT, "cannot decode a frame: %s",
		    ZSTD_getErrorName(got));
	if (got != size)
		return err_set(err, MLDV_CORRUPT,
		    "a frame decodes to %zu bytes, not %llu", got, size);
	out->len = got;
	return 0;
}

static void put_u32(char *to, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(number >> (8 * i));
}

static void put_header(char *to, uint32_t size, unsigned type, unsigned last)
{
	uint32_t header = size << 3 | type << 1 | last;

	for (int i = 0; i < HEADER_SIZE; i++)
		to[i] = (char)(header >> (8 * i));
}

void frame_stored_start(struct buf *out, uint32_t content_size)
{
	/* Magic number; single segment, content size of 4 bytes, no more. */
	char header[9] = {'\x28', '\xb5', '\x2f', '\xfd', '\xa0'};

	put_u32(header + 5, content_size);
	buf_add(out, header, sizeof header);
}

void frame_stored_raw(struct buf *out, const void *data, size_t len)
{
	const char *from = data;

	while (len > 0) {
		size_t size = len < FRAME_BLOCK ? len : FRAME_BLOCK;
		char *to = buf_room(out, HEADER_SIZE + size);

		put_header(to, (uint32_t)size, BLOCK_RAW, 0);
		memcpy(to + HEADER_SIZE, from, size);
		out->len += HEADER_SIZE + size;
		from += size;
		len -= size;
	}
}

void frame_stored_zeros(struct buf *out, uint32_t count)
{
	char block[HEADER_SIZE + 1] = {0};

	if (count == 0)
		return;
	put_header(block, count, BLOCK_RLE, 0);
	buf_add(out, block, sizeof block);
}

void frame_stored_end(struct buf *out)
{
	char block[HEADER_SIZE];

	put_header(block, 0, BLOCK_RAW, BLOCK_LAST);
	buf_add(out, block, sizeof block);
}

/* Is there a raw block of this size at data? */
static bool is_raw_block(const char *data, size_t size)
{
	char header[HEADER_SIZE];

	put_header(header, (uint32_t)size, BLOCK_RAW, 0);
	return memcmp(data, header, HEADER_SIZE) == 0;
}

int frame_stored_payload(const char *data, size_t len, uint32_t size,
    struct buf *scratch, struct slice *out, struct mldv_error *err)
{
	size_t left = size, at = 0;

	buf_reset(scratch);
	while (left > 0) {
		size_t piece = left < FRAME_BLOCK ? left : FRAME_BLOCK;

		if (len - at < HEADER_SIZE + piece ||
		    !is_raw_block(data + at, piece))
			return err_set(err, MLDV_CORRUPT,
			    "a stored object is not where the index says");
		if (piece < size)
			buf_add(scratch, data + at + HEADER_SIZE, piece);
		at += HEADER_SIZE + piece;
		left -= piece;
	}
	if (at != len)
		return err_set(err, MLDV_CORRUPT,
		    "a stored object is not as long as the index says");
	*out = (struct slice){.data = size <= FRAME_BLOCK ? data + HEADER_SIZE
	                                                  : scratch->data,
	    .len = size};
	return 0;
}

const char *frame_library(void)
{
	return ZSTD_versionString();
}
