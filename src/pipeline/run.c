/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "pipeline/failed.h"
#include "pipeline/group.h"
#include "pipeline/journal.h"
#include "pipeline/recheck.h"
#include "pipeline/record.h"
#include "pipeline/takein.h"
#include "pipeline/tempdir.h"
#include "pipeline/watch.h"
#include "runner/runner.h"
#include "runner/setup.h"

enum { GRACE_SECONDS = 10 };

struct running {
	struct run_how how;
	struct arena arena;
	struct journal journal;
	struct watch watch;
	struct output output;
	struct record_run run;
	const struct runner *runner;
	struct runner_job job;
	struct proc proc;
	const bool *unknown; /* see find_unknown */
	double began;
	bool late; /* it was stopped for that */
	bool prepared;
	bool placed; /* step->placed, before */
};

/* What is set for every runner. */
CHECKED static int preset(struct running *running, struct mldv_error *err)
{
	struct plan *plan = running->how.plan;
	const struct step *step = running->how.step;
	const struct stage *stage = step->stage;
	struct arena *arena = &running->arena;
	struct runner_dep *deps =
	    arena_array(arena, stage->dep_count, sizeof *deps);

	for (size_t i = 0; i < stage->dep_count; i++)
		deps[i] = (struct runner_dep){&stage->deps[i],
		    step->inputs[i].content};
	running->job.project = plan->project;
	running->job.stage = stage;
	running->job.shell = plan->stages.shell;
	running->job.deps = deps;
	running->job.key = &step->oid;
	running->job.facts = &step->key;
	running->job.overrides = running->how.options->overrides;
	running->job.arena = arena;
	running->job.timeout = stage->timeout;
	running->job.dir = stage->cwd[0]
	    ? project_absolute(plan->project, arena, stage->cwd)
	    : plan->project->root;
	if (tempdir_make(arena, running->journal.dir, running->how.spare,
	        &running->job.temp, err) < 0)
		return -1;
	for (size_t i = 0; i < running->how.settings->count; i++)
		strs_add(&running->job.environment,
		    running->how.settings->items[i]);
	return setup_job(&running->job, err);
}

/* With the NULL that ends it. */
static const char *const *words(struct arena *arena, const struct strs *strs)
{
	const char **out = arena_array(arena, strs->count + 1, sizeof *out);

	for (size_t i = 0; i < strs->count; i++)
		out[i] = strs->items[i];
	return out;
}

/* The journal's lock goes with it. */
CHECKED static int start(struct running *running,
    const struct proc_options *options, struct mldv_error *err)
{
	const struct lock *lock = &running->journal.running;
	int ret;

	if (lock->path && fcntl(lock->fd, F_SETFD, 0) < 0)
		return err_errno(err, "cannot pass on a lock");
	ret = proc_start(&running->proc, options, err);
	if (lock->path)
		(void)fcntl(lock->fd, F_SETFD, FD_CLOEXEC);
	return ret;
}

CHECKED static int start_command(struct running *running,
    struct mldv_error *err)
{
	struct mldv_project *project = running->how.plan->project;
	const struct step *step = running->how.step;
	const struct stage *stage = step->stage;
	struct proc_options options = {0};

	for (size_t i = 0; i < stage->out_count; i++) {
		if (file_make_parents(project_absolute(project, &running->arena,
		                          stage->outs[i].path),
		        err) < 0)
			return -1;
	}
	if (preset(running, err) < 0 ||
	    running->runner->prepare(&running->job, err) < 0)
		return err_prefix(err, "stage '%s'", stage->name);
	running->prepared = true;
	options.argv = words(&running->arena, &running->job.argv);
	options.environment = words(&running->arena, &running->job.environment);
	options.dir = running->job.dir;
	/* Who only waits for a job needs what is here to ask about it. */
	options.clean = stage->clean &&
	    (running->how.options->here || !stage_runs_remotely(stage));
	output_open(&running->output, project, &running->arena, stage->name,
	    &step->oid, running->how.options);
	running->began = project_clock();
	running->run.started = (uint64_t)time(NULL);
	if (start(running, &options, err) < 0)
		return err_prefix(err, "stage '%s'", stage->name);
	running->proc.mark =
	    arena_printf(&running->arena, "TMPDIR=%s", running->job.temp);
	return 0;
}

