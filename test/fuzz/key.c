/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a key is written again as it was. If a NUL divides the
 * input, two keys differ just where their texts do.
 *
 * Covers: format/key.c format/keydiff.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(struct slice a, struct slice b)
{
	struct mldv_error err;
	struct buf words = {0};
	struct key old, new;

	if (key_parse(&old, a.data, a.len, &err) < 0)
		return;
	if (key_parse(&new, b.data, b.len, &err) == 0) {
		bool same = slice_compare(a, b) == 0;

		if (key_difference(&old, &new, &words) == same ||
		    (words.len == 0) != same)
			abort();
		key_release(&new);
	}
	key_release(&old);
	buf_release(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice second = {(const char *)data, size};
	struct slice first;
	struct mldv_error err = {0};
	struct buf out = {0};
	struct buf words = {0};
	struct key empty = {0};
	struct key key;
	struct oid oid;

	if (slice_cut(&second, '\0', &first))
		compare(first, second);
	if (key_parse(&key, (const char *)data, size, &err) == 0) {
		key_end(&key, &out, &oid);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
		if (key_difference(&key, &key, &words) || words.len > 0)
			abort();
		if (!key_difference(&empty, &key, &words) ||
		    !key_difference(&key, &empty, &words))
			abort();
		key_release(&key);
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	buf_release(&words);
	return 0;
}
