/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_OTHER_H
#define MLDV_OTHER_H

/*
 * Items of other repositories, and data that lies elsewhere.
 */

#include "mldv/data.h"

/* Something of another repository. */
struct mldv_place {
	const char *repository; /* a directory, or a URL that Git can clone */
	/*
	 * From its root: an item, or inside one. For mldv_import it may be
	 * NULL, and then repository is the address of data that just lies
	 * there: "s3://bucket/key", all below "s3://bucket/prefix/", or
	 * "https://host/file".
	 */
	const char *path;
	const char *revision; /* NULL: HEAD */
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

/*
 * The same as an item of this project, whose pointer says where it is from.
 * out is a path from the root.
 */
MLDV_CHECKED int mldv_import(struct mldv_project *project,
    const struct mldv_place *from, const char *out, struct mldv_done *done,
    struct strs *staged, struct mldv_error *err);

/*
 * What to call here what lies at an address: its last part. MLDV_USAGE, with
 * the way out, if it is no address of data, or has no such part.
 */
struct arena;
MLDV_CHECKED int mldv_import_name(struct arena *arena, const char *address,
    const char **out, struct mldv_error *err);

/* What update found out about an item that was imported. */
struct mldv_updated {
	const char *path;
	const char *repository;                /* or the address */
	const char *old_version, *new_version; /* commits, or as they say it */
	int shown;                             /* characters of them, at most */
	bool changed;
	bool counted;                      /* what follows is known */
	uint64_t added, modified, removed; /* files */
};
struct mldv_update {
	bool dry_run;
	bool force; /* as checkout's */
	void (*visit)(void *context, const struct mldv_updated *updated);
	void *context;
};
/*
 * Looks again where items were imported from, and takes what changed there;
 * no paths: all that were imported. An item that fails does not stop the rest.
 */
MLDV_CHECKED int mldv_update(struct mldv_project *project,
    const struct strs *paths, const struct mldv_update *options,
    struct strs *staged, struct mldv_error *err);

#endif
