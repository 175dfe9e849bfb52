/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_POINTER_H
#define FORMAT_POINTER_H

/*
 * The small text file in Git that stands for an item: mldv-format(5).
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/kind.h"

#define POINTER_SUFFIX ".mldv"
#define POINTER_LIMIT  (1024 + POINTER_NOTE_LIMIT)
/* Bytes of a note as it is written: LF as \n, backslash as two. */
#define POINTER_NOTE_LIMIT (64 * 1024)

struct pointer {
	struct content content;
	/* Where it was imported from; NULL: it was not. */
	const char *from_version;
	const char *from_address;
	const char *note; /* or NULL */
};

CHECKED int pointer_parse(struct pointer *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
void pointer_format(const struct pointer *pointer, struct buf *out);

#endif
