/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_LISTING_H
#define COMMAND_LISTING_H

/* What commands list: in columns for a person, as JSON for a program. */

#include <stdbool.h>
#include <stdint.h>

#include "base/strs.h"
#include "command/command.h"

/* --- columns --- */

enum { COLUMNS_MOST = 8 };
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

/* --- both --- */

/* A list of records: rows of cells, or an array of objects. */
struct listing {
	const struct context *context;
	bool as_json;
	struct json json;
	struct columns columns;
};
void listing_open(struct listing *listing, const struct context *context,
    bool as_json, size_t columns);
/* Writes it, unless ret says that the command failed; gives ret. */
int listing_close(struct listing *listing, int ret);

#endif
