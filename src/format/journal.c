/* SPDX-License-Identifier: Apache-2.0 */
#include "format/journal.h"

#include <string.h>

#include "format/lines.h"

CHECKED static int parse_out(struct lines *lines, struct arena *arena,
    struct journal_out *out, struct mldv_error *err)
{
	struct slice word;
	struct slice path;
	uint64_t had;

	if (lines_word(lines, &word, err) < 0 ||
	    lines_number(lines, &had, err) < 0)
		return -1;
	if (!slice_is(word, "out") || had > 1)
		return lines_error(lines, err, "expected an output");
	if (lines_word(lines, &word, err) < 0 ||
	    lines_path(lines, arena, &path, err) < 0)
		return -1;
	if (word.len != TEMP_NAME - 1)
		return lines_error(lines, err, "expected a temporary name");
	memcpy(out->aside, word.data, word.len);
	out->aside[word.len] = '\0';
	out->path = arena_strn(arena, path.data, path.len);
	out->had = had == 1;
	if (!temp_is_name(out->aside))
		return lines_error(lines, err, "expected a temporary name");
	return 0;
}

int journal_parse(struct journal_text *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err)
{
	struct journal_text journal = {0};
	struct lines lines;
	struct slice word;
	size_t capacity = 0;
	int more;

	if (lines_start(&lines, "journal", text, len, err) < 0)
		return -1;
	more = lines_next(&lines, err);
	if (more < 0)
		return -1;
	if (more == 0 || lines_word(&lines, &word, err) < 0 ||
	    !slice_is(word, "stage") || lines_path(&lines, arena, &word, err))
		return lines_error(&lines, err, "expected a stage");
	journal.stage = arena_strn(arena, word.data, word.len);
	while ((more = lines_next(&lines, err)) > 0) {
		if (journal.count == capacity) {
			struct journal_out *outs;

			capacity = capacity ? 2 * capacity : 16;
			outs = arena_array(arena, capacity, sizeof *outs);
			if (journal.count > 0)
				memcpy(outs, journal.outs,
				    journal.count * sizeof *outs);
			journal.outs = outs;
		}
		if (parse_out(&lines, arena, &journal.outs[journal.count],
		        err) < 0)
			return -1;
		journal.count++;
	}
	if (more < 0)
		return -1;
	*out = journal;
	return 0;
}

void journal_format(const struct journal_text *journal, struct buf *out)
{
	buf_add_str(out, "mldv-journal 1\nstage ");
	lines_add_path(out, journal->stage, strlen(journal->stage));
	buf_add_char(out, '\n');
	for (size_t i = 0; i < journal->count; i++) {
		const struct journal_out *one = &journal->outs[i];

		buf_printf(out, "out %d %s ", one->had, one->aside);
		lines_add_path(out, one->path, strlen(one->path));
		buf_add_char(out, '\n');
	}
}
