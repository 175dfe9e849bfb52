/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CHUNKS_H
#define FORMAT_CHUNKS_H

/*
 * How an object above 4 MiB travels: as content-defined chunks and a list of
 * them. mldv-format(5) defines the cutting rule to the bit.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/oid.h"

#define CHUNK_MIN    262144
#define CHUNK_NORMAL 1048576
#define CHUNK_MAX    4194304
/* A larger object is stored whole in a file and travels in chunks. */
#define OBJECT_WHOLE_MAX CHUNK_MAX
#define CHUNKS_LIMIT     (48 << 20) /* bytes of a list */
/*
 * A file has fewer bytes than this: chunks of 1 MiB or a little more, which is
 * what the rule cuts most files into, fill a list with about as much.
 */
#define OBJECT_LIMIT (UINT64_C(700) << 30)

struct chunk {
	struct oid oid;
	uint32_t size;
};

struct chunks {
	struct chunk *items;
	size_t count;
	uint64_t size; /* of the whole object: the sum */
};

CHECKED int chunks_parse(struct chunks *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
void chunks_format(const struct chunks *chunks, struct buf *out);

/*
 * The length of the first chunk of data, of which len bytes are in memory:
 * either all that is left of the object or at least CHUNK_MAX.
 */
size_t chunk_cut(const uint8_t *data, size_t len);

#endif
