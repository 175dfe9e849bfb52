/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pipeline/find.h"
#include "project/remotes.h"
#include "project/trees.h"
#include "remote/confirm.h"

/* Places of which it is said which branch has them: each costs a walk. */
#define HOLDERS_MOST 20

void find_add_dir(struct find *find, const struct content *content,
    const struct hit *hit, const char *path)
{
	struct find_dir *dir =
	    map_get(&find->dirs, content->oid.bytes, OID_SIZE);

	if (dir) {
		dir->hit.here |= hit->here;
		return;
	}
	dir = arena_alloc(&find->arena, sizeof *dir);
	dir->content = *content;
	dir->hit = *hit;
	dir->hit.as = MLDV_FOUND_INSIDE;
	dir->hit.path = path;
	*find->last_dir = dir;
	find->last_dir = &dir->next;
	(void)map_add(&find->dirs, dir->content.oid.bytes, OID_SIZE, dir);
}

/* --- looking into directories, each tree once --- */

struct level {
	struct content content;
	const char *path;
	struct level *next;
};

struct inside {
	struct find *find;
	struct trees trees;
	struct map seen; /* trees without it, and those to be looked at */
	struct level *levels;
};

static void push(struct inside *inside, const struct content *content,
    const char *path)
{
	struct arena *arena = &inside->find->arena;
	struct level *level;

	if (map_get(&inside->seen, content->oid.bytes, OID_SIZE))
		return;
	level = arena_alloc(arena, sizeof *level);
	level->content = *content;
	level->path = path;
	level->next = inside->levels;
	inside->levels = level;
	(void)map_add(&inside->seen, level->content.oid.bytes, OID_SIZE, level);
}

static void look_at_entry(struct inside *inside, const struct level *level,
    const struct tree_entry *entry, struct find_dir *dir)
{
	struct find *find = inside->find;
	bool wanted = oid_equal(&entry->content.oid, &find->oid);
	const char *path;

	if (!wanted && entry->content.kind != KIND_DIR)
		return;
	path = arena_printf(&find->arena, "%s%s%.*s", level->path,
	    level->path[0] ? "/" : "", (int)entry->name.len, entry->name.data);
	if (!wanted) {
		push(inside, &entry->content, path);
		return;
	}
	find->content = entry->content;
	find->has_content = true;
	if (dir->hit.inside)
		return;
	dir->hit.inside = path;
	/* The oldest version that has it is enough. */
	if (!map_add_str(&find->known,
	        arena_printf(&find->arena, "%s/%s", dir->hit.path, path), dir))
		return;
	*find->last = &dir->hit;
	find->last = &dir->hit.next;
}

CHECKED static int look_into(struct inside *inside, struct find_dir *dir,
    struct mldv_error *err)
{
	push(inside, &dir->content, "");
	while (inside->levels) {
		const struct level *level = inside->levels;
		struct arena arena = {0};
		struct mldv_error cause;
		struct tree tree = {0};
		int ret;

		inside->levels = level->next;
		if (project_check(inside->find->project, err) < 0)
			return -1;
		ret = trees_read(&inside->trees, &level->content, &arena, &tree,
		    &cause);
		inside->find->lacking |= ret < 0;
		for (size_t i = 0; ret == 0 && i < tree.count; i++)
			look_at_entry(inside, level, &tree.entries[i], dir);
		arena_release(&arena);
	}
	return 0;
}

int find_inside(struct find *find, struct mldv_error *err)
{
	struct store_reader *reader;
	struct inside inside = {.find = find};
	int ret = store_load(find->project->store, err);

	if (ret < 0)
		return -1;
	reader = store_reader_open(find->project->store);
	inside.trees = trees_of(reader);
	for (struct find_dir *dir = find->dir_list; ret == 0 && dir;
	     dir = dir->next)
		ret = look_into(&inside, dir, err);
	store_reader_close(reader);
	map_release(&inside.seen);
	return ret;
}

/* --- where the bytes lie --- */

static const char *find_path(struct find *find, struct arena *arena)
{
	struct mldv_error ignored;
	struct content now;

	for (const struct hit *hit = find->first; hit; hit = hit->next) {
		const char *path = hit->inside
		    ? arena_printf(arena, "%s/%s", hit->path, hit->inside)
		    : hit->path;

		/* Looking at an item is cheap; at a file in one, it is not. */
		if ((hit->here || hit->inside) &&
		    worktree_hash(find->project, path, &now, NULL, &ignored) ==
		        0 &&
		    oid_equal(&now.oid, &find->content.oid))
			return path;
	}
	return NULL;
}

CHECKED static int ask_remote(struct find *find, struct arena *arena,
    const struct content *item, struct mldv_lies *lies, struct mldv_error *err)
{
	struct remote *remote = NULL;
	struct mldv_error cause;
	const char *name = NULL;
	int has = -1;

	if (remotes_choose(find->project, NULL, arena, &name, &cause) < 0)
		return 0;
	if (remotes_open(find->project, name, &remote, &cause) == 0) {
		if (remote_is_there(remote, &cause) == 0)
			has = remote_has(remote, item, &cause);
		remote_close(remote);
	}
	if (has >= 0) {
		lies->remote = name;
		lies->on_remote = has > 0;
		return 0;
	}
	if (cause.code == MLDV_INTERRUPTED || cause.code == MLDV_TERMINATED) {
		*err = cause;
		return -1;
	}
	project_warn(find->project, "cannot ask the remote: %s", cause.text);
	return 0;
}

/* On a remote a file that lies in an item is found by that item. */
static const struct content *item_of(const struct find *find)
{
	for (const struct find_dir *dir = find->dir_list; dir; dir = dir->next)
		if (dir->hit.inside)
			return &dir->content;
	return &find->content;
}

CHECKED static int tell_lies(struct find *find, struct mldv_error *err)
{
	struct arena arena = {0};
	char hex[OID_HEX + 1];
	struct mldv_lies lies = {.oid = hex, .known = find->has_content};
	int ret = 0;

	oid_hex(find->has_content ? &find->content.oid : &find->oid, hex);
	if (find->has_content) {
		lies.path = find_path(find, &arena);
		ret =
		    worktree_complete(find->project, &find->content, NULL, err);
		lies.store = ret > 0;
		if (ret >= 0)
			ret =
			    ask_remote(find, &arena, item_of(find), &lies, err);
	}
	if (ret >= 0)
		find->options->lies(find->options->context, &lies);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int find_tell(struct find *find, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf holder = {0};
	size_t asked = 0;
	int ret = 0;

	for (const struct hit *hit = find->first; ret >= 0 && hit;
	     hit = hit->next) {
		struct mldv_found found = {
		    .as = hit->as,
		    .path = hit->path,
		    .inside = hit->inside,
		    .stage = hit->stage,
		    .key = hit->key,
		    .here = hit->here,
		};
		struct git_about about;

		buf_reset(&holder);
		if (hit->commit) {
			ret = git_about(find->project->git, hit->commit, &arena,
			    &about, err);
			if (ret == 0 && asked++ < HOLDERS_MOST)
				ret = git_holder(find->project->git,
				    hit->commit, &holder, err);
			if (ret < 0)
				break;
			found.commit = (struct mldv_commit){about.commit,
			    about.time, about.who, about.subject};
			found.holder = ret > 0 ? buf_str(&holder) : NULL;
		}
		find->options->visit(find->options->context, &found);
	}
	if (ret >= 0 && find->first)
		ret = tell_lies(find, err);
	buf_release(&holder);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}
