/* SPDX-License-Identifier: Apache-2.0 */
#include "project/project.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "format/oid.h"
#include "format/stages.h"
#include "project/inifiles.h"
#include "project/init.h"
#include "project/settings.h"
#include "project/sweep.h"

static const struct mldv_events no_events;

char *project_store_dir(const struct mldv_project *project, struct arena *arena)
{
	const char *dir = config_get(&project->config, "store.dir");
	const char *home = getenv("HOME");

	if (!dir || !*dir)
		return arena_printf(arena, "%s/store", project->home);
	if (strncmp(dir, "~/", 2) == 0 && home && *home)
		return path_join(arena, home, dir + 2);
	return path_join(arena, project->root, dir);
}

/* The directory the user stands in, from the root; "" if it is elsewhere. */
static int find_prefix(struct mldv_project *project, const char *dir,
    struct mldv_error *err)
{
	const char *inside;
	char *real;

	if (path_real(&project->arena, dir, &real, err) < 0)
		return -1;
	inside = path_inside(real, project->root);
	project->prefix = inside ? inside : "";
	return 0;
}

static int check_is_project(struct mldv_project *project,
    struct mldv_error *err)
{
	int found =
	    file_exists(project_absolute(project, &project->arena, PROJECT_INI),
	        err);

	if (found == 0)
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no " PROJECT_INI " in '%s'; run 'mldv init'",
		    project->root);
	return found < 0 ? -1 : 0;
}

/*
 * The main work tree has a name that stays when the repository is moved;
 * linked ones have no other than where they are.
 */
static void name_tree(struct mldv_project *project)
{
	const char *inner =
	    path_inside(git_common(project->git), project->root);

	project->tree = inner && strcmp(inner, ".git") == 0
	    ? "main"
	    : arena_printf(&project->arena, "%016llx",
	          (unsigned long long)str_hash(STR_HASH, project->root));
}

static int open_in(struct mldv_project *project, const char *dir,
    struct mldv_error *err)
{
	if (git_open(&project->git, dir, err) < 0)
		return -1;
	project->root = arena_str(&project->arena, git_root(project->git));
	project->home =
	    arena_printf(&project->arena, "%s/mldv", git_common(project->git));
	name_tree(project);
	if (find_prefix(project, dir, err) < 0 ||
	    check_is_project(project, err) < 0)
		return -1;
	project->root_fd =
	    open(project->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (project->root_fd < 0)
		return err_errno(err, "cannot open '%s'", project->root);
	if (settings_load(project, err) < 0)
		return -1;
	config_list(&project->config, "add.ignore", &project->ignore);
	project->store =
	    store_open(project_store_dir(project, &project->arena));
	/* Also for a command that has nothing to do, and so sweeps nothing. */
	git_sweep(project->git);
	return 0;
}

int mldv_project_open(struct mldv_project **out, const char *dir,
    const struct mldv_events *events, struct mldv_error *err)
{
	struct mldv_project *project = xcalloc(1, sizeof *project);

	project->root_fd = -1;
	project->events = events ? events : &no_events;
	if (open_in(project, dir, err) < 0) {
		mldv_project_close(project);
		return -1;
	}
	*out = project;
	return 0;
}

void mldv_project_close(struct mldv_project *project)
{
	if (!project)
		return;
	if (project->store && store_damaged(project->store))
		project_warn(project,
		    "the pack '%s' is damaged, and was passed over; run 'mldv "
		    "fsck'",
		    store_damaged(project->store));
	if (project->store)
		store_close(project->store);
	if (project->git)
		git_close(project->git);
	if (project->root_fd >= 0)
		close(project->root_fd);
	strs_release(&project->ignore);
	lock_release(&project->work);
	arena_release(&project->arena);
	free(project);
}

void mldv_project_no_wait(struct mldv_project *project)
{
	project->no_wait = true;
}

static int path_outside(const struct mldv_project *project,
    const char *argument, struct mldv_error *err)
{
	return err_set(err, MLDV_USAGE, "'%s' is outside the repository '%s'",
	    argument, project->root);
}

/*
 * Finds an absolute path that is not inside the root as a text, but may be
 * through a symbolic link above the root.
 */
static const char *inside_by_links(const struct mldv_project *project,
    struct arena *arena, const char *path)
{
	struct mldv_error ignored;
	char *real;

	if (path_real(arena, path_parent(arena, path), &real, &ignored) < 0)
		return NULL;
	return path_inside(path_join(arena, real, path_base(path)),
	    project->root);
}

int mldv_project_path(struct mldv_project *project, const char *argument,
    struct buf *out, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *here = path_join(&arena, project->root, project->prefix);
	const char *path;
	const char *inside;
	int ret = -1;

	if (argument[0] == '\0') {
		(void)err_set(err, MLDV_USAGE, "an empty path names nothing");
		goto out;
	}
	path = path_clean(&arena, path_join(&arena, here, argument));
	inside = path_inside(path, project->root);
	if (!inside)
		inside = inside_by_links(project, &arena, path);
	if (!inside) {
		(void)path_outside(project, argument, err);
		goto out;
	}
	buf_add_str(out, inside);
	ret = 0;
out:
	arena_release(&arena);
	return ret;
}

void mldv_project_show(const struct mldv_project *project, const char *path,
    struct buf *out)
{
	struct arena arena = {0};

