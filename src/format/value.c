/* SPDX-License-Identifier: Apache-2.0 */
#include "format/value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
    [VALUE_BOOL] = "bool",
    [VALUE_INT] = "int",
    [VALUE_FLOAT] = "float",
    [VALUE_TEXT] = "text",
    [VALUE_LIST] = "list",
};

const char *value_type_name(enum value_type type)
{
	return type_names[type];
}

static size_t digits(struct slice text, size_t at)
{
	size_t count = 0;

	while (at + count < text.len && text.data[at + count] >= '0' &&
	    text.data[at + count] <= '9')
		count++;
	return count;
}

static bool has(struct slice text, size_t at, const char *any)
{
	return at < text.len && text.data[at] && strchr(any, text.data[at]);
}

/*
 * What a word looks like: an integer, a float, or a text, which is also what
 * 0123, nan and 1.2.3 are.
 */
static enum value_type number_type(struct slice text)
{
	size_t at = has(text, 0, "-") ? 1 : 0;
	size_t whole = digits(text, at);
	size_t part = 0;
	bool is_float = false;

	if (whole > 1 && text.data[at] == '0')
		return VALUE_TEXT;
	at += whole;
	if (has(text, at, ".")) {
		part = digits(text, at + 1);
		at += 1 + part;
		is_float = true;
	}
	if (whole + part == 0)
		return VALUE_TEXT;
	if (has(text, at, "eE")) {
		size_t count;

		at += has(text, at + 1, "+-") ? 2 : 1;
		count = digits(text, at);
		if (count == 0)
			return VALUE_TEXT;
		at += count;
		is_float = true;
	}
	if (at != text.len)
		return VALUE_TEXT;
	return is_float ? VALUE_FLOAT : VALUE_INT;
}

/* As C's %a writes it in glibc, but normalised for every number. */
static void add_hex(double number, struct buf *out)
{
	uint64_t bits;
	int exponent;
	double fraction = frexp(fabs(number), &exponent);
	char digits_of[14];
	size_t len = 13;

	if (signbit(number))
		buf_add_char(out, '-');
	if (fraction == 0) {
		buf_add_str(out, "0x0p+0");
		return;
	}
	bits = (uint64_t)ldexp(fraction, 53) - (UINT64_C(1) << 52);
	(void)snprintf(digits_of, sizeof(digits_of), "%013" PRIx64, bits);
	while (len > 0 && digits_of[len - 1] == '0')
		len--;
	buf_add_str(out, "0x1");
	if (len > 0)
		buf_add_char(out, '.');
	buf_add(out, digits_of, len);
	buf_printf(out, "p%+d", exponent - 1);
}

static bool is_zero(const char *text)
{
	size_t len = strcspn(text, "eE");

	return strcspn(text, "123456789") >= len;
}

CHECKED static int read_float(const char *text, struct buf *canonical,
    struct mldv_error *err)
{
	double number = strtod(text, NULL);

	if (isinf(number) || (number == 0 && !is_zero(text)))
		return err_set(err, MLDV_USAGE,
		    "the number %s is too %s; write it in quotes if it is a "
		    "text",
		    text, isinf(number) ? "large" : "small");
	add_hex(number, canonical);
	return 0;
}

CHECKED static int read_int(const char *text, struct buf *canonical,
    struct mldv_error *err)
{
	intmax_t number;

	errno = 0;
	number = strtoimax(text, NULL, 10);
	if (errno == ERANGE || number > INT64_MAX || number < INT64_MIN)
		return err_set(err, MLDV_USAGE,
		    "the number %s is beyond 64 bits; write it in quotes if "
		    "it is a text",
		    text);
	buf_printf(canonical, "%jd", number);
	return 0;
}

static void add_quoted(const char *text, struct buf *out)
{
	buf_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

/* How long the quoted text at the beginning is; 0 if it does not end. */
static size_t quoted_len(struct slice text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.data[i] == '\\')
			i++;
		else if (text.data[i] == '"')
			return i + 1;
	}
	return 0;
}

CHECKED static int read_quoted(struct slice text, struct buf *plain,
    struct mldv_error *err)
{
	if (quoted_len(text) != text.len)
		return err_set(err, MLDV_USAGE,
		    "%.*s: a text in quotes ends with the second quote; "
		    "write \\\" for one inside",
		    (int)text.len, text.data);
	for (size_t i = 1; i < text.len - 1; i++) {
		if (text.data[i] == '\\') {
			i++;
			if (text.data[i] != '"' && text.data[i] != '\\')
				return err_set(err, MLDV_USAGE,
				    "%.*s: only \\\" and \\\\ are known",
				    (int)text.len, text.data);
		}
		buf_add_char(plain, text.data[i]);
	}
	return 0;
}

