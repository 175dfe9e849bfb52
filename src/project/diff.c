/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "mldv/data.h"
#include "project/listing.h"
#include "project/partial.h"
#include "project/worktree.h"

/* One side of the comparison. */
struct side {
	const char *revision; /* NULL: the work tree */
	struct items items;
	struct listing files;
};

struct comparing {
	struct mldv_project *project;
	const struct strs *paths;
	struct side from;
	struct side to;
	/* What was found, not in order. */
	struct mldv_difference *list;
	size_t count;
	size_t capacity;
	const struct content **contents; /* of each; what renaming compares */
	size_t contents_capacity;
	/* Of the item that is looked at: which part of it is here. */
	struct parts parts;
	bool noted;
};

/* Is this item, or anything in it, asked for? */
static bool is_wanted(const struct comparing *comparing, const char *path)
{
	const struct strs *paths = comparing->paths;

	if (!paths || paths->count == 0)
		return true;
	for (size_t i = 0; i < paths->count; i++) {
		if (path_inside(path, paths->items[i]) ||
		    path_inside(paths->items[i], path))
			return true;
	}
	return false;
}

static bool is_below(const struct comparing *comparing, const char *path)
{
	const struct strs *paths = comparing->paths;

	if (!paths || paths->count == 0)
		return true;
	for (size_t i = 0; i < paths->count; i++) {
		if (path_inside(path, paths->items[i]))
			return true;
	}
	return false;
}

/* What is not here of an item that is here in part is not compared. */
static int list_files(struct comparing *comparing, struct side *side,
    const struct item *item, struct mldv_error *err)
{
	struct snapshot wanted;

	if (!comparing->noted)
		return listing_add_content(&side->files, comparing->project,
		    item->path, &item->content, err);
	if (trees_expand_parts(comparing->project->store, &item->content,
	        &comparing->parts, &wanted, err) < 0)
		return -1;
	listing_add_snapshot(&side->files, item->path, &wanted);
	snapshot_release(&wanted);
	return 0;
}

static int list_content(struct comparing *comparing, struct side *side,
    const struct item *item, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *shown =
	    project_shown(comparing->project, &arena, item->path);
	int ret = list_files(comparing, side, item, err);

	if (ret < 0 && err->code == MLDV_MISSING && side->revision)
		(void)err_set(err, MLDV_MISSING,
		    "cannot compare '%s': the trees of its version at '%s' "
		    "are not here; run 'mldv fetch --revision %s'",
		    shown, side->revision, side->revision);
	else if (ret < 0 && err->code == MLDV_MISSING)
		(void)err_set(err, MLDV_MISSING,
		    "cannot compare '%s': its trees are not here; run 'mldv "
		    "fetch'",
		    shown);
	arena_release(&arena);
	return ret;
}

/*
 * The work tree's item is what lies there; if nothing does, its pointer still
 * says what belongs there. *content becomes what it is.
 */
static int hash_item(struct comparing *comparing, const struct item *item,
    struct snapshot *snapshot, struct content *content, struct mldv_error *err)
{
	struct partial partial = {
	    .parts = &comparing->parts,
	    .recorded = &item->content,
	};
	struct mldv_error why;

	if (worktree_hash(comparing->project, item->path, content, snapshot,
	        err) < 0) {
		if (err->code != MLDV_NOT_FOUND)
			return -1;
		*content = item->content;
		return 0;
	}
	if (comparing->noted &&
	    partial_look(comparing->project, &partial, "", snapshot, content,
	        &why) < 0 &&
	    why.code != MLDV_MISSING) {
		*err = why;
		return -1;
	}
	return 1;
}

static int list_sides(struct comparing *comparing, const struct item *from,
    const struct item *to, struct snapshot *snapshot, struct mldv_error *err)
{
	struct content content = {0};
	int hashed = 0;

	if (to)
		content = to->content;
	if (to && !comparing->to.revision) {
		hashed = hash_item(comparing, to, snapshot, &content, err);
		if (hashed < 0)
			return -1;
	}
	if (from && to && content_equal(&from->content, &content))
		return 0;
	if (from && list_content(comparing, &comparing->from, from, err) < 0)
		return -1;
	if (hashed)
		listing_add_snapshot(&comparing->to.files, to->path, snapshot);
	else if (to && list_content(comparing, &comparing->to, to, err) < 0)
		return -1;
	return 0;
}

/* Adds one item's files on both sides, unless it is the same on both. */
static int list_item(struct comparing *comparing, const struct item *from,
    const struct item *to, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	int noted = 0;
	int ret = -1;

	if (project_check(comparing->project, err) < 0)
		return -1;
	comparing->parts = (struct parts){0};
	if (to && !comparing->to.revision)
		noted = partial_read(comparing->project, to, &comparing->parts,
		    err);
	comparing->noted = noted > 0;
	if (noted >= 0)
		ret = list_sides(comparing, from, to, &snapshot, err);
	snapshot_release(&snapshot);
	parts_release(&comparing->parts);
	return ret;
}

