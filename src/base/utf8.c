/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/mem.h"

/* The length of the character at text, 0 if it is none. */
static size_t decode(const char *text, size_t len, int32_t *out)
{
	utf8proc_ssize_t n;

	if ((unsigned char)text[0] < 0x80) {
		*out = (unsigned char)text[0];
		return 1;
	}
	n = utf8proc_iterate((const utf8proc_uint8_t *)text,
	    (utf8proc_ssize_t)len, out);
	return n > 0 ? (size_t)n : 0;
}

bool utf8_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		int32_t c;
		size_t n = decode(text + i, len - i, &c);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/*
 * What a terminal obeys, or what hides or reorders text; but the joiners,
 * which scripts and emoji need.
 */
static bool is_shown(int32_t c)
{
	static const int32_t hidden[][2] = {
	    {0x00, 0x1f},
	    {0x7f, 0x9f},
	    {0xad, 0xad},
	    {0x61c, 0x61c},
	    {0x180e, 0x180e},
	    {0x200b, 0x200b},
	    {0x200e, 0x200f},
	    {0x2028, 0x202e},
	    {0x2060, 0x206f},
	    {0xfeff, 0xfeff},
	    {0xfff9, 0xfffb},
	    {0xe0000, 0xe007f},
	};

	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		if (c >= hidden[i][0] && c <= hidden[i][1])
			return false;
	}
	return true;
}

/* The length of the character at text if it is shown as it is, else 0. */
static size_t shown(const char *text, size_t len)
{
	int32_t c;
	size_t n = decode(text, len, &c);

	return n > 0 && is_shown(c) ? n : 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Would a backslash before this read as an escape, its own or ours? */
static bool reads_as_escape(const char *text, size_t len)
{
	if (len == 0)
		return false;
	if (text[0] == 'n' || text[0] == '\\')
		return true;
	if (text[0] == 'x')
		return len >= 3 && is_hex(text[1]) && is_hex(text[2]);
	return shown(text, len) == 0;
}

void utf8_show(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len;) {
		size_t n = shown(text + i, len - i);

		if (n == 1 && text[i] == '\\' &&
		    reads_as_escape(text + i + 1, len - i - 1))
			buf_add_char(out, '\\');
		if (n > 0) {
			buf_add(out, text + i, n);
			i += n;
			continue;
		}
		if (text[i] == '\n')
			buf_add_str(out, "\\n");
		else
			buf_printf(out, "\\x%02x", (unsigned char)text[i]);
		i++;
	}
}

size_t utf8_width(const char *text)
{
	size_t left = strlen(text);
	size_t width = 0;

	while (left > 0) {
		int32_t c;
		size_t n = decode(text, left, &c);

		if (n == 0) {
			n = 1;
			width++;
		} else if (c < 0x80) {
			width += c >= 0x20 && c != 0x7f;
		} else {
			width += (size_t)utf8proc_charwidth(c);
		}
		text += n;
		left -= n;
	}
	return width;
}

static bool fold_ascii(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		buf_add_char(out,
		    c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
	}
	return true;
}

void utf8_fold(const char *text, size_t len, struct buf *out)
{
	const utf8proc_option_t options = (utf8proc_option_t)(UTF8PROC_STABLE |
	    UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
	utf8proc_ssize_t size = (utf8proc_ssize_t)len;
	utf8proc_int32_t *folded;
	utf8proc_ssize_t n;

	if (fold_ascii(text, len, out))
		return;
	n = utf8proc_decompose(bytes, size, NULL, 0, options);
	if (n < 0) {
		buf_add(out, text, len);
		return;
	}
	/* Encoded in place, and with a NUL, hence one more. */
	folded = xrealloc(NULL, (size_t)n + 1, sizeof *folded);
	(void)utf8proc_decompose(bytes, size, folded, n, options);
	n = utf8proc_reencode(folded, n, options);
	if (n < 0)
		buf_add(out, text, len);
	else
		buf_add(out, folded, (size_t)n);
	free(folded);
}
