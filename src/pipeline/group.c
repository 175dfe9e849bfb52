/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/group.h"

static int commit_before_look(void *context, struct mldv_error *err)
{
	struct group *group = context;

	return group->taking ? 0 : group_commit(group, err);
}

void group_open(struct group *group, struct plan *plan)
{
	*group = (struct group){.plan = plan};
	plan->group = group;
	store_set_keeper(plan->project->store,
	    (struct store_keeper){commit_before_look, group});
}

void group_reset(struct group *group)
{
	worktree_batch_drop(&group->batch);
	store_runs_drop(group->plan->project->store);
	lock_release(&group->store);
	group->taking = false;
	group->failed = false;
}

void group_close(struct group *group)
{
	group_reset(group);
	store_set_keeper(group->plan->project->store, (struct store_keeper){0});
	group->plan->group = NULL;
}

int group_begin(struct group *group, struct mldv_error *err)
{
	struct mldv_project *project = group->plan->project;

	if (group->failed) {
		*err = group->why;
		return -1;
	}
	if (!group->store.path) {
		if (project_lock_store(project, &group->store, LOCK_SHARED,
		        err) < 0)
			return -1;
		/* What was listed without the lock may be gone by now. */
		store_unload(project->store);
	}
	if (!group->batch.files)
		worktree_batch_begin(project, &group->batch);
	group->taking = true;
	return 0;
}

void group_end(struct group *group)
{
	group->taking = false;
}

int group_commit(struct group *group, struct mldv_error *err)
{
	struct mldv_project *project = group->plan->project;
	int ret = 0;

	if (group->failed) {
		*err = group->why;
		return -1;
	}
	/* What this calls may look for objects. */
	group->taking = true;
	if (group->batch.files)
		ret = worktree_batch_end(project, &group->batch, err);
	if (ret == 0)
		ret = store_runs_end(project->store, err);
	group->taking = false;
	lock_release(&group->store);
	if (ret < 0) {
		group->failed = true;
		group->why = *err;
	}
	return ret;
}
