/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_BUDGET_H
#define REMOTE_BUDGET_H

/*
 * The memory of transfers: what a push or a fetch holds of the data that it
 * moves, however much that is. All that is as large as a pack or a segment is
 * counted here, in one place. A pack has 32 MiB as a rule and 36 MiB at the
 * most where it is made of chunks. Together with what is not counted a push has
 * 128 MiB at the most and a fetch 192 MiB; test/cli/memory.t measures it.
 *
 *     push of large files   PUSH_SEGMENTS of PUSH_SEGMENT: one is read and
 *                           cut, one is hashed, one is packed
 *                           + PUSH_PACKS, being built or on their way
 *     push of small files   PACKS_AT_ONCE, being built or on their way
 *     fetch of large files  FETCH_SEGMENTS of FETCH_SEGMENT: one arrives, one
 *                           is hashed and written; + as much again on its way
 *     fetch of small files  PACKS_AT_ONCE
 *
 * What is not counted: the program and its libraries (about 20 MiB with
 * libcurl), the indexes of packs (48 bytes an object), lists of chunks (40
 * bytes a chunk, some 40 KB a GB), a zstd context and a frame for each thread
 * (below 2 MiB), and libcurl's 512 KiB for each request. Uploads of small
 * files go straight from the store's packs, which costs none.
 */

#include "format/chunks.h"
#include "format/packindex.h"

#define PACKS_AT_ONCE 3
/*
 * Address space taken for a pack at once, of which what is not written costs
 * nothing. Grown little by little it would leave the smaller pieces behind:
 * glibc gives back at once what is above 32 MiB (DEFAULT_MMAP_THRESHOLD_MAX).
 */
#define PACK_MEMORY ((size_t)40 << 20)

/* Less than a chunk is left over from the segment before; another must fit. */
#define PUSH_SEGMENT  ((size_t)8 << 20)
#define PUSH_SEGMENTS 3
#define PUSH_PACKS    2
_Static_assert(PUSH_SEGMENT >= 2 * (size_t)CHUNK_MAX, "a chunk must fit");

#define FETCH_SEGMENT  ((size_t)32 << 20)
#define FETCH_SEGMENTS 2

#endif
