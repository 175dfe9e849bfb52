/* SPDX-License-Identifier: Apache-2.0 */
#include "project/committed.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "project/settings.h"

int committed_open(struct committed *committed, struct mldv_project *project,
    const char *revision, struct mldv_error *err)
{
	*committed = (struct committed){.project = project};
	committed->hasher = hasher_open();
	committed->source.store = project->store;
	if (git_view_open(&committed->view, project->git, revision, err) < 0)
		return -1;
	if (settings_load_at(project, git_view_commit(committed->view), err) <
	        0 ||
	    items_load_at(project, git_view_commit(committed->view),
	        &committed->items, err) < 0)
		return err_prefix(err, "%s", revision);
	config_list(&project->config, "add.ignore", &committed->ignore);
	return source_open(&committed->source, err);
}

void committed_close(struct committed *committed)
{
	source_close(&committed->source);
	git_view_close(committed->view);
	items_release(&committed->items);
	strs_release(&committed->ignore);
	if (committed->hasher)
		hasher_close(committed->hasher);
	arena_release(&committed->arena);
	*committed = (struct committed){0};
}

int committed_inside(struct committed *committed, const struct content *item,
    const char *inner, struct content *out, struct mldv_error *err)
{
	struct trees trees = source_trees(&committed->source);

	if (!inner[0]) {
		*out = *item;
		return 1;
	}
	source_enter(&committed->source, item);
	return trees_inside(&trees, item, inner, out, err);
}

/* A file, link or item in a directory. */
struct leaf {
	const char *path; /* from that directory */
	struct content content;
};

/* A directory that is being put together. */
struct level {
	struct slice name;
	struct tree_entry *entries;
	size_t count;
	size_t capacity;
};

struct gathering {
	struct committed *committed;
	const char *dir;
	struct leaf *leaves;
	size_t count;
	size_t capacity;
	struct level *levels;
	size_t depth;
	size_t level_capacity;
};

/* As add leaves names out, in whatever directory. */
static bool is_ignored(const struct committed *committed, const char *path)
{
	struct arena arena = {0};
	struct slice rest = slice_of(path);
	struct slice name;
	bool ignored = false;
	bool more;

	do {
		const char *text;

		more = slice_cut(&rest, '/', &name);
		text = arena_strn(&arena, name.data, name.len);
		ignored |= temp_is_name(text);
		for (size_t i = 0; i < committed->ignore.count; i++)
			ignored |= str_glob(committed->ignore.items[i], text);
	} while (more && !ignored);
	arena_release(&arena);
	return ignored;
}

static void add_leaf(struct gathering *gathering, const char *path,
    const struct content *content)
{
	gathering->leaves = xgrow(gathering->leaves, gathering->count,
	    &gathering->capacity, sizeof *gathering->leaves);
	gathering->leaves[gathering->count++] = (struct leaf){
	    .path = arena_str(&gathering->committed->arena, path),
	    .content = *content,
	};
}

static int add_file(void *context, const char *path, enum kind kind,
    struct mldv_error *err)
{
	struct gathering *gathering = context;
	struct committed *committed = gathering->committed;
	const char *inner = path_inside(path, gathering->dir);
	struct content content;

	(void)kind;
	if (!inner || is_ignored(committed, inner))
		return 0;
	if (git_view_hash(committed->view, path, committed->hasher, &content,
	        err) < 0)
		return -1;
	add_leaf(gathering, inner, &content);
	return 0;
}

/* Items that Git does not keep lie beside its files. */
static void add_items(struct gathering *gathering)
{
	const struct items *items = &gathering->committed->items;

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->list[i];
		const char *inner = path_inside(item->path, gathering->dir);

		if (inner && !item->git &&
		    !is_ignored(gathering->committed, inner))
			add_leaf(gathering, inner, &item->content);
	}
}

/* By their names from the top down, so that a slash sorts before all else. */
static int compare_leaves(const void *a, const void *b)
{
	const char *left = ((const struct leaf *)a)->path;
	const char *right = ((const struct leaf *)b)->path;

	while (*left && *left == *right) {
		left++;
		right++;
	}
	if (*left == '/' && *right && *right != '/')
		return -1;
	if (*right == '/' && *left && *left != '/')
		return 1;
	return (unsigned char)*left - (unsigned char)*right;
}

