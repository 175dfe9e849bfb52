/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_VERIFY_H
#define PIPELINE_VERIFY_H

/*
 * One verification: what its files share.
 *
 *     verify.c        the order of it all
 *     verifystage.c   a stage, its inputs and outputs
 *     verifyitems.c   what the remote has
 *     verifyrules.c   what [rules] expects
 */

#include "base/map.h"
#include "mldv/verify.h"
#include "pipeline/graph.h"
#include "project/committed.h"
#include "remote/confirm.h"

struct verify {
	struct mldv_project *project;
	const struct mldv_verify *options;
	struct mldv_verify_sum *sum;
	struct committed committed;
	struct remote *remote;
	struct arena arena;
	struct stages stages;
	struct graph graph;
	struct lockfile lock;
	/* The records of all its runs, read at once. */
	struct oid *run_keys;
	struct remote_run *runs;
	size_t run_count;
	struct map run_numbers; /* by key: a struct remote_run */
	bool found;             /* something about the present stage or item */
};

/* Tells of something that is wrong; what is a sentence without a full stop. */
void verify_find(struct verify *verify, const struct mldv_verified *finding,
    const char *fmt, ...) PRINTF(3, 4);

CHECKED int verify_stage(struct verify *verify, const struct stage *stage,
    struct mldv_error *err);
/* Appends the record of a run: 1, or 0 if the remote has none. */
CHECKED int verify_run(struct verify *verify, const struct oid *key,
    struct buf *out, struct mldv_error *err);
CHECKED int verify_items(struct verify *verify, struct mldv_error *err);
CHECKED int verify_rules(struct verify *verify, struct mldv_error *err);

#endif
