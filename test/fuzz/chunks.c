/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a chunk list is written again as it was and adds up; any
 * bytes are cut into chunks that are not empty.
 *
 * Covers: format/chunks.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/chunks.h"

#define LONG 1500000 /* bytes: more than chunks are meant to have */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sizes(const struct chunks *chunks)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < chunks->count; i++)
		sum += chunks->items[i].size;
	if (sum != chunks->size || sum <= OBJECT_WHOLE_MAX)
		abort();
}

static void cut(const uint8_t *data, size_t size)
{
	while (size > 0) {
		size_t len = chunk_cut(data, size);

		if (len == 0 || len > size || len > CHUNK_MAX ||
		    (len < CHUNK_MIN && len < size))
			abort();
		/* Where a chunk ends depends on nothing behind it. */
		if (chunk_cut(data, len) != len)
			abort();
		data += len;
		size -= len;
	}
}

/* The input again and again, each time a little different. */
static void cut_long(const uint8_t *data, size_t size)
{
	struct buf bytes = {0};
	unsigned char turn = 0;

	while (bytes.len < LONG) {
		buf_add(&bytes, data, size);
		buf_add(&bytes, &turn, 1);
		turn = (unsigned char)(turn * 5 + 1);
	}
	cut((const uint8_t *)bytes.data, bytes.len);
	buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct chunks chunks;

	cut(data, size);
	/* Now and then, for it takes long. */
	if (size % 256 == 255)
		cut_long(data, size);
	if (chunks_parse(&chunks, &arena, (const char *)data, size, &err) ==
	    0) {
		check_sizes(&chunks);
		chunks_format(&chunks, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
