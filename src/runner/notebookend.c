/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What came of a notebook. It succeeded if papermill's status is 0, papermill
 * recorded no exception, and every cell ran: each of the three alone is true
 * of runs that failed.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/notebook.h"

/* papermill's status when the kernel died (nbclient's DeadKernelError). */
#define STATUS_DEAD 138

/* How long strays have to end by themselves. */
enum {
	TICK_MS = 20,
	TICKS = 100,
};

/* How many failed notebooks of a stage are kept. */
#define KEEP 3

struct ending {
	struct runner_job *job;
	const struct proc_result *result;
	const char *shown; /* the notebook, as the user calls it */
	struct buf text;   /* what papermill left; empty: nothing */
	struct notebook notebook;
	struct notebook_outcome outcome;
};

CHECKED static int read_result(struct ending *ending, struct mldv_error *err)
{
	const struct notebook_job *own = ending->job->state;
	struct mldv_error cause;

	if (file_read(own->result, NOTEBOOK_LIMIT, &ending->text, &cause) < 0) {
		buf_reset(&ending->text);
		if (cause.code == MLDV_NOT_FOUND)
			return 0;
		*err = cause;
		return -1;
	}
	/* papermill was killed while it wrote: what is there is kept. */
	if (notebook_parse(&ending->notebook,
	        (struct slice){buf_str(&ending->text), ending->text.len},
	        &cause) < 0)
		return 0;
	notebook_outcome(&ending->notebook, &ending->outcome);
	return 0;
}

/* The text's first line, in parts that fit into a message. */
static int first_line(const char *text)
{
	size_t len = strcspn(text, "\r\n");

	return len < 500 ? (int)len : 500;
}

CHECKED static int stopped(const struct ending *ending, struct mldv_error *err)
{
	const struct notebook_outcome *outcome = &ending->outcome;
	const char *name = ending->job->stage->name;
	const char *text = outcome->text ? outcome->text : "";

	if (notebook_left_early(outcome))
		return err_set(err, MLDV_FAILED,
		    "stage '%s': notebook '%s' stopped in cell %u by "
		    "sys.exit(%s); mldv decides when to run, delete this cell",
		    name, ending->shown, outcome->cell, text);
	return err_set(err, MLDV_FAILED,
	    "stage '%s': notebook '%s' failed in cell %u: %s%s%.*s", name,
	    ending->shown, outcome->cell,
	    outcome->name ? outcome->name : "it says no more",
	    text[0] ? ": " : "", first_line(text), text);
}

/* It ended badly, and no cell says why. */
CHECKED static int broke(const struct ending *ending, struct mldv_error *err)
{
	const struct notebook_outcome *outcome = &ending->outcome;
	const struct proc_result *result = ending->result;
	const char *name = ending->job->stage->name;
	char where[64] = "before its first cell ran";

	if (outcome->begun > 0)
		(void)snprintf(where, sizeof where, "in cell %u",
		    outcome->begun);
	if (result->signal != 0)
		return err_set(err, MLDV_FAILED,
		    "stage '%s': papermill was killed by signal %d while it "
		    "ran notebook '%s', %s",
		    name, result->signal, ending->shown, where);
	if (result->status == STATUS_DEAD)
		return err_set(err, MLDV_FAILED,
		    "stage '%s': the kernel of notebook '%s' died %s; perhaps "
		    "there was not enough memory",
		    name, ending->shown, where);
	return err_set(err, MLDV_FAILED,
	    "stage '%s': papermill failed with status %d on notebook '%s', %s",
	    name, result->status, ending->shown, where);
}

CHECKED static int judge(const struct ending *ending, struct mldv_error *err)
{
	const struct notebook_outcome *outcome = &ending->outcome;
	const struct stage *stage = ending->job->stage;
	bool ended = ending->result->status == 0 && ending->result->signal == 0;

	if (ended && notebook_left_early(outcome) && stage->allow_early_exit)
		return 0;
	if (outcome->stopped)
		return stopped(ending, err);
	if (!ended)
		return broke(ending, err);
	if (!ending->notebook.root)
		return err_set(err, MLDV_FAILED,
		    "stage '%s': papermill wrote no notebook", stage->name);
	if (!outcome->complete)
		return err_set(err, MLDV_FAILED,
		    "stage '%s': cell %u of notebook '%s' did not run",
		    stage->name, outcome->cell, ending->shown);
	return 0;
}

/* The directory must be Git's business nowhere. */
CHECKED static int make_ignored_dir(const char *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *ignore = path_join(&arena, dir, ".gitignore");
	int there = file_exists(ignore, err);
	int ret = there < 0 ? -1 : 0;

	if (there == 0)
		ret = file_make_dirs(dir, err);
	if (there == 0 && ret == 0)
		ret = file_replace(ignore, "*\n", 2, err);
	arena_release(&arena);
	return ret;
}

