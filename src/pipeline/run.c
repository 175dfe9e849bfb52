/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "pipeline/failed.h"
#include "pipeline/journal.h"
#include "pipeline/record.h"
#include "pipeline/watch.h"
#include "project/worktree.h"
#include "runner/runner.h"

enum { GRACE_SECONDS = 10 };

struct run_job {
	struct plan *plan;
	struct step *step;
	const struct mldv_repro *options;
	struct strs *staged;
	struct arena arena;
	struct journal journal;
	struct watch watch;
	struct tempfile log;
	bool log_failed;
	struct record_run run;
	const struct runner *runner;
	struct runner_job how;
};

static void take_output(void *context, const char *data, size_t size)
{
	struct run_job *job = context;
	struct mldv_error ignored;

	if (job->options->output)
		job->options->output(job->options->context, data, size);
	/* That there is no log is no reason to stop a long run. */
	if (!job->log_failed && job->log.path &&
	    file_write(job->log.fd, "log", data, size, &ignored) < 0)
		job->log_failed = true;
}

static bool is_cancelled(void *context)
{
	const struct run_job *job = context;
	const struct mldv_events *events = job->plan->project->events;

	return events->cancelled && events->cancelled(events->context);
}

/* What is set for every runner. */
static void preset(struct run_job *job)
{
	struct mldv_project *project = job->plan->project;
	const struct stage *stage = job->step->stage;
	struct runner_job *how = &job->how;
	struct runner_dep *deps =
	    arena_array(&job->arena, stage->dep_count, sizeof *deps);

	for (size_t i = 0; i < stage->dep_count; i++)
		deps[i] = (struct runner_dep){&stage->deps[i],
		    job->step->inputs[i].content};
	*how = (struct runner_job){
	    .project = project,
	    .stage = stage,
	    .shell = job->plan->stages.shell,
	    .deps = deps,
	    .key = &job->step->oid,
	    .arena = &job->arena,
	    .dir = stage->cwd[0]
	        ? project_absolute(project, &job->arena, stage->cwd)
	        : project->root,
	};
	strs_add(&how->environment,
	    arena_printf(&job->arena, "MLDV_ROOT=%s", project->root));
	strs_add(&how->environment,
	    arena_printf(&job->arena, "MLDV_STAGE=%s", stage->name));
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	if (!getenv("PYTHONUNBUFFERED"))
		strs_add(&how->environment, "PYTHONUNBUFFERED=1");
}

/* With the NULL that ends it. */
static const char *const *words(struct arena *arena, const struct strs *strs)
{
	const char **out = arena_array(arena, strs->count + 1, sizeof *out);

	for (size_t i = 0; i < strs->count; i++)
		out[i] = strs->items[i];
	return out;
}

CHECKED static int check_result(struct run_job *job,
    const struct proc_result *result, struct mldv_error *err)
{
	struct mldv_error cause;

	if (project_check(job->plan->project, &cause) < 0)
		return err_set(err, cause.code,
		    "interrupted; stage '%s' is as it was before",
		    job->step->stage->name);
	return job->runner->finish(&job->how, result, err);
}

/* The journal's lock goes with it. */
CHECKED static int start(const struct run_job *job, struct proc *proc,
    const struct proc_options *options, struct mldv_error *err)
{
	int fd = job->journal.running.fd;
	int ret;

	if (fcntl(fd, F_SETFD, 0) < 0)
		return err_errno(err, "cannot pass on a lock");
	ret = proc_start(proc, options, err);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return ret;
}

