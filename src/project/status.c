/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/item.h"
#include "project/listing.h"
#include "project/pushed.h"
#include "project/worktree.h"

struct looking {
	struct mldv_project *project;
	const struct mldv_status *options;
	bool *dirty;
};

static void report(const struct looking *looking, const struct mldv_item *item)
{
	if (item->state != MLDV_CLEAN)
		*looking->dirty = true;
	if (item->state == MLDV_CLEAN && !looking->options->all)
		return;
	if (looking->options->only_here && item->state != MLDV_HERE_ONLY &&
	    item->state != MLDV_UNTRACKED)
		return;
	looking->options->visit(looking->options->context, item);
}

static void count_change(void *context, const struct listed *old,
    const struct listed *new)
{
	struct mldv_item *item = context;

	if (!old)
		item->added++;
	else if (!new)
		item->removed++;
	else
		item->changed++;
}

/* How a modified item differs; not known if its trees are not here. */
static int count_changes(struct mldv_project *project, const struct item *item,
    const struct snapshot *snapshot, struct mldv_item *out,
    struct mldv_error *err)
{
	struct listing old = {0};
	struct listing new = {0};
	int ret = listing_add_content(&old, project, "", &item->content, err);

	if (ret == 0) {
		listing_add_snapshot(&new, "", snapshot);
		listing_compare(&old, &new, count_change, out);
		out->counted = true;
	} else if (err->code == MLDV_MISSING) {
		ret = 0;
	}
	listing_release(&old);
	listing_release(&new);
	return ret;
}

static int is_complete(struct mldv_project *project, const struct item *item,
    struct mldv_error *err)
{
	int ret = worktree_complete(project, &item->content, NULL, err);

	/* A damaged tree is no tree; fsck says more. */
	if (ret < 0 && err->code == MLDV_CORRUPT)
		return 0;
	return ret;
}

/* Nothing lies at the path. */
static int look_at_missing(struct mldv_project *project,
    const struct item *item, struct mldv_item *out, struct mldv_error *err)
{
	int complete = item->git ? 1 : is_complete(project, item, err);

	if (complete < 0)
		return -1;
	out->state = complete ? MLDV_DELETED : MLDV_ABSENT;
	return 0;
}

static int look(struct mldv_project *project, const struct item *item,
    struct mldv_item *out, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct content content;
	int ret = worktree_hash(project, item->path, &content, &snapshot, err);

	if (ret < 0) {
		if (err->code == MLDV_NOT_FOUND)
			ret = look_at_missing(project, item, out, err);
	} else if (!content_equal(&content, &item->content)) {
		out->state = MLDV_MODIFIED;
		out->files = content.files;
		out->bytes = content.size;
		ret = count_changes(project, item, &snapshot, out, err);
	}
	snapshot_release(&snapshot);
	return ret;
}

/* Is what the pointer says here, and only here? */
static int is_here_only(struct mldv_project *project, const struct item *item,
    enum mldv_state state, struct mldv_error *err)
{
	int pushed;

	if (item->git || item->content.files == 0 || state == MLDV_ABSENT)
		return 0;
	pushed = pushed_has(project, &item->content, err);
	if (pushed != 0)
		return pushed < 0 ? -1 : 0;
	return state == MLDV_MODIFIED ? is_complete(project, item, err) : 1;
}

static int look_at_item(const struct looking *looking, const struct item *item,
    struct mldv_error *err)
{
	struct mldv_item out = {
	    .path = item->path,
	    .state = MLDV_CLEAN,
	    .stage = item->stage,
	    .files = item->content.files,
	    .bytes = item->content.size,
	};
	int here_only;

	if (project_check(looking->project, err) < 0 ||
	    look(looking->project, item, &out, err) < 0)
		return -1;
	report(looking, &out);
	here_only = is_here_only(looking->project, item, out.state, err);
	if (here_only == 1) {
		const struct mldv_item here = {
		    .path = item->path,
		    .state = MLDV_HERE_ONLY,
		    .stage = item->stage,
		    .files = item->content.files,
		    .bytes = item->content.size,
		};

		report(looking, &here);
	}
	return here_only < 0 ? -1 : 0;
}

static bool is_ignored(const struct mldv_project *project, const char *path)
{
	for (size_t i = 0; i < project->ignore.count; i++) {
		if (str_glob(project->ignore.items[i], path_base(path)))
			return true;
	}
	return false;
}

/* Pointers and .gitignore files are for Git, which speaks of them. */
static bool is_known(const struct looking *looking, const struct items *items,
    const char *path)
{
	const char *base = path_base(path);
	size_t len = strlen(base);
	size_t end = strlen(POINTER_SUFFIX);

	if (strcmp(base, ".gitignore") == 0 ||
	    (len > end && strcmp(base + len - end, POINTER_SUFFIX) == 0) ||
	    is_ignored(looking->project, path))
		return true;
	for (size_t i = 0; i < items->count; i++) {
		if (path_inside(path, items->list[i].path))
			return true;
	}
	return false;
}

static int report_untracked(const struct looking *looking, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct stat st;
	struct mldv_item out = {
	    .path = path,
	    .state = MLDV_UNTRACKED,
	    .files = 1,
	};
	int found =
	    lstat(project_absolute(looking->project, &arena, path), &st);

	arena_release(&arena);
	if (project_check(looking->project, err) < 0)
		return -1;
	if (found == 0) {
		out.bytes = (uint64_t)st.st_size;
		report(looking, &out);
	}
	return 0;
}

/* Files below one watched directory that neither Git nor mldv knows. */
static int look_below(const struct looking *looking, const struct items *items,
    const char *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs files = {0};
	const char *clean = path_clean(&arena, dir);
	int ret = 0;

	if (!clean || path_is_absolute(clean))
		goto out;
	ret =
	    file_exists(project_absolute(looking->project, &arena, clean), err);
	if (ret <= 0)
		goto out;
	ret = git_untracked(looking->project->git, clean, &files, err);
	for (size_t i = 0; ret == 0 && i < files.count; i++) {
		if (!is_known(looking, items, files.items[i]))
			ret = report_untracked(looking, files.items[i], err);
	}
out:
	strs_release(&files);
	arena_release(&arena);
	return ret;
}

int mldv_status(struct mldv_project *project, const struct mldv_status *options,
    bool *dirty, struct mldv_error *err)
{
	const struct looking looking = {project, options, dirty};
	struct items items = {0};
	struct strs watch = {0};
	int ret = -1;

	*dirty = false;
	if (items_load(project, &items, err) < 0)
		return -1;
	for (size_t i = 0; i < items.count; i++) {
		if (look_at_item(&looking, &items.list[i], err) < 0)
			goto out;
	}
	config_list(&project->config, "rules.watch", &watch);
	for (size_t i = 0; i < watch.count; i++) {
		if (look_below(&looking, &items, watch.items[i], err) < 0)
			goto out;
	}
	ret = 0;
out:
	strs_release(&watch);
	items_release(&items);
	return ret;
}
