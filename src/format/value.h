/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_VALUE_H
#define FORMAT_VALUE_H

/*
 * A parameter's value: its type and its one canonical spelling, so that 0.10
 * is 0.1 and "1" is not 1.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

enum value_type { VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_TEXT, VALUE_LIST };

struct value {
	enum value_type type;
	const char *text; /* as written, without quotes: 0.10, abc */
	const char
	    *canonical; /* as the key has it: 0x1.999999999999ap-4, "abc" */
};

/* Reads what stands behind the = of a parameter; MLDV_USAGE if it cannot. */
CHECKED int value_parse(struct value *out, struct arena *arena,
    const char *text, struct mldv_error *err);
/*
 * Appends a canonical value for people: 0.1, and a text without its quotes.
 */
void value_show(struct slice canonical, struct buf *out);
/* Appends the shortest decimal that reads back as the same number: 0.1. */
void value_show_number(double number, struct buf *out);
/*
 * Appends a value as JSON that YAML 1.1 reads alike: floats have a point and
 * a sign in their exponent, and what YAML takes for a line break is escaped.
 */
void value_json(const struct value *value, struct buf *out);
/* The same of a text. */
void value_json_text(const char *text, struct buf *out);
/* Is it just what value_parse makes canonical for this type? */
bool value_is_canonical(enum value_type type, const char *canonical);
/* "bool", "int", "float", "text", "list" */
const char *value_type_name(enum value_type type);

#endif
