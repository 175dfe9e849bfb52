/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

/*
 * Numbers and texts out of a metrics file: nested objects flattened to names
 * with dots. The home of jansson.
 */

#include "base/mem.h"
#include "base/str.h"

#define JSON_LIMIT (16 << 20)

struct json_value {
	const char *name; /* "test.accuracy" */
	const char *text; /* as written; a number as the shortest exact form */
	bool number;
	double value;
};

struct json_values {
	struct json_value *items;
	size_t count;
};

/* Arrays are skipped but for their length ("confusion.length"). */
CHECKED int json_flatten(struct json_values *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);

#endif
