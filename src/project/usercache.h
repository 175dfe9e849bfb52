/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_USERCACHE_H
#define PROJECT_USERCACHE_H

/*
 * What 'mldv get' keeps of remotes outside any project, for its next time:
 * $XDG_CACHE_HOME/mldv or ~/.cache/mldv. Whoever reads a file there touches
 * it. It may all be deleted at any time, also while others read and write it:
 * files are read whole, and made under another name.
 */

#include <stdint.h>

#include "base/mem.h"
#include "mldv/error.h"

/* Unused for so long, in seconds: deleted. */
#define USERCACHE_OLD (30 * INT64_C(86400))
/* And, the least recently used first, what is beyond so many bytes. */
#define USERCACHE_MOST (UINT64_C(1) << 30)

/* In the arena; NULL if the environment names no place. */
const char *usercache_dir(struct arena *arena);

struct usercache_visit {
	/* A file to be deleted. */
	void (*found)(void *context, const char *path, uint64_t bytes);
	void *context;
	uint64_t most; /* bytes; see USERCACHE_MOST */
};
/* Finds what is to be deleted; no such cache is no error. */
CHECKED int usercache_find(const char *dir, const struct usercache_visit *visit,
    struct mldv_error *err);
/* Deletes it, at most once a day. That it cannot does not matter. */
void usercache_prune(const char *dir);

#endif