CHECKED static int run_command(struct run_job *job, struct mldv_error *err)
{
	struct mldv_project *project = job->plan->project;
	const struct stage *stage = job->step->stage;
	struct proc_options options = {0};
	struct proc_result result;
	struct mldv_error ignored;
	struct proc proc;
	double began;

	for (size_t i = 0; i < stage->out_count; i++) {
		if (file_make_parents(project_absolute(project, &job->arena,
		                          stage->outs[i].path),
		        err) < 0)
			return -1;
	}
	preset(job);
	if (job->runner->prepare(&job->how, err) < 0)
		return err_prefix(err, "stage '%s'", stage->name);
	options.argv = words(&job->arena, &job->how.argv);
	options.environment = words(&job->arena, &job->how.environment);
	options.dir = job->how.dir;
	if (tempfile_open(&job->log, job->journal.old, 0666, &ignored) < 0)
		job->log_failed = true;
	began = project_clock();
	job->run.started = (uint64_t)time(NULL);
	if (start(job, &proc, &options, err) < 0 ||
	    proc_wait(&proc, &result, take_output, is_cancelled, job,
	        GRACE_SECONDS, err) < 0)
		return err_prefix(err, "stage '%s'", stage->name);
	job->run.took = (uint64_t)((project_clock() - began) * 1000);
	return check_result(job, &result, err);
}

/* All but ctime, which a hard link into the store changes. */
static bool same_entry(const struct snapshot_entry *a,
    const struct snapshot_entry *b)
{
	return a->kind == b->kind && a->size == b->size && a->mtime == b->mtime;
}

static bool same_files(const struct snapshot *a, const struct snapshot *b)
{
	if (a->dir_count != b->dir_count || !same_entry(&a->root, &b->root))
		return false;
	for (size_t i = 0; i < a->dir_count; i++) {
		const struct snapshot_dir *x = &a->dirs[i];
		const struct snapshot_dir *y = &b->dirs[i];

		if (x->count != y->count)
			return false;
		for (uint32_t j = 0; j < x->count; j++) {
			if (strcmp(snapshot_name(x, &x->entries[j]),
			        snapshot_name(y, &y->entries[j])) != 0 ||
			    !same_entry(&x->entries[j], &y->entries[j]))
				return false;
		}
	}
	return true;
}

/* Takes an output into the store; it must stand still for that. */
CHECKED static int store_output(struct run_job *job, const char *path,
    struct content *out, struct mldv_error *err)
{
	struct mldv_project *project = job->plan->project;
	const struct snapshot_options options = {
	    .root_fd = project->root_fd,
	    .path = path,
	    .ignore = &project->ignore,
	    .events = project->events,
	};
	struct snapshot before = {0};
	struct snapshot after = {0};
	struct lock lock = {0};
	int ret = project_lock_item(project, &lock, path, err);

	if (ret == 0)
		ret = snapshot_take(&before, &options, err);
	if (ret == 0)
		ret = worktree_store(project, path, out, NULL, err);
	if (ret == 0)
		ret = snapshot_take(&after, &options, err);
	if (ret == 0 && !same_files(&before, &after))
		ret = err_set(err, MLDV_FAILED,
		    "output '%s' of stage '%s' is still being written",
		    project_shown(project, &job->arena, path),
		    job->step->stage->name);
	snapshot_release(&before);
	snapshot_release(&after);
	lock_release(&lock);
	return ret;
}

CHECKED static int take_outputs(struct run_job *job, struct mldv_error *err)
{
	struct mldv_project *project = job->plan->project;
	const struct stage *stage = job->step->stage;

	job->step->made = arena_array(&job->plan->arena, stage->out_count,
	    sizeof *job->step->made);
	for (size_t i = 0; i < stage->out_count; i++) {
		const char *path = stage->outs[i].path;
		int there =
		    file_exists(project_absolute(project, &job->arena, path),
		        err);

		if (there < 0)
			return -1;
		if (!there)
			return err_set(err, MLDV_FAILED,
			    "stage '%s' did not make its output '%s' "
			    "(%s:%u)",
			    stage->name,
			    project_shown(project, &job->arena, path),
			    job->plan->ini, stage->line);
		job->step->made[i].path = path;
		if (store_output(job, path, &job->step->made[i].content, err) <
		    0)
			return -1;
	}
	return 0;
}

