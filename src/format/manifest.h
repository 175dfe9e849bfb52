/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_MANIFEST_H
#define FORMAT_MANIFEST_H

/*
 * On a remote: the packs that together hold all objects of an item; the proof
 * that the item is there. mldv-format(5).
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/kind.h"

#define MANIFEST_LIMIT (64 << 20)

struct manifest_pack {
	struct oid id;
	uint32_t bytes;
	uint32_t index; /* offset of the index in the pack */
	uint32_t objects;
	bool trees; /* holds trees and nothing else */
};

struct manifest {
	struct content content;      /* of KIND_DIR or KIND_FILE */
	struct manifest_pack *packs; /* sorted by id */
	size_t count;
};

CHECKED int manifest_parse(struct manifest *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
/* Sorts the packs first. What is not a directory is written as a file. */
void manifest_format(struct manifest *manifest, struct buf *out);

#endif
