/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_JOURNAL_H
#define FORMAT_JOURNAL_H

/*
 * The text of a stage's journal, in .git/mldv/journal/<work tree>/stage:
 *
 *     mldv-journal 1
 *     stage <name>
 *     out <0|1> <temporary name> <path>
 *
 * 1 says that something lay at path, and that it goes by the temporary name
 * while the stage runs. The outputs stand in the order of the stage.
 */

#include "base/file.h"
#include "base/mem.h"

#define JOURNAL_LIMIT (16 << 20) /* bytes */

struct journal_out {
	const char *path;
	bool had;  /* something lay there */
	bool keep; /* it is nowhere else, so it is not to be deleted: not in the
	              text */
	char aside[TEMP_NAME];
};

struct journal_text {
	const char *stage;
	struct journal_out *outs;
	size_t count;
};

/* Everything in *out lies in the arena. */
CHECKED int journal_parse(struct journal_text *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
void journal_format(const struct journal_text *journal, struct buf *out);

#endif