	buf_add_str(out, project_shown(project, &arena, path));
	arena_release(&arena);
}

const char *project_shown(const struct mldv_project *project,
    struct arena *arena, const char *path)
{
	return path_from(arena, path, project->prefix);
}

char *project_absolute(const struct mldv_project *project, struct arena *arena,
    const char *path)
{
	return path_join(arena, project->root, path);
}

void project_progress(const struct mldv_project *project,
    const struct mldv_progress *progress)
{
	if (project->events->progress)
		project->events->progress(project->events->context, progress);
}

void project_warn(const struct mldv_project *project, const char *fmt, ...)
{
	char text[sizeof((struct mldv_error *)0)->text];
	va_list args;

	if (!project->events->warn)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	project->events->warn(project->events->context, text);
}

static bool is_cancelled(void *context)
{
	const struct mldv_project *project = context;

	return project->events->cancelled &&
	    project->events->cancelled(project->events->context);
}

int project_check(const struct mldv_project *project, struct mldv_error *err)
{
	if (project->events->cancelled &&
	    project->events->cancelled(project->events->context))
		return err_set(err, MLDV_INTERRUPTED, "interrupted");
	return 0;
}

double project_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int project_sleep(const struct mldv_project *project, double seconds,
    struct mldv_error *err)
{
	double end = project_clock() + seconds;

	do {
		const struct timespec piece = {0, 50 * 1000 * 1000};

		if (project_check(project, err) < 0)
			return -1;
		(void)nanosleep(&piece, NULL);
	} while (project_clock() < end);
	return project_check(project, err);
}

static void say_waiting(void *context, const char *holder)
{
	project_warn(context, "waiting for %s", holder);
}

/* A clone was not initialised: its first lock stands for its first write. */
static int prepare_home(struct mldv_project *project, const char *locks,
    struct mldv_error *err)
{
	int found = file_exists(locks, err);

	if (found != 0)
		return found < 0 ? -1 : 0;
	if (init_exclude(git_common(project->git), err) < 0)
		return -1;
	return file_make_dirs(locks, err);
}

int project_lock(struct mldv_project *project, struct lock *lock,
    const char *name, enum lock_mode mode, struct mldv_error *err)
{
	const struct lock_options options = {
	    .no_wait = project->no_wait,
	    .waiting = say_waiting,
	    .cancelled = is_cancelled,
	    .context = project,
	};
	struct arena arena = {0};
	char *dir = path_join(&arena, project->home, "locks");
	int ret = -1;

	if (prepare_home(project, dir, err) == 0)
		ret = lock_take(lock, path_join(&arena, dir, name), mode,
		    &options, err);
	arena_release(&arena);
	return ret;
}

int project_try_lock(struct mldv_project *project, struct lock *lock,
    const char *name, struct buf *holder, struct mldv_error *err)
{
	struct arena arena = {0};
	char *dir = path_join(&arena, project->home, "locks");
	int ret = -1;

	if (prepare_home(project, dir, err) == 0)
		ret = lock_try(lock, path_join(&arena, dir, name),
		    LOCK_EXCLUSIVE, holder, err);
	arena_release(&arena);
	return ret;
}

int project_lock_store(struct mldv_project *project, struct lock *lock,
    enum lock_mode mode, struct mldv_error *err)
{
	return project_lock(project, lock, "store", mode, err);
}

int project_lock_item(struct mldv_project *project, struct lock *lock,
    const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	char hex[OID_HEX + 1];
	char *full = project_absolute(project, &arena, path);
	struct oid oid;
	int ret = sweep_begin(project, path, err);

	/* Of the absolute path, since work trees share the directory. */
	oid_of(full, strlen(full), &oid);
	oid_hex(&oid, hex);
	if (ret == 0)
		ret = project_lock(project, lock,
		    arena_printf(&arena, "item-%.16s", hex), LOCK_EXCLUSIVE,
		    err);
	arena_release(&arena);
	return ret;
}

int project_read_ini(struct mldv_project *project, struct buf *text,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_read(project_absolute(project, &arena, PROJECT_INI),
	    INI_LIMIT, text, err);

	arena_release(&arena);
	return ret;
}

static int check_ini(struct mldv_project *project, const struct buf *text,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct stages stages = {0};
	struct strs none = {0};
	struct ini_files files;
	struct ini ini = {0};
	int ret = -1;

	if (ini_parse(&ini, &arena, project_shown(project, &arena, PROJECT_INI),
	        buf_str(text), text->len, err) == 0 &&
	    config_check(&ini, CONFIG_PROJECT, err) == 0) {
		ini_files_set(&files, project, NULL, &ini);
		ret = stages_parse(&stages, &arena, &ini, &none, err);
	}
	arena_release(&arena);
	return ret;
}

int project_write_ini(struct mldv_project *project, const struct buf *text,
    struct strs *staged, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs paths = {0};
	int ret = -1;

	strs_add(&paths, PROJECT_INI);
	if (check_ini(project, text, err) == 0 &&
	    sweep_begin(project, PROJECT_INI, err) == 0 &&
	    file_replace(project_absolute(project, &arena, PROJECT_INI),
	        buf_str(text), text->len, err) == 0 &&
	    settings_load(project, err) == 0)
		ret = project_stage(project, &paths, staged, err);
	strs_release(&paths);
	arena_release(&arena);
	return ret;
}

int project_not_staged(const struct mldv_project *project,
    struct mldv_error *err)
{
	if (err->code != MLDV_BUSY)
		return -1;
	project_warn(project, "%s", err->text);
	return 0;
}

int project_stage(struct mldv_project *project, const struct strs *paths,
    struct strs *staged, struct mldv_error *err)
{
	if (paths->count == 0 || !config_yes(&project->config, "git.stage"))
		return 0;
	if (git_stage(project->git, paths, err) < 0)
		return project_not_staged(project, err);
	for (size_t i = 0; i < paths->count; i++) {
		if (!strs_has(staged, paths->items[i]))
			strs_add(staged, paths->items[i]);
	}
	return 0;
}
