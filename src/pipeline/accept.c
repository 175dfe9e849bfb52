/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "mldv/lineage.h"
#include "pipeline/journal.h"
#include "pipeline/record.h"
#include "project/worktree.h"

/* Finds the stage, and decides it and what is above it. */
CHECKED static int decide(struct plan *plan, const char *name,
    struct step **out, struct mldv_error *err)
{
	struct strs targets = {0};
	int ret = 0;

	*out = plan_find(plan, name);
	if (!*out)
		return err_set(err, MLDV_USAGE,
		    "there is no stage '%s' in '%s'", name, plan->ini);
	if ((*out)->stage->frozen)
		return err_set(err, MLDV_USAGE,
		    "stage '%s' is frozen, and its outputs are taken as they "
		    "are",
		    name);
	strs_add(&targets, name);
	ret = plan_select(plan, &targets, false, err);
	for (size_t i = 0; ret == 0 && i < plan->count; i++) {
		if (plan->steps[plan->graph.order[i]].selected)
			ret =
			    plan_decide(plan, plan->graph.order[i], true, err);
	}
	strs_release(&targets);
	if (ret == 0 && !(*out)->keyed)
		ret = err_set(err, MLDV_FAILED,
		    "stage '%s' %s; run 'mldv repro' for what is above it "
		    "first",
		    name, (*out)->reason ? (*out)->reason : "has no key yet");
	return ret;
}

/* What lies there, in the store; the caller holds its lock. */
CHECKED static int take_outputs(struct plan *plan, struct step *step,
    struct mldv_error *err)
{
	const struct stage *stage = step->stage;

	step->made =
	    arena_array(&plan->arena, stage->out_count, sizeof *step->made);
	for (size_t i = 0; i < stage->out_count; i++) {
		const char *path = stage->outs[i].path;
		struct lock item = {0};
		int ret = project_lock_item(plan->project, &item, path, err);

		step->made[i].path = path;
		if (ret == 0)
			ret = worktree_store(plan->project, path,
			    &step->made[i].content, NULL, err);
		lock_release(&item);
		if (ret < 0)
			return err_prefix(err, "cannot accept stage '%s'",
			    stage->name);
	}
	return 0;
}

static bool is_as_locked(const struct step *step,
    const struct lock_stage *locked)
{
	size_t same = 0;

	for (size_t i = 0; locked && i < step->stage->out_count; i++) {
		for (size_t k = 0; k < locked->made_count; k++)
			same += strcmp(locked->made[k].path,
			            step->made[i].path) == 0 &&
			    content_equal(&locked->made[k].content,
			        &step->made[i].content);
	}
	return locked && same == step->stage->out_count;
}

/* What kind of a claim it is, by what the lock says of the outputs. */
CHECKED static int claim(struct plan *plan, struct step *step, const char *why,
    struct mldv_error *err)
{
	const struct lock_stage *locked =
	    lockfile_find(&plan->lock, step->stage->name);
	bool as_locked = is_as_locked(step, locked);

	step->claim_why = why;
	if (!as_locked || locked->claim == CLAIM_ASSERTED) {
		step->claim = CLAIM_ASSERTED;
		return 0;
	}
	if (oid_equal(&locked->oid, &step->oid))
		return err_set(err, MLDV_NO,
		    "stage '%s' is fresh: there is nothing to accept",
		    step->stage->name);
	step->claim_old = *lock_stage_run(locked);
	/* It was changed back to what the run was of. */
	step->claim = oid_equal(&step->claim_old, &step->oid) ? CLAIM_NONE
	                                                      : CLAIM_ACCEPTED;
	return 0;
}

CHECKED static int accept_step(struct plan *plan, struct step *step,
    const char *why, struct strs *staged, struct mldv_error *err)
{
	struct journal_locks locks = {0};
	struct arena arena = {0};
	struct buf holder = {0};
	struct lock store = {0};
	int ret = journal_lock(&locks, &arena, plan->project, step->stage,
	    &holder, err);

	if (ret == 0)
		ret = err_set(err, MLDV_BUSY, "stage '%s' is being run: %s",
		    step->stage->name, buf_str(&holder));
	if (ret > 0)
		ret =
		    project_lock_store(plan->project, &store, LOCK_SHARED, err);
	if (ret == 0)
		ret = take_outputs(plan, step, err);
	if (ret == 0)
		ret = plan_refresh_lock(plan, err) < 0 ? -1 : 0;
	if (ret == 0)
		ret = claim(plan, step, why, err);
	if (ret == 0) {
		record_note(plan, step);
		ret = record_flush(plan, true, staged, err);
	}
	lock_release(&store);
	journal_unlock(&locks);
	buf_release(&holder);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int mldv_accept(struct mldv_project *project, const char *stage,
    const char *why, const char **out, struct strs *staged,
    struct mldv_error *err)
{
	struct step *step = NULL;
	struct plan plan = {0};
	int ret;

	if (why[0] == '\0')
		return err_set(err, MLDV_USAGE,
		    "a reason is needed: --why TEXT");
	ret = plan_load(&plan, project, NULL, err);
	if (ret == 0)
		ret = decide(&plan, stage, &step, err);
	if (ret == 0)
		ret = accept_step(&plan, step, why, staged, err);
	if (ret == 0)
		*out = step->claim == CLAIM_ACCEPTED ? "accepted"
		    : step->claim == CLAIM_ASSERTED  ? "asserted"
		                                     : "fresh";
	if (staged)
		strs_unique(staged);
	plan_release(&plan);
	return ret;
}
