/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a chunk list is written again as it was and adds up; any
 * bytes are cut into chunks that are not empty.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/chunks.h"

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

		if (len == 0 || len > size || len > CHUNK_MAX)
			abort();
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct chunks chunks;

	cut(data, size);
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
