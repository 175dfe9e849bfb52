/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/utf8.h"
#include "mldv/data.h"
#include "project/allowed.h"
#include "project/partial.h"
#include "project/pointers.h"
#include "project/prune.h"
#include "project/splice.h"
#include "project/worktree.h"

#define ALIKE_MAX 5 /* warnings about names that look the same */

/* A path to be added: an item, or inside of one. */
struct wanted {
	const char *path;
	const char *item;
	const char *inner; /* "": the item itself */
};

/* What adding one item needs, and what all of them gather. */
struct adding {
	struct mldv_project *project;
	const struct mldv_add *options;
	struct wanted *wanted;
	struct pointers pointers; /* written: to be staged */
	struct arena arena;
};

static int check_note(const char *note, struct mldv_error *err)
{
	if (!note)
		return 0;
	if (strchr(note, '\n'))
		return err_set(err, MLDV_USAGE, "a note has only one line");
	if (strlen(note) > POINTER_NOTE_LIMIT)
		return err_set(err, MLDV_USAGE, "a note has at most %d bytes",
		    POINTER_NOTE_LIMIT);
	return 0;
}

static void warn_alike(const struct mldv_project *project, const char *dir,
    const char *a, const char *b)
{
	struct arena arena = {0};
	const char *in = project_shown(project, &arena, dir);

	project_warn(project,
	    "'%s' and '%s' in '%s' differ only in case or in how their "
	    "characters are composed; some systems take them for one",
	    a, b, in);
	arena_release(&arena);
}

/* How many names of a directory look like one before them. */
static size_t find_alike(const struct mldv_project *project, const char *path,
    const struct snapshot_dir *dir, size_t limit)
{
	struct arena arena = {0};
	struct buf folded = {0};
	struct map seen = {0};
	size_t found = 0;

	for (uint32_t i = 0; i < dir->count && found < limit; i++) {
		const struct snapshot_entry *entry = &dir->entries[i];
		const char *name = snapshot_name(dir, entry);
		const char *key;

		buf_reset(&folded);
		utf8_fold(name, entry->name_len, &folded);
		key = arena_strn(&arena, buf_str(&folded), folded.len);
		if (map_add(&seen, key, folded.len, arena_str(&arena, name)))
			continue;
		warn_alike(project, path, map_get(&seen, key, folded.len),
		    name);
		found++;
	}
	map_release(&seen);
	buf_release(&folded);
	arena_release(&arena);
	return found;
}

/* The stat cache has just been written, so the names are at hand. */
static int warn_about_names(const struct mldv_project *project,
    const char *path, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct buf file = {0};
	struct buf dir = {0};
	size_t left = ALIKE_MAX;
	int ret = 0;

	worktree_cache_path(project, path, &file);
	statcache_load(&snapshot, buf_str(&file), path);
	for (size_t i = 0; i < snapshot.dir_count && left > 0; i++) {
		ret = project_check(project, err);
		if (ret < 0)
			break;
		buf_reset(&dir);
		buf_add_str(&dir, path);
		if (i > 0)
			buf_add_str(&dir, "/");
		snapshot_dir_path(&snapshot, i, &dir);
		left -=
		    find_alike(project, buf_str(&dir), &snapshot.dirs[i], left);
	}
	snapshot_release(&snapshot);
	buf_release(&file);
	buf_release(&dir);
	return ret;
}

/* Says no more where it was imported from if it is not that any more. */
static int write_pointer(struct adding *adding, const char *path,
    const struct content *content, struct mldv_error *err)
{
	struct arena arena = {0};
	struct pointer pointer = {0};
	int there = item_pointer(adding->project, path, &pointer, &arena, err);
	int ret = -1;

	if (there == 1 && !content_equal(&pointer.content, content)) {
		pointer.from_version = NULL;
		pointer.from_address = NULL;
	}
	pointer.content = *content;
	if (adding->options->note)
		pointer.note =
		    adding->options->note[0] ? adding->options->note : NULL;
	if (there >= 0)
		ret = pointers_write(adding->project, path, &pointer,
		    &adding->pointers, err);
	arena_release(&arena);
	return ret;
}

/* What is not here of an item that is here in part is still in it. */
static int store_whole(struct adding *adding, const char *path,
    struct content *content, struct worktree_count *count,
    struct mldv_error *err)
{
	struct mldv_project *project = adding->project;
	struct arena arena = {0};
	struct pointer pointer;
	int there = item_pointer(project, path, &pointer, &arena, err);
	const struct item item = {
	    .path = path,
	    .content = there == 1 ? pointer.content : (struct content){0},
	};
	int ret = -1;

	/* A note of an item that there was long ago says nothing. */
	if (there == 0)
		ret = partial_forget(project, path, err);
	else if (there == 1)
		ret = 0;
	if (ret == 0)
		ret = splice_store(project, &item, content, count, err);
	arena_release(&arena);
	return ret;
}

/* Each step is durable before the next one refers to it. */
static int add_locked(struct adding *adding, const char *path,
    struct mldv_done *done, struct mldv_error *err)
{
	struct mldv_project *project = adding->project;
	struct worktree_count count = {0};
	struct content content = {0};

	if (store_whole(adding, path, &content, &count, err) < 0 ||
	    write_pointer(adding, path, &content, err) < 0)
		return -1;
	done->files = content.files;
	done->bytes = content.size;
	done->changed = count.read;
	done->ignored = count.ignored;
	return content.kind == KIND_DIR ? warn_about_names(project, path, err)
	                                : 0;
}

