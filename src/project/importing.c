/* SPDX-License-Identifier: Apache-2.0 */
#include "project/importing.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "project/partial.h"
#include "project/remotes.h"
#include "project/worktree.h"
#include "remote/outside.h"

#define ADDRESS_LIMIT 700 /* so that the pointer stays below its limit */

int importing_begin(struct importing *importing, struct mldv_error *err)
{
	return project_lock_store(importing->project, &importing->lock,
	    LOCK_SHARED, err);
}

int importing_leave(struct importing *importing, struct mldv_error *err)
{
	const char *temp = importing->temp;

	if (importing->other.project)
		other_close(&importing->other);
	importing->at = (struct mldv_place){0};
	importing->temp = NULL;
	return temp ? file_remove_tree(temp, err) : 0;
}

void importing_end(struct importing *importing)
{
	struct mldv_error none;

	(void)!importing_leave(importing, &none);
	pointers_release(&importing->pointers);
	lock_release(&importing->lock);
	arena_release(&importing->arena);
}

static int make_temp(struct importing *importing, struct mldv_error *err)
{
	struct arena *arena = &importing->arena;
	const char *state = path_join(arena, importing->project->home, "state");
	char name[TEMP_NAME];
	const char *temp;

	temp_name(name);
	temp = path_join(arena, state, name);
	if (file_make_dirs(state, err) < 0)
		return -1;
	if (mkdir(temp, 0700) < 0)
		return err_errno(err, "cannot make '%s'", temp);
	importing->temp = temp;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int importing_enter(struct importing *importing, const struct mldv_place *place,
    struct mldv_error *err)
{
	struct other_options options = {
	    .repository = place->repository,
	    .revision = place->revision,
	    .home = importing->project->home,
	    .events = importing->project->events,
	};

	if (importing->other.project &&
	    same(importing->at.repository, place->repository) &&
	    same(importing->at.revision, place->revision))
		return 0;
	if (importing_leave(importing, err) < 0 ||
	    make_temp(importing, err) < 0)
		return -1;
	options.temp = importing->temp;
	if (other_open(&importing->other, &options, err) < 0)
		return -1;
	importing->at = *place;
	return 0;
}

int importing_take(struct importing *importing, const struct other_part *part,
    struct mldv_error *err)
{
	int ret = other_fetch(&importing->other, part,
	    importing->project->store, err);

	store_unload(importing->project->store);
	return ret;
}

int importing_check_address(const char *address, struct mldv_error *err)
{
	if (strlen(address) > ADDRESS_LIMIT)
		return err_set(err, MLDV_USAGE,
		    "the address '%s' is longer than %d bytes", address,
		    ADDRESS_LIMIT);
	return 0;
}

static int open_outside(struct importing *importing, const char *address,
    struct outside **out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct ops_options options = {0};
	int ret;

	remotes_options_for(importing->project, &arena, address, &options);
	ret = outside_open(out, address, &options, err);
	arena_release(&arena);
	return ret;
}

int importing_look(struct importing *importing, const char *address,
    const char **version, struct mldv_error *err)
{
	struct outside *outside;
	struct buf now = {0};
	int ret;

	if (open_outside(importing, address, &outside, err) < 0)
		return -1;
	ret = outside_look(outside, &now, err);
	if (ret == 0)
		*version = arena_str(&importing->arena, buf_str(&now));
	outside_close(outside);
	buf_release(&now);
	return ret;
}

/* Into the store; what the stat cache kept of it is of no use to anyone. */
static int store_temp(struct importing *importing, const char *path,
    struct content *out, struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	struct mldv_error ignored;
	struct buf cache = {0};
	int ret = worktree_store(project, path, out, NULL, err);

	worktree_cache_path(project, path, &cache);
	(void)!file_remove(buf_str(&cache), &ignored);
	buf_release(&cache);
	return ret;
}

int importing_download(struct importing *importing, struct pointer *pointer,
    struct mldv_error *err)
{
	struct outside *outside;
	struct buf version = {0};
	const char *path;
	int ret = -1;

	if (importing_leave(importing, err) < 0 ||
	    open_outside(importing, pointer->from_address, &outside, err) < 0)
		return -1;
	if (make_temp(importing, err) == 0) {
		path = path_join(&importing->arena, importing->temp, "data");
		ret = outside_fetch(outside, path, &version, err);
		if (ret == 0)
			ret =
			    store_temp(importing, path, &pointer->content, err);
	}
	if (ret == 0)
		pointer->from_version =
		    arena_str(&importing->arena, buf_str(&version));
	outside_close(outside);
	buf_release(&version);
	return ret;
}

int importing_place(struct importing *importing, const char *out,
    const struct pointer *pointer, struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	const char *full = project_absolute(project, &importing->arena, out);
	struct lock lock = {0};
	int ret = -1;

	if (file_make_parents(full, err) == 0 &&
	    project_lock_item(project, &lock, out, err) == 0 &&
	    partial_forget(project, out, err) == 0 &&
	    pointers_write(project, out, pointer, &importing->pointers, err) ==
	        0)
		ret = worktree_place(project, out, &pointer->content, false,
		    NULL, err);
	lock_release(&lock);
	return ret;
}
