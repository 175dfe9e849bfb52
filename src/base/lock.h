/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

/*
 * Kernel locks on files (open file description locks, fcntl(2)): gone with
 * the process, whatever ends it. The file's text says who holds it, for the
 * message only. Zeroed: not held.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct lock {
	char *path; /* NULL: not held */
	int fd;
};

enum lock_mode { LOCK_SHARED, LOCK_EXCLUSIVE };

struct lock_options {
	/* Fail with MLDV_BUSY, naming the holder, instead of waiting. */
	bool no_wait;
	/* Called once before waiting, with who holds it. */
	void (*waiting)(void *context, const char *holder);
	/* Asked every 100 ms while waiting. */
	bool (*cancelled)(void *context);
	void *context;
};

/* Takes the lock, making the file and its directory if need be. */
CHECKED int lock_take(struct lock *lock, const char *path, enum lock_mode mode,
    const struct lock_options *options, struct mldv_error *err);
/*
 * Takes it if it is free: 1; else 0, and who holds it is appended to holder,
 * which may be NULL.
 */
CHECKED int lock_try(struct lock *lock, const char *path, enum lock_mode mode,
    struct buf *holder, struct mldv_error *err);
/* Does anybody hold it exclusively? What cannot be looked at is not held. */
bool lock_is_held(const char *path);
/* Exclusive to shared, without letting anyone in between. */
void lock_downgrade(struct lock *lock);
void lock_release(struct lock *lock);

#endif
