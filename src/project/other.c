/* SPDX-License-Identifier: Apache-2.0 */
#include "project/other.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "project/remotes.h"
#include "project/settings.h"
#include "project/source.h"
#include "project/worktree.h"
#include "remote/reach.h"

static const struct mldv_events no_events;

/* "host:path" or "scheme://…", which are no paths. */
static bool is_url(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *slash = strchr(text, '/');

	return colon && colon != text && (!slash || colon < slash);
}

/* Opens or clones it; *local tells which. */
static int open_git(struct other *other, const struct other_options *options,
    bool *local, struct mldv_error *err)
{
	struct arena *arena = &other->arena;
	const char *repository = options->repository;
	const char *clone = path_join(arena, options->temp, "git");
	struct stat st;
	char *cwd;

	*local = stat(repository, &st) == 0 && S_ISDIR(st.st_mode);
	if (*local) {
		if (path_cwd(arena, &cwd, err) < 0)
			return -1;
		other->address =
		    path_clean(arena, path_join(arena, cwd, repository));
		other->shown = repository;
		return git_open_at(&other->project->git, other->address, err);
	}
	other->address = repository;
	other->shown = str_hide_password(arena, repository);
	other->secret = other->shown != repository;
	if (!is_url(repository))
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no directory '%s', and it is no URL either",
		    repository);
	if (git_mirror(repository, clone, options->events, err) < 0)
		return err_prefix(err, "'%s'", other->shown);
	return git_open_at(&other->project->git, clone, err);
}

static int find_commit(struct other *other, const char *revision,
    struct mldv_error *err)
{
	struct buf commit = {0};
	int ret = git_commit_of(other->project->git,
	    revision ? revision : "HEAD", &commit, err);

	if (ret == 0)
		other->commit = arena_str(&other->arena, buf_str(&commit));
	else
		(void)err_prefix(err, "'%s'", other->shown);
	buf_release(&commit);
	return ret;
}

static int load_settings(struct other *other,
    const struct other_options *options, bool local, struct mldv_error *err)
{
	struct mldv_project *project = other->project;

	project->root = arena_str(&project->arena, git_root(project->git));
	project->prefix = "";
	project->home =
	    arena_printf(&project->arena, "%s/mldv", git_common(project->git));
	if (settings_load_at(project, other->commit, err) < 0)
		return err_prefix(err, "'%s'", other->shown);
	if (!config_get(&project->config, "project.id"))
		return err_set(err, MLDV_NOT_FOUND,
		    "'%s' is no project of mldv: it has no " PROJECT_INI
		    " with an id",
		    other->shown);
	project->store = store_open(local
	        ? project_store_dir(project, &project->arena)
	        : path_join(&project->arena, options->temp, "none"));
	project->home = arena_str(&project->arena, options->home);
	return 0;
}

static int open_remote(struct other *other, struct mldv_error *err)
{
	struct mldv_error none;
	const char *name;

	if (remotes_choose(other->project, NULL, &other->arena, &name, &none) <
	    0)
		return 0;
	return remotes_open(other->project, name, &other->remote, err);
}

int other_open(struct other *other, const struct other_options *options,
    struct mldv_error *err)
{
	bool local;

	*other = (struct other){.project = xcalloc(1, sizeof *other->project)};
	other->project->root_fd = -1;
	other->project->events = options->events ? options->events : &no_events;
	if (open_git(other, options, &local, err) < 0 ||
	    find_commit(other, options->revision, err) < 0 ||
	    load_settings(other, options, local, err) < 0 ||
	    open_remote(other, err) < 0 ||
	    items_load_at(other->project, other->commit, &other->items, err) <
	        0) {
		other_close(other);
		return -1;
	}
	return 0;
}

void other_close(struct other *other)
{
	items_release(&other->items);
	remote_close(other->remote);
	mldv_project_close(other->project);
	arena_release(&other->arena);
	*other = (struct other){0};
}

/* The path is nothing that could be had; perhaps items lie below it. */
static int not_found(const struct other *other, const char *path,
    struct mldv_error *err)
{
	for (size_t i = 0; i < other->items.count; i++) {
		if (path_inside(other->items.list[i].path, path))
			return err_set(err, MLDV_NOT_FOUND,
			    "'%s' in '%s' holds items, but is none; name one, "
			    "'%s' for instance",
			    path, other->shown, other->items.list[i].path);
	}
	return err_set(err, MLDV_NOT_FOUND,
	    "'%s' is neither an item nor in one in '%s'", path, other->shown);
}

int other_find(struct other *other, const char *path, struct other_part *out,
    struct mldv_error *err)
{
	struct source source = {
	    .store = other->project->store,
	    .remote = other->remote,
	};
	const char *clean = path_clean(&other->arena, path);
	struct trees trees = source_trees(&source);
	const char *inner;
	int ret;

