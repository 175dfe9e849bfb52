/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/other.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/other.h"
#include "project/worktree.h"

struct getting {
	const struct mldv_get *options;
	struct arena arena;
	const char *out;  /* as the user says it */
	const char *dir;  /* that it will lie in, absolute */
	const char *name; /* there */
	const char *temp; /* beside it, for a clone and a store */
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

/* On the file system that the copy will be on. */
static int make_temp(struct getting *getting, struct mldv_error *err)
{
	char name[TEMP_NAME];
	const char *temp;

	temp_name(name);
	temp = path_join(&getting->arena, getting->dir, name);
	if (mkdir(temp, 0700) < 0)
		return err_errno(err, "cannot make a directory in '%s'",
		    getting->dir);
	getting->temp = temp;
	return 0;
}

/* A project just to place something in: its root is the directory. */
static int place(struct getting *getting, const struct other_part *part,
    struct store *store, struct mldv_error *err)
{
	struct mldv_project project = {
	    .store = store,
	    .root = getting->dir,
	    .prefix = "",
	    .home = getting->temp,
	    .events = getting->other.project->events,
	};
	int ret;

	project.root_fd =
	    open(getting->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (project.root_fd < 0)
		return err_errno(err, "cannot open '%s'", getting->dir);
	ret = worktree_place(&project, getting->name, &part->content, false,
	    NULL, err);
	(void)close(project.root_fd);
	arena_release(&project.arena);
	return ret;
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

static int get(struct getting *getting, struct mldv_done *out,
    struct mldv_error *err)
{
	const struct mldv_place *from = &getting->options->from;
	const struct other_options options = {
	    .repository = from->repository,
	    .revision = from->revision,
	    .temp = getting->temp,
	    .home = getting->temp,
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
	    file_remove_tree(getting.temp, ret == 0 ? err : &second) < 0)
		ret = -1;
	out->seconds = project_clock() - began;
	arena_release(&getting.arena);
	return ret;
}
