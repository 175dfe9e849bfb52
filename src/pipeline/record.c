/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/record.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "format/run.h"
#include "pipeline/enclosed.h"
#include "project/ignore.h"
#include "project/worktree.h"

/* Of an output in Git, to compare it; and of any file, to read the index. */
#define GIT_LIMIT   (16 << 20)
#define INDEX_LIMIT (1 << 30)

enum { FLUSH_SECONDS = 1 };

/* Is everything that the run made in the store? What is odd is a no. */
static bool is_all_there(struct plan *plan, const struct step *step)
{
	struct mldv_error cause;

	for (size_t i = 0; i < step->stage->out_count; i++) {
		const struct made *made = &step->made[i];
		int complete = worktree_complete(plan->project, &made->content,
		    NULL, &cause);

		if (complete < 0)
			project_warn(plan->project,
			    "stage '%s': no use of an earlier result: %s",
			    step->stage->name, cause.text);
		if (complete <= 0)
			return false;
	}
	return true;
}

/* Another process may have put it there since the packs were listed. */
static bool is_complete(struct plan *plan, const struct step *step)
{
	struct mldv_error ignored;

	return is_all_there(plan, step) ||
	    (store_refresh(plan->project->store, &ignored) == 0 &&
	        is_all_there(plan, step));
}

int record_find(struct plan *plan, struct step *step, struct mldv_error *err)
{
	struct mldv_error cause;
	struct buf text = {0};
	struct run run = {0};
	int found =
	    store_run_read(plan->project->store, &step->oid, &text, err);

	if (found > 0 &&
	    run_parse(&run, &plan->arena, &step->oid, buf_str(&text), text.len,
	        &cause) < 0) {
		project_warn(plan->project,
		    "stage '%s': no use of an earlier result: %s",
		    step->stage->name, cause.text);
		found = 0;
	}
	if (found > 0 &&
	    (!plan_take_made(plan, step, run.made, run.made_count) ||
	        !is_complete(plan, step))) {
		step->made = NULL;
		found = 0;
	}
	run_release(&run);
	buf_release(&text);
	return found;
}

static bool has_metric(const struct run_metric *list, size_t count,
    const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].name, name) == 0)
			return true;
	}
	return false;
}

/* What a job said beside what is in files. */
static void add_said(const struct record_run *how, struct arena *arena,
    struct run *run)
{
	size_t from_files = run->metric_count;
	struct run_metric *all =
	    arena_array(arena, from_files + how->metric_count + 1, sizeof *all);

	if (from_files > 0)
		memcpy(all, run->metrics, from_files * sizeof *all);
	for (size_t i = 0; i < how->metric_count; i++) {
		if (!has_metric(all, from_files, how->metrics[i].name))
			all[run->metric_count++] = how->metrics[i];
	}
	run->metrics = all;
}

void record_run(struct plan *plan, const struct step *step,
    const struct record_run *how)
{
	struct utsname name = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct buf platform = {0};
	struct run run = {
	    .stage = step->stage->name,
	    .started = how->started,
	    .took = how->took,
	    .host = "unknown",
	    .job = how->job,
	    .cost = how->cost,
	    .about = how->about,
	    .about_count = how->about_count,
	    .made = step->made,
	    .made_count = step->stage->out_count,
	    .key = step->key,
	};

	if (uname(&name) == 0 && name.nodename[0])
		run.host = name.nodename;
	buf_printf(&platform, "%s %s", name.sysname, name.machine);
	run.platform = buf_str(&platform);
	origin_fill(plan, step->stage, &arena, &run);
	add_said(how, &arena, &run);
	enclosed_add(plan, step, &arena, &run);
	run_format(&run, &text);
	store_run_keep(plan->project->store, &step->oid, &text);
	buf_release(&platform);
	buf_release(&text);
	arena_release(&arena);
}

/* What follows one that goes moves up. */
static void prune(const struct plan *plan, struct lockfile *lock)
{
	size_t i = 0;

	while (i < lock->count) {
		if (plan_find(plan, lock->stages[i].name) ||
		    !lockfile_remove(lock, lock->stages[i].name))
			i++;
	}
}

