/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_REPORT_H
#define COMMAND_REPORT_H

/*
 * What commands list: in columns for a person, as JSON for a program, and the
 * sentences that several of them say.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strs.h"
#include "command/command.h"
#include "mldv/data.h"

/* --- columns --- */

enum { COLUMNS_MOST = 5 };
struct columns {
	struct strs cells; /* row by row */
	size_t count;      /* cells in a row */
};
/* A row; the cells are text that can be shown. */
void columns_row(struct columns *columns, const char *const *cells);
/* Pads by the width on a terminal, writes, and empties. */
void columns_write(struct columns *columns, struct term *term);
void columns_release(struct columns *columns);

/* --- JSON --- */

/* A document that is being written. Names may be NULL, in arrays. */
struct json {
	struct buf out;
	char brackets[8]; /* that are open */
	size_t depth;
	bool filled; /* something stands before, in the innermost ones */
};
void json_begin(struct json *json, const char *name, char bracket);
void json_end(struct json *json, char bracket);
/* Bytes that are not UTF-8 become \udc80 … \udcff; NULL becomes null. */
void json_text(struct json *json, const char *name, const char *text);
void json_count(struct json *json, const char *name, uint64_t number);
/* Null if it is not finite. */
void json_number(struct json *json, const char *name, double number);
void json_bool(struct json *json, const char *name, bool yes);
/* A final LF, and out it goes. */
void json_write(struct json *json, struct term *term);
void json_release(struct json *json);

/* --- sentences --- */

/* How the user calls a path, fit to be shown; appended. */
void show_path(const struct context *context, const char *path,
    struct buf *out);
/* Text fit to be shown, appended. */
void show_text(const char *text, struct buf *out);
/* "1 file", "60,000 files" */
void show_count(uint64_t count, const char *noun, struct buf *out);
/* "0.9 s", "52 s", "3 min 20 s" */
void show_seconds(double seconds, struct buf *out);
/* " in 0.9 s", unless it was no time at all. */
void show_took(double seconds, struct buf *out);
/* "3 new, 1 changed, 2 deleted" */
void show_changes(uint64_t added, uint64_t changed, uint64_t removed,
    struct buf *out);
/* "60,000 files, 163 MB" */
void show_size(uint64_t files, uint64_t bytes, struct buf *out);

/* The arguments from the first on, as clean paths from the root. */
CHECKED int paths_of(const struct context *context, size_t first,
    struct strs *out, struct mldv_error *err);
/* "staged: a b", if there is anything. */
void say_staged(const struct context *context, const struct strs *staged);
/* "wrote mldv.ini; staged" */
void say_wrote(const struct context *context, const char *what,
    const struct strs *staged);

/* "fresh", "stale", …, of an enum mldv_stage_state. */
const char *stage_word(unsigned state);

#endif
