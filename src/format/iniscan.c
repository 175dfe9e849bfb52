/* SPDX-License-Identifier: Apache-2.0 */
#include "format/iniscan.h"

#include <string.h>

#include "base/utf8.h"

#define NAME_LIMIT 40

/* What an input method leaves where the plain character was meant. */
static const struct wide {
	const char *bytes;
	const char *plain;
	const char *name;
} wides[] = {
    {"\xe3\x80\x80", " ", "ideographic space (U+3000)"},
    {"\xef\xbc\x9d", "=", "full-width '＝'"},
    {"\xef\xbc\x9a", ":", "full-width '：'"},
    {"\xef\xbc\x9b", ";", "full-width '；'"},
    {"\xef\xbc\xbb", "[", "full-width '［'"},
    {"\xef\xbc\xbd", "]", "full-width '］'"},
    {NULL, NULL, NULL},
};

static int wide_error(const struct ini_scan *scan, const struct wide *wide,
    struct mldv_error *err)
{
	return ini_error(scan->ini, scan->number, err,
	    "%s outside a value; write a plain '%s'", wide->name, wide->plain);
}

/* Refuses full-width signs anywhere in the text. */
CHECKED static int refuse_wide(const struct ini_scan *scan, struct slice text,
    struct mldv_error *err)
{
	for (size_t i = 0; i < text.len; i++) {
		struct slice rest = {text.data + i, text.len - i};

		if ((unsigned char)rest.data[0] < 0x80)
			continue;
		for (const struct wide *w = wides; w->bytes; w++) {
			if (slice_starts(rest, w->bytes))
				return wide_error(scan, w, err);
		}
	}
	return 0;
}

/* A value may hold full-width signs, but not be padded with them. */
CHECKED static int refuse_padding(const struct ini_scan *scan,
    struct slice value, struct mldv_error *err)
{
	const struct wide *space = &wides[0];
	size_t len = strlen(space->bytes);

	if (value.len < len)
		return 0;
	if (slice_starts(value, space->bytes) ||
	    memcmp(value.data + value.len - len, space->bytes, len) == 0)
		return wide_error(scan, space, err);
	return 0;
}

CHECKED static int check_bytes(const struct ini_scan *scan, struct slice body,
    struct mldv_error *err)
{
	for (size_t i = 0; i < body.len; i++) {
		unsigned char c = (unsigned char)body.data[i];

		if (c < 0x20 && c != '\t')
			return ini_error(scan->ini, scan->number, err,
			    "control byte 0x%02x", c);
	}
	if (!utf8_valid(body.data, body.len))
		return ini_error(scan->ini, scan->number, err,
		    "not UTF-8; convert the file, for instance with 'iconv "
		    "-f CP932 -t UTF-8'");
	return 0;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static bool is_made_of_name_chars(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_name_char(text.data[i]))
			return false;
	}
	return text.len > 0;
}

bool ini_is_name(struct slice name)
{
	return name.len <= NAME_LIMIT && is_made_of_name_chars(name);
}

bool ini_is_key(struct slice key)
{
	return key.len <= INI_NAME && is_made_of_name_chars(key);
}

/* "name data/raw": of all keys only this one is about a path. */
static bool is_path_key(struct slice key)
{
	struct slice rest = key;
	struct slice word;

	if (key.len > INI_NAME || !slice_cut(&rest, ' ', &word) ||
	    !slice_is(word, "name") || rest.len == 0)
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		if (!is_name_char(rest.data[i]) && rest.data[i] != '/')
			return false;
	}
	return true;
}

/* "stage train" or "params" */
static bool is_head(struct slice name)
{
	struct slice rest = name;
	struct slice word;
	bool named = slice_cut(&rest, ' ', &word);

	return name.len <= INI_NAME && ini_is_name(word) &&
	    (!named || ini_is_name(rest));
}

CHECKED static int scan_head(struct ini_scan *scan, struct slice text,
    struct ini_line *line, struct mldv_error *err)
{
	struct slice rest = {text.data + 1, text.len - 1};
	struct slice name;

	if (refuse_wide(scan, text, err) < 0)
		return -1;
	if (!slice_cut(&rest, ']', &name))
		return ini_error(scan->ini, scan->number, err,
		    "']' is missing");
	if (rest.len > 0)
		return ini_error(scan->ini, scan->number, err,
		    "'%.*s' stands after the section's ']'", (int)rest.len,
		    rest.data);
	if (memchr(name.data, '"', name.len))
		return ini_error(scan->ini, scan->number, err,
		    "a section's name has no quotes: [remote origin]");
	if (!is_head(name))
		return ini_error(scan->ini, scan->number, err,
		    "'%.*s' cannot be a section: a word, or a word, one space "
		    "and a name of up to %d of A-Z a-z 0-9 . _ -",
		    (int)name.len, name.data, NAME_LIMIT);
	line->kind = INI_HEAD;
	line->name = name;
	scan->in_section = true;
	scan->in_rules = slice_is(name, "rules");
	scan->in_key = false;
	return 0;
}

