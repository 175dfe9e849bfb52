/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a stage's journal is written again as it was, and its
 * temporary names are ours.
 *
 * Covers: format/journal.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct journal_text journal;

	if (journal_parse(&journal, &arena, (const char *)data, size, &err) ==
	    0) {
		for (size_t i = 0; i < journal.count; i++)
			if (!temp_is_name(journal.outs[i].aside))
				abort();
		journal_format(&journal, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
