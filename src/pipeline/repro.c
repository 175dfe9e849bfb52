/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/pipeline.h"

#include <string.h>

#include "base/file.h"
#include "pipeline/check.h"
#include "pipeline/inputs.h"
#include "pipeline/journal.h"
#include "pipeline/plan.h"
#include "pipeline/record.h"
#include "pipeline/run.h"
#include "project/prune.h"

struct repro {
	struct plan plan;
	struct mldv_project *project;
	const struct mldv_repro *options;
	struct strs *staged;
	bool failed;
};

static void tell(const struct repro *repro, const struct step *step,
    double seconds)
{
	const struct mldv_stage stage = {
	    .name = step->stage->name,
	    .state = step->state,
	    .reason = step->reason,
	    .seconds = seconds,
	};

	if (repro->options->stage)
		repro->options->stage(repro->options->context, &stage);
}

CHECKED static int place_outputs(struct repro *repro, struct step *step,
    struct mldv_error *err)
{
	struct plan *plan = &repro->plan;

	for (size_t i = 0; i < step->stage->out_count; i++) {
		const struct made *made = &step->made[i];
		bool gone;
		int same =
		    plan_is_there(plan, made->path, &made->content, &gone, err);

		if (same < 0)
			return -1;
		if (!same &&
		    inputs_place(plan, step->stage, made->path, &made->content,
		        err) < 0)
			return -1;
	}
	step->placed = true;
	return 0;
}

CHECKED static int use_earlier(struct repro *repro, struct step *step,
    struct mldv_error *err)
{
	struct lock store = {0};
	int ret;

	ret = project_lock_store(repro->project, &store, LOCK_SHARED, err);
	if (ret == 0)
		ret = place_outputs(repro, step, err);
	if (ret == 0)
		ret = record_lock(&repro->plan, step, repro->staged, err);
	lock_release(&store);
	return ret;
}

CHECKED static int run(struct repro *repro, struct step *step,
    struct mldv_error *err)
{
	double seconds = 0;

	step->state = MLDV_STAGE_STALE;
	tell(repro, step, 0);
	if (inputs_bring(&repro->plan, step, err) < 0 ||
	    run_stage(&repro->plan, step, repro->options, repro->staged,
	        &seconds, err) < 0)
		return -1;
	step->state = MLDV_STAGE_RAN;
	step->reason = NULL;
	tell(repro, step, seconds);
	return 0;
}

/* With the lock held, and the state decided under it. */
CHECKED static int carry_out(struct repro *repro, struct step *step,
    struct mldv_error *err)
{
	int ret = 0;

	switch (step->state) {
	case MLDV_STAGE_STALE:
	case MLDV_STAGE_ALWAYS:
		return run(repro, step, err);
	case MLDV_STAGE_CACHED:
		ret = use_earlier(repro, step, err);
		break;
	case MLDV_STAGE_RESTORE:
		ret = place_outputs(repro, step, err);
		if (ret == 0)
			ret =
			    record_git(&repro->plan, step, repro->staged, err);
		break;
	case MLDV_STAGE_FROZEN:
		if (step->made)
			ret = place_outputs(repro, step, err);
		break;
	case MLDV_STAGE_UNKNOWN:
		ret = err_set(err, MLDV_FAILED, "stage '%s' %s",
		    step->stage->name, step->reason);
		break;
	case MLDV_STAGE_FRESH:
	case MLDV_STAGE_BLOCKED:
	case MLDV_STAGE_FAILED:
	case MLDV_STAGE_RAN:
		break;
	}
	if (ret == 0)
		tell(repro, step, 0);
	return ret;
}

/*
 * Most stages are fresh, and for that nobody need wait. Else the state is
 * decided again with the lock, since who had it may have done the work.
 */
CHECKED static int do_stage(struct repro *repro, size_t index,
    struct mldv_error *err)
{
	struct step *step = &repro->plan.steps[index];
	struct lock lock = {0};
	int ret;

	if (plan_decide(&repro->plan, index, true, err) < 0)
		return -1;
	if (step->state == MLDV_STAGE_FRESH ||
	    step->state == MLDV_STAGE_BLOCKED ||
	    (step->state == MLDV_STAGE_FROZEN && !step->reason)) {
		tell(repro, step, 0);
		return step->state == MLDV_STAGE_FRESH
		    ? record_git(&repro->plan, step, repro->staged, err)
		    : 0;
	}
	ret = journal_lock(repro->project, &lock, err);
	if (ret == 0)
		ret = plan_reload_lock(&repro->plan, err);
	if (ret == 0)
		ret = plan_decide(&repro->plan, index, false, err);
	if (ret == 0)
		ret = carry_out(repro, step, err);
	lock_release(&lock);
	return ret;
}

/* What stands below the stage that failed is named; the rest just stays. */
static void tell_blocked(struct repro *repro, size_t from)
{
	struct plan *plan = &repro->plan;
	struct mldv_error ignored;

	for (size_t i = from; i < plan->count; i++) {
		size_t index = plan->graph.order[i];
		const struct graph_node *node = &plan->graph.nodes[index];
		bool blocked = false;

		for (size_t j = 0; j < node->above_count; j++) {
			enum mldv_stage_state state =
			    plan->steps[node->above[j]].state;

			blocked |= state == MLDV_STAGE_FAILED ||
			    state == MLDV_STAGE_BLOCKED;
		}
		if (blocked && plan->steps[index].selected &&
		    !plan->steps[index].stage->frozen &&
		    plan_decide(plan, index, true, &ignored) == 0)
			tell(repro, &plan->steps[index], 0);
	}
}

