/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A canonical value is never empty, has one line if the text had one, and a
 * number or list is shown so that it reads back as the same value.
 *
 * Covers: format/value.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct value *value, struct arena *arena)
{
	struct mldv_error err;
	struct value again;
	struct buf shown = {0};

	if (value->canonical[0] == '\0')
		abort();
	value_show(slice_of(value->canonical), &shown);
	if (value->type != VALUE_TEXT &&
	    (value_parse(&again, arena, buf_str(&shown), &err) < 0 ||
	        again.type != value->type ||
	        strcmp(again.canonical, value->canonical) != 0))
		abort();
	if (value->type == VALUE_TEXT &&
	    strcmp(buf_str(&shown), value->text) != 0)
		abort();
	buf_release(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	const char *text = arena_strn(&arena, (const char *)data, size);
	struct value value;

	if (value_parse(&value, &arena, text, &err) == 0)
		check(&value, &arena);
	else if (err.code != MLDV_USAGE || err.text[0] == '\0')
		abort();
	arena_release(&arena);
	return 0;
}
