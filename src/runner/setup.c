/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/setup.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "format/paramfile.h"
#include "runner/environment.h"

/*
 * Into a directory that is nobody else's, and gone after a crash. The file is
 * not cut before it is written: ext4 would hurry it to the disk.
 */
CHECKED static int write_private(const char *path, const struct buf *text,
    struct mldv_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot create '%s'", path);
	ret = file_write(fd, path, buf_str(text), text->len, err);
	if (ret == 0 && ftruncate(fd, (off_t)text->len) < 0)
		ret = err_errno(err, "cannot write '%s'", path);
	(void)close(fd);
	return ret;
}

/* A file that has the text already keeps its times. */
CHECKED static int write_lasting(const char *path, const struct buf *text,
    struct mldv_error *err)
{
	struct mldv_error ignored;
	struct buf now = {0};
	bool same = file_read(path, text->len + 1, &now, &ignored) == 0 &&
	    now.len == text->len &&
	    memcmp(buf_str(&now), buf_str(text), text->len) == 0;

	buf_release(&now);
	if (same)
		return 0;
	if (file_make_parents(path, err) < 0)
		return -1;
	return file_replace(path, buf_str(text), text->len, err);
}

/* Git is told to leave it alone, as it is with outputs. */
CHECKED static int hide(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct strs staged = {0};
	int ret = git_is_ignored(project->git, path, NULL, err);

	if (ret == 0)
		ret = project_ignore(project, path, true, &staged, err);
	strs_release(&staged);
	return ret < 0 ? -1 : 0;
}

/* What params.write names is mldv's to write, so nobody else may keep it. */
CHECKED static int write_for_program(struct mldv_project *project,
    struct arena *arena, const struct stage *stage, const struct buf *text,
    struct mldv_error *err)
{
	const char *path = stage->params_write;
	int tracked;

	if (!path)
		return 0;
	tracked = git_is_tracked(project->git, path, err);
	if (tracked > 0)
		return err_set(err, MLDV_USAGE,
		    "'%s' is tracked by Git, but params.write makes it; run "
		    "'git rm --cached %s'",
		    project_shown(project, arena, path),
		    project_shown(project, arena, path));
	if (tracked < 0 ||
	    write_lasting(project_absolute(project, arena, path), text, err) <
	        0)
		return -1;
	return hide(project, path, err);
}

static void build(struct mldv_project *project, const struct stage *stage,
    const char *params, const char *temp, struct strs *out)
{
	struct environment environment = {
	    .stage = stage,
	    .root = project->root,
	    .params = params,
	    .temp = temp,
	};
	struct mldv_error ignored;

	if (stage->clean &&
	    git_time_of(project->git, "HEAD", &environment.commit_time,
	        &ignored) < 0)
		environment.commit_time = 0;
	environment_build(&environment, out);
}

/* Where a stage's parameters stay. */
static const char *lasting(const struct mldv_project *project,
    struct arena *arena, const struct stage *stage)
{
	return arena_printf(arena, "%s/params/%s/%s.json", project->home,
	    project->tree, stage->name);
}

int setup_job(struct runner_job *job, struct mldv_error *err)
{
	const char *params = job->temp
	    ? path_join(job->arena, job->temp, "params.json")
	    : lasting(job->project, job->arena, job->stage);
	struct buf text = {0};
	int ret;

	paramfile_format(job->stage, &text);
	ret = job->temp ? write_private(params, &text, err)
	                : write_lasting(params, &text, err);
	if (ret == 0)
		ret = write_for_program(job->project, job->arena, job->stage,
		    &text, err);
	if (ret == 0)
		build(job->project, job->stage, params, job->temp,
		    &job->environment);
	buf_release(&text);
	return ret;
}

int setup_by_hand(struct mldv_project *project, const struct stage *stage,
    struct strs *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	const char *params = lasting(project, &arena, stage);
	int ret;

	paramfile_format(stage, &text);
	ret = write_lasting(params, &text, err);
	if (ret == 0)
		ret = write_for_program(project, &arena, stage, &text, err);
	if (ret == 0)
		build(project, stage, params, NULL, out);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}
