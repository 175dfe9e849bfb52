/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inih is fed line by line with what iniscan.c has found to be in order. It
 * cuts long lines and takes " ;" for a comment, so a value is given to it in
 * pieces, each between two GUARDs, and with SEMICOLON for ';'. A continuation
 * line and a further piece look alike to inih; the parser knows which it was.
 */

#define INI_C
#include "format/ini.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* inih has a function of this name too. */
#define ini_parse inih_parse
#include <ini.h>
#undef ini_parse

#include "base/map.h"
#include "format/iniscan.h"

/* Control bytes, which no line of a file has. */
#define SEMICOLON '\x01'
#define GUARD     '\x02'

struct parser {
	struct ini *out;
	struct arena *arena;
	struct mldv_error *err;
	struct ini_scan scan;
	struct ini_line line;
	struct slice left; /* of the line's value, not fed yet */
	bool begun;        /* a piece of it was fed */
	bool failed;
	struct map seen; /* sections, and keys as "section\nkey" */
	struct ini_section *section;
	struct ini_section **next_section;
	struct ini_entry *entry; /* whose value is being read */
	struct ini_entry **next_entry;
	struct buf value;
	struct buf lines;
};

int ini_error(const struct ini *ini, unsigned line, struct mldv_error *err,
    const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!ini_line_path(ini, line))
		return err_set(err, MLDV_USAGE, "line %u: %s", line, text);
	return err_set(err, MLDV_USAGE, "%s:%u: %s", ini_line_path(ini, line),
	    INI_LINE(line), text);
}

const char *ini_line_path(const struct ini *ini, unsigned line)
{
	unsigned file = line >> INI_FILE_BITS;

	return file == 0 ? ini->path : ini->included[file - 1];
}

const char *ini_line(const struct ini *ini, struct arena *arena, unsigned line)
{
	if (line >> INI_FILE_BITS == 0)
		return arena_printf(arena, "line %u", line);
	return arena_printf(arena, "line %u of %s", INI_LINE(line),
	    ini_line_path(ini, line));
}

static void end_entry(struct parser *p)
{
	size_t count = p->lines.len / sizeof(unsigned);

	if (!p->entry)
		return;
	p->entry->value =
	    arena_strn(p->arena, buf_str(&p->value), p->value.len);
	p->entry->line_count = count;
	if (count > 0)
		p->entry->lines =
		    arena_copy(p->arena, p->lines.data, p->lines.len);
	p->entry = NULL;
	buf_reset(&p->value);
	buf_reset(&p->lines);
}

CHECKED static int begin_section(struct parser *p)
{
	struct ini_section *section = arena_alloc(p->arena, sizeof *section);
	const struct ini_section *first;

	end_entry(p);
	section->name =
	    arena_strn(p->arena, p->line.name.data, p->line.name.len);
	section->line = p->line.number;
	if (!map_add_str(&p->seen, section->name, section)) {
		first = map_get_str(&p->seen, section->name);
		return ini_error(p->out, section->line, p->err,
		    "section [%s] is there already, on line %u", section->name,
		    first->line);
	}
	*p->next_section = section;
	p->next_section = &section->next;
	p->next_entry = &section->entries;
	p->section = section;
	return 0;
}

CHECKED static int begin_entry(struct parser *p)
{
	struct ini_entry *entry = arena_alloc(p->arena, sizeof *entry);
	const struct ini_entry *first;
	const char *id;

	end_entry(p);
	entry->key = arena_strn(p->arena, p->line.name.data, p->line.name.len);
	entry->line = p->line.number;
	id = arena_printf(p->arena, "%s\n%s", p->section->name, entry->key);
	if (!map_add_str(&p->seen, id, entry)) {
		first = map_get_str(&p->seen, id);
		return ini_error(p->out, entry->line, p->err,
		    "key '%s' of [%s] is there already, on line %u", entry->key,
		    p->section->name, first->line);
	}
	*p->next_entry = entry;
	p->next_entry = &entry->next;
	p->entry = entry;
	return 0;
}

