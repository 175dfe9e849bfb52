/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/compare.h"
#include "project/pick.h"
#include "project/pushed.h"
#include "project/worktree.h"

struct looking {
	struct mldv_project *project;
	const struct mldv_status *options;
	bool *dirty;
};

static void report(const struct looking *looking, const struct mldv_item *item)
{
	bool clean = item->state == MLDV_CLEAN || item->state == MLDV_PART ||
	    item->state == MLDV_SKIPPED;

	if (!clean)
		*looking->dirty = true;
	if (clean && item->state != MLDV_PART && !looking->options->all)
		return;
	if (looking->options->only_here && item->state != MLDV_HERE_ONLY &&
	    item->state != MLDV_UNTRACKED)
		return;
	looking->options->visit(looking->options->context, item);
}

/* What is there now, and what should be. */
struct comparison {
	struct mldv_project *project;
	const struct item *item;
	const struct parts *parts;
	const struct snapshot *disk;
};

/* How an item was modified. */
struct modified {
	struct mldv_project *project;
	struct mldv_item *out;
	bool kept; /* what changed is in the store as it was */
};

static int count_change(void *context, const struct content *old,
    const struct content *new, struct mldv_error *err)
{
	struct modified *modified = context;
	int there = 1;

	if (!old)
		modified->out->added++;
	else if (!new)
		modified->out->removed++;
	else
		modified->out->changed++;
	if (old && modified->kept)
		there = store_has(modified->project->store, &old->oid,
		    old->size, err);
	modified->kept = modified->kept && there > 0;
	return there < 0 ? -1 : 0;
}

/*
 * How a modified item differs; not known if its trees are not here. *kept
 * becomes whether it could be had back: what did not change lies there.
 */
static int count_changes(const struct comparison *comparison,
    struct mldv_item *out, bool *kept, struct mldv_error *err)
{
	struct modified modified = {comparison->project, out, true};
	struct mldv_item before = *out;
	const struct compare compare = {
	    .store = comparison->project->store,
	    .recorded = &comparison->item->content,
	    .parts = comparison->parts,
	    .disk = comparison->disk,
	    .context = &modified,
	    .visit = count_change,
	};

	if (compare_item(&compare, err) == 0) {
		out->counted = true;
		*kept = modified.kept;
		return 0;
	}
	*out = before;
	return err->code == MLDV_MISSING ? 0 : -1;
}

static int find_stored(void *context, const char *path,
    const struct content *file, struct mldv_error *err)
{
	const struct mldv_project *project = context;
	int there = store_has(project->store, &file->oid, file->size, err);

	if (there == 0)
		return err_set(err, MLDV_MISSING, "'%s' is not here", path);
	return there < 0 ? -1 : 0;
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

/* Is everything that is wanted in the store? */
static int is_wanted_complete(const struct comparison *comparison,
    struct mldv_error *err)
{
	struct snapshot wanted;
	struct mldv_error why;
	int ret = 1;

	if (parts_at(comparison->parts, "") == PARTS_ALL)
		return is_complete(comparison->project, comparison->item, err);
	if (trees_expand_parts(comparison->project->store,
	        &comparison->item->content, comparison->parts, &wanted,
	        &why) < 0) {
		*err = why;
		return why.code == MLDV_MISSING || why.code == MLDV_CORRUPT
		    ? 0
		    : -1;
	}
	ret = snapshot_each(&wanted, find_stored, comparison->project, &why);
	snapshot_release(&wanted);
	if (ret < 0 && why.code == MLDV_MISSING)
		return 0;
	if (ret < 0)
		*err = why;
	return ret < 0 ? -1 : 1;
}

/* Nothing lies at the path. */
static int look_at_missing(const struct comparison *comparison,
    struct mldv_item *out, struct mldv_error *err)
{
	const struct item *item = comparison->item;
	int complete;

	if (pick_is_skipped(comparison->project, item)) {
		out->state = MLDV_SKIPPED;
		return 0;
	}
	complete = item->git ? 1 : is_wanted_complete(comparison, err);
	if (complete < 0)
		return -1;
	out->state = complete ? MLDV_DELETED : MLDV_ABSENT;
	return 0;
}

/* Something lies there, which is content. */
static int look_at_disk(const struct comparison *comparison, bool noted,
    struct content *content, struct mldv_item *out, bool *kept,
    struct mldv_error *err)
{
	struct partial partial = {
	    .parts = comparison->parts,
	    .recorded = &comparison->item->content,
	};
	struct mldv_error why;

	if (noted) {
		out->part = true;
		out->here = content->files;
		/* If its trees are not here, it is not as it was recorded. */
		if (partial_look(comparison->project, &partial, "",
		        comparison->disk, content, &why) < 0 &&
		    why.code != MLDV_MISSING) {
			*err = why;
			return -1;
		}
	}
	if (content_equal(content, &comparison->item->content)) {
		out->state = noted ? MLDV_PART : MLDV_CLEAN;
		return 0;
	}
	out->state = MLDV_MODIFIED;
	out->files = content->files;
	out->bytes = content->size;
	return count_changes(comparison, out, kept, err);
}

static int look(struct mldv_project *project, const struct item *item,
    struct mldv_item *out, bool *kept, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct parts parts;
	struct content content;
	const struct comparison comparison = {project, item, &parts, &snapshot};
	int noted = partial_read(project, item, &parts, err);
	int ret;

	if (noted < 0)
		return -1;
	ret = worktree_hash(project, item->path, &content, &snapshot, err);
	if (ret == 0)
		ret = look_at_disk(&comparison, noted > 0, &content, out, kept,
		    err);
	else if (err->code == MLDV_NOT_FOUND)
		ret = look_at_missing(&comparison, out, err);
	snapshot_release(&snapshot);
	parts_release(&parts);
	return ret;
}

/* Is what the pointer says here, and only here? */
static int is_here_only(struct mldv_project *project, const struct item *item,
    const struct mldv_item *found, bool kept, struct mldv_error *err)
{
	int pushed;

	if (item->git || item->content.files == 0 ||
	    found->state == MLDV_ABSENT || found->state == MLDV_SKIPPED)
		return 0;
	pushed = pushed_has(project, &item->content, err);
	if (pushed != 0)
		return pushed < 0 ? -1 : 0;
	if (found->state != MLDV_MODIFIED)
		return 1;
	return found->part ? is_complete(project, item, err) : kept;
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
	bool kept = false;
	int here_only;

	if (project_check(looking->project, err) < 0 ||
	    look(looking->project, item, &out, &kept, err) < 0)
		return -1;
	report(looking, &out);
	here_only = is_here_only(looking->project, item, &out, kept, err);
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
