/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

/*
 * Writing and reading packs: .tar.zst files of many objects with an index at
 * the end. mldv-format(5).
 */

#include <stdbool.h>

#include "base/buf.h"
#include "format/packindex.h"
#include "store/frame.h"

/* What a manifest says of a pack. */
struct pack_info {
	struct oid id;
	uint32_t bytes;
	uint32_t index;
	uint32_t objects;
};

/* Where the bytes of a pack go, in order. */
struct pack_sink {
	void *context;
	int (*write)(void *context, const void *data, size_t size,
	    struct mldv_error *err);
};

struct pack_writer;
struct pack_writer *pack_writer_open(void);
void pack_writer_close(struct pack_writer *writer);
/* Starts a pack; the writer is used for one after the other. */
void pack_writer_start(struct pack_writer *writer,
    const struct pack_sink *sink);
/*
 * Room for the payload of the next entry, at most OBJECT_WHOLE_MAX bytes (a
 * tree, which is never cut: TREE_LIMIT; a chunk list: CHUNKS_LIMIT). Valid
 * until the next call.
 */
char *pack_writer_room(struct pack_writer *writer, size_t size);
/* Adds the entry whose payload now stands in the room; size is not 0. */
CHECKED int pack_writer_add(struct pack_writer *writer, const struct oid *oid,
    size_t size, bool chunk_list, struct mldv_error *err);
/* Is this object in the pack already? */
bool pack_writer_has(const struct pack_writer *writer, const struct oid *oid);
/*
 * Adds a whole frame of another pack without decoding it: its bytes, and the
 * records of everything in it, offsets relative to the frame's begin. Ends
 * the frame being built first.
 */
CHECKED int pack_writer_add_frame(struct pack_writer *writer, const char *frame,
    size_t len, const struct pack_record *records, size_t count,
    struct mldv_error *err);
/* The entries' sum of (512 + size rounded up to 512) so far. */
uint64_t pack_writer_size(const struct pack_writer *writer);
size_t pack_writer_count(const struct pack_writer *writer);
/*
 * Must the pack end before an entry of this size? By PACK_TARGET and
 * PACK_CEILING; a pack without entries never must.
 */
bool pack_writer_full(const struct pack_writer *writer, size_t size);
/* Writes what is left, and the index. */
CHECKED int pack_writer_end(struct pack_writer *writer, struct pack_info *out,
    struct mldv_error *err);

/* What an entry of size bytes takes in the archive. */
uint64_t pack_entry_size(uint64_t size);

/*
 * One decoded frame, kept because neighbours are read one after the other.
 * For one thread.
 */
struct pack_decoder;
struct pack_decoder *pack_decoder_open(void);
void pack_decoder_close(struct pack_decoder *decoder);
/*
 * The payload of a record, whose record->length bytes at record->offset are
 * at data; verified against its oid unless it is a chunk list. frame_key
 * tells frames apart: equal keys promise equal frames (0: promise nothing).
 * Valid until the next call.
 */
CHECKED int pack_decode(struct pack_decoder *decoder,
    const struct pack_record *record, const char *data, uint64_t frame_key,
    struct slice *out, struct mldv_error *err);
/* The same, but not verified: for whoever hashes it himself. */
CHECKED int pack_payload(struct pack_decoder *decoder,
    const struct pack_record *record, const char *data, uint64_t frame_key,
    struct slice *out, struct mldv_error *err);

#endif
