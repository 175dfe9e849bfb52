/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSONOUT_H
#define BASE_JSONOUT_H

/* Writing JSON (RFC 8259), for machines or for people as well. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum jsonout_style {
	/*
	 * ASCII without white space, as Python's json.dumps with
	 * separators=(',', ':'); what is no UTF-8 becomes U+FFFD.
	 */
	JSONOUT_COMPACT,
	/*
	 * UTF-8, a line for each record. A byte that is no UTF-8 becomes
	 * \udc80 … \udcff, of which Python's surrogateescape makes it again.
	 */
	JSONOUT_LINES,
};

/* A document that is being written; {0} begins a compact one in own. */
struct jsonout {
	struct buf *out; /* borrowed; NULL: own */
	struct buf own;  /* released by jsonout_release */
	enum jsonout_style style;
	char brackets[8]; /* that are open, of lines: no more than these */
	size_t depth;
	bool filled; /* something stands before, in the innermost ones */
};

/* name: of a member; NULL in an array, and for the document itself. */
void jsonout_begin(struct jsonout *json, const char *name, char bracket);
void jsonout_end(struct jsonout *json, char bracket);
/* A NULL text is null. */
void jsonout_text(struct jsonout *json, const char *name, const char *text);
void jsonout_count(struct jsonout *json, const char *name, uint64_t number);
/* Null if it is not finite. */
void jsonout_number(struct jsonout *json, const char *name, double number);
void jsonout_bool(struct jsonout *json, const char *name, bool yes);
/* A value that is JSON already. */
void jsonout_raw(struct jsonout *json, const char *name, const char *value);
void jsonout_release(struct jsonout *json);

/* Just the text in its quotes, as in a compact document. */
void jsonout_quote(struct buf *out, const char *text);

#endif
