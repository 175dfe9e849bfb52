/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_GROUP_H
#define PIPELINE_GROUP_H

/*
 * What many stages made, made durable together.
 *
 * A stage that ended well waits for a moment: its small objects are in a pack
 * without a name, its run record is in memory, its old outputs are still aside
 * and its locks held. Then, of all that wait,
 *
 *   1. the packs become durable and are named,
 *   2. then the run records,
 *   3. then the journals end, and what was aside is deleted.
 *
 * mldv.lock gets to know of the stages between 2 and 3, or, if it was written
 * a moment ago, within a second of 3.
 *
 * So nothing durable ever names what is not; 1 and 2 are group_commit(), the
 * rest is up to whoever calls it. A kill, or a power cut, before 2 is as if
 * those stages had not ended: the next repro puts back what was aside, and
 * runs them again. After 2, the next one finds the run records.
 *
 * Stages below one that waits may run: they read the work tree. Whoever looks
 * for objects in the store has all of them committed first (store_keeper).
 */

#include "pipeline/plan.h"
#include "project/worktree.h"

struct group {
	struct plan *plan;
	struct worktree_batch batch; /* files NULL: not begun */
	struct lock store;           /* shared, from the first look-up on */
	bool taking;                 /* the store is looked at by the group */
	bool failed;                 /* what waits is lost, for that reason */
	struct mldv_error why;
};

/* Afterwards plan->group is that, until group_close. */
void group_open(struct group *group, struct plan *plan);
/* Drops what was not committed. */
void group_close(struct group *group);

/*
 * Between these two a stage's objects go into the batch, and its run record is
 * kept back (store_run_keep). The store is looked at as it was.
 */
CHECKED int group_begin(struct group *group, struct mldv_error *err);
void group_end(struct group *group);

/*
 * Makes all that waits durable and named. If that fails, here or when somebody
 * looked for an object, nothing that waited may be relied on; group_reset
 * then begins anew.
 */
CHECKED int group_commit(struct group *group, struct mldv_error *err);
void group_reset(struct group *group);

#endif