/* "train_20261124153000.ipynb" for "train"? */
static bool is_failed_copy(const char *file, const char *stage)
{
	size_t len = strlen(stage);

	return strncmp(file, stage, len) == 0 && file[len] == '_' &&
	    strspn(file + len + 1, "0123456789") == 14 &&
	    strcmp(file + len + 15, ".ipynb") == 0;
}

/* The names sort by their time. */
CHECKED static int prune(const char *dir, const char *stage,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = file_list(dir, &names, err);
	size_t kept = 0;

	for (size_t i = names.count; ret == 0 && i-- > 0;) {
		if (is_failed_copy(names.items[i], stage) && ++kept > KEEP)
			ret =
			    file_remove(path_join(&arena, dir, names.items[i]),
			        err);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* Puts away how far it came; *out is how the user calls that file. */
CHECKED static int keep(const struct ending *ending, const char **out,
    struct mldv_error *err)
{
	struct runner_job *job = ending->job;
	const struct stage *stage = job->stage;
	const char *reports = stage_reports(stage, job->arena);
	const char *dir = path_join(job->arena, reports, "failed");
	const char *absolute = project_absolute(job->project, job->arena, dir);
	const char *path;
	time_t now = time(NULL);
	struct tm parts;
	char stamp[32];

	(void)gmtime_r(&now, &parts);
	(void)strftime(stamp, sizeof stamp, "%Y%m%d%H%M%S", &parts);
	path = path_join(job->arena, dir,
	    arena_printf(job->arena, "%s_%s.ipynb", stage->name, stamp));
	if (make_ignored_dir(absolute, err) < 0 ||
	    file_replace(project_absolute(job->project, job->arena, path),
	        ending->text.data, ending->text.len, err) < 0)
		return -1;
	if (prune(absolute, stage->name, err) < 0)
		return -1;
	*out = project_shown(job->project, job->arena, path);
	return 0;
}

/* The output that is the executed notebook. */
static const struct stage_out *find_out(const struct stage *stage)
{
	for (size_t i = 0; i < stage->out_count; i++) {
		if (stage->outs[i].kind == OUT_NOTEBOOK)
			return &stage->outs[i];
	}
	return NULL;
}

CHECKED static int deliver(const struct ending *ending, struct mldv_error *err)
{
	struct runner_job *job = ending->job;
	const struct stage_out *out = find_out(job->stage);

	if (!out)
		return 0;
	return file_replace(project_absolute(job->project, job->arena,
	                        out->path),
	    ending->text.data, ending->text.len, err);
}

/* What went wrong is in err. */
static void keep_and_say(const struct ending *ending, struct mldv_error *err)
{
	const struct mldv_error cause = *err;
	struct mldv_error ignored;
	const char *path;

	if (keep(ending, &path, &ignored) == 0)
		(void)err_set(err, cause.code,
		    "%s; the notebook as far as it ran is '%s'", cause.text,
		    path);
}

/*
 * The kernel is in a session of its own, and so may be what it started: it is
 * known by the directory that only this job has.
 */
static void end_strays(const struct runner_job *job)
{
	const struct timespec tick = {0, TICK_MS * 1000000L};
	struct proc strays = {
	    .pid = -1,
	    .output = -1,
	    .ended = -1,
	    .mark = arena_printf(job->arena, "TMPDIR=%s", job->temp),
	};
	size_t left = proc_signal_strays(&strays, SIGTERM);

	for (int i = 0; left > 0 && i < TICKS; i++) {
		(void)nanosleep(&tick, NULL);
		left = proc_signal_strays(&strays, 0);
	}
	if (left > 0)
		(void)proc_signal_strays(&strays, SIGKILL);
	proc_close(&strays);
}

void notebook_cut_off(struct runner_job *job, struct mldv_error *err)
{
	struct ending ending = {.job = job};
	struct mldv_error ignored;

	end_strays(job);
	if (read_result(&ending, &ignored) == 0 && ending.text.len > 0)
		keep_and_say(&ending, err);
	notebook_release(&ending.notebook);
	buf_release(&ending.text);
}

int notebook_finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	struct ending ending = {
	    .job = job,
	    .result = result,
	    .shown =
	        project_shown(job->project, job->arena, job->stage->notebook),
	};
	int ret;

	end_strays(job);
	ret = read_result(&ending, err);
	if (ret == 0)
		ret = judge(&ending, err);
	if (ret == 0)
		ret = deliver(&ending, err);
	if (ret < 0 && ending.text.len > 0)
		keep_and_say(&ending, err);
	notebook_release(&ending.notebook);
	buf_release(&ending.text);
	return ret;
}
