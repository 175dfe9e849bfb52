/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_JSONOUT_H
#define FORMAT_JSONOUT_H

/*
 * Writing JSON (RFC 8259), compact and in ASCII: as Python's json.dumps with
 * separators=(',', ':').
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct jsonout {
	struct buf *out;
	bool comma; /* something stands before */
};

/* name: of a member; NULL in an array, and for the document itself. */
void jsonout_begin(struct jsonout *json, const char *name, char bracket);
void jsonout_end(struct jsonout *json, char bracket);
/* What is no UTF-8 becomes U+FFFD. A NULL text is null. */
void jsonout_text(struct jsonout *json, const char *name, const char *text);
void jsonout_count(struct jsonout *json, const char *name, uint64_t number);
void jsonout_bool(struct jsonout *json, const char *name, bool yes);
/* A value that is JSON already. */
void jsonout_raw(struct jsonout *json, const char *name, const char *value);
/* Just the text in its quotes. */
void jsonout_quote(struct buf *out, const char *text);

#endif
