/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_LOOK_H
#define MLDV_LOOK_H

/*
 * Looking at items, and at what is in them, without having them here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mldv/project.h"

struct mldv_entry {
	const char *path;
	const char *kind; /* "file", "exec", "link", "dir" */
	uint64_t files;
	uint64_t bytes;
	bool item;         /* not something inside one */
	const char *stage; /* of which the item is an output, or NULL */
	bool asked;        /* whether the remote has the item, and */
	bool there;        /* it does */
};

struct mldv_list {
	bool recursive;     /* the files below, instead of the directories */
	bool ask;           /* a remote, for lists of files that are not here */
	const char *remote; /* which one; NULL: the default */
	const char *revision; /* NULL: as here */
	void (*visit)(void *context, const struct mldv_entry *entry);
	void *context;
};

/*
 * Visits the items at and below each path, or what is in an item there; no
 * paths: all items. MLDV_MISSING if a list of files cannot be had.
 */
MLDV_CHECKED int mldv_list(struct mldv_project *project,
    const struct strs *paths, const struct mldv_list *options,
    struct mldv_error *err);

struct mldv_cat {
	const char *remote;   /* that what is not here is read from */
	const char *revision; /* NULL: as here */
	/* A small file is verified before anything of it is written; of a
	 * large one each part is. */
	void (*write)(void *context, const void *data, size_t size);
	void *context;
};

/*
 * Writes the bytes of the file at path, an item or in one. MLDV_NOT_FOUND if
 * there is no such file; MLDV_CORRUPT if a large one was not, as a whole,
 * what it should be, although it was written.
 */
MLDV_CHECKED int mldv_cat(struct mldv_project *project, const char *path,
    const struct mldv_cat *options, struct mldv_error *err);

#endif
