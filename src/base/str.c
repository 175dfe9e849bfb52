/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

bool slice_is(struct slice slice, const char *text)
{
	return slice.len == strlen(text) && slice_starts(slice, text);
}

bool slice_starts(struct slice slice, const char *prefix)
{
	size_t len = strlen(prefix);

	return slice.len >= len &&
	    (len == 0 || memcmp(slice.data, prefix, len) == 0);
}

bool str_ends(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

int slice_compare(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice slice)
{
	while (slice.len > 0 && is_space(slice.data[0])) {
		slice.data++;
		slice.len--;
	}
	while (slice.len > 0 && is_space(slice.data[slice.len - 1]))
		slice.len--;
	return slice;
}

bool slice_cut(struct slice *rest, char c, struct slice *head)
{
	struct slice all = *rest;
	const char *at = all.len > 0 ? memchr(all.data, c, all.len) : NULL;

	if (!at) {
		*head = all;
		if (all.data)
			rest->data = all.data + all.len;
		rest->len = 0;
		return false;
	}
	*head = (struct slice){all.data, (size_t)(at - all.data)};
	*rest = (struct slice){at + 1, all.len - head->len - 1};
	return true;
}

bool slice_number(struct slice slice, uint64_t *out)
{
	uint64_t number = 0;

	/* 19 digits are below 2^64, so that the sum cannot overflow. */
	if (slice.len == 0 || slice.len > 19)
		return false;
	if (slice.len > 1 && slice.data[0] == '0')
		return false;
	for (size_t i = 0; i < slice.len; i++) {
		char c = slice.data[i];

		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (uint64_t)(c - '0');
	}
	if (number > INT64_MAX)
		return false;
	*out = number;
	return true;
}

bool slice_seconds(struct slice slice, uint64_t *out)
{
	static const char units[] = "smhd";
	static const uint64_t seconds[] = {1, 60, 3600, 24 * 3600};
	uint64_t number;

	for (size_t i = 0; slice.len > 0 && units[i]; i++) {
		if (slice.data[slice.len - 1] != units[i])
			continue;
		if (!slice_number((struct slice){slice.data, slice.len - 1},
		        &number) ||
		    number > UINT32_MAX)
			return false;
		*out = number * seconds[i];
		return true;
	}
	return false;
}

/* How far ? reaches: a UTF-8 character as far as it is there, else a byte. */
static size_t character(const char *text)
{
	unsigned char lead = (unsigned char)text[0];
	size_t most = lead >= 0xf0 ? 4
	    : lead >= 0xe0         ? 3
	    : lead >= 0xc2         ? 2
	                           : 1;
	size_t len = 1;

	while (len < most && ((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/*
 * On a mismatch only the last star need take one byte more: what an earlier
 * one could add, the last one can too.
 */
bool str_glob(const char *pattern, const char *name)
{
	const char *star = NULL;
	const char *from = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (*pattern == '?') {
			pattern++;
			name += character(name);
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t n = a < b ? a : b;

	return n < c ? n : c;
}

size_t str_distance(const char *a, const char *b)
{
	size_t columns = strlen(b) + 1;
	size_t *row = xrealloc(NULL, columns, sizeof *row);
	size_t distance;

	for (size_t j = 0; j < columns; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j < columns; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	distance = row[columns - 1];
	free(row);
	return distance;
}

const char *str_nearest(const char *word, const char *const *names)
{
	size_t len = strlen(word);
	const char *best = NULL;
	size_t best_distance = 3;

	for (; *names; names++) {
		size_t name_len = strlen(*names);
		size_t distance;

		if (name_len > len + 2 || len > name_len + 2)
			continue;
		distance = str_distance(word, *names);
		/* With every letter changed it is not a slip of the pen. */
		if (distance < best_distance && distance < name_len &&
		    distance < len) {
			best = *names;
			best_distance = distance;
		}
	}
	return best;
}

void str_quote(const char *text, struct buf *out)
{
	buf_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

void str_count(uint64_t number, struct buf *out)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, number);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_add_char(out, ',');
		buf_add_char(out, digits[i]);
	}
}

void str_bytes(uint64_t bytes, struct buf *out)
{
	static const char units[] = "kMGTPE";
	uint64_t unit = 1000;
	uint64_t step;
	uint64_t n;
	size_t i = 0;
	int decimals;

	if (bytes < 1000) {
		buf_printf(out, "%" PRIu64 " byte%s", bytes,
		    bytes == 1 ? "" : "s");
		return;
	}
	for (; bytes / unit >= 1000; i++)
		unit *= 1000;
	decimals = bytes / unit < 10 ? 2 : bytes / unit < 100 ? 1 : 0;
	step = decimals == 2 ? unit / 100 : decimals == 1 ? unit / 10 : unit;
	n = bytes / step + (bytes % step >= step / 2);
	if (n == 1000) {
		n = 100;
		decimals--;
	}
	if (decimals < 0) {
		decimals = 2;
		i++;
	}
	if (decimals == 2)
		buf_printf(out, "%" PRIu64 ".%02" PRIu64, n / 100, n % 100);
	else if (decimals == 1)
		buf_printf(out, "%" PRIu64 ".%" PRIu64, n / 10, n % 10);
	else
		buf_printf(out, "%" PRIu64, n);
	buf_printf(out, " %cB", units[i]);
}

uint64_t str_hash(uint64_t start, const char *text)
{
	do {
		start =
		    (start ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	} while (*text++ != '\0');
	return start;
}

const char *str_hide_password(struct arena *arena, const char *address)
{
	const char *host = strstr(address, "://");
	const char *colon, *at;

	if (!host)
		return address;
	host += 3;
	/* The last, for people do write a password that has one. */
	at = memrchr(host, '@', strcspn(host, "/"));
	colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
	if (!colon)
		return address;
	return arena_printf(arena, "%.*s:***%s", (int)(colon - address),
	    address, at);
}
