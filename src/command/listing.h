/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_LISTING_H
#define COMMAND_LISTING_H

/* What commands list: in columns for a person, as JSON for a program. */

#include <stdbool.h>
#include <stdint.h>

#include "base/jsonout.h"
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

/* Prints the document with a final LF, and empties it. */
void json_print(struct jsonout *json, struct term *term);

/* --- both --- */

/* A list of records: rows of cells, or an array of objects. */
struct listing {
	const struct context *context;
	bool as_json;
	struct jsonout json;
	struct columns columns;
};
void listing_open(struct listing *listing, const struct context *context,
    bool as_json, size_t columns);
/* Writes it, unless ret says that the command failed; gives ret. */
int listing_close(struct listing *listing, int ret);

#endif
