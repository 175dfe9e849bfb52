/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/place.h"
#include "project/worktree.h"

/* What is there now, and how it maps to the target. */
struct update {
	struct place *place;
	struct snapshot *current;
	uint32_t *counterpart; /* of a current directory: target + 1, or 0 */
};

static int refuse_overwrite(const struct update *update, size_t dir,
    const struct snapshot_entry *entry, struct mldv_error *err)
{
	struct buf path = {0};

	buf_add_str(&path, update->place->path);
	if (update->current->dir_count > 0) {
		buf_add_char(&path, '/');
		snapshot_path(update->current, dir, entry, &path);
	}
	(void)err_set(err, MLDV_EXISTS,
	    "'%s' was changed and is not in the store; keep it with 'mldv add "
	    "%s', or overwrite it with --force",
	    buf_str(&path), update->place->path);
	buf_release(&path);
	return -1;
}

/* Is it safe to take this file away? */
static int check_stored(const struct update *update, size_t dir,
    const struct snapshot_entry *entry, struct mldv_error *err)
{
	int there;

	if (update->place->force)
		return 0;
	there = store_has(update->place->project->store, &entry->oid,
	    entry->size, err);
	if (there < 0)
		return -1;
	return there ? 0 : refuse_overwrite(update, dir, entry, err);
}

/* Files that are ignored must not go away with their directory. */
static int check_ignored(const struct update *update, size_t dir,
    struct mldv_error *err)
{
	struct buf path = {0};

	if (update->place->force || update->current->dirs[dir].ignored == 0)
		return 0;
	buf_add_str(&path, update->place->path);
	if (dir != 0)
		buf_add_char(&path, '/');
	snapshot_dir_path(update->current, dir, &path);
	(void)err_set(err, MLDV_EXISTS,
	    "cannot take '%s' away: files that [add] ignore names are in it; "
	    "remove them, or use --force",
	    buf_str(&path));
	buf_release(&path);
	return -1;
}

static bool same_file(const struct snapshot_entry *a,
    const struct snapshot_entry *b)
{
	return a->kind == b->kind && a->size == b->size &&
	    oid_equal(&a->oid, &b->oid);
}

static void keep_file(struct snapshot_entry *target,
    const struct snapshot_entry *current)
{
	uint32_t name = target->name;

	*target = *current;
	target->name = name;
}

/*
 * Goes through the entries of both directories in step: what is the same is
 * kept, what would be lost is refused. With found NULL the whole current
 * directory goes.
 */
static int compare_dir(struct update *update, size_t number,
    struct mldv_error *err)
{
	const struct snapshot_dir *current = &update->current->dirs[number];
	struct snapshot_dir *target = NULL;
	size_t at = 0;

	if (update->counterpart[number] > 0)
		target = &update->place->target
		              ->dirs[update->counterpart[number] - 1];
	else if (check_ignored(update, number, err) < 0)
		return -1;
	for (size_t i = 0; i < current->count; i++) {
		const struct snapshot_entry *entry = &current->entries[i];
		const char *name = snapshot_name(current, entry);
		struct snapshot_entry *other = NULL;
		int order = -1;

		while (target != NULL && at < target->count &&
		    (order = strcmp(snapshot_name(target, &target->entries[at]),
		         name)) < 0)
			at++;
		if (target != NULL && at < target->count && order == 0)
			other = &target->entries[at];
		if (entry->kind == KIND_DIR) {
			if (other != NULL && other->kind == KIND_DIR) {
				update->counterpart[entry->dir] =
				    other->dir + 1;
				update->place->existed[other->dir] = true;
			}
		} else if (other != NULL && same_file(entry, other)) {
			keep_file(other, entry);
		} else if (check_stored(update, number, entry, err) < 0) {
			return -1;
		} else if (other != NULL && other->kind != KIND_DIR) {
			other->racy = PLACE_REPLACES;
		}
	}
	return 0;
}

