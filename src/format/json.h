/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

/*
 * Reading JSON: numbers and texts out of a metrics file, nested objects
 * flattened to names with dots; or a document as it is. The home of jansson.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct strs;

/*
 * A value in a document, borrowed from it. NULL is what is not there: asked
 * for its members, it has none, so that paths can be walked without a check
 * at each step.
 */
struct json;

/*
 * Reads a document: give it to json_close. JSON_OF_PYTHON takes what Python
 * writes and JSON lacks (NaN, Infinity, integers beyond 64 bits) for null.
 * A document is a map or a list, unless it may be JSON_ANY_VALUE, whose texts
 * hold no NUL.
 */
enum json_dialect { JSON_STRICTLY, JSON_OF_PYTHON, JSON_ANY_VALUE };
CHECKED int json_open(struct json **out, struct slice text, size_t limit,
    enum json_dialect dialect, struct mldv_error *err);
void json_close(struct json *root);

enum json_kind {
	JSON_KIND_NONE, /* not there */
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_INTEGER,
	JSON_KIND_REAL,
	JSON_KIND_TEXT,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT,
};
enum json_kind json_kind(const struct json *value);
bool json_is_map(const struct json *value);
bool json_is_list(const struct json *value);
struct json *json_member(const struct json *map, const char *name);
/* By names with dots, and numbers for a list's items: "tasks.0.arn". */
struct json *json_get(const struct json *from, const char *path);
/* The text at such a path, copied; NULL unless it is one. */
const char *json_text_at(const struct json *from, const char *path,
    struct arena *arena);
/* Visits a map's members, in the order of the document. */
void json_each(struct json *map,
    void (*visit)(void *context, const char *name, struct json *value),
    void *context);
/* The names in a map, sorted. */
void json_names(struct json *map, struct strs *out);
size_t json_len(const struct json *list);
struct json *json_item(const struct json *list, size_t i);
/* A text, which may hold NUL bytes; false for anything else. */
bool json_slice(const struct json *value, struct slice *out);
/* The same as a string; NULL for anything else, or with a NUL in it. */
const char *json_str(const struct json *value);
bool json_whole(const struct json *value, int64_t *out);
/* The same; 0 unless it is a whole number. */
int64_t json_int(const struct json *value);
/* False unless it is a number; true and false are none. */
bool json_double(const struct json *value, double *out);
/* Is it the literal true? */
bool json_yes(const struct json *value);

/* Appends a text with its quotes; control characters are escaped. */
void json_add_text(struct buf *out, struct slice text);
/* Appends a value without white space, names sorted. */
void json_add(struct buf *out, const struct json *value);

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
