/* SPDX-License-Identifier: Apache-2.0 */
#include "net/text.h"

#include <string.h>
#include <time.h>

static bool is_plain(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

void net_encode(struct buf *out, struct slice text, bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (is_plain(c) || (c == '/' && keep_slash)) {
			buf_add_char(out, (char)c);
		} else {
			buf_add_char(out, '%');
			buf_add_char(out, digits[c >> 4]);
			buf_add_char(out, digits[c & 15]);
		}
	}
}

/* -1: it is none. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool net_decode(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		int high;
		int low;

		if (text.data[i] != '%') {
			buf_add_char(out, text.data[i]);
			continue;
		}
		if (text.len - i < 3)
			return false;
		high = hex_digit(text.data[i + 1]);
		low = hex_digit(text.data[i + 2]);
		if (high < 0 || low < 0)
			return false;
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* Takes digits from the front; false if they are not there. */
static bool take_digits(struct slice *text, size_t count, int *out)
{
	int number = 0;

	if (text->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		char c = text->data[i];

		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (c - '0');
	}
	text->data += count;
	text->len -= count;
	*out = number;
	return true;
}

static bool take(struct slice *text, const char *what)
{
	if (!slice_starts(*text, what))
		return false;
	text->data += strlen(what);
	text->len -= strlen(what);
	return true;
}

static bool take_month(struct slice *text, int *out)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	for (int i = 0; i < 12; i++) {
		if (take(text, months[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool take_clock(struct slice *text, struct tm *tm)
{
	return take_digits(text, 2, &tm->tm_hour) && take(text, ":") &&
	    take_digits(text, 2, &tm->tm_min) && take(text, ":") &&
	    take_digits(text, 2, &tm->tm_sec);
}

static bool parse_http(struct slice text, struct tm *tm)
{
	if (text.len < 5 || text.data[3] != ',' || text.data[4] != ' ')
		return false;
	text.data += 5;
	text.len -= 5;
	return take_digits(&text, 2, &tm->tm_mday) && take(&text, " ") &&
	    take_month(&text, &tm->tm_mon) && take(&text, " ") &&
	    take_digits(&text, 4, &tm->tm_year) && take(&text, " ") &&
	    take_clock(&text, tm) && slice_is(text, " GMT");
}

static bool parse_iso(struct slice text, struct tm *tm)
{
	int fraction;

	if (!take_digits(&text, 4, &tm->tm_year) || !take(&text, "-") ||
	    !take_digits(&text, 2, &tm->tm_mon) || !take(&text, "-") ||
	    !take_digits(&text, 2, &tm->tm_mday) || !take(&text, "T") ||
	    !take_clock(&text, tm))
		return false;
	tm->tm_mon--;
	if (take(&text, ".")) {
		while (take_digits(&text, 1, &fraction))
			;
	}
	return slice_is(text, "Z");
}

int64_t net_time(struct slice text)
{
	struct tm tm = {0};
	time_t time;

	if (!parse_http(text, &tm)) {
		tm = (struct tm){0};
		if (!parse_iso(text, &tm))
			return 0;
	}
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return 0;
	tm.tm_year -= 1900;
	time = timegm(&tm);
	return time > 0 ? time : 0;
}
