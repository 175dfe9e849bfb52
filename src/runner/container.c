/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A stage's command in a container: `run = container`.
 *
 * It gets a project of its own, made of directories and of mounts: what the
 * stage reads lies where it does in the project, and cannot be written. What
 * it makes is moved to the project once it has succeeded; all else that it
 * wrote goes with the job's directory.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/project.h"
#include "runner/container.h"
#include "runner/containerimage.h"
#include "runner/copying.h"

struct boxed {
	struct container container;
	const char *root; /* what is CONTAINER_PROJECT there */
};

static int add_to_key(const struct runner_job *job, struct strs *lines,
    struct mldv_error *err)
{
	const struct stage *stage = job->stage;
	struct container_settings settings;

	if (stage->notebook || stage->entry)
		return err_set(err, MLDV_USAGE,
		    "%s:%u: stage '%s': 'run = container' takes a "
		    "'cmd', which may be papermill, and no '%s'",
		    stage->file, stage->line, stage->name,
		    stage->notebook ? "notebook" : "entry_point");
	if (!stage->image)
		return err_set(err, MLDV_USAGE,
		    "%s:%u: stage '%s' has no 'image = NAME', which "
		    "'run = container' needs",
		    stage->file, stage->line, stage->name);
	if (image_check(stage->image, err) < 0 ||
	    container_settings_read(stage, &settings, err) < 0 ||
	    image_add_to_key(job, stage->image, lines, err) < 0)
		return err_prefix(err, "stage '%s'", stage->name);
	return 0;
}

/* An empty file, to mount one on. */
static int make_file(const char *path, struct mldv_error *err)
{
	int fd;

	if (file_make_parents(path, err) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return err_errno(err, "cannot make '%s'", path);
	(void)close(fd);
	return 0;
}

static int add_file(struct boxed *boxed, const char *path, bool is_dir,
    struct mldv_error *err)
{
	struct runner_job *job = boxed->container.job;
	const char *at = path_join(job->arena, boxed->root, path);
	int ret = is_dir ? file_make_dirs(at, err) : make_file(at, err);

	if (ret == 0)
		container_add_mount(&boxed->container,
		    project_absolute(job->project, job->arena, path),
		    path_join(job->arena, CONTAINER_PROJECT, path), false);
	return ret;
}

/* Is it seen already, in a directory that is a dep too? */
static bool is_inside(const struct runner_job *job, const char *path)
{
	for (size_t i = 0; i < job->stage->dep_count; i++) {
		const struct runner_dep *dep = &job->deps[i];

		if (dep->content.kind == KIND_DIR &&
		    strcmp(dep->dep->path, path) != 0 &&
		    path_inside(path, dep->dep->path))
			return true;
	}
	return false;
}

static int add_dep(struct boxed *boxed, const struct runner_dep *dep,
    struct mldv_error *err)
{
	struct runner_job *job = boxed->container.job;
	const char *path = dep->dep->path;
	const char *to = path_join(job->arena, boxed->root, path);

	if (is_inside(job, path))
		return 0;
	if (dep->content.kind != KIND_LINK)
		return add_file(boxed, path, dep->content.kind == KIND_DIR,
		    err);
	/* A mount would be of what it points to. */
	if (file_make_parents(to, err) < 0)
		return -1;
	return copy_tree(job->arena,
	    project_absolute(job->project, job->arena, path), to, err);
}

static int add_files(struct boxed *boxed, struct mldv_error *err)
{
	struct runner_job *job = boxed->container.job;
	const struct stage *stage = job->stage;

	for (size_t i = 0; i < stage->dep_count; i++) {
		if (add_dep(boxed, &job->deps[i], err) < 0)
			return -1;
	}
	if (stage->params_write && !is_inside(job, stage->params_write) &&
	    add_file(boxed, stage->params_write, false, err) < 0)
		return -1;
	for (size_t i = 0; i < stage->out_count; i++) {
		if (file_make_parents(path_join(job->arena, boxed->root,
		                          stage->outs[i].path),
		        err) < 0)
			return -1;
	}
	return file_make_dirs(path_join(job->arena, boxed->root, stage->cwd),
	    err);
}

/* The words of [pipeline] shell, -c, the command. */
static void set_command(struct container *container)
{
	struct runner_job *job = container->job;
	struct strs shell = {0};
	const char **words;

	strs_add_words(&shell, job->shell);
	strs_add(&shell, "-c");
	words = arena_array(job->arena, shell.count + 2, sizeof *words);
	for (size_t i = 0; i < shell.count; i++)
		words[i] = arena_str(job->arena, shell.items[i]);
	words[shell.count] = job->stage->cmd;
	strs_release(&shell);
	container->entrypoint = words;
	container->dir =
	    path_join(job->arena, CONTAINER_PROJECT, job->stage->cwd);
}

static void set_environment(struct container *container)
{
	struct runner_job *job = container->job;

	container_take_environment(container);
	strs_add(&container->environment, "TMPDIR=" CONTAINER_TEMP);
	strs_add(&container->environment, "MLDV_ROOT=" CONTAINER_PROJECT);
	strs_add(&container->environment, "MLDV_PARAMS=" CONTAINER_PARAMS);
	container_add_mount(container,
	    path_join(job->arena, job->temp, "params.json"), CONTAINER_PARAMS,
	    false);
}

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	struct boxed *boxed = arena_alloc(job->arena, sizeof *boxed);
	struct container *container = &boxed->container;
	const char *temp = path_join(job->arena, job->temp, "temp");

	job->state = boxed;
	boxed->root = path_join(job->arena, job->temp, "project");
	if (container_open(container, job, err) < 0 ||
	    file_make_dirs(boxed->root, err) < 0 ||
	    file_make_dirs(temp, err) < 0)
		return -1;
	container_add_mount(container, boxed->root, CONTAINER_PROJECT, true);
	container_add_mount(container, temp, CONTAINER_TEMP, true);
	if (add_files(boxed, err) < 0)
		return -1;
	set_environment(container);
	set_command(container);
	container_start(container);
	container_release(container);
	return 0;
}

