/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PURGED_H
#define FORMAT_PURGED_H

/*
 * On a remote: that an item was deleted for good, when and why, and which
 * packs went with it. mldv-format(5).
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/kind.h"

#define PURGED_LIMIT (64 << 20)
#define PURGED_DATE  (sizeof "2026-11-24T12:00:00Z")

struct purged {
	const char *project; /* 16 digits */
	enum kind kind;      /* KIND_DIR or KIND_FILE */
	const char *date;    /* UTC, as "2026-11-24T12:00:00Z" */
	const char *why;
	struct oid *packs; /* sorted, none twice */
	size_t count;
};

CHECKED int purged_parse(struct purged *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
/* Sorts the packs first. */
void purged_format(struct purged *purged, struct buf *out);

#endif
