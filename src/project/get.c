/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/other.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/strs.h"
#include "project/other.h"
#include "project/place.h"
#include "project/usercache.h"
#include "project/worktree.h"

/*
 * Everything is made in one temporary directory, with a lock in it, so that
 * who comes later can tell whether its maker is dead. No tree may hold such a
 * name, so it is not a user's file in what another command is building.
 */
#define LOCK_NAME TEMP_PREFIX "get"
#define LOCK_NEW  TEMP_PREFIX "get.new"

struct getting {
	const struct mldv_get *options;
	struct arena arena;
	const char *out;  /* as the user says it */
	const char *dir;  /* that it will lie in, absolute */
	const char *name; /* there */
	const char *temp; /* beside it, for a clone, a store and the copy */
	struct lock lock; /* in it */
	struct other other;
};

static int find_place(struct getting *getting, struct mldv_error *err)
{
	struct arena *arena = &getting->arena;
	const char *full;
	char *cwd;
	int there;

	if (path_cwd(arena, &cwd, err) < 0)
		return -1;
	full = path_clean(arena, path_join(arena, cwd, getting->out));
	getting->dir = path_parent(arena, full);
	getting->name = path_base(full);
	there = getting->name[0] ? file_exists(full, err) : 1;
	if (there < 0)
		return -1;
	if (there)
		return err_set(err, MLDV_EXISTS,
		    "there is a '%s' already; name another place with -o",
		    getting->out);
	there = file_exists(getting->dir, err);
	if (there == 0)
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no directory '%s' to put it in", getting->dir);
	return there < 0 ? -1 : 0;
}

