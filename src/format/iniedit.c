/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Editing: the text is scanned for the lines concerned, and everything else
 * is copied byte for byte. What came out is parsed again before it is given.
 */

#include <string.h>

#include "format/ini.h"
#include "format/iniscan.h"

/* Where things stand in the text. */
struct spot {
	bool has_section;
	bool has_key;
	size_t head;    /* the section's comments, or its head */
	size_t tail;    /* after the section's last key */
	size_t next;    /* the next section's comments or head, or the end */
	size_t start;   /* the key's lines */
	size_t end;     /* after the key's last line */
	size_t value;   /* the value on the key's first line */
	bool was_empty; /* nothing stands there */
	const char *eol;
};

static const char *line_ending(const char *text, size_t len)
{
	size_t crlf = 0;
	size_t lf = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && i > 0 && text[i - 1] == '\r')
			crlf++;
		else if (text[i] == '\n')
			lf++;
	}
	return crlf > lf ? "\r\n" : "\n";
}

struct search {
	const char *section;
	const char *key; /* or NULL */
	const char *text;
	bool in_section;
	bool in_key;
	bool remarks;      /* the lines just above are comments, */
	size_t remarks_at; /* from here */
};

static void see_head(struct search *s, const struct ini_line *line,
    struct spot *spot)
{
	size_t start = s->remarks ? s->remarks_at : line->start;

	if (s->in_section)
		spot->next = start;
	s->in_section = slice_is(line->name, s->section);
	s->in_key = false;
	if (s->in_section) {
		spot->has_section = true;
		spot->head = start;
		spot->tail = line->end;
	}
}

static void see_key(struct search *s, const struct ini_line *line,
    struct spot *spot)
{
	const char *sign;

	spot->tail = line->end;
	s->in_key = s->key && slice_is(line->name, s->key);
	if (!s->in_key)
		return;
	sign = line->name.data + line->name.len;
	sign += strspn(sign, " \t");
	spot->has_key = true;
	spot->start = line->start;
	spot->end = line->end;
	spot->was_empty = line->value.len == 0;
	if (spot->was_empty)
		spot->value = (size_t)(sign + 1 - s->text);
	else
		spot->value = (size_t)(line->value.data - s->text);
}

static void see_line(struct search *s, const struct ini_line *line,
    struct spot *spot)
{
	if (line->kind == INI_REMARK) {
		if (!s->remarks)
			s->remarks_at = line->start;
		s->remarks = true;
		return;
	}
	if (line->kind == INI_HEAD)
		see_head(s, line, spot);
	else if (line->kind == INI_KEY && s->in_section)
		see_key(s, line, spot);
	else if (line->kind == INI_MORE && s->in_section)
		spot->tail = line->end;
	if (line->kind == INI_MORE && s->in_section && s->in_key)
		spot->end = line->end;
	s->remarks = false;
}

/* The text must have been parsed, so that no key is there twice. */
CHECKED static int find_spot(struct spot *spot, struct slice text,
    const char *section, const char *key, struct mldv_error *err)
{
	struct ini none = {0};
	struct ini_scan scan;
	struct ini_line line;
	struct search s = {
	    .section = section,
	    .key = key,
	    .text = text.data,
	};
	int more;

	*spot = (struct spot){
	    .next = text.len,
	    .eol = line_ending(text.data, text.len),
	};
	if (ini_scan_start(&scan, &none, text.data, text.len, err) < 0)
		return -1;
	while ((more = ini_scan_next(&scan, &line, err)) > 0)
		see_line(&s, &line, spot);
	return more;
}

/* Copies the comments and blank lines that stand between a key's lines. */
CHECKED static int keep_remarks(struct slice text, const struct spot *spot,
    struct buf *out, struct mldv_error *err)
{
	struct ini none = {0};
	struct ini_scan scan;
	struct ini_line line;
	int more;

	if (ini_scan_start(&scan, &none, text.data, spot->end, err) < 0)
		return -1;
	/* As the key's own section and key are scanned in any case. */
	scan.at = spot->start;
	scan.in_section = true;
	while ((more = ini_scan_next(&scan, &line, err)) > 0) {
		if (line.kind == INI_REMARK || line.kind == INI_BLANK)
			buf_add(out, text.data + line.start,
			    line.end - line.start);
	}
	return more;
}

static void end_line(struct buf *out, const char *eol)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_add_str(out, eol);
}

