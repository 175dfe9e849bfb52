/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FRAME_H
#define STORE_FRAME_H

/*
 * zstd frames (RFC 8878): compressed ones, and "stored" ones made of raw and
 * RLE blocks, in which payloads lie verbatim. The home of libzstd.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "format/oid.h"

#define FRAME_BLOCK 131072 /* the largest block, RFC 8878 section 3.1.1.2.4 */

/* Contexts that are dear to make; for one thread at a time. */
struct codec;
struct codec *codec_open(void);
void codec_close(struct codec *codec);

/* "1.5.4": of the zstd that runs. */
const char *frame_library(void);

/*
 * Would compressing save 3 % or more? Judged by 16 slices of 1 KiB of data,
 * compressed together at level 1.
 */
bool frame_compresses(struct codec *codec, const char *data, size_t len);
/* Appends one frame with its content size and no checksum, level 1. */
CHECKED int frame_compress(struct codec *codec, const char *data, size_t len,
    struct buf *out, struct mldv_error *err);
/*
 * Decodes one frame of len bytes, which must be all of it, into out (reset
 * first). Content above limit, or of another length than the frame declares,
 * or a window above 128 MiB, is MLDV_CORRUPT.
 */
CHECKED int frame_decompress(struct codec *codec, const char *frame, size_t len,
    size_t limit, struct buf *out, struct mldv_error *err);

/* Parts of a stored frame, appended. */
void frame_stored_start(struct buf *out, uint32_t content_size);
void frame_stored_raw(struct buf *out, const void *data, size_t len);
void frame_stored_zeros(struct buf *out, uint32_t count);
void frame_stored_end(struct buf *out);
/*
 * The payload of size bytes in the raw blocks that fill data: *out borrows
 * from data if it is one block, else from scratch (reset first).
 */
CHECKED int frame_stored_payload(const char *data, size_t len, uint32_t size,
    struct buf *scratch, struct slice *out, struct mldv_error *err);

#endif