static const char *lock_name(const struct mldv_project *project,
    struct arena *arena)
{
	return arena_printf(arena, "lock-%s", project->tree);
}

/* Writes the lock, if it is not what the file says: 1; else 0. */
CHECKED static int write_lock(struct plan *plan, struct mldv_error *err)
{
	struct arena arena = {0};
	struct mldv_error cause;
	struct buf before = {0};
	struct buf after = {0};
	int ret = 0;

	/* None at all is an empty file, which is no lock. */
	if (file_read(project_absolute(plan->project, &arena, PROJECT_LOCK),
	        LOCKFILE_LIMIT, &before, &cause) < 0 &&
	    cause.code != MLDV_NOT_FOUND) {
		*err = cause;
		ret = -1;
	}
	lockfile_format(&plan->lock, &after);
	if (ret == 0 &&
	    (after.len != before.len ||
	        memcmp(buf_str(&after), buf_str(&before), after.len) != 0) &&
	    (before.len > 0 || plan->lock.count > 0)) {
		ret = project_write_lock(plan->project, &plan->lock, err) < 0
		    ? -1
		    : 1;
		if (ret > 0)
			plan_stamp_lock(plan);
	}
	buf_release(&before);
	buf_release(&after);
	arena_release(&arena);
	return ret;
}

/* Reads the lock anew, and edits it: 1 if it was another one; else 0. */
CHECKED static int change_lock(struct plan *plan, struct mldv_error *err)
{
	struct lock lock = {0};
	int ret = project_lock(plan->project, &lock,
	    lock_name(plan->project, &plan->arena), LOCK_EXCLUSIVE, err);

	if (ret == 0)
		ret = plan_refresh_lock(plan, err);
	if (ret >= 0) {
		prune(plan, &plan->lock);
		for (size_t i = 0; i < plan->noted_count; i++) {
			struct step *step = &plan->steps[plan->noted[i]];

			lockfile_set(&plan->lock, step->stage->name, &step->oid,
			    &step->key, step->made, step->stage->out_count);
			if (step->claim != CLAIM_NONE)
				lockfile_claim(&plan->lock, step->stage->name,
				    step->claim, &step->claim_old,
				    step->claim_why);
		}
		ret = write_lock(plan, err);
	}
	lock_release(&lock);
	return ret;
}

/* It may have been an output that Git did not keep. */
CHECKED static int show_output(struct plan *plan, const char *path,
    struct strs *staged, struct mldv_error *err)
{
	struct buf rule = {0};
	int ignored = git_is_ignored(plan->project->git, path, NULL, err);
	int ret = ignored < 0 ? -1 : 0;

	if (ignored > 0) {
		ret = project_ignore(plan->project, path, false, staged, err);
		if (ret == 0)
			ignored = git_is_ignored(plan->project->git, path,
			    &rule, err);
		if (ignored > 0)
			project_warn(plan->project,
			    "'%s' has git=yes, but Git ignores it (%s)", path,
			    buf_str(&rule));
		if (ignored < 0)
			ret = -1;
	}
	buf_release(&rule);
	return ret;
}

/* Keeps .gitignore as it should be; git gets the outputs that Git keeps. */
CHECKED static int set_ignored(struct plan *plan, const struct stage *stage,
    struct strs *git, struct strs *hidden, struct strs *staged,
    struct mldv_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < stage->out_count; i++) {
		const char *path = stage->outs[i].path;

		if (stage->outs[i].git) {
			ret = show_output(plan, path, staged, err);
			strs_add(git, path);
			continue;
		}
		ret = git_is_ignored(plan->project->git, path, NULL, err);
		if (ret == 0)
			strs_add(hidden, path);
		ret = ret < 0 ? -1 : 0;
	}
	return ret;
}

CHECKED static int hide(struct plan *plan, const struct strs *paths,
    struct strs *staged, struct mldv_error *err)
{
	struct ignores ignores = {0};
	int ret = 0;

