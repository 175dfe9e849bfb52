/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/look.h"

#include "base/path.h"
#include "project/item.h"
#include "project/remotes.h"
#include "project/source.h"
#include "project/worktree.h"

/* What looking at items needs. */
struct looking {
	struct mldv_project *project;
	struct items items;
	struct remote *remote; /* or NULL */
	struct source source;
	struct lock lock; /* of the store, if trees are put into it */
	struct arena arena;
};

static void looking_end(struct looking *looking)
{
	source_close(&looking->source);
	if (looking->remote)
		remote_close(looking->remote);
	items_release(&looking->items);
	lock_release(&looking->lock);
	arena_release(&looking->arena);
}

static int open_remote(struct looking *looking, const char *name, bool needed,
    struct mldv_error *err)
{
	struct mldv_error none;

	if (remotes_choose(looking->project, name, &looking->arena, &name,
	        needed ? err : &none) < 0)
		return needed ? -1 : 0;
	return remotes_open(looking->project, name, &looking->remote, err);
}

static int open_source(struct looking *looking, bool keep,
    struct mldv_error *err)
{
	looking->source.store = looking->project->store;
	looking->source.remote = looking->remote;
	looking->source.keep = keep;
	return source_open(&looking->source, err);
}

/* --- list --- */

struct list {
	struct looking looking;
	const struct mldv_list *options;
};

static void visit(const struct list *list, const char *path,
    const struct content *content)
{
	const struct mldv_entry entry = {
	    .path = path,
	    .kind = kind_name(content->kind),
	    .files = content->files,
	    .bytes = content->size,
	};

	list->options->visit(list->options->context, &entry);
}

struct below {
	const struct list *list;
	const char *dir;
};

static int visit_below(void *context, const char *path,
    const struct content *file, struct mldv_error *err)
{
	const struct below *below = context;
	struct arena arena = {0};

	if (project_check(below->list->looking.project, err) < 0)
		return -1;
	visit(below->list, path_join(&arena, below->dir, path), file);
	arena_release(&arena);
	return 0;
}

/* Puts all trees below a directory into the store, if a remote may be asked. */
static int bring_trees(struct list *list, const struct item *item,
    const struct content *dir, struct mldv_error *err)
{
	struct looking *looking = &list->looking;
	struct remote_count count;
	const struct remote_wanted wanted = {
	    .item = &item->content,
	    .parts = dir,
	    .count = 1,
	    .only_trees = true,
	};

	if (!looking->remote)
		return 0;
	remote_set_label(looking->remote, item->path);
	if (remote_fetch_parts(looking->remote, looking->project->store,
	        &wanted, &count, err) < 0)
		return -1;
	source_close(&looking->source);
	store_unload(looking->project->store);
	return open_source(looking, true, err);
}

static int list_files(struct list *list, const struct item *item,
    const char *path, const struct content *content, struct mldv_error *err)
{
	struct below below = {list, path};

	if (bring_trees(list, item, content, err) < 0)
		return -1;
	return worktree_each(list->looking.project, content, visit_below,
	    &below, err);
}

static int list_dir(struct list *list, const char *path,
    const struct content *dir, struct mldv_error *err)
{
	struct trees trees = source_trees(&list->looking.source);
	struct arena arena = {0};
	struct tree tree;
	int ret = trees_read(&trees, dir, &arena, &tree, err);

	for (size_t i = 0; ret == 0 && i < tree.count; i++)
		visit(list, path_join(&arena, path, tree.entries[i].name.data),
		    &tree.entries[i].content);
	arena_release(&arena);
	return ret;
}

/* Says how to have what is not here. */
static int say_missing(const struct list *list, const char *path,
    struct mldv_error *err)
{
	if (err->code != MLDV_MISSING || list->looking.remote)
		return err_prefix(err, "'%s'", path);
	return err_set(err, MLDV_MISSING,
	    "the list of the files in '%s' is not here; 'mldv ls --remote' "
	    "reads it from the remote",
	    path);
}

static int list_inside(struct list *list, const struct item *item,
    const char *inner, struct mldv_error *err)
{
	struct looking *looking = &list->looking;
	struct trees trees = source_trees(&looking->source);
	struct arena arena = {0};
	const char *path = path_join(&arena, item->path, inner);
	struct content content;
	int ret;

	source_enter(&looking->source, &item->content);
	ret = trees_inside(&trees, &item->content, inner, &content, err);
	if (ret == 0) {
		ret = err_set(err, MLDV_NOT_FOUND,
		    "there is no '%s' in the item '%s'", inner, item->path);
	} else if (ret == 1) {
		ret = 0;
		if (content.kind != KIND_DIR)
			visit(list, path, &content);
		else if (list->options->recursive)
			ret = list_files(list, item, path, &content, err);
		else
			ret = list_dir(list, path, &content, err);
		if (ret < 0)
			ret = say_missing(list, path, err);
	} else {
		ret = say_missing(list, path, err);
	}
	arena_release(&arena);
	return ret;
}