static void add_entry(struct level *level, struct slice name,
    const struct content *content)
{
	/* Git and an item may both claim a name. */
	if (level->count > 0 &&
	    slice_compare(level->entries[level->count - 1].name, name) == 0)
		return;
	level->entries = xgrow(level->entries, level->count, &level->capacity,
	    sizeof *level->entries);
	level->entries[level->count++] = (struct tree_entry){*content, name};
}

static void open_level(struct gathering *gathering, struct slice name)
{
	gathering->levels = xgrow(gathering->levels, gathering->depth,
	    &gathering->level_capacity, sizeof *gathering->levels);
	gathering->levels[gathering->depth++] = (struct level){.name = name};
}

static int put_nowhere(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	(void)context;
	(void)oid;
	(void)text;
	(void)len;
	(void)err;
	return 0;
}

/* The innermost directory is complete: it becomes an entry of the next. */
static int close_level(struct gathering *gathering, struct content *out,
    struct mldv_error *err)
{
	const struct tree_sink sink = {.put = put_nowhere};
	struct level *level = &gathering->levels[--gathering->depth];
	int ret = tree_encode(level->entries, level->count,
	    gathering->committed->hasher, &sink, out, err);

	free(level->entries);
	if (ret == 0 && gathering->depth > 0)
		add_entry(&gathering->levels[gathering->depth - 1], level->name,
		    out);
	return ret;
}

static int place_leaf(struct gathering *gathering, const struct leaf *leaf,
    struct mldv_error *err)
{
	struct slice rest = slice_of(leaf->path);
	struct content closed;
	struct slice name;
	size_t depth = 1;

	while (slice_cut(&rest, '/', &name)) {
		bool same = depth < gathering->depth &&
		    slice_compare(gathering->levels[depth].name, name) == 0;

		while (!same && gathering->depth > depth) {
			if (close_level(gathering, &closed, err) < 0)
				return -1;
		}
		if (!same)
			open_level(gathering, name);
		depth++;
	}
	while (gathering->depth > depth) {
		if (close_level(gathering, &closed, err) < 0)
			return -1;
	}
	add_entry(&gathering->levels[depth - 1], name, &leaf->content);
	return 0;
}

static int put_together(struct gathering *gathering, struct content *out,
    struct mldv_error *err)
{
	int ret = 0;

	qsort(gathering->leaves, gathering->count, sizeof *gathering->leaves,
	    compare_leaves);
	open_level(gathering, slice_of(""));
	for (size_t i = 0; ret == 0 && i < gathering->count; i++)
		ret = place_leaf(gathering, &gathering->leaves[i], err);
	while (ret == 0 && gathering->depth > 0)
		ret = close_level(gathering, out, err);
	while (gathering->depth > 0)
		free(gathering->levels[--gathering->depth].entries);
	free(gathering->levels);
	return ret < 0 ? -1 : 1;
}

static int hash_directory(struct committed *committed, const char *path,
    struct content *out, struct mldv_error *err)
{
	struct gathering gathering = {.committed = committed, .dir = path};
	enum kind kind;
	int ret = git_view_kind(committed->view, path, &kind, err);

	if (ret > 0 && kind == KIND_DIR)
		ret = git_view_each(committed->view, path, add_file, &gathering,
		    err);
	if (ret >= 0) {
		add_items(&gathering);
		ret = gathering.count == 0 ? 0
		                           : put_together(&gathering, out, err);
	}
	free(gathering.leaves);
	return ret;
}

int committed_hash(struct committed *committed, const char *path,
    struct content *out, struct mldv_error *err)
{
	const char *inner;
	const struct item *item = items_around(&committed->items, path, &inner);
	int ret;

	if (item && !item->git)
		return committed_inside(committed, &item->content, inner, out,
		    err);
	ret = git_view_hash(committed->view, path, committed->hasher, out, err);
	return ret != 0 ? ret : hash_directory(committed, path, out, err);
}
