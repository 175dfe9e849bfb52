/* SPDX-License-Identifier: Apache-2.0 */

/* What goes to a job on another machine, and what comes from it. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonout.h"
#include "base/path.h"
#include "format/run.h"
#include "project/worktree.h"
#include "remote/confirm.h"
#include "runner/elsewhere.h"

/* A bundle that is older is sent again, before it expires. */
#define YOUNG ((uint64_t)3 * 24 * 3600)

/* --- there --- */

/* A file that Git has travels with the code. */
static int travels_with_git(const struct elsewhere *job,
    const struct parcel_dep *dep, struct mldv_error *err)
{
	if (dep->content.kind == KIND_DIR)
		return 0;
	return git_is_tracked(job->project->git, dep->path, err);
}

static int send_dep(const struct elsewhere *job, const struct parcel_dep *dep,
    struct mldv_error *err)
{
	static const struct remote_push how = {0};
	struct mldv_project *project = job->project;
	struct remote_count count = {0};
	struct content now;
	int ret = travels_with_git(job, dep, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = worktree_complete(project, &dep->content, NULL, err);
	if (ret == 0) {
		ret = worktree_store(project, dep->path, &now, NULL, err);
		if (ret == 0 && !content_equal(&now, &dep->content))
			return err_set(err, MLDV_FAILED,
			    "input '%s' was changed before the job was started",
			    dep->path);
	}
	if (ret < 0)
		return -1;
	remote_set_label(job->remote, dep->path);
	return remote_push(job->remote, project->store, &dep->content, &how,
	    &count, err);
}

static int send_deps(const struct elsewhere *job, struct mldv_error *err)
{
	const struct parcel *parcel = &job->file.parcel;
	struct lock lock = {0};
	int ret = project_lock_store(job->project, &lock, LOCK_SHARED, err);

	for (size_t i = 0; ret == 0 && i < parcel->dep_count; i++)
		ret = send_dep(job, &parcel->deps[i], err);
	lock_release(&lock);
	return ret;
}

static int send_file(struct elsewhere *job, const char *name, const char *path,
    struct mldv_error *err)
{
	struct remote_plain file = {.name = name, .file = path};
	struct buf bytes = {0};
	int ret = file_read(path, PARCEL_SOURCE, &bytes, err);

	if (ret == 0) {
		oid_of(buf_str(&bytes), bytes.len, &file.oid);
		file.size = bytes.len;
		ret = remote_plain_put_many(job->remote, &file, 1, err);
	}
	buf_release(&bytes);
	return ret;
}

static int send_source(struct elsewhere *job, const char *commit,
    struct mldv_error *err)
{
	const char *name = parcel_source(&job->arena, commit);
	struct tempfile temp = {0};
	int ret = remote_plain_has(job->remote, name, YOUNG, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = tempfile_open(&temp, path_parent(&job->arena, job->file.result),
	    0600, err);
	if (ret == 0)
		ret = git_bundle_write(job->project->git, commit, temp.fd, err);
	if (ret == 0)
		ret = send_file(job, name, temp.path, err);
	tempfile_release(&temp);
	return ret;
}

int elsewhere_send(struct elsewhere *job, struct mldv_error *err)
{
	struct parcel *parcel = &job->file.parcel;
	struct buf commit = {0};
	struct buf base = {0};
	struct buf text = {0};
	struct jsonout json = {.out = &text};
	int ret = send_deps(job, err);

	if (ret == 0)
		ret = git_snapshot(job->project->git, PROJECT_LOCK, &base,
		    &commit, err);
	if (ret == 0) {
		parcel->commit = arena_str(&job->arena, buf_str(&commit));
		parcel->base = arena_str(&job->arena, buf_str(&base));
		ret = send_source(job, parcel->commit, err);
	}
	if (ret == 0) {
		parcel_put(parcel, &json, NULL);
		ret = remote_plain_put(job->remote,
		    parcel_name(&job->arena, "parcels", parcel->key, 0),
		    text.data, text.len, err);
	}
	buf_release(&commit);
	buf_release(&base);
	buf_release(&text);
	return ret;
}

/* --- and back --- */

/* The record is that of the machine that ran it; what this one knows of the
   job is added. */
static int keep_record(struct elsewhere *job, struct run *run,
    const struct oid *key, struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	if (job->name)
		run->job = job->name;
	if (job->cost)
		run->cost = job->cost;
	run_format(run, &text);
	store_run_keep(job->project->store, key, &text);
	ret = store_runs_end(job->project->store, err);
	buf_release(&text);
	return ret;
}

static const struct made *find_made(const struct run *run, const char *path)
{
	for (size_t i = 0; i < run->made_count; i++) {
		if (strcmp(run->made[i].path, path) == 0)
			return &run->made[i];
	}
	return NULL;
}

/* Is all of it to be had? 1, or 0. */
static int has_all(struct elsewhere *job, const struct run *run,
    struct mldv_error *err)
{
	int ret = 1;

	for (size_t i = 0; ret > 0 && i < job->file.outs.count; i++) {
		const struct made *made =
		    find_made(run, job->file.outs.items[i]);

		ret = made
		    ? worktree_complete(job->project, &made->content, NULL, err)
		    : 0;
		if (ret == 0 && made)
			ret = remote_has(job->remote, &made->content, err);
	}
	return ret;
}

static int place(struct elsewhere *job, const struct made *made,
    struct mldv_error *err)
{
	struct mldv_project *project = job->project;
	int ret = worktree_complete(project, &made->content, NULL, err);

	remote_set_label(job->remote, made->path);
	if (ret == 0)
		ret = parcel_fetch(project, job->remote, &made->content, err);
	if (ret < 0)
		return -1;
	return worktree_place(project, made->path, &made->content, true, NULL,
	    err);
}

static int take(struct elsewhere *job, struct run *run, const struct oid *key,
    struct mldv_error *err)
{
	struct lock lock = {0};
	int ret = project_lock_store(job->project, &lock, LOCK_SHARED, err);

	if (ret == 0)
		ret = has_all(job, run, err);
	for (size_t i = 0; ret > 0 && i < job->file.outs.count; i++) {
		const struct made *made =
		    find_made(run, job->file.outs.items[i]);

		ret = made && place(job, made, err) < 0 ? -1 : 1;
	}
	if (ret > 0 && keep_record(job, run, key, err) < 0)
		ret = -1;
	lock_release(&lock);
	return ret;
}

int elsewhere_fetch(struct elsewhere *job, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct run run = {0};
	struct oid key;
	int ret = 0;

	if (!oid_parse(&key, slice_of(job->file.key)))
		return err_set(err, MLDV_CORRUPT, "'%s' is no key",
		    job->file.key);
	ret = remote_run_get(job->remote, &key, &text, err);
	if (ret > 0 &&
	    run_parse(&run, &arena, &key, text.data, text.len, err) < 0)
		ret = -1;
	if (ret > 0)
		ret = take(job, &run, &key, err);
	run_release(&run);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}
