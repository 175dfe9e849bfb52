/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_RUN_H
#define FORMAT_RUN_H

/*
 * What happened when a key was computed: kept in runs/ab/<key>.
 *
 *     mldv-run 1
 *     stage <name>
 *     started <seconds since 1970, UTC>
 *     took <milliseconds>
 *     host <name>
 *     platform <uname -sm>
 *     made <f|x|l> <size> <oid> <path>
 *     made d <size> <files> <oid> <path>      sorted by path
 *     (an empty line)
 *     the key document
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/key.h"
#include "format/kind.h"

#define RUN_LIMIT (KEY_LIMIT + (1 << 20))

struct made {
	struct content content;
	const char *path;
};

struct run {
	const char *stage;
	uint64_t started;
	uint64_t took;
	const char *host;
	const char *platform;
	struct made *made;
	size_t made_count;
	struct key key;
};

/* Refuses a record whose key document does not hash to key. */
CHECKED int run_parse(struct run *out, struct arena *arena,
    const struct oid *key, const char *text, size_t len,
    struct mldv_error *err);
void run_format(struct run *run, struct buf *out);
void run_release(struct run *run);

#endif
