/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CONDEMNED_H
#define FORMAT_CONDEMNED_H

/*
 * What one garbage collection of a remote has condemned: the manifests that
 * it deletes, whole, so that they can be put back, and the packs that a later
 * one may delete. mldv-format(5).
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/kind.h"

#define CONDEMNED_LIMIT (256 << 20)

struct condemned_manifest {
	struct oid oid;
	enum kind kind; /* KIND_DIR or KIND_FILE */
	struct slice text;
};

struct condemned_pack {
	struct oid id;
	uint64_t bytes;
};

struct condemned {
	const char *project; /* of all the manifests: 16 digits */
	struct condemned_manifest *manifests; /* sorted by oid, then kind */
	size_t manifest_count;
	struct condemned_pack *packs; /* sorted by id */
	size_t pack_count;
};

CHECKED int condemned_parse(struct condemned *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
/* Sorts first. */
void condemned_format(struct condemned *condemned, struct buf *out);

#endif
