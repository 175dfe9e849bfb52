/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for the note of a purge is written again as it
 * was.
 *
 * Covers: format/purged.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/purged.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct purged purged;

	if (purged_parse(&purged, &arena, (const char *)data, size, &err) ==
	    0) {
		purged_format(&purged, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
