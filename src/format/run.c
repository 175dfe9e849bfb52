/* SPDX-License-Identifier: Apache-2.0 */
#include "format/run.h"

#include <string.h>

#include "format/lines.h"
#include "format/made.h"

/* A line "<name> <text>", the text being the rest of it. */
CHECKED static int read_text(struct lines *lines, struct arena *arena,
    const char *name, const char **out, struct mldv_error *err)
{
	struct slice text;

	if (lines_field(lines, name, err) < 0 ||
	    lines_path(lines, arena, &text, err) < 0)
		return -1;
	*out = text.data;
	return 0;
}

CHECKED static int read_number(struct lines *lines, const char *name,
    uint64_t *out, struct mldv_error *err)
{
	if (lines_field(lines, name, err) < 0 ||
	    lines_number(lines, out, err) < 0)
		return -1;
	return lines_end(lines, err);
}

/* Reads up to the empty line, and over it. */
CHECKED static int read_made(struct run *run, struct arena *arena,
    struct lines *lines, struct mldv_error *err)
{
	struct made_list list = {0};
	struct slice word;
	int more;

	while ((more = lines_next(lines, err)) > 0) {
		if (lines->line.len == 0) {
			run->made = list.items;
			run->made_count = list.count;
			return 0;
		}
		if (lines_word(lines, &word, err) < 0)
			return -1;
		if (!slice_is(word, "made"))
			return lines_error(lines, err,
			    "begins with '%.*s', not 'made'",
			    word.len < 40 ? (int)word.len : 40, word.data);
		if (made_list_read(&list, arena, lines, err) < 0)
			return -1;
	}
	if (more < 0)
		return -1;
	return lines_error(lines, err, "the key document is missing");
}

int run_parse(struct run *out, struct arena *arena, const struct oid *key,
    const char *text, size_t len, struct mldv_error *err)
{
	struct run run = {0};
	struct lines lines;
	struct oid oid;

	if (len > RUN_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "the run record is larger than %d MiB", RUN_LIMIT >> 20);
	if (lines_start(&lines, "run", text, len, err) < 0 ||
	    read_text(&lines, arena, "stage", &run.stage, err) < 0 ||
	    read_number(&lines, "started", &run.started, err) < 0 ||
	    read_number(&lines, "took", &run.took, err) < 0 ||
	    read_text(&lines, arena, "host", &run.host, err) < 0 ||
	    read_text(&lines, arena, "platform", &run.platform, err) < 0 ||
	    read_made(&run, arena, &lines, err) < 0)
		return -1;
	oid_of(lines.rest.data, lines.rest.len, &oid);
	if (!oid_equal(&oid, key)) {
		char hex[OID_HEX + 1];

		oid_hex(&oid, hex);
		return lines_error(&lines, err,
		    "what follows is another key's document, %s", hex);
	}
	if (key_parse(&run.key, lines.rest.data, lines.rest.len, err) < 0)
		return err_prefix(err, "run, line %zu", lines.number);
	*out = run;
	return 0;
}

/* A line's text must not be empty. */
static void add_text(struct buf *out, const char *name, const char *text)
{
	if (!text || text[0] == '\0')
		text = "unknown";
	buf_printf(out, "%s ", name);
	lines_add_path(out, text, strlen(text));
	buf_add_char(out, '\n');
}

static void add_number(struct buf *out, const char *name, uint64_t number)
{
	buf_printf(out, "%s ", name);
	lines_add_number(out, number);
	buf_add_char(out, '\n');
}

void run_format(struct run *run, struct buf *out)
{
	struct oid oid;

	buf_add_str(out, "mldv-run 1\n");
	add_text(out, "stage", run->stage);
	add_number(out, "started", run->started);
	add_number(out, "took", run->took);
	add_text(out, "host", run->host);
	add_text(out, "platform", run->platform);
	made_sort(run->made, run->made_count);
	for (size_t i = 0; i < run->made_count; i++)
		made_format(&run->made[i], out);
	buf_add_char(out, '\n');
	key_end(&run->key, out, &oid);
}

void run_release(struct run *run)
{
	key_release(&run->key);
}
