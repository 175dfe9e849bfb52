/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/allowed.h"
#include "project/partial.h"
#include "project/sweep.h"
#include "project/unstaged.h"
#include "project/worktree.h"

struct moving {
	struct mldv_project *project;
	struct arena *arena;
	const struct item *item;
	const char *from;
	const char *to;
	bool from_there; /* the data */
	bool to_there;
	bool resumed; /* an earlier run has died half-way */
};

/* Is there a pointer of this path that says this content? */
static int says(const struct moving *moving, const char *path,
    const struct content *content, struct mldv_error *err)
{
	struct pointer pointer;
	int ret;

	if (path[0] == '\0')
		return 0;
	ret = item_pointer(moving->project, path, &pointer, moving->arena, err);
	return ret == 1 ? content_equal(&pointer.content, content) : ret;
}

/*
 * As mv(1): into a directory that is there, unless that is the item itself,
 * which an earlier run has moved.
 */
static int find_destination(struct moving *moving, const char *to,
    struct mldv_error *err)
{
	const char *full = project_absolute(moving->project, moving->arena, to);
	const char *below =
	    path_join(moving->arena, to, path_base(moving->from));
	struct stat st;
	int moved = 0;

	if (strcmp(to, moving->from) != 0)
		moved = says(moving, to, &moving->item->content, err);
	if (moved < 0)
		return -1;
	moving->to = to;
	if (to[0] == '\0' ||
	    (!moved && lstat(full, &st) == 0 && S_ISDIR(st.st_mode)))
		moving->to = below;
	return 0;
}

static int there(const struct moving *moving, const char *path,
    struct mldv_error *err)
{
	return file_exists(project_absolute(moving->project, moving->arena,
	                       path),
	    err);
}

/*
 * The new pointer may have been written already, by a run that was killed
 * before it had removed the old one; then it says the same.
 */
static int find_state(struct moving *moving, const struct items *items,
    struct mldv_error *err)
{
	const char *shown =
	    project_shown(moving->project, moving->arena, moving->to);
	struct pointer pointer;
	int from = there(moving, moving->from, err);
	int to = there(moving, moving->to, err);
	int written = item_pointer(moving->project, moving->to, &pointer,
	    moving->arena, err);

	if (from < 0 || to < 0 || written < 0)
		return -1;
	moving->from_there = from;
	moving->to_there = to;
	moving->resumed = written && !(from && to) &&
	    content_equal(&pointer.content, &moving->item->content);
	if (!moving->resumed && (to || written))
		return err_set(err, MLDV_EXISTS,
		    "cannot move '%s' to '%s': it is there already",
		    project_shown(moving->project, moving->arena, moving->from),
		    shown);
	if (moving->resumed)
		return 0;
	return allowed_check(moving->project, moving->to, items, moving->from,
	    err);
}

/* Copied, because the pointer's note and source move along. */
static int copy_pointer(const struct moving *moving, struct mldv_error *err)
{
	struct mldv_project *project = moving->project;
	const char *from = project_absolute(project, moving->arena,
	    arena_printf(moving->arena, "%s" POINTER_SUFFIX, moving->from));
	const char *to = project_absolute(project, moving->arena,
	    arena_printf(moving->arena, "%s" POINTER_SUFFIX, moving->to));
	struct buf text = {0};
	int ret = -1;

	if (file_make_parents(to, err) == 0 &&
	    file_read(from, POINTER_LIMIT, &text, err) == 0)
		ret = file_replace(to, text.data, text.len, err);
	buf_release(&text);
	return ret;
}

/* The stat cache moves with the files, so that they need not be read. */
static int move_cache(const struct moving *moving, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct buf from = {0};
	struct buf to = {0};
	int ret = 0;

	worktree_cache_path(moving->project, moving->from, &from);
	worktree_cache_path(moving->project, moving->to, &to);
	statcache_load(&snapshot, buf_str(&from), moving->from);
	if (snapshot.dir_count > 0)
		ret = statcache_save(&snapshot, buf_str(&to), moving->to, err);
	snapshot_release(&snapshot);
	if (ret == 0)
		ret = file_remove(buf_str(&from), err);
	buf_release(&from);
	buf_release(&to);
	return ret;
}

