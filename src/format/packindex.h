/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PACKINDEX_H
#define FORMAT_PACKINDEX_H

/*
 * The index that ends a pack: a zstd skippable frame (RFC 8878 section 3.1.2)
 * of sorted 48-byte records and a 64-byte footer: mldv-format(5).
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/oid.h"

#define PACK_TARGET      (32u << 20) /* a pack ends with the entry reaching it */
#define PACK_CEILING     (60u << 20) /* and before one that would pass this */
#define PACK_LIMIT       (64u << 20) /* bytes of the file */
#define PACK_FRAME       (256u << 10)
#define PACK_FOOTER_SIZE 64
#define PACK_RECORD_SIZE 48
#define PACK_INDEX_MAGIC 0x184D2A5Du /* skippable frame, little-endian */

struct pack_record {
	struct oid oid;
	/* Where to fetch: stored: the payload's first block header; else the
	 * frame that holds it. */
	uint32_t offset;
	uint32_t length;
	/* Offset of the payload in the decoded frame; 0 if stored. */
	uint32_t inner;
	uint32_t size; /* of the payload; of a chunk list, of the list */
	bool stored;   /* lies verbatim in raw blocks of at most 128 KiB */
	bool chunk_list;
};

struct pack_index {
	struct pack_record *records; /* sorted by oid */
	size_t count;
	uint32_t begin; /* where the skippable frame begins in the pack */
};

/* Bytes of an index of count records, from the frame's magic to the end. */
size_t pack_index_size(size_t count);

/*
 * Reads a footer: where the index begins and how many records it has.
 * pack_size is the length of the pack's file.
 */
CHECKED int pack_footer_parse(const uint8_t footer[PACK_FOOTER_SIZE],
    uint64_t pack_size, uint32_t *begin, uint32_t *count,
    struct mldv_error *err);

/* Parses a whole index, from the frame's magic to the end of the file. */
CHECKED int pack_index_parse(struct pack_index *out, struct arena *arena,
    const uint8_t *data, size_t len, uint64_t pack_size,
    struct mldv_error *err);

/* Sorts the records and appends the index that belongs at offset begin. */
void pack_index_format(struct pack_index *index, struct buf *out);

/* The record of an object (of its chunk list, if that is what is there). */
const struct pack_record *pack_index_find(const struct pack_index *index,
    const struct oid *oid);

#endif