/* Only what lies at inner of an item is taken. */
static int add_inside(struct adding *adding, const char *path,
    const char *inner, struct mldv_done *done, struct mldv_error *err)
{
	struct splice splice = {.inner = inner};
	struct arena arena = {0};
	struct pointer pointer;
	struct content content;
	/* Somebody may have added to the item just now. */
	int there = item_pointer(adding->project, path, &pointer, &arena, err);
	const struct item item = {
	    .path = path,
	    .content = there == 1 ? pointer.content : (struct content){0},
	};
	int ret = -1;

	if (there == 0)
		(void)err_set(err, MLDV_NOT_FOUND, "'%s' is no item any more",
		    path);
	if (there == 1 &&
	    splice_inside(adding->project, &item, &splice, &content, err) == 0)
		ret = write_pointer(adding, path, &content, err);
	done->files = splice.content.files;
	done->bytes = splice.content.size;
	done->changed = splice.count.read;
	done->ignored = splice.count.ignored;
	arena_release(&arena);
	return ret;
}

static int add_one(struct adding *adding, const struct wanted *wanted,
    struct mldv_error *err)
{
	struct mldv_done done = {.path = wanted->path};
	double began = project_clock();
	struct lock lock = {0};
	int ret = -1;

	if (project_lock_item(adding->project, &lock, wanted->item, err) == 0)
		ret = wanted->inner[0]
		    ? add_inside(adding, wanted->item, wanted->inner, &done,
		          err)
		    : add_locked(adding, wanted->item, &done, err);
	lock_release(&lock);
	if (ret < 0)
		return -1;
	done.seconds = project_clock() - began;
	if (adding->options->done)
		adding->options->done(adding->options->context, &done);
	return 0;
}

/* Something inside an item: which, and where in it; else the path itself. */
static void find_item(struct adding *adding, const struct items *items,
    const char *path, struct wanted *out)
{
	const char *inner = "";
	const struct item *item = items_around(items, path, &inner);

	*out = (struct wanted){path, path, ""};
	if (item && !item->stage && item->content.kind == KIND_DIR &&
	    inner[0]) {
		out->item = arena_str(&adding->arena, item->path);
		out->inner = inner;
	}
}

static int check_one(struct mldv_project *project, const struct items *items,
    const struct wanted *wanted, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *path = wanted->path;
	int there = path[0] == '\0'
	    ? 1
	    : file_exists(project_absolute(project, &arena, path), err);
	int ret = -1;

	if (there >= 0)
		ret = wanted->inner[0]
		    ? allowed_inside(project, path, err)
		    : allowed_check(project, path, items, NULL, err);
	if (ret == 0 && !there)
		ret = err_set(err, MLDV_NOT_FOUND,
		    "cannot add '%s': there is no such file or directory",
		    project_shown(project, &arena, path));
	arena_release(&arena);
	return ret;
}

static int check_disjoint(struct mldv_project *project,
    const struct strs *paths, size_t i, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *path = paths->items[i];
	int ret = 0;

	for (size_t j = 0; ret == 0 && j < i; j++) {
		if (path_inside(path, paths->items[j]) ||
		    path_inside(paths->items[j], path))
			ret = err_set(err, MLDV_USAGE,
			    "'%s' and '%s' cannot both be items: one is "
			    "inside the other",
			    project_shown(project, &arena, paths->items[j]),
			    project_shown(project, &arena, path));
	}
	arena_release(&arena);
	return ret;
}

static int check_all(struct adding *adding, const struct strs *paths,
    struct mldv_error *err)
{
	struct mldv_project *project = adding->project;
	struct items items = {0};
	int ret = -1;

	adding->wanted = arena_array(&adding->arena, paths->count + 1,
	    sizeof *adding->wanted);
	if (check_note(adding->options->note, err) == 0)
		ret = items_load(project, &items, err);
	for (size_t i = 0; ret == 0 && i < paths->count; i++) {
		find_item(adding, &items, paths->items[i], &adding->wanted[i]);
		ret = check_one(project, &items, &adding->wanted[i], err);
		if (ret == 0)
			ret = check_disjoint(project, paths, i, err);
	}
	items_release(&items);
	return ret;
}

int mldv_add(struct mldv_project *project, const struct strs *paths,
    const struct mldv_add *options, struct strs *staged, struct mldv_error *err)
{
	struct adding adding = {.project = project, .options = options};
	struct mldv_error second;
	struct lock lock = {0};
	struct strs unique = {0};
	int ret = 0;

	for (size_t i = 0; i < paths->count; i++)
		strs_add(&unique, paths->items[i]);
	strs_unique(&unique);
	if (project_lock_store(project, &lock, LOCK_SHARED, err) < 0 ||
	    check_all(&adding, &unique, err) < 0) {
		ret = -1;
		goto out;
	}
	for (size_t i = 0; ret == 0 && i < unique.count; i++)
		ret = add_one(&adding, &adding.wanted[i], err);
	/* What was added before a failure is whole, so it is staged too. */
	if (pointers_stage(project, &adding.pointers, staged,
	        ret == 0 ? err : &second) < 0)
		ret = -1;
out:
	lock_release(&lock);
	if (ret == 0)
		prune_merge(project);
	pointers_release(&adding.pointers);
	arena_release(&adding.arena);
	strs_release(&unique);
	return ret;
}