/* Both lists are sorted by path. */
static int list_items(struct comparing *comparing, struct mldv_error *err)
{
	const struct items *from = &comparing->from.items;
	const struct items *to = &comparing->to.items;
	size_t i = 0;
	size_t j = 0;

	while (i < from->count || j < to->count) {
		const struct item *old =
		    i < from->count ? &from->list[i] : NULL;
		const struct item *new = j < to->count ? &to->list[j] : NULL;
		int order = !old ? 1 : !new ? -1 : strcmp(old->path, new->path);

		old = order <= 0 ? old : NULL;
		new = order >= 0 ? new : NULL;
		i += old != NULL;
		j += new != NULL;
		/* What Git keeps, Git compares. */
		if ((old && old->git) || (new &&new->git))
			continue;
		if (is_wanted(comparing,
		        old       ? old->path
		            : new ? new->path
		                  : "") &&
		    list_item(comparing, old, new, err) < 0)
			return -1;
	}
	return 0;
}

static void note(void *context, const struct listed *old,
    const struct listed *new)
{
	struct comparing *comparing = context;
	const struct listed *one = new ? new : old;
	size_t at = comparing->count;

	if (!is_below(comparing, one->path))
		return;
	comparing->list = xgrow(comparing->list, at, &comparing->capacity,
	    sizeof *comparing->list);
	comparing->contents = xgrow(comparing->contents, at,
	    &comparing->contents_capacity, sizeof(const struct content *));
	comparing->list[at] = (struct mldv_difference){
	    .change = !old ? MLDV_ADDED
	        : !new     ? MLDV_REMOVED
	                   : MLDV_CHANGED,
	    .path = one->path,
	    .old_size = old ? old->content.size : 0,
	    .new_size = new ? new->content.size : 0,
	};
	comparing->contents[at] = &one->content;
	comparing->count++;
}

/* Files that have gone, by content; of equal ones, the first. */
static void map_removed(const struct comparing *comparing, struct map *out)
{
	for (size_t i = 0; i < comparing->count; i++) {
		if (comparing->list[i].change == MLDV_REMOVED &&
		    comparing->list[i].old_size > 0)
			(void)map_add(out, &comparing->contents[i]->oid,
			    OID_SIZE, &comparing->list[i]);
	}
}

/*
 * A file that has come with the content of one that has gone is that one,
 * renamed. Each is used once: what it becomes is marked by an empty path.
 */
static void find_renames(struct comparing *comparing)
{
	struct map removed = {0};

	map_removed(comparing, &removed);
	for (size_t i = 0; i < comparing->count; i++) {
		struct mldv_difference *to = &comparing->list[i];
		struct mldv_difference *from;

		if (to->change != MLDV_ADDED)
			continue;
		from =
		    map_get(&removed, &comparing->contents[i]->oid, OID_SIZE);
		if (!from || !from->path)
			continue;
		to->change = MLDV_RENAMED;
		to->old_path = from->path;
		to->old_size = from->old_size;
		from->path = NULL;
	}
	map_release(&removed);
}

static int compare_paths(const void *a, const void *b)
{
	const struct mldv_difference *left = a;
	const struct mldv_difference *right = b;

	return strcmp(left->path, right->path);
}

static void report(struct comparing *comparing,
    void (*visit)(void *context, const struct mldv_difference *difference),
    void *context)
{
	size_t kept = 0;

	find_renames(comparing);
	for (size_t i = 0; i < comparing->count; i++) {
		if (comparing->list[i].path)
			comparing->list[kept++] = comparing->list[i];
	}
	if (kept > 1)
		qsort(comparing->list, kept, sizeof *comparing->list,
		    compare_paths);
	for (size_t i = 0; i < kept; i++)
		visit(context, &comparing->list[i]);
}

/* Before the first commit there is nothing to compare with. */
static int load_from(struct comparing *comparing, struct mldv_error *err)
{
	struct side *from = &comparing->from;
	struct buf head = {0};
	int ret = 1;

	if (!from->revision) {
		from->revision = "HEAD";
		ret = git_head(comparing->project->git, &head, err);
	}
	if (ret == 1)
		ret = items_load_at(comparing->project, from->revision,
		    &from->items, err);
	buf_release(&head);
	return ret;
}

/* The signature is mldv/data.h's. */
/* NOLINTNEXTLINE(readability-function-size) */
int mldv_diff(struct mldv_project *project, const char *from, const char *to,
    const struct strs *paths,
    void (*visit)(void *context, const struct mldv_difference *difference),
    void *context, struct mldv_error *err)
{
	struct comparing comparing = {
	    .project = project,
	    .paths = paths,
	    .from.revision = from,
	    .to.revision = to,
	};
	int ret = -1;

	if (load_from(&comparing, err) < 0 ||
	    items_load_at(project, to, &comparing.to.items, err) < 0 ||
	    list_items(&comparing, err) < 0)
		goto out;
	listing_compare(&comparing.from.files, &comparing.to.files, note,
	    &comparing);
	report(&comparing, visit, context);
	ret = 0;
out:
	free(comparing.list);
	free(comparing.contents);
	listing_release(&comparing.from.files);
	listing_release(&comparing.to.files);
	items_release(&comparing.from.items);
	items_release(&comparing.to.items);
	return ret;
}