CHECKED static int do_stages(struct repro *repro, struct mldv_error *err)
{
	struct plan *plan = &repro->plan;

	for (size_t i = 0; i < plan->count; i++) {
		size_t index = plan->graph.order[i];
		struct step *step = &plan->steps[index];

		if (!step->selected)
			continue;
		if (project_check(repro->project, err) < 0)
			return -1;
		if (do_stage(repro, index, err) == 0)
			continue;
		if (err->code != MLDV_INTERRUPTED &&
		    err->code != MLDV_TERMINATED) {
			step->state = MLDV_STAGE_FAILED;
			step->reason = NULL;
			tell(repro, step, 0);
			tell_blocked(repro, i + 1);
		}
		return -1;
	}
	return 0;
}

/* Does Git's index have another lock than the one here? */
CHECKED static int is_unstaged(struct mldv_project *project,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf here = {0};
	struct buf staged = {0};
	const char *path = project_absolute(project, &arena, PROJECT_LOCK);
	int ret = file_exists(path, err);

	if (ret > 0 && file_read(path, LOCKFILE_LIMIT, &here, err) < 0)
		ret = -1;
	if (ret > 0) {
		ret = git_read(project->git, ":0", PROJECT_LOCK, LOCKFILE_LIMIT,
		    &staged, err);
		if (ret >= 0)
			ret = ret == 0 || here.len != staged.len ||
			    memcmp(buf_str(&here), buf_str(&staged),
			        here.len) != 0;
	}
	buf_release(&here);
	buf_release(&staged);
	arena_release(&arena);
	return ret;
}

/* What a repro that was killed may have left undone. */
CHECKED static int finish(struct repro *repro, struct mldv_error *err)
{
	struct plan *plan = &repro->plan;
	struct strs paths = {0};
	struct lock lock = {0};
	bool stray = false;
	int ret = 0;

	for (size_t i = 0; i < plan->lock.count; i++)
		stray |= !plan_find(plan, plan->lock.stages[i].name);
	if (stray) {
		ret = journal_lock(repro->project, &lock, err);
		if (ret == 0)
			ret = record_prune(plan, repro->staged, err);
		lock_release(&lock);
	}
	if (ret == 0)
		ret = is_unstaged(repro->project, err);
	if (ret > 0) {
		strs_add(&paths, PROJECT_LOCK);
		ret = project_stage(repro->project, &paths, repro->staged, err);
	}
	strs_release(&paths);
	return ret;
}

/* Decides every stage that is selected, and says how many would run. */
CHECKED static int look(struct repro *repro, size_t *would_run,
    struct mldv_error *err)
{
	struct plan *plan = &repro->plan;

	for (size_t i = 0; i < plan->count; i++) {
		struct step *step = &plan->steps[plan->graph.order[i]];

		if (!step->selected)
			continue;
		if (project_check(repro->project, err) < 0 ||
		    plan_decide(plan, plan->graph.order[i], true, err) < 0)
			return -1;
		tell(repro, step, 0);
		*would_run += plan_would_run(step);
	}
	return 0;
}

CHECKED static int dry_run(struct repro *repro, struct mldv_error *err)
{
	size_t would_run = 0;

	if (look(repro, &would_run, err) < 0)
		return -1;
	if (would_run > 0)
		return err_set(err, MLDV_NO, "%zu %s", would_run,
		    would_run == 1 ? "stage is stale" : "stages are stale");
	return 0;
}

CHECKED static int check_count(const struct plan *plan, struct mldv_error *err)
{
	if (plan->count > 0)
		return 0;
	return err_set(err, MLDV_USAGE,
	    "there is no stage in '%s'; define one with 'mldv new stage'",
	    plan->ini);
}

int mldv_repro(struct mldv_project *project, const struct strs *targets,
    const struct mldv_repro *options, struct strs *staged,
    struct mldv_error *err)
{
	struct repro repro = {
	    .project = project,
	    .options = options,
	    .staged = staged,
	};
	struct mldv_error cause;
	int ret = check_nesting(project, err);

	if (ret == 0 && !options->dry_run)
		ret = journal_recover(project, err);
	if (ret == 0)
		ret = plan_load(&repro.plan, project, options->overrides, err);
	if (ret == 0)
		ret = check_count(&repro.plan, err);
	if (ret == 0)
		ret = plan_select(&repro.plan, targets, options->force, err);
	if (ret == 0 && options->dry_run) {
		plan_warn(&repro.plan);
		ret = dry_run(&repro, err);
	} else if (ret == 0) {
		ret = check_stages(&repro.plan, err);
		if (ret == 0)
			ret = do_stages(&repro, err);
		/* Also after a failure, whose message matters more. */
		if (finish(&repro, &cause) < 0 && ret == 0) {
			*err = cause;
			ret = -1;
		}
	}
	if (staged)
		strs_unique(staged);
	plan_release(&repro.plan);
	if (ret == 0 && !options->dry_run)
		prune_merge(project);
	return ret;
}

int mldv_stages(struct mldv_project *project,
    void (*visit)(void *context, const struct mldv_stage *stage), void *context,
    struct mldv_error *err)
{
	const struct mldv_repro options = {
	    .dry_run = true,
	    .stage = visit,
	    .context = context,
	};
	struct repro repro = {.project = project, .options = &options};
	size_t would_run = 0;
	int ret = plan_load(&repro.plan, project, NULL, err);

	for (size_t i = 0; i < repro.plan.count; i++)
		repro.plan.steps[i].selected = true;
	if (ret == 0)
		ret = look(&repro, &would_run, err);
	plan_release(&repro.plan);
	return ret;
}