/* Moves aside what has another kind than what is to be there. */
static int clear_conflicts(struct update *update, size_t number, int fd,
    const char *path, struct mldv_error *err)
{
	const struct snapshot_dir *current = &update->current->dirs[number];
	const struct snapshot_dir *target =
	    &update->place->target->dirs[update->counterpart[number] - 1];
	size_t at = 0;

	for (size_t i = 0; i < current->count; i++) {
		const struct snapshot_entry *entry = &current->entries[i];
		const char *name = snapshot_name(current, entry);
		int order = -1;

		while (at < target->count &&
		    (order = strcmp(snapshot_name(target, &target->entries[at]),
		         name)) < 0)
			at++;
		if (at < target->count && order == 0) {
			bool was_dir = entry->kind == KIND_DIR;
			bool is_dir = target->entries[at].kind == KIND_DIR;

			if (was_dir == is_dir)
				continue;
		}
		if (place_set_aside(update->place, fd, name, path, NULL, err) <
		    0)
			return -1;
	}
	return 0;
}

/* Whoever checks an item out has it alone: this is what a crash left. */
static int sweep_dir(const struct update *update, size_t dir, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = 0;

	if (update->current->dirs[dir].temporary)
		ret = file_sweep(project_absolute(update->place->project,
		                     &arena, path),
		    err);
	arena_release(&arena);
	return ret;
}

static int clear_dirs(struct update *update, struct mldv_error *err)
{
	struct place *place = update->place;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < update->current->dir_count; i++) {
		struct buf path = {0};
		int fd;

		if (update->counterpart[i] == 0)
			continue;
		buf_add_str(&path, place->path);
		if (i > 0)
			buf_add_char(&path, '/');
		snapshot_dir_path(update->current, i, &path);
		ret = sweep_dir(update, i, buf_str(&path), err);
		fd = ret < 0
		    ? -1
		    : place_open_dir(place, update->counterpart[i] - 1, err);
		if (fd < 0) {
			ret = -1;
		} else {
			ret =
			    clear_conflicts(update, i, fd, buf_str(&path), err);
			(void)close(fd);
		}
		buf_release(&path);
	}
	return ret;
}

static int update_dirs(struct update *update, struct mldv_error *err)
{
	struct place *place = update->place;
	int ret = 0;

	update->counterpart =
	    xcalloc(update->current->dir_count, sizeof *update->counterpart);
	update->counterpart[0] = 1;
	place->existed[0] = true;
	for (size_t i = 0; ret == 0 && i < update->current->dir_count; i++)
		ret = compare_dir(update, i, err);
	if (ret == 0)
		ret = clear_dirs(update, err);
	if (ret == 0)
		ret = place_write_tree(place, err);
	free(update->counterpart);
	return ret;
}

/* Everything there goes: may it? Then it is moved aside. */
static int replace_all(struct update *update, struct mldv_error *err)
{
	struct place *place = update->place;
	const struct snapshot *current = update->current;
	struct arena arena = {0};
	int ret = 0;

	if (current->dir_count == 0)
		ret = check_stored(update, 0, &current->root, err);
	update->counterpart =
	    xcalloc(current->dir_count + 1, sizeof *update->counterpart);
	for (size_t i = 0; ret == 0 && i < current->dir_count; i++)
		ret = compare_dir(update, i, err);
	free(update->counterpart);
	if (ret == 0)
		ret = place_set_aside(place, place->parent, place->name,
		    path_parent(&arena, place->path), place->replaced, err);
	arena_release(&arena);
	return ret == 0 ? place_new(place, err) : -1;
}

int place_update(struct place *place, struct mldv_error *err)
{
	struct content content;
	struct snapshot current;
	struct update update = {.place = place, .current = &current};
	struct snapshot *target = place->target;
	int ret;

	if (worktree_hash(place->project, place->path, &content, &current,
	        err) < 0)
		return -1;
	if (current.dir_count > 0 && target->dir_count > 0) {
		ret = update_dirs(&update, err);
	} else if (current.dir_count == 0 && target->dir_count == 0) {
		if (same_file(&current.root, &target->root)) {
			keep_file(&target->root, &current.root);
			ret = 0;
		} else {
			ret = check_stored(&update, 0, &current.root, err);
			target->root.racy = PLACE_REPLACES;
			if (ret == 0)
				ret = place_write_file(place, err);
		}
	} else {
		ret = replace_all(&update, err);
	}
	snapshot_release(&current);
	return ret;
}