CHECKED static int check_key(const struct ini_scan *scan, struct slice key,
    struct mldv_error *err)
{
	if (key.len == 0)
		return ini_error(scan->ini, scan->number, err,
		    "a key is missing before the '='");
	if (key.len > INI_NAME)
		return ini_error(scan->ini, scan->number, err,
		    "a key has at most %d bytes", INI_NAME);
	if (!ini_is_key(key) && !(scan->in_rules && is_path_key(key)))
		return ini_error(scan->ini, scan->number, err,
		    "'%.*s' cannot be a key; one is made of A-Z a-z "
		    "0-9 . _ -",
		    (int)key.len, key.data);
	if (!scan->in_section)
		return ini_error(scan->ini, scan->number, err,
		    "key '%.*s' stands before the first section", (int)key.len,
		    key.data);
	return 0;
}

CHECKED static int scan_key(struct ini_scan *scan, struct slice text,
    struct ini_line *line, struct mldv_error *err)
{
	size_t at = 0;

	while (at < text.len && text.data[at] != '=' && text.data[at] != ':')
		at++;
	line->kind = INI_KEY;
	line->name = slice_trim((struct slice){text.data, at});
	if (refuse_wide(scan, (struct slice){text.data, at}, err) < 0)
		return -1;
	if (at == text.len)
		return ini_error(scan->ini, scan->number, err,
		    "'%.*s' is neither a [section] nor key = value; the "
		    "lines of a longer value are indented",
		    text.len < 60 ? (int)text.len : 60, text.data);
	line->value =
	    slice_trim((struct slice){text.data + at + 1, text.len - at - 1});
	if (check_key(scan, line->name, err) < 0 ||
	    refuse_padding(scan, line->value, err) < 0)
		return -1;
	scan->in_key = true;
	return 0;
}

/* Decides by the first sign of the line what it is. */
CHECKED static int scan_body(struct ini_scan *scan, struct slice body,
    struct ini_line *line, struct mldv_error *err)
{
	struct slice text = slice_trim(body);
	bool indented = text.data > body.data;

	if (text.len == 0) {
		line->kind = INI_BLANK;
		return 0;
	}
	if (text.data[0] == '#' || text.data[0] == ';') {
		line->kind = INI_REMARK;
		return 0;
	}
	if (indented && scan->in_key) {
		line->kind = INI_MORE;
		line->value = text;
		return refuse_padding(scan, text, err);
	}
	if (refuse_padding(scan, text, err) < 0)
		return -1;
	if (indented)
		return ini_error(scan->ini, scan->number, err,
		    "an indented line without a key above it; sections and "
		    "keys begin in the first column");
	if (text.data[0] == '[')
		return scan_head(scan, text, line, err);
	return scan_key(scan, text, line, err);
}

int ini_scan_start(struct ini_scan *scan, const struct ini *ini,
    const char *text, size_t len, struct mldv_error *err)
{
	struct slice all = {text, len};

	*scan = (struct ini_scan){.ini = ini, .text = text, .len = len};
	if (len > INI_LIMIT)
		return ini_error(ini, 1, err, "larger than %d MiB",
		    INI_LIMIT >> 20);
	if (slice_starts(all, "\xff\xfe") || slice_starts(all, "\xfe\xff"))
		return ini_error(ini, 1, err,
		    "not UTF-8 but UTF-16; convert the file with 'iconv -f "
		    "UTF-16 -t UTF-8'");
	if (slice_starts(all, "\xef\xbb\xbf"))
		scan->at = 3;
	return 0;
}

int ini_scan_next(struct ini_scan *scan, struct ini_line *line,
    struct mldv_error *err)
{
	const char *start = scan->text + scan->at;
	const char *end;
	struct slice body;

	if (scan->at == scan->len)
		return 0;
	end = memchr(start, '\n', scan->len - scan->at);
	body.data = start;
	body.len = end ? (size_t)(end - start) : scan->len - scan->at;
	*line = (struct ini_line){
	    .number = ++scan->number,
	    .start = scan->at,
	    .end = scan->at + body.len + (end != NULL),
	};
	if (end && body.len > 0 && end[-1] == '\r')
		body.len--;
	if (check_bytes(scan, body, err) < 0 ||
	    scan_body(scan, body, line, err) < 0)
		return -1;
	scan->at = line->end;
	return 1;
}
