/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a pack's index is written again as it was, and each of
 * its objects is found and lies before it.
 *
 * The input is the pack's length (four bytes, little-endian), a byte, and the
 * index. If the byte is odd, the digest in the footer is put right first, for
 * the fuzzer could not guess it.
 *
 * Covers: format/packindex.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/packindex.h"

#define PREFIX 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct pack_index *index, const struct buf *bytes)
{
	struct buf out = {0};

	for (size_t i = 0; i < index->count; i++) {
		const struct pack_record *record = &index->records[i];

		if (pack_index_find(index, &record->oid) != record ||
		    record->size == 0 ||
		    (uint64_t)record->offset + record->length > index->begin)
			abort();
	}
	pack_index_format(index, &out);
	if (out.len != bytes->len ||
	    memcmp(out.data, bytes->data, out.len) != 0)
		abort();
	buf_release(&out);
}

/* Puts the SHA-256 of the records where it belongs. */
static void sign(struct buf *bytes)
{
	size_t records = bytes->len - pack_index_size(0);
	struct oid digest;

	oid_of(bytes->data + 8, records, &digest);
	memcpy(bytes->data + bytes->len - OID_SIZE, digest.bytes, OID_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf bytes = {0};
	struct pack_index index;
	uint64_t pack_size;

	if (size < PREFIX)
		return 0;
	pack_size = (uint64_t)data[0] | (uint64_t)data[1] << 8 |
	    (uint64_t)data[2] << 16 | (uint64_t)data[3] << 24;
	buf_add(&bytes, data + PREFIX, size - PREFIX);
	if ((data[4] & 1) != 0 && bytes.len >= pack_index_size(0))
		sign(&bytes);
	if (pack_index_parse(&index, &arena, (const uint8_t *)bytes.data,
	        bytes.len, pack_size, &err) == 0)
		check(&index, &bytes);
	else if (err.code != MLDV_CORRUPT || err.text[0] == '\0')
		abort();
	buf_release(&bytes);
	arena_release(&arena);
	return 0;
}
