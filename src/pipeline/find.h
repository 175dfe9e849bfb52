/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_FIND_H
#define PIPELINE_FIND_H

/*
 * Where some bytes were made or used: what its files share.
 *
 *     find.c         locks, pointers and records that name them
 *     findinside.c   directories that hold them, and where they lie
 */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "format/lock.h"
#include "format/pointer.h"
#include "mldv/lineage.h"
#include "pipeline/history.h"
#include "project/item.h"
#include "project/worktree.h"

/* Bytes that are read at once. */
#define PIECE ((size_t)256 << 10)

struct hit {
	enum mldv_found_as as;
	const char *path;
	const char *inside;
	const char *stage;
	const char *key;
	const char *commit; /* or NULL */
	bool here;
	struct hit *next;
};

/* A directory to be looked into, and who has it. */
struct find_dir {
	struct content content;
	struct hit hit;
	struct find_dir *next;
};

struct find {
	struct mldv_project *project;
	const struct mldv_find *options;
	struct arena arena;
	const char *prefix; /* digits of what is looked for */
	struct oid oid;     /* the last that matched */
	struct content content;
	bool has_content; /* how large it is, is known */
	struct items items;
	struct hit *first;
	struct hit **last;
	struct map known;
	/* The second pass: only directories are collected. */
	bool directories;
	struct find_dir *dir_list; /* oldest first */
	struct find_dir **last_dir;
	struct map dirs; /* by oid */
	bool lacking;    /* a tree is not here */
};

void find_add_dir(struct find *find, const struct content *content,
    const struct hit *hit, const char *path);
/* Looks into the directories for a file of just this oid. */
CHECKED int find_inside(struct find *find, struct mldv_error *err);
/* Tells of all hits, and of where the bytes lie. */
CHECKED int find_tell(struct find *find, struct mldv_error *err);

#endif
