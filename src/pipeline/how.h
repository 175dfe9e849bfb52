/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_HOW_H
#define PIPELINE_HOW_H

/*
 * How something was made: what its files share.
 *
 *     how.c        what was asked for, and which steps led to it
 *     howstep.c    all that is known of one step
 */

#include "format/keyfacts.h"
#include "mldv/lineage.h"
#include "pipeline/history.h"
#include "pipeline/records.h"
#include "project/item.h"

struct how_step {
	size_t number;
	const struct lock_stage *locked; /* NULL: an item */
	struct content content;          /* of the item */
	const char *path;                /* of the item */
	bool earlier;
	struct key_facts facts;
	struct mldv_how_file *inputs;
	size_t input_count;
	/* The first commit that has it, and what it was called there. */
	const char *commit;
	const char *path_then;
	struct how_step *next;
};

/* A lock that is older than the one asked for. */
struct how_lock {
	struct lockfile lock;
	struct how_lock *next;
};

struct how {
	struct mldv_project *project;
	const struct mldv_how *options;
	const char *revision; /* NULL: the work tree */
	struct arena arena;
	struct items items;
	struct lockfile lock;
	struct how_lock *older;
	struct records records;
	struct how_step *first;
	struct how_step **last;
	struct map steps; /* by key, or kind and oid of an item */
	size_t count;
};

/* Tells of a step. */
CHECKED int how_tell(struct how *how, const struct how_step *step,
    struct mldv_error *err);

#endif