CHECKED static int commit(struct run_job *job, struct mldv_error *err)
{
	struct lock store = {0};
	int ret =
	    project_lock_store(job->plan->project, &store, LOCK_SHARED, err);

	if (ret == 0)
		ret = take_outputs(job, err);
	if (ret == 0)
		ret = record_run(job->plan, job->step, &job->run, err);
	if (ret >= 0)
		ret = record_lock(job->plan, job->step, job->staged, err);
	lock_release(&store);
	return ret;
}

/* Keeps what the stage printed; says whether there is anything to look at. */
static bool keep_log(struct run_job *job, const char *failed)
{
	struct mldv_error ignored;
	const char *log = path_join(&job->arena, failed, "log");

	return job->log.path && file_make_parents(log, &ignored) == 0 &&
	    tempfile_commit(&job->log, log, &ignored) == 0;
}

/* After a failure, which is in err; what fails here too is a warning. */
static void undo(struct run_job *job, struct mldv_error *err)
{
	struct mldv_project *project = job->plan->project;
	const struct stage *stage = job->step->stage;
	struct mldv_error cause;
	const char *failed;
	struct buf text = {0};
	bool kept = false;
	int ret;

	job->step->made = NULL;
	ret = failed_dir(project, &job->arena, stage->name, &failed, &cause);
	if (ret == 0) {
		kept = keep_log(job, failed);
		ret = journal_undo(&job->journal, failed, &cause);
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

/* Which old outputs somebody made by hand, or another program. */
static bool *find_unknown(struct run_job *job)
{
	const struct stage *stage = job->step->stage;
	bool *unknown =
	    arena_array(&job->arena, stage->out_count, sizeof *unknown);

	for (size_t i = 0; i < stage->out_count; i++)
		unknown[i] = !plan_is_stored(job->plan, stage->outs[i].path);
	return unknown;
}

/* The stage is recorded, so what fails here is a warning. */
static void end(struct run_job *job, const bool *unknown)
{
	struct mldv_project *project = job->plan->project;
	const char *name = job->step->stage->name;
	struct mldv_error cause;
	const char *failed = NULL;
	bool any = false;

	for (size_t i = 0; i < job->journal.count; i++) {
		struct journal_out *out = &job->journal.outs[i];

		out->keep = unknown[i] && out->had;
		any |= out->keep;
	}
	if ((any &&
	        failed_dir(project, &job->arena, name, &failed, &cause) < 0) ||
	    journal_end(&job->journal, failed, &cause) < 0)
		project_warn(project, "stage '%s': %s", name, cause.text);
}

CHECKED static int run_and_commit(struct run_job *job, struct mldv_error *err)
{
	const bool *unknown = find_unknown(job);
	int ret = watch_start(job->plan, job->step, &job->watch, err);

	if (ret == 0)
		ret = journal_begin(&job->journal, &job->arena,
		    job->plan->project, job->step->stage, err);
	if (ret == 0)
		ret = run_command(job, err);
	if (ret == 0)
		ret = watch_check(job->plan, job->step, &job->watch, err);
	if (ret == 0)
		ret = commit(job, err);
	if (ret < 0 && job->journal.open)
		undo(job, err);
	if (ret == 0)
		end(job, unknown);
	return ret;
}

int run_stage(struct plan *plan, struct step *step,
    const struct mldv_repro *options, struct strs *staged, double *seconds,
    struct mldv_error *err)
{
	struct run_job job = {
	    .plan = plan,
	    .step = step,
	    .options = options,
	    .staged = staged,
	    .runner = runner_of(step->stage),
	};
	double began = project_clock();
	int ret = run_and_commit(&job, err);

	*seconds = project_clock() - began;
	step->placed = ret == 0;
	tempfile_release(&job.log);
	lock_release(&job.journal.running);
	watch_release(&job.watch);
	strs_release(&job.how.argv);
	strs_release(&job.how.environment);
	arena_release(&job.arena);
	return ret;
}
