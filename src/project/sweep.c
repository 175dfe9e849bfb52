/* SPDX-License-Identifier: Apache-2.0 */
#include "project/sweep.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/pointer.h"
#include "project/partial.h"

/* Is there a journal of a stage of that work tree? */
static int has_journal_in(const char *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = file_list(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = file_exists(arena_printf(&arena, "%s/%s/stage", dir,
		                      names.items[i]),
		    err);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* What a journal names is to be put back, so it is no trash. */
static int has_journal(const struct mldv_project *project,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = path_join(&arena, project->home, "journal");
	int ret = file_exists(dir, err);

	if (ret == 1)
		ret = file_list(dir, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret =
		    has_journal_in(path_join(&arena, dir, names.items[i]), err);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

static int list_dirs(struct mldv_project *project, const char *path,
    struct strs *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs pointers = {0};
	int ret = git_list(project->git, ":0", POINTER_SUFFIX, &pointers, err);

	strs_add(&pointers, path);
	strs_add(&pointers, PROJECT_INI);
	for (size_t i = 0; i < pointers.count; i++)
		strs_add(out,
		    project_absolute(project, &arena,
		        path_parent(&arena, pointers.items[i])));
	strs_unique(out);
	strs_release(&pointers);
	arena_release(&arena);
	return ret;
}

/* Is it there, and not through a link that leads elsewhere? */
static bool is_real(struct arena *arena, const char *dir)
{
	struct mldv_error ignored;
	char *real;

	return path_real(arena, dir, &real, &ignored) == 0 &&
	    strcmp(real, dir) == 0;
}

static int sweep(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs dirs = {0};
	/* Losing a stat cache that somebody is writing costs only time. */
	int ret =
	    file_sweep(path_join(&arena, project->home, "state/stat"), err);

	if (ret == 0)
		ret = partial_sweep(project, err);
	if (ret == 0)
		ret = has_journal(project, err);
	if (ret == 0)
		ret = list_dirs(project, path, &dirs, err);
	for (size_t i = 0; ret >= 0 && i < dirs.count; i++) {
		if (is_real(&arena, dirs.items[i]))
			ret = file_sweep(dirs.items[i], err);
	}
	strs_release(&dirs);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int sweep_begin(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	bool no_wait = project->no_wait;
	struct mldv_error ignored;
	struct arena arena = {0};
	const char *name;
	int ret;

	if (project->work.path)
		return 0;
	name = arena_printf(&arena, "work-%s", project->tree);
	project->no_wait = true;
	ret = project_lock(project, &project->work, name, LOCK_EXCLUSIVE,
	    &ignored);
	project->no_wait = false;
	if (ret == 0) {
		/* Where something cannot be removed, it stays. */
		if (sweep(project, path, &ignored) < 0)
			project_warn(project, "%s", ignored.text);
		lock_downgrade(&project->work);
	} else {
		ret = project_lock(project, &project->work, name, LOCK_SHARED,
		    err);
	}
	project->no_wait = no_wait;
	arena_release(&arena);
	return ret;
}

void sweep_end(struct mldv_project *project)
{
	lock_release(&project->work);
}
