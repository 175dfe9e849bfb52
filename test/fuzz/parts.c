/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a choice of parts is written again as it was, and made
 * anew by setting its parts one by one.
 *
 * Covers: format/parts.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_text(const struct parts *parts, const char *item,
    const uint8_t *data, size_t size)
{
	struct buf out = {0};

	parts_format(parts, item, &out);
	if (out.len != size || memcmp(out.data, data, size) != 0)
		abort();
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct parts parts;
	struct parts again = {0};
	const char *item;

	if (parts_parse(&parts, &item, (const char *)data, size, &err) < 0) {
		if (err.code != MLDV_CORRUPT || err.text[0] == '\0')
			abort();
		return 0;
	}
	is_text(&parts, item, data, size);
	parts_set(&again, "", parts.rest);
	for (size_t i = 0; i < parts.count; i++)
		parts_set(&again, parts.list[i].path, parts.list[i].take);
	is_text(&again, item, data, size);
	parts_release(&again);
	parts_release(&parts);
	return 0;
}