static int list_item(struct list *list, const struct item *item,
    struct mldv_error *err)
{
	struct remote *remote = list->looking.remote;
	struct mldv_entry entry = {
	    .path = item->path,
	    .kind = kind_name(item->content.kind),
	    .files = item->content.files,
	    .bytes = item->content.size,
	    .item = true,
	    .stage = item->stage,
	};
	int there = 0;

	if (project_check(list->looking.project, err) < 0)
		return -1;
	if (list->options->recursive && !item->git)
		return list_inside(list, item, "", err);
	if (remote && !item->git) {
		there = remote_has(remote, &item->content, err);
		if (there < 0)
			return -1;
		entry.asked = true;
		entry.there = there > 0;
	}
	list->options->visit(list->options->context, &entry);
	return 0;
}

static int list_path(struct list *list, const char *path,
    struct mldv_error *err)
{
	const struct items *items = &list->looking.items;
	const char *inner;
	const struct item *item = items_around(items, path, &inner);
	bool found = false;

	if (item)
		return list_inside(list, item, inner, err);
	for (size_t i = 0; i < items->count; i++) {
		if (!path_inside(items->list[i].path, path))
			continue;
		found = true;
		if (list_item(list, &items->list[i], err) < 0)
			return -1;
	}
	if (!found)
		return err_set(err, MLDV_NOT_FOUND,
		    "'%s' names no item; 'mldv ls' lists them", path);
	return 0;
}

int mldv_list(struct mldv_project *project, const struct strs *paths,
    const struct mldv_list *options, struct mldv_error *err)
{
	struct list list = {.looking.project = project, .options = options};
	struct looking *looking = &list.looking;
	bool ask = options->ask || options->remote;
	int ret = -1;

	if (ask &&
	    (open_remote(looking, options->remote, true, err) < 0 ||
	        project_lock_store(project, &looking->lock, LOCK_SHARED, err) <
	            0))
		goto out;
	if (items_load_at(project, options->revision, &looking->items, err) <
	        0 ||
	    open_source(looking, ask, err) < 0)
		goto out;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < paths->count; i++)
		ret = list_path(&list, paths->items[i], err);
	for (size_t i = 0;
	     ret == 0 && paths->count == 0 && i < looking->items.count; i++)
		ret = list_item(&list, &looking->items.list[i], err);
	if (ret == 0)
		ret = source_end(&looking->source, err);
out:
	looking_end(looking);
	return ret;
}

/* --- cat --- */

static int pass(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	const struct mldv_cat *options = context;

	(void)err;
	options->write(options->context, data, size);
	return 0;
}

static int write_file(struct looking *looking, const struct item *item,
    const char *inner, const struct mldv_cat *options, struct mldv_error *err)
{
	struct trees trees = source_trees(&looking->source);
	struct mldv_cat copy = *options;
	const struct remote_sink sink = {&copy, pass};
	struct content file;
	int found;

	if (item->git)
		return err_set(err, MLDV_NOT_FOUND,
		    "Git keeps '%s'; 'git show' prints it", item->path);
	source_enter(&looking->source, &item->content);
	found = trees_inside(&trees, &item->content, inner, &file, err);
	if (found == 0)
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no '%s' in the item '%s'", inner, item->path);
	if (found < 0)
		return err_prefix(err, "'%s'", item->path);
	if (file.kind == KIND_DIR)
		return err_set(err, MLDV_USAGE,
		    "'%s%s%s' is a directory; 'mldv ls' lists it", item->path,
		    inner[0] ? "/" : "", inner);
	if (source_file(&looking->source, &file, &sink, err) < 0)
		return err_prefix(err, "'%s%s%s'", item->path,
		    inner[0] ? "/" : "", inner);
	return 0;
}

int mldv_cat(struct mldv_project *project, const char *path,
    const struct mldv_cat *options, struct mldv_error *err)
{
	struct looking looking = {.project = project};
	const struct item *item;
	const char *inner;
	int ret = -1;

	if (open_remote(&looking, options->remote, options->remote != NULL,
	        err) < 0 ||
	    items_load_at(project, options->revision, &looking.items, err) <
	        0 ||
	    open_source(&looking, false, err) < 0)
		goto out;
	item = items_around(&looking.items, path, &inner);
	if (item)
		ret = write_file(&looking, item, inner, options, err);
	else
		(void)err_set(err, MLDV_NOT_FOUND,
		    "'%s' is neither an item nor in one; 'mldv ls' lists them",
		    path);
out:
	looking_end(&looking);
	return ret;
}
