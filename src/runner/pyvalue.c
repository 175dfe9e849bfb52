/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/pyvalue.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonout.h"
#include "format/json.h"

/* Digits that a double can need. */
enum { DIGITS = 17 };

/* repr() writes an exponent below the one and from the other on. */
enum { LEAST = -4, MOST = 16 };

/* The shortest digits that read back as the number, and its exponent. */
static int shortest(double number, char digits[DIGITS + 1])
{
	char text[DIGITS + 16];
	char *exponent;
	size_t count = 0;

	for (int precision = 0; precision < DIGITS; precision++) {
		(void)snprintf(text, sizeof text, "%.*e", precision, number);
		if (strtod(text, NULL) == number)
			break;
	}
	exponent = strchr(text, 'e');
	for (const char *at = text; at < exponent && count < DIGITS; at++) {
		if (*at >= '0' && *at <= '9')
			digits[count++] = *at;
	}
	digits[count] = '\0';
	return (int)strtol(exponent + 1, NULL, 10);
}

static void add_fixed(const char *digits, int exponent, struct buf *out)
{
	int count = (int)strlen(digits);
	int point = exponent + 1;

	if (point <= 0)
		buf_add_str(out, "0.");
	for (int i = point; i < 0; i++)
		buf_add_char(out, '0');
	for (int i = 0; i < count || i < point; i++) {
		if (i > 0 && i == point)
			buf_add_char(out, '.');
		buf_add_char(out, i < count ? digits[i] : '0');
	}
	if (point >= count)
		buf_add_str(out, ".0");
}

void py_float(double number, struct buf *out)
{
	char digits[DIGITS + 1] = "";
	int exponent;

	if (isnan(number)) {
		buf_add_str(out, "nan");
		return;
	}
	if (signbit(number))
		buf_add_char(out, '-');
	number = fabs(number);
	if (isinf(number)) {
		buf_add_str(out, "inf");
		return;
	}
	exponent = shortest(number, digits);
	if (exponent >= LEAST && exponent < MOST) {
		add_fixed(digits, exponent, out);
		return;
	}
	buf_add_char(out, digits[0]);
	if (digits[1])
		buf_printf(out, ".%s", digits + 1);
	buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

void py_json(const struct value *value, struct buf *out)
{
	switch (value->type) {
	case VALUE_FLOAT:
		py_float(strtod(value->canonical, NULL), out);
		break;
	case VALUE_TEXT:
		jsonout_quote(out, value->text);
		break;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_LIST:
		buf_add_str(out, value->text);
		break;
	}
}

/* How one value is written inside of another. */
enum style { STR, REPR, DUMPS };

static void add_quoted(const char *text, struct buf *out)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';

	buf_add_char(out, quote);
	for (; *text; text++) {
		if (*text == quote || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, quote);
}

static void add_scalar(const struct json *node, enum style style,
    struct buf *out)
{
	double number = 0;

	switch (json_kind(node)) {
	case JSON_KIND_NULL:
		/* The toolkit gives a script "" for None. */
		buf_add_str(out,
		    style == DUMPS     ? "null"
		        : style == STR ? ""
		                       : "None");
		break;
	case JSON_KIND_BOOL:
		buf_add_str(out,
		    style == DUMPS       ? json_yes(node) ? "true" : "false"
		        : json_yes(node) ? "True"
		                         : "False");
		break;
	case JSON_KIND_INTEGER:
		buf_printf(out, "%" PRId64, json_int(node));
		break;
	case JSON_KIND_REAL:
		(void)json_double(node, &number);
		py_float(number, out);
		break;
	case JSON_KIND_TEXT:
		if (style == DUMPS)
			jsonout_quote(out, json_str(node));
		else if (style == REPR)
			add_quoted(json_str(node), out);
		else
			buf_add_str(out, json_str(node));
		break;
	default:
		break;
	}
}

struct member {
	const char *name;
	const struct json *value;
};

struct members {
	struct member *items;
	size_t count;
	size_t capacity;
};

static void note(void *context, const char *name, struct json *value)
{
	struct members *members = context;

	members->items = xgrow(members->items, members->count,
	    &members->capacity, sizeof *members->items);
	members->items[members->count++] = (struct member){name, value};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name,
	    ((const struct member *)b)->name);
}

/* An argument is a=1,b=2; else it is JSON. */
static void add_object(struct json *node, enum style style, struct buf *out)
{
	struct members members = {0};

	json_each(node, note, &members);
	if (members.count > 0)
		qsort(members.items, members.count, sizeof *members.items,
		    by_name);
	if (style == DUMPS)
		buf_add_char(out, '{');
	for (size_t i = 0; i < members.count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		if (style == DUMPS) {
			jsonout_quote(out, members.items[i].name);
			buf_add_char(out, ':');
		} else {
			buf_printf(out, "%s=", members.items[i].name);
		}
		if (style == STR &&
		    json_kind(members.items[i].value) == JSON_KIND_NULL)
			buf_add_str(out, "None");
		else
			add_scalar(members.items[i].value, style, out);
	}
	if (style == DUMPS)
		buf_add_char(out, '}');
	free(members.items);
}

static void add_array(const struct json *node, enum style style,
    struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < json_len(node); i++) {
		if (i > 0)
			buf_add_str(out, style == DUMPS ? "," : ", ");
		add_scalar(json_item(node, i), style == STR ? REPR : style,
		    out);
	}
	buf_add_char(out, ']');
}

static void add(const char *json, enum style style, struct buf *out)
{
	struct json *doc = NULL;
	struct mldv_error ignored;

	if (json_open(&doc, slice_of(json), JSON_LIMIT, JSON_ANY_VALUE,
	        &ignored) < 0) {
		if (style == DUMPS)
			jsonout_quote(out, json);
		else
			buf_add_str(out, json);
		return;
	}
	if (json_kind(doc) == JSON_KIND_OBJECT)
		add_object(doc, style, out);
	else if (json_kind(doc) == JSON_KIND_ARRAY)
		add_array(doc, style, out);
	else
		add_scalar(doc, style, out);
	json_close(doc);
}

void py_argument(const char *json, struct buf *out)
{
	add(json, STR, out);
}

void py_compact(const char *json, struct buf *out)
{
	add(json, DUMPS, out);
}

void py_variable(const char *json, struct buf *out)
{
	struct json *doc = NULL;
	struct mldv_error ignored;
	enum json_kind kind = JSON_KIND_TEXT;

	if (json_open(&doc, slice_of(json), JSON_LIMIT, JSON_ANY_VALUE,
	        &ignored) == 0)
		kind = json_kind(doc);
	if (kind == JSON_KIND_TEXT)
		buf_add_str(out, doc ? json_str(doc) : json);
	else if (kind != JSON_KIND_NULL)
		py_compact(json, out);
	json_close(doc);
}

bool py_is_flat(const char *json)
{
	struct json *doc = NULL;
	struct mldv_error ignored;
	struct members members = {0};
	bool flat = true;

	if (json_open(&doc, slice_of(json), JSON_LIMIT, JSON_ANY_VALUE,
	        &ignored) < 0)
		return true;
	json_each(doc, note, &members);
	for (size_t i = 0; i < members.count; i++)
		flat =
		    flat && json_kind(members.items[i].value) < JSON_KIND_ARRAY;
	for (size_t i = 0; i < json_len(doc); i++)
		flat = flat && json_kind(json_item(doc, i)) < JSON_KIND_ARRAY;
	free(members.items);
	json_close(doc);
	return flat;
}