/* Anything but a list. */
CHECKED static int read_scalar(struct slice text, enum value_type *type,
    struct buf *plain, struct buf *canonical, struct mldv_error *err)
{
	if (slice_starts(text, "\"")) {
		*type = VALUE_TEXT;
		if (read_quoted(text, plain, err) < 0)
			return -1;
		add_quoted(buf_str(plain), canonical);
		return 0;
	}
	buf_add(plain, text.data, text.len);
	if (slice_is(text, "true") || slice_is(text, "false")) {
		*type = VALUE_BOOL;
		buf_add(canonical, text.data, text.len);
		return 0;
	}
	*type = number_type(text);
	if (*type == VALUE_INT)
		return read_int(buf_str(plain), canonical, err);
	if (*type == VALUE_FLOAT)
		return read_float(buf_str(plain), canonical, err);
	add_quoted(buf_str(plain), canonical);
	return 0;
}

/* Cuts the next item off a list, at a comma outside quotes. */
static bool cut_item(struct slice *rest, struct slice *item)
{
	struct slice all = slice_trim(*rest);
	size_t at = 0;

	if (slice_starts(all, "\""))
		at = quoted_len(all);
	while (at < all.len && all.data[at] != ',')
		at++;
	*item = slice_trim((struct slice){all.data, at});
	if (at == all.len) {
		rest->len = 0;
		return false;
	}
	*rest = (struct slice){all.data + at + 1, all.len - at - 1};
	return true;
}

CHECKED static int read_list(struct slice text, struct buf *canonical,
    struct mldv_error *err)
{
	struct slice rest = {text.data + 1, text.len - 2};
	struct slice item;
	struct buf plain = {0};
	enum value_type type;
	bool more = slice_trim(rest).len > 0;
	int ret = -1;

	buf_add_char(canonical, '[');
	while (more) {
		more = cut_item(&rest, &item);
		if (item.len == 0 || item.data[0] == '[') {
			(void)err_set(err, MLDV_USAGE, "%.*s: %s",
			    (int)text.len, text.data,
			    item.len == 0 ? "an item is missing"
			                  : "lists do not nest");
			goto out;
		}
		buf_reset(&plain);
		if (read_scalar(item, &type, &plain, canonical, err) < 0)
			goto out;
		if (more)
			buf_add_str(canonical, ", ");
	}
	buf_add_char(canonical, ']');
	ret = 0;
out:
	buf_release(&plain);
	return ret;
}

int value_parse(struct value *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	struct slice trimmed = slice_trim(slice_of(text));
	struct buf plain = {0};
	struct buf canonical = {0};
	enum value_type type = VALUE_LIST;
	int ret = -1;

	if (slice_starts(trimmed, "[")) {
		if (trimmed.len < 2 || trimmed.data[trimmed.len - 1] != ']') {
			(void)err_set(err, MLDV_USAGE,
			    "%.*s: a list ends with ']'; write it in quotes "
			    "if it is a text",
			    (int)trimmed.len, trimmed.data);
			goto out;
		}
		buf_add(&plain, trimmed.data, trimmed.len);
		if (read_list(trimmed, &canonical, err) < 0)
			goto out;
	} else if (read_scalar(trimmed, &type, &plain, &canonical, err) < 0) {
		goto out;
	}
	out->type = type;
	out->text = arena_str(arena, buf_str(&plain));
	out->canonical = arena_str(arena, buf_str(&canonical));
	ret = 0;
out:
	buf_release(&plain);
	buf_release(&canonical);
	return ret;
}

void value_show_number(double number, struct buf *out)
{
	char text[64];
	int precision = 0;
	int exponent;

	if (!isfinite(number)) {
		buf_printf(out, "%g", number);
		return;
	}
	do {
		(void)snprintf(text, sizeof(text), "%.*e", precision, number);
	} while (strtod(text, NULL) != number && precision++ < 16);
	exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	if (exponent < -4 || exponent > 15) {
		buf_add_str(out, text);
		return;
	}
	precision -= exponent;
	buf_printf(out, "%.*f", precision > 1 ? precision : 1, number);
}

