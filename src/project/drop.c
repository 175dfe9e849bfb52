/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/gc.h"
#include "project/marks.h"
#include "project/partial.h"
#include "project/prune.h"
#include "project/pushed.h"
#include "project/remotes.h"
#include "project/roots.h"
#include "project/worktree.h"

struct dropping {
	struct mldv_project *project;
	struct items items; /* that are dropped */
	struct items all;
	struct remote *remote;
	const char *remote_name;
	struct marks dropped; /* what they consist of */
	struct marks kept;    /* what anything else does */
	struct mldv_dropped *out;
};

/* Half an item cannot be told from one that somebody has changed. */
static int check_paths(const struct dropping *dropping,
    const struct strs *paths, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < paths->count; i++) {
		for (size_t k = 0; k < dropping->all.count; k++) {
			const char *item = dropping->all.list[k].path;
			const char *path = paths->items[i];

			if (strcmp(path, item) == 0 || !path_inside(path, item))
				continue;
			ret = err_set(err, MLDV_USAGE,
			    "'%s' is a part of item '%s'; only whole items can "
			    "be dropped",
			    project_shown(dropping->project, &arena, path),
			    project_shown(dropping->project, &arena, item));
		}
	}
	arena_release(&arena);
	return ret;
}

/* Nothing may be lost: not what differs here … */
static int check_unchanged(struct mldv_project *project,
    const struct item *item, struct mldv_error *err)
{
	struct arena arena = {0};
	struct content content = item->content;
	bool whole;
	int ret = partial_hash(project, item, "", &content, &whole, err);

	if (ret < 0 && err->code == MLDV_NOT_FOUND)
		ret = 0;
	else if (ret == 0 && !content_equal(&content, &item->content))
		ret = err_set(err, MLDV_NO,
		    "'%s' was changed here; add and push it, or check it out",
		    project_shown(project, &arena, item->path));
	arena_release(&arena);
	return ret;
}

/* … nor what is nowhere else. */
static int check_item(const struct dropping *dropping, const struct item *item,
    struct mldv_error *err)
{
	struct mldv_project *project = dropping->project;
	struct arena arena = {0};
	int ret = check_unchanged(project, item, err);

	if (ret < 0)
		return -1;
	ret = remote_has(dropping->remote, &item->content, err);
	if (ret == 0)
		ret = err_set(err, MLDV_NO,
		    "'%s' is not on remote '%s'; run 'mldv push'",
		    project_shown(project, &arena, item->path),
		    dropping->remote_name);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/*
 * Once neither files nor a note of them are left, nobody takes it for damage
 * that the store lacks some of it.
 */
static int drop_files(const struct dropping *dropping, const struct item *item,
    struct mldv_error *err)
{
	struct mldv_project *project = dropping->project;
	struct lock lock = {0};
	struct buf trash = {0};
	struct buf cache = {0};
	int ret = -1;