/*
 * At each moment the data is ignored by Git and a pointer stands for it: the
 * new names come first, the old ones go last.
 */
static int move_locked(const struct moving *moving, struct strs *staged,
    struct mldv_error *err)
{
	struct mldv_project *project = moving->project;
	const char *from =
	    project_absolute(project, moving->arena, moving->from);
	const char *to = project_absolute(project, moving->arena, moving->to);
	const char *pointer =
	    arena_printf(moving->arena, "%s" POINTER_SUFFIX, from);

	if (file_make_parents(to, err) < 0 ||
	    project_ignore(project, moving->to, true, staged, err) < 0 ||
	    partial_copy(project, moving->from, moving->to, err) < 0 ||
	    copy_pointer(moving, err) < 0)
		return -1;
	if (moving->from_there && file_rename(from, to, err) < 0)
		return -1;
	if (move_cache(moving, err) < 0 || file_remove(pointer, err) < 0 ||
	    file_sync_dir(path_parent(moving->arena, pointer), err) < 0 ||
	    partial_forget(project, moving->from, err) < 0)
		return -1;
	return project_ignore(project, moving->from, false, staged, err);
}

static int stage_both(const struct moving *moving, struct strs *staged,
    struct mldv_error *err)
{
	const char *from =
	    arena_printf(moving->arena, "%s" POINTER_SUFFIX, moving->from);
	const char *to =
	    arena_printf(moving->arena, "%s" POINTER_SUFFIX, moving->to);
	struct strs pointers = {0};
	struct strs both = {0};
	int tracked = git_is_tracked(moving->project->git, from, err);
	int ret = -1;

	strs_add(&pointers, to);
	if (tracked == 1)
		strs_add(&pointers, from);
	strs_add(&both, from);
	strs_add(&both, to);
	if (tracked >= 0 &&
	    project_stage(moving->project, &pointers, staged, err) == 0)
		ret = unstaged_note(moving->project, &both, err);
	strs_release(&pointers);
	strs_release(&both);
	return ret;
}

static bool is_path_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c && strchr("_-.", c)) ||
	    (unsigned char)c >= 0x80;
}

/* Does the line name the path, or something below it? */
static bool names_path(struct slice line, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i + len <= line.len; i++) {
		char before = i > 0 ? line.data[i - 1] : ' ';
		char after = i + len < line.len ? line.data[i + len] : ' ';

		if (memcmp(line.data + i, path, len) != 0 ||
		    is_path_char(after))
			continue;
		/* "./data" is data, "old/data" is not. */
		if (before == '/' && i > 1 && line.data[i - 2] == '.' &&
		    (i == 2 || !is_path_char(line.data[i - 3])))
			return true;
		if (before != '/' && !is_path_char(before))
			return true;
	}
	return false;
}