	if (paths->count > 0) {
		ret = ignores_write_all(plan->project, paths, &ignores, err);
		if (ret == 0)
			ret = ignores_stage(plan->project, &ignores, true,
			    staged, err);
	}
	ignores_release(&ignores);
	return ret;
}

void record_note(struct plan *plan, const struct step *step)
{
	plan->noted[plan->noted_count++] = (size_t)(step - plan->steps);
}

void record_forget(struct plan *plan, const struct step *step)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->noted_count; i++) {
		if (&plan->steps[plan->noted[i]] != step)
			plan->noted[kept++] = plan->noted[i];
	}
	plan->noted_count = kept;
	/* That of no file. */
	plan->lock_stamp = (struct lock_stamp){.inode = UINT64_MAX};
}

CHECKED static int flush(struct plan *plan, struct strs *staged,
    struct mldv_error *err)
{
	struct strs paths = {0};
	struct strs hidden = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < plan->noted_count; i++)
		ret = set_ignored(plan, plan->steps[plan->noted[i]].stage,
		    &paths, &hidden, staged, err);
	if (ret == 0)
		ret = hide(plan, &hidden, staged, err);
	if (ret == 0)
		ret = change_lock(plan, err);
	if (ret > 0)
		strs_add(&paths, PROJECT_LOCK);
	if (ret >= 0)
		ret = project_stage(plan->project, &paths, staged, err);
	strs_release(&paths);
	strs_release(&hidden);
	return ret < 0 ? -1 : 0;
}

bool record_is_due(const struct plan *plan)
{
	return plan->noted_count > 0 &&
	    project_clock() - plan->flushed_at >= FLUSH_SECONDS;
}

int record_flush(struct plan *plan, bool all, struct strs *staged,
    struct mldv_error *err)
{
	if (plan->noted_count == 0 || (!all && !record_is_due(plan)))
		return 0;
	if (flush(plan, staged, err) < 0)
		return -1;
	plan->noted_count = 0;
	plan->flushed_at = project_clock();
	return 0;
}

/* Is the output in Git's index as it was made? */
CHECKED static int is_staged(struct plan *plan, const struct made *made,
    struct mldv_error *err)
{
	struct buf text = {0};
	struct oid oid;
	int ret;

	if (made->content.kind == KIND_DIR || made->content.size > GIT_LIMIT)
		return git_is_tracked(plan->project->git, made->path, err);
	ret = git_read(plan->project->git, ":0", made->path, INDEX_LIMIT, &text,
	    err);
	if (ret > 0) {
		hasher_oid(plan->hasher, buf_str(&text), text.len, &oid);
		ret = oid_equal(&oid, &made->content.oid);
	}
	buf_release(&text);
	return ret;
}

int record_git(struct plan *plan, const struct step *step, struct strs *staged,
    struct mldv_error *err)
{
	const struct stage *stage = step->stage;
	struct strs kept = {0};
	struct strs hidden = {0};
	struct strs new = {0};
	int ret = set_ignored(plan, stage, &kept, &hidden, staged, err);

	if (ret == 0)
		ret = hide(plan, &hidden, staged, err);

	for (size_t i = 0; ret == 0 && step->placed && i < stage->out_count;
	     i++) {
		int is_there = 1;

		if (stage->outs[i].git)
			is_there = is_staged(plan, &step->made[i], err);
		if (is_there == 0)
			strs_add(&new, stage->outs[i].path);
		ret = is_there < 0 ? -1 : 0;
	}
	if (ret == 0)
		ret = project_stage(plan->project, &new, staged, err);
	strs_release(&kept);
	strs_release(&hidden);
	strs_release(&new);
	return ret;
}

int record_prune(struct plan *plan, struct strs *staged, struct mldv_error *err)
{
	struct strs paths = {0};
	int ret = change_lock(plan, err);

	if (ret > 0) {
		strs_add(&paths, PROJECT_LOCK);
		ret = project_stage(plan->project, &paths, staged, err);
	}
	strs_release(&paths);
	return ret;
}
