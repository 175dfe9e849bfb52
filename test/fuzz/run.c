/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a run record is written again as it was. The key that is
 * asked for is that of whatever follows the first empty line.
 *
 * Covers: format/run.c format/made.c format/enclosed.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *gap = size > 0 ? memmem(data, size, "\n\n", 2) : NULL;
	size_t at = gap ? (size_t)(gap - data) + 2 : size;
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct run run;
	struct oid oid;

	oid_of(data + at, size - at, &oid);
	if (run_parse(&run, &arena, &oid, (const char *)data, size, &err) ==
	    0) {
		run_format(&run, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
		run_release(&run);
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