static int find_mentions(struct mldv_project *project, const char *path,
    struct strs *mentions, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct slice rest;
	struct slice line;
	size_t number = 0;
	int ret = project_read_ini(project, &text, err);

	buf_add_char(&text, '\n');
	rest = (struct slice){text.data, text.len};
	while (ret == 0 && slice_cut(&rest, '\n', &line)) {
		number++;
		line = slice_trim(line);
		if (names_path(line, path))
			strs_add(mentions,
			    arena_printf(&arena, "%s:%zu: %.*s",
			        project_shown(project, &arena, PROJECT_INI),
			        number, (int)line.len, line.data));
	}
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

static int take_locks(const struct moving *moving, struct lock locks[2],
    struct mldv_error *err)
{
	bool in_order = strcmp(moving->from, moving->to) < 0;
	const char *first = in_order ? moving->from : moving->to;
	const char *second = in_order ? moving->to : moving->from;

	/* The old place is one of an item, and so swept too. */
	if (sweep_begin(moving->project, moving->to, err) < 0)
		return -1;
	if (project_lock_item(moving->project, &locks[0], first, err) < 0)
		return -1;
	return project_lock_item(moving->project, &locks[1], second, err);
}

static int move_item(struct moving *moving, const struct items *items,
    const char *to, struct strs *staged, struct mldv_error *err)
{
	struct lock locks[2] = {{0}, {0}};
	int ret = -1;

	if (find_destination(moving, to, err) < 0)
		return -1;
	if (strcmp(moving->from, moving->to) == 0)
		return err_set(err, MLDV_USAGE, "cannot move '%s' to itself",
		    project_shown(moving->project, moving->arena,
		        moving->from));
	if (path_inside(moving->to, moving->from))
		return err_set(err, MLDV_USAGE, "cannot move '%s' into itself",
		    project_shown(moving->project, moving->arena,
		        moving->from));
	if (take_locks(moving, locks, err) == 0 &&
	    find_state(moving, items, err) == 0 &&
	    move_locked(moving, staged, err) == 0)
		ret = stage_both(moving, staged, err);
	lock_release(&locks[0]);
	lock_release(&locks[1]);
	return ret;
}

/*
 * The old pointer is gone from the work tree and not yet from Git's index,
 * and the new one is there: only staging is left to do. 1, or 0 if this is
 * not so.
 */
static int finish(struct moving *moving, const char *to, struct strs *staged,
    struct mldv_error *err)
{
	struct mldv_project *project = moving->project;
	const char *file =
	    arena_printf(moving->arena, "%s" POINTER_SUFFIX, moving->from);
	const char *below =
	    path_join(moving->arena, to, path_base(moving->from));
	struct lock locks[2] = {{0}, {0}};
	struct pointer old;
	struct buf text = {0};
	int ret = git_read(project->git, ":0", file, POINTER_LIMIT, &text, err);

	if (ret == 1)
		ret = pointer_parse(&old, moving->arena, buf_str(&text),
		          text.len, err) < 0
		    ? -1
		    : 1;
	moving->to = to;
	if (ret == 1)
		ret = says(moving, to, &old.content, err);
	else
		goto out;
	if (ret == 0) {
		moving->to = below;
		ret = says(moving, below, &old.content, err);
	}
	if (ret == 1 &&
	    (take_locks(moving, locks, err) < 0 ||
	        project_ignore(project, moving->to, true, staged, err) < 0 ||
	        project_ignore(project, moving->from, false, staged, err) < 0 ||
	        stage_both(moving, staged, err) < 0))
		ret = -1;
out:
	lock_release(&locks[0]);
	lock_release(&locks[1]);
	buf_release(&text);
	return ret;
}

/* What is no item may have been one until an earlier run was killed. */
static int move_unknown(struct moving *moving, const char *to,
    struct strs *staged, struct mldv_error *err)
{
	int ret = finish(moving, to, staged, err);

	if (ret == 0)
		return err_set(err, MLDV_NOT_FOUND,
		    "'%s' is not an item; 'mldv status --all' lists them",
		    project_shown(moving->project, moving->arena,
		        moving->from));
	return ret == 1 ? 0 : -1;
}

static int move_known(struct moving *moving, const struct items *items,
    const char *to, struct strs *staged, struct mldv_error *err)
{
	if (moving->item->stage)
		return err_set(err, MLDV_USAGE,
		    "'%s' is an output of stage '%s'; change the stage "
		    "in " PROJECT_INI,
		    project_shown(moving->project, moving->arena, moving->from),
		    moving->item->stage);
	return move_item(moving, items, to, staged, err);
}

int mldv_move(struct mldv_project *project, const char *from, const char *to,
    struct strs *staged, struct strs *mentions, struct mldv_error *err)
{
	struct items items = {0};
	struct arena arena = {0};
	struct moving moving = {.project = project,
	    .arena = &arena,
	    .from = from};
	int ret = -1;

	if (items_load(project, &items, err) < 0)
		goto out;
	moving.item = items_find(&items, from);
	ret = moving.item ? move_known(&moving, &items, to, staged, err)
	                  : move_unknown(&moving, to, staged, err);
	if (ret == 0)
		ret = find_mentions(project, from, mentions, err);
out:
	items_release(&items);
	arena_release(&arena);
	return ret;
}