/* It waits with others until all of them are made durable. */
CHECKED static int take_in(struct running *running, struct mldv_error *err)
{
	struct plan *plan = running->how.plan;
	struct step *step = running->how.step;
	int ret;

	if (group_begin(plan->group, err) < 0)
		return -1;
	ret = take_outputs(plan, step, err);
	running->run.job = running->job.job;
	running->run.cost = running->job.cost;
	running->run.about = running->job.about;
	running->run.about_count = running->job.about_count;
	running->run.metrics = running->job.metrics;
	running->run.metric_count = running->job.metric_count;
	if (ret == 0)
		record_run(plan, step, &running->run);
	group_end(plan->group);
	return ret;
}

/* After a failure, which is in err; what fails here too is a warning. */
static void undo(struct running *running, struct mldv_error *err)
{
	struct mldv_project *project = running->how.plan->project;
	const struct stage *stage = running->how.step->stage;
	struct mldv_error cause;
	const char *failed;
	struct buf text = {0};
	bool kept = false;
	int ret;

	record_forget(running->how.plan, running->how.step);
	running->how.step->made = NULL;
	ret =
	    failed_dir(project, &running->arena, stage->name, &failed, &cause);
	if (ret == 0) {
		kept = output_copy(&running->output,
		    path_join(&running->arena, failed, "log"));
		ret = journal_undo(&running->journal, failed, &cause);
	}
	if (ret < 0) {
		project_warn(project,
		    "cannot put back the outputs of stage '%s': %s; the next "
		    "'mldv repro' tries again",
		    stage->name, cause.text);
		return;
	}
	if (kept) {
		buf_printf(&text, "%s; what it printed and made is in '%s'",
		    err->text, failed_show(project, failed));
		(void)err_set(err, err->code, "%s", buf_str(&text));
	}
	buf_release(&text);
}

/*
 * What was made is compared with what is recorded, and everything put back. It
 * is kept only if it is something else.
 */
CHECKED static int check(struct running *running, struct mldv_error *err)
{
	struct plan *plan = running->how.plan;
	struct step *step = running->how.step;
	const char *failed =
	    path_join(&running->arena, running->journal.dir, "same");

	if (recheck(plan, step, &step->differs, err) < 0)
		return -1;
	if (step->differs) {
		if (failed_dir(plan->project, &running->arena,
		        step->stage->name, &failed, err) < 0)
			return -1;
		step->differs =
		    arena_printf(&plan->arena, "%s; what it made is in '%s'",
		        step->differs, failed_show(plan->project, failed));
	}
	return journal_undo(&running->journal, failed, err);
}

/* Which old outputs somebody made by hand, or another program. */
static bool *find_unknown(struct running *running)
{
	const struct stage *stage = running->how.step->stage;
	bool *unknown =
	    arena_array(&running->arena, stage->out_count, sizeof *unknown);

	for (size_t i = 0; i < stage->out_count; i++)
		unknown[i] =
		    !plan_is_stored(running->how.plan, stage->outs[i].path);
	return unknown;
}

/* The stage is recorded, so what fails here is a warning. */
static void end(struct running *running)
{
	struct mldv_project *project = running->how.plan->project;
	const char *name = running->how.step->stage->name;
	struct mldv_error cause;
	const char *failed = NULL;
	bool any = false;

	for (size_t i = 0; i < running->journal.count; i++) {
		struct journal_out *out = &running->journal.outs[i];

		out->keep = running->unknown[i] && out->had;
		any |= out->keep;
	}
	if ((any &&
	        failed_dir(project, &running->arena, name, &failed, &cause) <
	            0) ||
	    journal_end(&running->journal, failed, &cause) < 0)
		project_warn(project, "stage '%s': %s", name, cause.text);
}

/* What only a stage that runs needs. */
static void release_process(struct running *running)
{
	proc_close(&running->proc);
	if (running->prepared && running->runner->stopped)
		running->runner->stopped(&running->job);
	running->prepared = false;
	watch_release(&running->watch);
}

static void release(struct running *running)
{
	release_process(running);
	tempdir_remove(running->job.temp);
	output_close(&running->output);
	lock_release(&running->journal.running);
	strs_release(&running->job.argv);
	strs_release(&running->job.environment);
	arena_release(&running->arena);
	free(running);
}

/* Is it what a job was started for? */
CHECKED static int check_key(const struct run_how *how, struct mldv_error *err)
{
	const struct mldv_repro *options = how->options;
	struct mldv_error ignored;
	struct key wanted = {0};
	struct buf text = {0};
	char hex[OID_HEX + 1];
	int ret = 0;

	oid_hex(&how->step->oid, hex);
	if (options->only_key && strcmp(options->only_key, hex) != 0) {
		if (key_parse(&wanted, options->only_document,
		        strlen(options->only_document), &ignored) < 0 ||
		    !key_difference(&wanted, &how->step->key, &text))
			buf_add_str(&text, "nothing that can be named");
		ret = err_set(err, MLDV_FAILED,
		    "stage '%s' has another key here, %s, than the job was "
		    "started for, %s: %s",
		    how->step->stage->name, hex, options->only_key,
		    buf_str(&text));
	}
	key_release(&wanted);
	buf_release(&text);
	return ret;
}