/* Steps to the next line that says something: 1, or 0 at the end. */
CHECKED static int next_line(struct parser *p)
{
	int more;

	do {
		more = ini_scan_next(&p->scan, &p->line, p->err);
	} while (more > 0 &&
	    (p->line.kind == INI_BLANK || p->line.kind == INI_REMARK));
	if (more <= 0)
		return more;
	p->left = p->line.value;
	p->begun = false;
	if (p->line.kind == INI_HEAD)
		return begin_section(p) < 0 ? -1 : 1;
	if (p->line.kind == INI_KEY)
		return begin_entry(p) < 0 ? -1 : 1;
	return 1;
}

/* Writes the line's next piece, at most size bytes, as inih wants it. */
static void feed_piece(struct parser *p, char *out, size_t size)
{
	struct slice piece = p->left;
	size_t at = 0;

	if (p->line.kind == INI_KEY && !p->begun) {
		memcpy(out, p->line.name.data, p->line.name.len);
		at = p->line.name.len;
		out[at++] = '=';
	} else {
		out[at++] = ' ';
	}
	out[at++] = GUARD;
	if (piece.len > size - at - 3)
		piece.len = size - at - 3;
	for (size_t i = 0; i < piece.len; i++) {
		char c = piece.data[i];

		out[at++] = c == ';' ? SEMICOLON : c;
	}
	out[at++] = GUARD;
	out[at++] = '\n';
	out[at] = '\0';
	p->left.data += piece.len;
	p->left.len -= piece.len;
}

/* inih's reader: the next line, or NULL at the end. */
static char *feed(char *out, int size, void *user)
{
	struct parser *p = user;
	int more;

	assert(size > 2 * INI_NAME);
	if (p->left.len > 0) {
		p->begun = true;
		feed_piece(p, out, (size_t)size);
		return out;
	}
	more = next_line(p);
	if (more < 0)
		p->failed = true;
	if (more <= 0)
		return NULL;
	if (p->line.kind == INI_HEAD)
		(void)snprintf(out, (size_t)size, "[%s]\n", p->section->name);
	else
		feed_piece(p, out, (size_t)size);
	return out;
}

/* inih's handler: gets back what feed_piece wrote. */
static int take(void *user, const char *section, const char *key,
    const char *value)
{
	struct parser *p = user;
	size_t len = strlen(value);
	char *at;

	if (!p->entry || len < 2 || strcmp(section, p->section->name) != 0 ||
	    strcmp(key, p->entry->key) != 0)
		return 0;
	if (!p->begun && p->lines.len > 0)
		buf_add_char(&p->value, '\n');
	if (!p->begun && len > 2)
		buf_add(&p->lines, &p->line.number, sizeof p->line.number);
	at = buf_room(&p->value, len - 2);
	for (size_t i = 1; i < len - 1; i++)
		*at++ = value[i] == SEMICOLON ? ';' : value[i];
	p->value.len += len - 2;
	return 1;
}

int ini_parse(struct ini *out, struct arena *arena, const char *path,
    const char *text, size_t len, struct mldv_error *err)
{
	struct ini ini = {.path = path ? arena_str(arena, path) : NULL};
	struct parser p = {
	    .out = &ini,
	    .arena = arena,
	    .err = err,
	    .next_section = &ini.sections,
	};
	int ret = -1;

	if (ini_scan_start(&p.scan, &ini, text, len, err) < 0)
		goto out;
	if (ini_parse_stream(feed, &p, take, &p) != 0 && !p.failed) {
		(void)ini_error(&ini, p.line.number, err, "cannot be read");
		goto out;
	}
	if (p.failed)
		goto out;
	end_entry(&p);
	*out = ini;
	ret = 0;
out:
	map_release(&p.seen);
	buf_release(&p.value);
	buf_release(&p.lines);
	return ret;
}

const struct ini_section *ini_find(const struct ini *ini, const char *name)
{
	for (const struct ini_section *s = ini->sections; s; s = s->next) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

const struct ini_entry *ini_entry_find(const struct ini_section *section,
    const char *key)
{
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		if (strcmp(e->key, key) == 0)
			return e;
	}
	return NULL;
}