	worktree_cache_path(project, item->path, &cache);
	/* It may have been changed since all were checked. */
	if (project_lock_item(project, &lock, item->path, err) < 0 ||
	    check_unchanged(project, item, err) < 0 ||
	    worktree_trash(project, item->path, &trash, err) < 0 ||
	    file_remove(buf_str(&cache), err) < 0 ||
	    pushed_forget(project, &item->content, err) < 0)
		goto out;
	if (trash.len > 0) {
		dropping->out->files += item->content.size;
		if (worktree_drop(project, buf_str(&trash), err) < 0)
			goto out;
	}
	ret = 0;
out:
	lock_release(&lock);
	buf_release(&trash);
	buf_release(&cache);
	return ret;
}

static bool same_object(const struct content *a, const struct content *b)
{
	return (a->kind == KIND_DIR) == (b->kind == KIND_DIR) &&
	    oid_equal(&a->oid, &b->oid);
}

/* Is this an item that goes, and no other one as well? */
static bool is_dropped(const struct dropping *dropping,
    const struct content *content)
{
	bool dropped = false;

	for (size_t i = 0; i < dropping->items.count; i++)
		dropped |=
		    same_object(&dropping->items.list[i].content, content);
	for (size_t i = 0; dropped && i < dropping->all.count; i++) {
		const struct item *item = &dropping->all.list[i];

		if (same_object(&item->content, content) &&
		    !items_find(&dropping->items, item->path))
			return false;
	}
	return dropped;
}

static int mark(struct dropping *dropping, struct mldv_error *err)
{
	struct mldv_project *project = dropping->project;
	struct roots roots = {0};
	int ret = roots_here(project, &roots, err);

	for (size_t i = 0; ret == 0 && i < roots.count; i++)
		marks_add(is_dropped(dropping, &roots.list[i])
		        ? &dropping->dropped
		        : &dropping->kept,
		    &roots.list[i]);
	if (ret == 0)
		ret = marks_add_named(&dropping->kept, project, &roots.named,
		    err);
	if (ret == 0)
		ret = marks_follow(&dropping->kept, project, err);
	if (ret == 0)
		ret = marks_follow(&dropping->dropped, project, err);
	roots_release(&roots);
	return ret;
}

static bool is_wanted(const void *context, const struct oid *oid)
{
	const struct dropping *dropping = context;

	return !oid_set_has(&dropping->dropped.objects, oid) ||
	    oid_set_has(&dropping->kept.objects, oid);
}

static int drop_objects(struct dropping *dropping, struct mldv_error *err)
{
	struct prune prune = {
	    .project = dropping->project,
	    .wanted = is_wanted,
	    .context = dropping,
	    .since = INT64_MAX,
	    .eager = true,
	};
	int ret = prune_plan(&prune, err);

	for (size_t i = 0; ret == 0 && i < prune.pack_count; i++) {
		if (prune.packs[i].fate == PRUNE_REMOVE ||
		    prune.packs[i].fate == PRUNE_REWRITE)
			dropping->out->store += prune.packs[i].bytes;
	}
	for (size_t i = 0; ret == 0 && i < prune.file_count; i++)
		dropping->out->store += prune.files[i].bytes;
	if (ret == 0)
		ret = prune_carry_out(&prune, err);
	prune_release(&prune);
	return ret;
}

static int begin(struct dropping *dropping, const struct strs *paths,
    const char *name, struct mldv_error *err)
{
	struct mldv_project *project = dropping->project;
	struct items *items = &dropping->items;
	size_t kept = 0;

	if (items_load(project, &dropping->all, err) < 0 ||
	    items_load(project, items, err) < 0 ||
	    items_select(items, paths, err) < 0 ||
	    check_paths(dropping, paths, err) < 0)
		return -1;
	/* What Git keeps, Git has to drop. */
	for (size_t i = 0; i < items->count; i++) {
		if (!items->list[i].git)
			items->list[kept++] = items->list[i];
	}
	items->count = kept;
	if (remotes_choose(project, name, &project->arena,
	        &dropping->remote_name, err) < 0)
		return -1;
	return remotes_open(project, dropping->remote_name, &dropping->remote,
	    err);
}

static int drop(struct dropping *dropping, struct mldv_error *err)
{
	const char *dir = config_get(&dropping->project->config, "store.dir");
	const struct items *items = &dropping->items;
	bool shared = dir && *dir;

	for (size_t i = 0; i < items->count; i++) {
		if (project_check(dropping->project, err) < 0 ||
		    check_item(dropping, &items->list[i], err) < 0)
			return -1;
	}
	if (!shared && mark(dropping, err) < 0)
		return -1;
	for (size_t i = 0; i < items->count; i++) {
		if (drop_files(dropping, &items->list[i], err) < 0)
			return -1;
		dropping->out->items++;
	}
	if (!shared)
		return drop_objects(dropping, err);
	project_warn(dropping->project,
	    "the store '%s' may be shared by other clones, so it keeps what "
	    "it has",
	    dir);
	return 0;
}

int mldv_drop(struct mldv_project *project, const struct strs *paths,
    const char *remote, struct mldv_dropped *out, struct mldv_error *err)
{
	struct dropping dropping = {.project = project, .out = out};
	struct lock lock = {0};
	int ret = project_lock_store(project, &lock, LOCK_EXCLUSIVE, err);

	*out = (struct mldv_dropped){0};
	if (ret == 0)
		ret = begin(&dropping, paths, remote, err);
	if (ret == 0)
		ret = drop(&dropping, err);
	if (dropping.remote)
		remote_close(dropping.remote);
	marks_release(&dropping.dropped);
	marks_release(&dropping.kept);
	items_release(&dropping.items);
	items_release(&dropping.all);
	lock_release(&lock);
	return ret;
}