/* The lock last: as long as anything is there, it can be told whose it is. */
static int remove_temp(const char *temp, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = file_list(temp, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		if (strcmp(names.items[i], LOCK_NAME) != 0)
			ret = file_remove_tree(path_join(&arena, temp,
			                           names.items[i]),
			    err);
	}
	if (ret == 0)
		ret = file_remove_tree(temp, err);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/*
 * Removes it if it is of a get that was killed. Only a directory of our own
 * is believed: through a link in another's, its lock would harm a file.
 */
static void sweep_one(struct arena *arena, const char *temp)
{
	const struct lock_options options = {.no_wait = true};
	const char *path = path_join(arena, temp, LOCK_NAME);
	struct mldv_error ignored;
	struct lock lock = {0};
	struct stat st;

	if (lstat(temp, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return;
	if (file_exists(path, &ignored) == 1 &&
	    lock_take(&lock, path, LOCK_EXCLUSIVE, &options, &ignored) == 0)
		(void)!remove_temp(temp, &ignored);
	lock_release(&lock);
}

static void sweep(const struct getting *getting)
{
	struct arena arena = {0};
	struct strs names = {0};
	struct mldv_error ignored;

	if (file_list(getting->dir, &names, &ignored) < 0)
		strs_release(&names);
	for (size_t i = 0; i < names.count; i++) {
		if (temp_is_name(names.items[i]))
			sweep_one(&arena,
			    path_join(&arena, getting->dir, names.items[i]));
	}
	strs_release(&names);
	arena_release(&arena);
}

/*
 * The lock gets its name once it is held, so that nobody takes it before.
 * Where there are no locks, nobody will sweep, and that is all.
 */
static void mark_temp(struct getting *getting)
{
	const struct lock_options options = {.no_wait = true};
	struct arena *arena = &getting->arena;
	const char *new = path_join(arena, getting->temp, LOCK_NEW);
	struct mldv_error ignored;

	if (lock_take(&getting->lock, new, LOCK_EXCLUSIVE, &options,
	        &ignored) == 0)
		(void)!place_rename_new(AT_FDCWD, new,
		    path_join(arena, getting->temp, LOCK_NAME));
}

/* On the file system that the copy will be on. */
static int make_temp(struct getting *getting, struct mldv_error *err)
{
	char name[TEMP_NAME];
	const char *temp;

	sweep(getting);
	temp_name(name);
	temp = path_join(&getting->arena, getting->dir, name);
	if (mkdir(temp, 0700) < 0)
		return err_errno(err, "cannot make a directory in '%s'",
		    getting->dir);
	getting->temp = temp;
	mark_temp(getting);
	return 0;
}

/* Durably to where it belongs, if nobody has put something there by now. */
static int move_to_place(struct getting *getting, const char *from,
    struct mldv_error *err)
{
	int fd = open(getting->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", getting->dir);
	ret = place_rename_new(fd, from, getting->name);
	if (ret < 0 && errno == EEXIST)
		(void)err_set(err, MLDV_EXISTS,
		    "there is a '%s' already; name another place with -o",
		    getting->out);
	else if (ret < 0)
		(void)err_errno(err, "cannot name '%s'", getting->out);
	(void)close(fd);
	return ret < 0 ? -1 : file_sync_dir(getting->dir, err);
}

/* A project just to place something in. */
static int place(struct getting *getting, const struct other_part *part,
    struct store *store, struct mldv_error *err)
{
	char *root = path_join(&getting->arena, getting->temp, "copy");
	struct mldv_project project = {
	    .store = store,
	    .root = root,
	    .prefix = "",
	    .home = getting->temp,
	    .events = getting->other.project->events,
	};
	int ret;

	if (mkdir(root, 0777) < 0)
		return err_errno(err, "cannot make a directory in '%s'",
		    getting->temp);
	project.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (project.root_fd < 0)
		return err_errno(err, "cannot open '%s'", root);
	ret = worktree_place(&project, getting->name, &part->content, false,
	    NULL, err);
	(void)close(project.root_fd);
	arena_release(&project.arena);
	if (ret < 0)
		return -1;
	return move_to_place(getting,
	    arena_printf(&getting->arena, "%s/copy/%s",
	        path_base(getting->temp), getting->name),
	    err);
}

/* Right from its store, or by way of one of our own. */
static int get_part(struct getting *getting, const struct other_part *part,
    struct mldv_error *err)
{
	struct other *other = &getting->other;
	struct store *store;
	int here = other_has(other, part, err);
	int ret;

	if (here < 0)
		return -1;
	if (here)
		return place(getting, part, other->project->store, err);
	store = store_open(path_join(&getting->arena, getting->temp, "store"));
	ret = other_fetch(other, part, store, err);
	if (ret == 0)
		ret = place(getting, part, store, err);
	store_close(store);
	return ret;
}

/* Where what is read of remotes is kept for the next get. */
static const char *cache_of(const struct getting *getting, struct arena *arena)
{
	const char *dir = usercache_dir(arena);
	struct mldv_error ignored;

	if (!dir || file_make_dirs(dir, &ignored) < 0)
		return getting->temp;
	usercache_prune(dir);
	return dir;
}

static int get(struct getting *getting, struct mldv_done *out,
    struct mldv_error *err)
{
	const struct mldv_place *from = &getting->options->from;
	const struct other_options options = {
	    .repository = from->repository,
	    .revision = from->revision,
	    .temp = getting->temp,
	    .home = cache_of(getting, &getting->arena),
	    .events = getting->options->events,
	};
	struct other_part part;

	if (other_open(&getting->other, &options, err) < 0 ||
	    other_find(&getting->other, from->path, &part, err) < 0 ||
	    get_part(getting, &part, err) < 0)
		return -1;
	out->files = out->changed = part.content.files;
	out->bytes = part.content.size;
	return 0;
}

int mldv_get(const struct mldv_get *options, struct mldv_done *out,
    struct mldv_error *err)
{
	struct getting getting = {.options = options};
	double began = project_clock();
	struct mldv_error second;
	const char *path = path_clean(&getting.arena, options->from.path);
	int ret = -1;

	getting.out = options->out ? options->out : path ? path_base(path) : "";
	*out = (struct mldv_done){
	    .path = options->out ? options->out : path_base(options->from.path),
	};
	if (find_place(&getting, err) == 0 && make_temp(&getting, err) == 0)
		ret = get(&getting, out, err);
	if (getting.other.project)
		other_close(&getting.other);
	if (getting.temp &&
	    remove_temp(getting.temp, ret == 0 ? err : &second) < 0)
		ret = -1;
	lock_release(&getting.lock);
	out->seconds = project_clock() - began;
	arena_release(&getting.arena);
	return ret;
}
