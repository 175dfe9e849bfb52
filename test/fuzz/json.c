/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers are shown so that they read back exactly.
 *
 * Covers: format/json.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct json_values values;

	if (json_flatten(&values, &arena, (const char *)data, size, &err) ==
	    0) {
		for (size_t i = 0; i < values.count; i++) {
			const struct json_value *value = &values.items[i];

			if (!value->name || !value->text)
				abort();
			if (value->number &&
			    strtod(value->text, NULL) != value->value)
				abort();
		}
	} else if (err.text[0] == '\0') {
		abort();
	}
	arena_release(&arena);
	return 0;
}
