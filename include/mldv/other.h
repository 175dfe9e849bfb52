/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_OTHER_H
#define MLDV_OTHER_H

/*
 * Items of other repositories.
 */

#include "mldv/data.h"

/* Something of another repository. */
struct mldv_place {
	const char *repository; /* a directory, or a URL that Git can clone */
	const char *path;       /* from its root: an item, or inside one */
	const char *revision;   /* NULL: HEAD */
};

struct mldv_get {
	struct mldv_place from;
	const char *out; /* what to make; NULL: the last part of the path */
	const struct mldv_events *events; /* or NULL */
};

/*
 * Makes a copy of something of another repository, in no project. *out tells
 * how large it is; its path is borrowed from options. MLDV_EXISTS if something
 * is there already.
 */
MLDV_CHECKED int mldv_get(const struct mldv_get *options, struct mldv_done *out,
    struct mldv_error *err);

#endif