/* A directory above it may have become a link to anything here. */
static int check_place(const struct boxed *boxed, const char *from,
    struct mldv_error *err)
{
	const struct runner_job *job = boxed->container.job;
	char *root;
	char *dir;

	if (path_real(job->arena, boxed->root, &root, err) < 0 ||
	    path_real(job->arena, path_parent(job->arena, from), &dir, err) < 0)
		return -1;
	if (!path_inside(dir, root))
		return err_set(err, MLDV_FAILED,
		    "stage '%s' made a link of a directory above an output",
		    job->stage->name);
	return 0;
}

static int take_out(const struct boxed *boxed, const char *path,
    struct mldv_error *err)
{
	struct runner_job *job = boxed->container.job;
	const char *from = path_join(job->arena, boxed->root, path);
	const char *to = project_absolute(job->project, job->arena, path);
	struct stat here;
	struct stat there;

	if (lstat(from, &here) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0; /* which the pipeline will say */
	if (check_place(boxed, from, err) < 0)
		return -1;
	if (lstat(from, &here) < 0 ||
	    stat(path_parent(job->arena, to), &there) < 0)
		return err_errno(err, "cannot look at output '%s'", path);
	if (here.st_dev == there.st_dev)
		return file_rename(from, to, err);
	return copy_tree(job->arena, from, to, err);
}

static int finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	const struct boxed *boxed = job->state;

	if (container_check(&boxed->container, result, err) < 0)
		return -1;
	for (size_t i = 0; i < job->stage->out_count; i++) {
		if (take_out(boxed, job->stage->outs[i].path, err) < 0)
			return -1;
	}
	return 0;
}

static void stopped(struct runner_job *job)
{
	const struct boxed *boxed = job->state;

	container_stopped(&boxed->container);
}

const struct runner runner_container = {
    .name = "container",
    .version = 1,
    .add_to_key = add_to_key,
    .prepare = prepare,
    .finish = finish,
    .stopped = stopped,
};
