/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/ignore.h"
#include "project/partial.h"
#include "project/unstaged.h"
#include "project/worktree.h"

struct removing {
	struct mldv_project *project;
	const struct mldv_remove *options;
	struct strs pointers;   /* removed: to be staged */
	struct ignores ignores; /* lines taken away, the same */
	struct strs *staged;
};

/* Data that is not as it was added would be lost. */
static int check_unchanged(struct mldv_project *project,
    const struct item *item, struct mldv_error *err)
{
	struct arena arena = {0};
	struct content content;
	bool whole;
	int ret = partial_hash(project, item, "", &content, &whole, err);

	if (ret < 0 && err->code == MLDV_NOT_FOUND)
		ret = 0;
	else if (ret == 0 && !content_equal(&content, &item->content))
		ret = err_set(err, MLDV_NO,
		    "'%s' was changed since it was added; use --keep to keep "
		    "it, or --force to lose the change",
		    project_shown(project, &arena, item->path));
	arena_release(&arena);
	return ret;
}

/* As Git does: directories that have become empty go too. */
static void remove_empty_parents(const struct mldv_project *project,
    const char *path)
{
	struct arena arena = {0};
	const char *dir = path_parent(&arena, path);

	while (dir[0] && !path_inside(project->prefix, dir) &&
	    rmdir(project_absolute(project, &arena, dir)) == 0)
		dir = path_parent(&arena, dir);
	arena_release(&arena);
}

/* Durably; it may be gone already, with the directory that it was in. */
static int remove_pointer(const char *full, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_exists(full, err);

	if (ret == 1)
		ret = file_remove(full, err) < 0
		    ? -1
		    : file_sync_dir(path_parent(&arena, full), err);
	arena_release(&arena);
	return ret;
}

/*
 * The data goes out of the way first and is deleted last: whenever this is
 * interrupted, the pointer still says what was there, or all is done but the
 * deleting of a trash name, which the next command does.
 */
static int remove_locked(struct removing *removing, const struct item *item,
    struct mldv_error *err)
{
	struct mldv_project *project = removing->project;
	struct arena arena = {0};
	struct buf trash = {0};
	struct buf cache = {0};
	const char *file =
	    arena_printf(&arena, "%s" POINTER_SUFFIX, item->path);
	const char *full = project_absolute(project, &arena, file);
	int ret = -1;

	if (!removing->options->keep) {
		if (!removing->options->force &&
		    check_unchanged(project, item, err) < 0)
			goto out;
		if (worktree_trash(project, item->path, &trash, err) < 0)
			goto out;
	}
	if (remove_pointer(full, err) < 0)
		goto out;
	if (ignores_write(project, item->path, false, &removing->ignores, err) <
	    0)
		goto out;
	if (trash.len > 0 && worktree_drop(project, buf_str(&trash), err) < 0)
		goto out;
	worktree_cache_path(project, item->path, &cache);
	ret = file_remove(buf_str(&cache), err);
	if (ret == 0)
		ret = partial_forget(project, item->path, err);
	if (!removing->options->keep)
		remove_empty_parents(project, item->path);
	/* As long as Git's index has the pointer, this can be run again. */
	if (ret == 0)
		strs_add(&removing->pointers, file);
out:
	buf_release(&cache);
	buf_release(&trash);
	arena_release(&arena);
	return ret;
}

static int remove_one(struct removing *removing, const struct item *item,
    struct mldv_error *err)
{
	struct lock lock = {0};
	int ret = project_lock_item(removing->project, &lock, item->path, err);

	if (ret == 0)
		ret = remove_locked(removing, item, err);
	lock_release(&lock);
	return ret;
}

/*
 * A pointer that Git's index has and the work tree does not: what a run that
 * was killed, or the user, has begun is to be finished. 1, or 0 if there is
 * none.
 */
static int find_begun(struct mldv_project *project, const char *path,
    struct item *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct pointer pointer;
	struct buf text = {0};
	int ret = git_read(project->git, ":0",
	    arena_printf(&arena, "%s" POINTER_SUFFIX, path), POINTER_LIMIT,
	    &text, err);

	if (ret == 1)
		ret = pointer_parse(&pointer, &arena, buf_str(&text), text.len,
		          err) < 0
		    ? -1
		    : 1;
	if (ret == 1)
		*out = (struct item){.path = path, .content = pointer.content};
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

/* What a path names must be just an item that a pointer stands for. */
static int find(struct mldv_project *project, const struct items *items,
    const char *path, struct item *out, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *shown = project_shown(project, &arena, path);
	const struct item *item = items_find(items, path);
	int ret = item ? 1 : find_begun(project, path, out, err);

	if (item)
		*out = *item;
	if (ret == 0)
		(void)err_set(err, MLDV_NOT_FOUND,
		    "'%s' is not an item; 'mldv status --all' lists them",
		    shown);
	else if (ret == 1 && out->stage)
		(void)err_set(err, MLDV_USAGE,
		    "'%s' is an output of stage '%s'; take the stage out "
		    "of " PROJECT_INI,
		    shown, out->stage);
	ret = ret == 1 && !out->stage ? 0 : -1;
	arena_release(&arena);
	return ret;
}

static int stage_removed(struct removing *removing, struct mldv_error *err)
{
	struct strs tracked = {0};
	int ret = ignores_stage(removing->project, &removing->ignores, false,
	    removing->staged, err);

	for (size_t i = 0; ret >= 0 && i < removing->pointers.count; i++) {
		const char *file = removing->pointers.items[i];

		ret = git_is_tracked(removing->project->git, file, err);
		if (ret == 1)
			strs_add(&tracked, file);
	}
	if (ret >= 0)
		ret = project_stage(removing->project, &tracked,
		    removing->staged, err);
	if (ret == 0)
		ret =
		    unstaged_note(removing->project, &removing->pointers, err);
	strs_release(&tracked);
	return ret;
}

int mldv_remove(struct mldv_project *project, const struct strs *paths,
    const struct mldv_remove *options, struct strs *staged,
    struct mldv_error *err)
{
	struct removing removing = {
	    .project = project,
	    .options = options,
	    .staged = staged,
	};
	struct mldv_error second;
	struct items items = {0};
	struct item item;
	int ret = -1;

	if (items_load(project, &items, err) < 0)
		goto out;
	for (size_t i = 0; i < paths->count; i++) {
		if (find(project, &items, paths->items[i], &item, err) < 0)
			goto out;
	}
	ret = 0;
	for (size_t i = 0; ret == 0 && i < paths->count; i++) {
		ret = find(project, &items, paths->items[i], &item, err);
		if (ret == 0)
			ret = remove_one(&removing, &item, err);
	}
	if (stage_removed(&removing, ret == 0 ? err : &second) < 0)
		ret = -1;
out:
	strs_release(&removing.pointers);
	ignores_release(&removing.ignores);
	items_release(&items);
	return ret;
}
