/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a manifest is written again as it was, and its packs can
 * be.
 *
 * Covers: format/manifest.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/manifest.h"
#include "format/packindex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_packs(const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_pack *pack = &manifest->packs[i];

		if (pack->bytes > PACK_LIMIT ||
		    pack->index + pack_index_size(pack->objects) != pack->bytes)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct manifest manifest;

	if (manifest_parse(&manifest, &arena, (const char *)data, size, &err) ==
	    0) {
		check_packs(&manifest);
		manifest_format(&manifest, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
