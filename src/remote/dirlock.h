/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_DIRLOCK_H
#define REMOTE_DIRLOCK_H

/*
 * The lock of a directory that is a remote: shared for those who add, alone
 * for those who delete. It is the kernel's, on a file that is there and never
 * changes, so that a push needs no other file, and whoever dies leaves none.
 */

#include "remote/ops.h"

struct dirlock {
	const char *path;                 /* of the file */
	const char *remote;               /* its name, for messages */
	const struct mldv_events *events; /* or NULL */
	const struct ops_alone *alone;    /* NULL: shared */
};

/*
 * Waits for it, unless alone->no_wait says MLDV_BUSY: a descriptor, which is
 * the lock until it is closed, or -1. A file system without locks cannot lock
 * out a push, so shared it is had there all the same; alone it is refused.
 */
CHECKED int dirlock_take(const struct dirlock *how, struct mldv_error *err);

#endif