/* Adds the value to a buf that ends with "key =" or "key = ". */
static void add_value(struct buf *out, const char *value, const char *eol)
{
	struct slice rest = slice_of(value);
	struct slice line;
	bool more;

	while (
	    out->len > 0 && value[0] == '\0' && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	if (!strchr(value, '\n')) {
		buf_add_str(out, value);
		buf_add_str(out, eol);
		return;
	}
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	buf_add_str(out, eol);
	do {
		more = slice_cut(&rest, '\n', &line);
		buf_add_str(out, "  ");
		buf_add(out, line.data, line.len);
		buf_add_str(out, eol);
	} while (more);
}

CHECKED static int replace_value(struct slice text, const struct spot *spot,
    const char *value, struct buf *out, struct mldv_error *err)
{
	buf_add(out, text.data, spot->value);
	if (spot->was_empty)
		buf_add_char(out, ' ');
	add_value(out, value, spot->eol);
	if (keep_remarks(text, spot, out, err) < 0)
		return -1;
	buf_add(out, text.data + spot->end, text.len - spot->end);
	return 0;
}

static void add_key(struct slice text, const struct spot *spot, const char *key,
    const char *value, struct buf *out)
{
	buf_add(out, text.data, spot->tail);
	end_line(out, spot->eol);
	buf_printf(out, "%s = ", key);
	add_value(out, value, spot->eol);
	buf_add(out, text.data + spot->tail, text.len - spot->tail);
}

static bool ends_blank(const struct buf *text)
{
	struct slice rest = {text->data, text->len};
	struct slice bom = slice_of("\xef\xbb\xbf");

	if (rest.len == 0 || slice_compare(rest, bom) == 0)
		return true;
	rest.len--;
	while (rest.len > 0 && rest.data[rest.len - 1] == '\r')
		rest.len--;
	return rest.len == 0 || rest.data[rest.len - 1] == '\n';
}

static void add_section(struct slice text, const struct spot *spot,
    const char *section, struct buf *out)
{
	buf_add(out, text.data, text.len);
	if (!ends_blank(out)) {
		end_line(out, spot->eol);
		if (!ends_blank(out))
			buf_add_str(out, spot->eol);
	}
	buf_printf(out, "[%s]%s", section, spot->eol);
}

/* What must be read back; value NULL: nothing. */
CHECKED static int check_result(const struct buf *made, const char *section,
    const char *key, const char *value, struct mldv_error *err)
{
	struct arena arena = {0};
	const struct ini_section *s = NULL;
	const struct ini_entry *e = NULL;
	struct mldv_error ignored;
	struct ini ini = {0};
	int ret = 0;

	if (ini_parse(&ini, &arena, NULL, buf_str(made), made->len, &ignored) ==
	    0)
		s = ini_find(&ini, section);
	if (s)
		e = ini_entry_find(s, key);
	if (!e || strcmp(e->value, value) != 0)
		ret = err_set(err, MLDV_USAGE,
		    "cannot set '%s' of [%s]: '%s' cannot be written in an "
		    "INI file so that it reads the same",
		    key, section, value);
	arena_release(&arena);
	return ret;
}

/* Parses the text as it is before the edit, and gives the present value. */
CHECKED static int check_text(struct slice text, const char *section,
    const char *key, const char *value, bool *same, struct mldv_error *err)
{
	struct arena arena = {0};
	const struct ini_section *s;
	const struct ini_entry *e = NULL;
	struct ini ini;
	int ret = -1;

	if (ini_parse(&ini, &arena, NULL, text.data, text.len, err) < 0)
		goto out;
	s = ini_find(&ini, section);
	if (s && key)
		e = ini_entry_find(s, key);
	*same = e && value && strcmp(e->value, value) == 0;
	ret = 0;
out:
	arena_release(&arena);
	return ret;
}

/* NOLINTNEXTLINE(readability-function-size): a text, where, what, to */
int ini_set(const char *text, size_t len, const char *section, const char *key,
    const char *value, struct buf *out, struct mldv_error *err)
{
	struct slice all = {text ? text : "", len};
	struct buf made = {0};
	struct spot spot;
	bool same = false;
	int ret = -1;

	if (check_text(all, section, key, value, &same, err) < 0 ||
	    find_spot(&spot, all, section, key, err) < 0)
		goto out;
	if (same) {
		buf_add(out, all.data, all.len);
		ret = 0;
		goto out;
	}
	if (!spot.has_section) {
		add_section(all, &spot, section, &made);
		buf_printf(&made, "%s = ", key);
		add_value(&made, value, spot.eol);
	} else if (!spot.has_key) {
		add_key(all, &spot, key, value, &made);
	} else if (replace_value(all, &spot, value, &made, err) < 0) {
		goto out;
	}
	if (check_result(&made, section, key, value, err) < 0)
		goto out;
	buf_add(out, made.data, made.len);
	ret = 0;
out:
	buf_release(&made);
	return ret;
}

int ini_unset(const char *text, size_t len, const char *section,
    const char *key, struct buf *out, struct mldv_error *err)
{
	struct slice all = {text ? text : "", len};
	struct buf kept = {0};
	struct spot spot;
	bool same = false;
	int ret = -1;

	if (check_text(all, section, key, NULL, &same, err) < 0 ||
	    find_spot(&spot, all, section, key, err) < 0)
		goto out;
	if (!spot.has_key) {
		buf_add(out, all.data, all.len);
		ret = 0;
		goto out;
	}
	if (keep_remarks(all, &spot, &kept, err) < 0)
		goto out;
	buf_add(out, all.data, spot.start);
	buf_add(out, buf_str(&kept), kept.len);
	buf_add(out, all.data + spot.end, all.len - spot.end);
	ret = 1;
out:
	buf_release(&kept);
	return ret;
}

int ini_remove_section(const char *text, size_t len, const char *section,
    struct buf *out, struct mldv_error *err)
{
	struct slice all = {text ? text : "", len};
	struct spot spot;
	bool same = false;
	size_t head;

	if (check_text(all, section, NULL, NULL, &same, err) < 0 ||
	    find_spot(&spot, all, section, NULL, err) < 0)
		return -1;
	if (!spot.has_section) {
		buf_add(out, all.data, all.len);
		return 0;
	}
	head = spot.head;
	/* The empty line that set the last section off goes with it. */
	if (spot.next == all.len && head > 1 && all.data[head - 1] == '\n') {
		size_t at = head - 1;

		if (at > 0 && all.data[at - 1] == '\r')
			at--;
		if (at > 0 && all.data[at - 1] == '\n')
			head = at;
	}
	buf_add(out, all.data, head);
	buf_add(out, all.data + spot.next, all.len - spot.next);
	return 1;
}
