/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/pyvalue.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/jsonout.h"

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

static void add_scalar(const struct json_t *node, enum style style,
    struct buf *out)
{
	double number = 0;

	switch (jsondoc_kind(node)) {
	case JSONDOC_NULL:
		/* The toolkit gives a script "" for None. */
		buf_add_str(out,
		    style == DUMPS     ? "null"
		        : style == STR ? ""
		                       : "None");
		break;
	case JSONDOC_BOOL:
		buf_add_str(out,
		    style == DUMPS ? jsondoc_yes(node) ? "true" : "false"
		        : jsondoc_yes(node) ? "True"
		                            : "False");
		break;
	case JSONDOC_INTEGER:
		buf_printf(out, "%" PRId64, jsondoc_integer(node));
		break;
	case JSONDOC_REAL:
		(void)jsondoc_number(node, &number);
		py_float(number, out);
		break;
	case JSONDOC_TEXT:
		if (style == DUMPS)
			jsonout_quote(out, jsondoc_text(node));
		else if (style == REPR)
			add_quoted(jsondoc_text(node), out);
		else
			buf_add_str(out, jsondoc_text(node));
		break;
	default:
		break;
	}
}

struct member {
	const char *name;
	const struct json_t *value;
};

struct members {
	struct member *items;
	size_t count;
	size_t capacity;
};

static void note(void *context, const char *name, struct json_t *value)
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
static void add_object(struct json_t *node, enum style style, struct buf *out)
{
	struct members members = {0};

	jsondoc_each(node, note, &members);
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
		    jsondoc_kind(members.items[i].value) == JSONDOC_NULL)
			buf_add_str(out, "None");
		else
			add_scalar(members.items[i].value, style, out);
	}
	if (style == DUMPS)
		buf_add_char(out, '}');
	free(members.items);
}

static void add_array(const struct json_t *node, enum style style,
    struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < jsondoc_count(node); i++) {
		if (i > 0)
			buf_add_str(out, style == DUMPS ? "," : ", ");
		add_scalar(jsondoc_at(node, i), style == STR ? REPR : style,
		    out);
	}
	buf_add_char(out, ']');
}

static void add(const char *json, enum style style, struct buf *out)
{
	struct json_t *doc = NULL;
	struct mldv_error ignored;

	if (jsondoc_open(&doc, json, strlen(json), &ignored) < 0) {
		if (style == DUMPS)
			jsonout_quote(out, json);
		else
			buf_add_str(out, json);
		return;
	}
	if (jsondoc_kind(doc) == JSONDOC_OBJECT)
		add_object(doc, style, out);
	else if (jsondoc_kind(doc) == JSONDOC_ARRAY)
		add_array(doc, style, out);
	else
		add_scalar(doc, style, out);
	jsondoc_close(doc);
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
	struct json_t *doc = NULL;
	struct mldv_error ignored;
	enum jsondoc_kind kind = JSONDOC_TEXT;

	if (jsondoc_open(&doc, json, strlen(json), &ignored) == 0)
		kind = jsondoc_kind(doc);
	if (kind == JSONDOC_TEXT)
		buf_add_str(out, doc ? jsondoc_text(doc) : json);
	else if (kind != JSONDOC_NULL)
		py_compact(json, out);
	jsondoc_close(doc);
}

bool py_is_flat(const char *json)
{
	struct json_t *doc = NULL;
	struct mldv_error ignored;
	struct members members = {0};
	bool flat = true;

	if (jsondoc_open(&doc, json, strlen(json), &ignored) < 0)
		return true;
	jsondoc_each(doc, note, &members);
	for (size_t i = 0; i < members.count; i++)
		flat = flat &&
		    jsondoc_kind(members.items[i].value) < JSONDOC_ARRAY;
	for (size_t i = 0; i < jsondoc_count(doc); i++)
		flat = flat && jsondoc_kind(jsondoc_at(doc, i)) < JSONDOC_ARRAY;
	free(members.items);
	jsondoc_close(doc);
	return flat;
}