	out->item = clean ? items_around(&other->items, clean, &inner) : NULL;
	if (!out->item)
		return not_found(other, clean ? clean : path, err);
	if (out->item->git)
		return err_set(err, MLDV_NOT_FOUND,
		    "'%s' in '%s' is kept by Git, not by mldv", path,
		    other->shown);
	if (source_open(&source, err) < 0)
		return -1;
	source_enter(&source, &out->item->content);
	ret = trees_inside(&trees, &out->item->content, inner, &out->content,
	    err);
	source_close(&source);
	if (ret == 0)
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no '%s' in the item '%s' of '%s'", inner,
		    out->item->path, other->shown);
	return ret < 0 ? err_prefix(err, "'%s'", other->shown) : 0;
}

int other_has(struct other *other, const struct other_part *part,
    struct mldv_error *err)
{
	return worktree_complete(other->project, &part->content, NULL, err);
}

/* Copying from one store to another. */
struct copy {
	struct mldv_project *project; /* of the one that is read */
	struct store *to;
	struct store_reader *reader;
	struct store_packer *packer;
};

static bool is_cancelled(void *context)
{
	const struct copy *copy = context;
	struct mldv_error none;

	return project_check(copy->project, &none) < 0;
}

static int copy_large(struct copy *copy, const struct reach_object *object,
    struct mldv_error *err)
{
	struct store_large large = {
	    .name = "an object of the other store",
	    .size = object->size,
	    .context = copy,
	    .cancelled = is_cancelled,
	};
	struct oid oid;
	int fd, ret;

	if (store_file_open(copy->project->store, &object->oid, object->size,
	        &fd, err) < 0)
		return -1;
	ret = store_put_large(copy->to, fd, &large, &oid, err);
	if (ret == 0 && !oid_equal(&oid, &object->oid))
		ret = err_set(err, MLDV_CORRUPT,
		    "an object of the other store is not what its name says; "
		    "run 'mldv fsck' there");
	(void)close(fd);
	return ret;
}

static int copy_object(struct copy *copy, const struct reach_object *object,
    struct mldv_error *err)
{
	struct slice data;
	int there;

	if (project_check(copy->project, err) < 0)
		return -1;
	/* A tree is small whatever the size of the files below it. */
	there = object->tree
	    ? store_find(copy->to, &object->oid, NULL) != NULL
	    : store_has(copy->to, &object->oid, object->size, err);
	if (there != 0)
		return there < 0 ? -1 : 0;
	if (!object->tree && object->size > OBJECT_WHOLE_MAX)
		return copy_large(copy, object, err);
	if (store_reader_get(copy->reader, &object->oid, &data, err) < 0)
		return -1;
	return store_packer_put(copy->packer, &object->oid, data.data, data.len,
	    err);
}

static int copy_map(struct copy *copy, const struct map *objects,
    struct mldv_error *err)
{
	int ret = 0;

	copy->packer = store_packer_open(copy->to);
	for (size_t i = 0; ret == 0 && i < objects->count; i++)
		ret = copy_object(copy, objects->entries[i].value, err);
	if (ret == 0)
		ret = store_packer_end(copy->packer, err);
	store_packer_close(copy->packer);
	return ret;
}

/* Trees go into packs of their own. */
static int copy_all(struct other *other, const struct content *content,
    struct store *to, struct mldv_error *err)
{
	struct copy copy = {.project = other->project, .to = to};
	struct reach reach;
	int ret;

	if (store_load(to, err) < 0)
		return -1;
	reach_init(&reach);
	ret = reach_walk_store(&reach, other->project->store, content, 1, err);
	if (ret == 0) {
		copy.reader = store_reader_open(other->project->store);
		ret = copy_map(&copy, &reach.files, err);
		if (ret == 0)
			ret = copy_map(&copy, &reach.trees, err);
		store_reader_close(copy.reader);
	}
	reach_release(&reach);
	store_unload(to);
	return ret;
}

int other_fetch(struct other *other, const struct other_part *part,
    struct store *store, struct mldv_error *err)
{
	const struct remote_wanted wanted = {
	    .item = &part->item->content,
	    .parts = &part->content,
	    .count = 1,
	};
	struct remote_count count;
	int here = other_has(other, part, err);

	if (here < 0)
		return -1;
	if (here)
		return copy_all(other, &part->content, store, err);
	if (!other->remote)
		return err_set(err, MLDV_MISSING,
		    "'%s' of '%s' is not in a store there, and its " PROJECT_INI
		    " names no remote that could have it",
		    part->item->path, other->shown);
	remote_set_label(other->remote, part->item->path);
	if (remote_fetch_parts(other->remote, store, &wanted, &count, err) < 0)
		return err_prefix(err, "'%s' of '%s'", part->item->path,
		    other->shown);
	store_unload(store);
	return 0;
}
