/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/pipeline.h"

#include <string.h>

#include "base/file.h"
#include "pipeline/check.h"
#include "pipeline/journal.h"
#include "pipeline/plan.h"
#include "pipeline/record.h"
#include "pipeline/schedule.h"
#include "project/prune.h"
#include "runner/runner.h"

struct repro {
	struct plan plan;
	struct mldv_project *project;
	const struct mldv_repro *options;
	struct strs *staged;
};

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

/* What is noted and not written, or a repro that was killed left undone. */
CHECKED static int finish(struct repro *repro, struct mldv_error *err)
{
	struct plan *plan = &repro->plan;
	struct strs paths = {0};
	bool stray = false;
	int ret = record_flush(plan, true, repro->staged, err);

	for (size_t i = 0; i < plan->lock.count; i++)
		stray |= !plan_find(plan, plan->lock.stages[i].name);
	if (ret == 0 && stray)
		ret = record_prune(plan, repro->staged, err);
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
		carry_tell(repro->options, step, step->reason, 0);
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

/* After a check: is anything not reproducible, or was it not looked at? */
CHECKED static int sum_check(const struct plan *plan, struct mldv_error *err)
{
	size_t differ = 0;
	size_t stale = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (!step->selected)
			continue;
		differ += step->state == MLDV_STAGE_DIFFERS;
		stale += step->state == MLDV_STAGE_STALE ||
		    step->state == MLDV_STAGE_UNKNOWN;
	}
	if (differ > 0)
		return err_set(err, MLDV_CORRUPT, "%zu %s not reproducible",
		    differ, differ == 1 ? "stage is" : "stages are");
	if (stale > 0)
		return err_set(err, MLDV_NO,
		    "%zu %s stale and %s not checked; run 'mldv repro' first",
		    stale, stale == 1 ? "stage is" : "stages are",
		    stale == 1 ? "was" : "were");
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

/* What is fresh and lies on a remote, perhaps, is counted and not fetched. */
static void tell_absent(const struct repro *repro)
{
	const struct plan *plan = &repro->plan;
	struct arena arena = {0};
	struct mldv_error ignored;
	uint64_t outputs = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		for (size_t j = 0;
		     step->selected && step->made && !step->placed &&
		     (step->state == MLDV_STAGE_FRESH ||
		         step->state == MLDV_STAGE_CACHED) &&
		     j < step->stage->out_count;
		     j++) {
			const struct made *made = &step->made[j];

			if (file_exists(project_absolute(repro->project, &arena,
			                    made->path),
			        &ignored) != 0)
				continue;
			outputs++;
			bytes += made->content.size;
		}
	}
	arena_release(&arena);
	if (outputs > 0 && repro->options->absent)
		repro->options->absent(repro->options->context, outputs, bytes);
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
	const struct carry carry = {
	    .plan = &repro.plan,
	    .options = options,
	    .staged = staged,
	    .named = targets && targets->count > 0,
	};
	struct mldv_error cause;
	int ret = check_nesting(project, err);

	if (ret == 0 && !options->dry_run)
		ret = journal_recover(project, err);
	if (ret == 0)
		ret = plan_load(&repro.plan, project, options->overrides, err);
	if (ret == 0 && options->on)
		ret = runner_choose(&repro.plan.stages, &repro.plan.arena,
		    options->on, err);
	if (ret == 0)
		ret = check_count(&repro.plan, err);
	if (ret == 0)
		ret = plan_select(&repro.plan, targets, options->force, err);
	if (ret == 0 && (options->single || options->downstream))
		plan_narrow(&repro.plan, options->downstream);
	repro.plan.no_pull = options->no_pull;
	repro.plan.no_run_cache = options->no_run_cache;
	repro.plan.may_probe = true;
	if (ret == 0 && options->dry_run) {
		plan_warn(&repro.plan);
		ret = dry_run(&repro, err);
	} else if (ret == 0) {
		ret = check_stages(&repro.plan, err);
		if (ret == 0)
			ret = schedule_run(&carry, err);
		if (ret == 0 && options->check)
			ret = sum_check(&repro.plan, err);
		/* Also after a failure, whose message matters more. */
		if (!options->check && finish(&repro, &cause) < 0 && ret == 0) {
			*err = cause;
			ret = -1;
		}
		if (ret == 0 && !options->check)
			tell_absent(&repro);
	}
	if (staged)
		strs_unique(staged);
	plan_release(&repro.plan);
	if (ret == 0 && !options->dry_run && !options->check)
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
