/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PUBLISHING_H
#define PROJECT_PUBLISHING_H

/*
 * Plain copies of items, for those who have no mldv: in a bucket or a
 * directory, each file under the path that it has in the work tree.
 *
 * ".mldv/<path>" there says what was published of a path as a whole (the
 * lines kind, oid, size and files of a pointer), and is written last. It
 * makes publishing cost what has changed.
 */

#include "mldv/publish.h"
#include "project/item.h"
#include "remote/ops.h"

struct publishing {
	struct mldv_project *project;
	const struct mldv_publish *options;
	struct mldv_publish_sum *sum;
	struct ops *ops;
	const char *url; /* as messages may show it */
	/* Folders that were listed, with what was put there since. */
	struct publishing_folder {
		const char *path;
		struct strs names;
	} * folders;
	size_t folder_count;
	size_t folder_capacity;
	struct arena arena;
};

/* --- publishingplace.c: the place, and a file there --- */

/* Opens the place that [publish] url names, else the default remote's. */
CHECKED int publishing_open(struct publishing *publishing,
    struct mldv_project *project, const struct mldv_publish *options,
    struct mldv_publish_sum *sum, struct mldv_error *err);
void publishing_close(struct publishing *publishing);
/*
 * Sees that an item is in the store: what Git keeps is taken from the work
 * tree, everything else can be had from a remote.
 */
CHECKED int publishing_bring(const struct publishing *publishing,
    const struct item *item, struct mldv_error *err);
/* Puts a file there that is in the store, which is loaded. */
CHECKED int publishing_put(const struct publishing *publishing,
    struct store_reader *reader, const char *name, const struct content *file,
    struct mldv_error *err);

/* --- publishing.c: items --- */

/* Puts an item there, under the path to, and tells. */
CHECKED int publishing_item(struct publishing *publishing,
    const struct item *item, const char *to, struct mldv_error *err);
/*
 * Puts a file under a name of its own in one of the folders dir, dir.2, dir.3:
 * the first that has room, for some viewers show a thousand names and no more.
 * Nothing is written if one of them has it.
 */
CHECKED int publishing_dated(struct publishing *publishing,
    const struct item *item, const char *dir, const char *name,
    struct mldv_error *err);

#endif