int run_begin(struct running **out, const struct run_how *how,
    struct mldv_error *err)
{
	struct running *running = xcalloc(1, sizeof *running);
	int ret;

	running->how = *how;
	running->placed = how->step->placed;
	running->output.fd = -1;
	running->proc.output = -1;
	running->proc.ended = -1;
	running->runner =
	    how->options->here ? &runner_shell : runner_of(how->step->stage);
	running->unknown = find_unknown(running);
	ret = check_key(how, err);
	if (ret == 0)
		ret = watch_start(how->plan, how->step, &running->watch, err);
	if (ret == 0)
		ret = journal_begin(&running->journal, &running->arena,
		    how->plan->project, how->step->stage, err);
	if (ret == 0)
		ret = start_command(running, err);
	if (ret < 0) {
		if (running->journal.open)
			undo(running, err);
		/* Nobody else would remove it. */
		if (!running->job.temp)
			tempdir_remove(how->spare);
		release(running);
		return -1;
	}
	*out = running;
	return 0;
}

struct proc *run_proc(struct running *running)
{
	return &running->proc;
}

struct output *run_output(struct running *running)
{
	return &running->output;
}

double run_deadline(const struct running *running)
{
	uint64_t timeout = running->job.timeout;

	return timeout > 0 ? running->began + (double)timeout : 0;
}

void run_stop(struct running *running, bool late)
{
	running->late |= late && running->proc.signals == 0;
	proc_stop(&running->proc, GRACE_SECONDS);
}

/* As it is written in mldv.ini: "15m". */
static const char *show_limit(struct arena *arena, uint64_t seconds)
{
	static const struct {
		unsigned seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds % units[i].seconds != 0)
		i++;
	return arena_printf(arena, "%llu%c",
	    (unsigned long long)(seconds / units[i].seconds), units[i].letter);
}

CHECKED static int check_result(struct running *running, bool *failed,
    struct mldv_error *err)
{
	const char *name = running->how.step->stage->name;
	struct mldv_error cause;
	int ret;

	if (project_check(running->how.plan->project, &cause) < 0)
		return err_set(err, cause.code,
		    "interrupted; stage '%s' is as it was before", name);
	if (running->late) {
		ret = err_set(err, MLDV_FAILED, "stage '%s' ran longer than %s",
		    name, show_limit(&running->arena, running->job.timeout));
		if (running->runner->cut_off)
			running->runner->cut_off(&running->job, err);
	} else {
		ret = running->runner->finish(&running->job,
		    &running->proc.result, err);
	}
	*failed = ret < 0;
	return ret;
}

int run_end(struct running **at, double *seconds, bool *failed,
    struct mldv_error *err)
{
	struct running *running = *at;
	struct step *step = running->how.step;
	struct plan *plan = running->how.plan;
	int ret;

	running->run.took =
	    (uint64_t)((project_clock() - running->began) * 1000);
	*failed = false;
	if (running->how.options->status)
		*running->how.options->status = running->proc.result.status;
	output_end(&running->output);
	ret = check_result(running, failed, err);
	if (ret == 0)
		ret = watch_check(plan, step, &running->watch, err);
	if (ret == 0)
		ret = running->how.options->check ? check(running, err)
		                                  : take_in(running, err);
	*seconds = project_clock() - running->began;
	if (ret == 0 && running->how.options->check) {
		step->placed = running->placed;
		release(running);
		*at = NULL;
		return 0;
	}
	step->placed = ret == 0;
	if (ret == 0) {
		release_process(running);
		if (!tempdir_is_clean(running->job.temp))
			tempdir_remove(run_spare(running));
		return 0;
	}
	run_revoke(running, err);
	*at = NULL;
	return -1;
}

const char *run_spare(struct running *running)
{
	const char *temp = running->job.temp;

	running->job.temp = NULL;
	return temp;
}

void run_settle(struct running *running)
{
	end(running);
	release(running);
}

void run_revoke(struct running *running, struct mldv_error *err)
{
	running->how.step->placed = false;
	if (running->journal.open)
		undo(running, err);
	release(running);
}