/* One item of a canonical value. */
static void show_scalar(struct slice item, bool quoted, struct buf *out)
{
	struct mldv_error ignored;
	char number[64];

	if (slice_starts(item, "\"") && !quoted) {
		if (read_quoted(item, out, &ignored) < 0)
			buf_add(out, item.data, item.len);
		return;
	}
	if ((slice_starts(item, "0x") || slice_starts(item, "-0x")) &&
	    item.len < sizeof(number)) {
		memcpy(number, item.data, item.len);
		number[item.len] = '\0';
		value_show_number(strtod(number, NULL), out);
		return;
	}
	buf_add(out, item.data, item.len);
}

void value_show(struct slice canonical, struct buf *out)
{
	struct slice rest = canonical;
	struct slice item;
	bool more;

	if (!slice_starts(canonical, "[") || canonical.len < 3) {
		show_scalar(canonical, false, out);
		return;
	}
	rest = (struct slice){canonical.data + 1, canonical.len - 2};
	buf_add_char(out, '[');
	do {
		more = cut_item(&rest, &item);
		show_scalar(item, true, out);
		if (more)
			buf_add_str(out, ", ");
	} while (more);
	buf_add_char(out, ']');
}

/* How many bytes at text YAML reads otherwise than JSON, and as which sign. */
static size_t needs_escape(const unsigned char *text, unsigned *sign)
{
	*sign = text[0];
	if (text[0] < 0x20 || text[0] == 0x7f)
		return 1;
	/* U+0080 to U+009F, U+2028, U+2029, U+FEFF, U+FFFE, U+FFFF. */
	if (text[0] == 0xc2 && text[1] < 0xa0) {
		*sign = text[1];
		return 2;
	}
	*sign = (text[0] & 0x0fU) << 12;
	if ((text[0] & 0xf0) != 0xe0 || !text[1] || !text[2])
		return 0;
	*sign |= (text[1] & 0x3fU) << 6 | (text[2] & 0x3fU);
	return *sign == 0x2028 || *sign == 0x2029 || *sign == 0xfeff ||
	        *sign >= 0xfffe
	    ? 3
	    : 0;
}

void value_json_text(const char *text, struct buf *out)
{
	buf_add_char(out, '"');
	while (*text) {
		unsigned sign;
		size_t len = needs_escape((const unsigned char *)text, &sign);

		if (len > 0) {
			buf_printf(out, "\\u%04x", sign);
			text += len;
			continue;
		}
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text++);
	}
	buf_add_char(out, '"');
}

/* 1e-05 is a text to YAML, 1.0e-05 is not. */
static void json_float(const char *hex, struct buf *out)
{
	struct buf text = {0};
	const char *exponent;

	value_show_number(strtod(hex, NULL), &text);
	exponent = strchr(buf_str(&text), 'e');
	if (exponent && !strchr(buf_str(&text), '.')) {
		buf_add(out, text.data, (size_t)(exponent - text.data));
		buf_add_str(out, ".0");
		buf_add_str(out, exponent);
	} else {
		buf_add(out, text.data, text.len);
	}
	buf_release(&text);
}

/* One item of a canonical value. */
static void json_scalar(struct slice item, struct buf *out)
{
	struct mldv_error ignored;
	struct buf text = {0};

	if (slice_starts(item, "\"")) {
		if (read_quoted(item, &text, &ignored) == 0)
			value_json_text(buf_str(&text), out);
	} else if (slice_starts(item, "0x") || slice_starts(item, "-0x")) {
		buf_add(&text, item.data, item.len);
		json_float(buf_str(&text), out);
	} else {
		buf_add(out, item.data, item.len);
	}
	buf_release(&text);
}

void value_json(const struct value *value, struct buf *out)
{
	struct slice rest = slice_of(value->canonical);
	struct slice item;
	bool more;

	if (value->type != VALUE_LIST) {
		json_scalar(rest, out);
		return;
	}
	rest = (struct slice){rest.data + 1, rest.len - 2};
	buf_add_char(out, '[');
	more = rest.len > 0;
	while (more) {
		more = cut_item(&rest, &item);
		json_scalar(item, out);
		if (more)
			buf_add_str(out, ", ");
	}
	buf_add_char(out, ']');
}

bool value_is_canonical(enum value_type type, const char *canonical)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct value value = {.type = type, .canonical = ""};
	struct buf text = {0};
	bool same;

	if (type == VALUE_TEXT)
		buf_add_str(&text, canonical);
	else
		value_show(slice_of(canonical), &text);
	same = value_parse(&value, &arena, buf_str(&text), &ignored) == 0 &&
	    value.type == type && strcmp(value.canonical, canonical) == 0;
	buf_release(&text);
	arena_release(&arena);
	return same;
}
