/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/utf8.h"
#include "mldv/data.h"
#include "project/allowed.h"
#include "project/immutable.h"
#include "project/partial.h"
#include "project/pointers.h"
#include "project/prune.h"
#include "project/ruling.h"
#include "project/splice.h"
#include "project/worktree.h"

/* Items whose locks, which are open files, are held at once. */
#define AT_ONCE   256
#define ALIKE_MAX 5 /* warnings about names that look the same */

/* A path to be added: an item, or inside of one. */
struct wanted {
	const char *path;
	const char *item;
	const char *inner; /* "": the item itself */
};

/* An item in the store, or on its way there, to which no pointer points yet. */
struct stored {
	struct mldv_done done;
	struct content content;
	struct lock lock;
};

/* What adding one item needs, and what all of them gather. */
struct adding {
	struct mldv_project *project;
	const struct mldv_add *options;
	struct wanted *wanted;
	struct rules rules;
	struct pointers pointers; /* written: to be staged */
	struct worktree_batch batch;
	struct stored *stored;
	size_t stored_count;
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

/*
 * Says no more where it was imported from if it is not that any more. Git
 * ignores the item already.
 */
static int write_pointer(struct adding *adding, const char *path,
    const struct content *content, struct mldv_error *err)
{
	struct arena arena = {0};
	struct pointer pointer = {0};
	int there = item_pointer(adding->project, path, &pointer, &arena, err);
	int ret = -1;

	if (!(adding->options->force && adding->options->note) &&
	    immutable_check(adding->project, &adding->rules.immutable, path,
	        content, err) < 0)
		there = -1;
	if (there == 1 && !content_equal(&pointer.content, content)) {
		pointer.from_version = NULL;
		pointer.from_address = NULL;
	}
	pointer.content = *content;
	if (adding->options->note)
		pointer.note =
		    adding->options->note[0] ? adding->options->note : NULL;
	if (there >= 0)
		ret = pointers_put(adding->project, path, &pointer,
		    &adding->pointers, err);
	if (ret == 0)
		ret = ruling_warn(adding->project, path, content, err);
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
		ret = splice_store(project, &item, &adding->batch, content,
		    count, err);
	arena_release(&arena);
	return ret;
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
		ret = ignores_write(adding->project, path, true,
		    &adding->pointers.ignores, err);
	if (ret == 0)
		ret = write_pointer(adding, path, &content, err);
	done->files = splice.content.files;
	done->bytes = splice.content.size;
	done->changed = splice.count.read;
	done->ignored = splice.count.ignored;
	arena_release(&arena);
	return ret;
}

static void tell(const struct adding *adding, struct mldv_done *done,
    double began)
{
	done->seconds += project_clock() - began;
	if (adding->options->done)
		adding->options->done(adding->options->context, done);
}

static int add_part(struct adding *adding, const struct wanted *wanted,
    struct mldv_error *err)
{
	struct mldv_done done = {.path = wanted->path};
	double began = project_clock();
	struct lock lock = {0};
	int ret = -1;

	if (project_lock_item(adding->project, &lock, wanted->item, err) == 0)
		ret =
		    add_inside(adding, wanted->item, wanted->inner, &done, err);
	lock_release(&lock);
	if (ret == 0)
		tell(adding, &done, began);
	return ret;
}

static int point_at(struct adding *adding, struct stored *stored,
    struct mldv_error *err)
{
	const char *path = stored->done.path;
	double began = project_clock();

	if (write_pointer(adding, path, &stored->content, err) < 0)
		return -1;
	if (stored->content.kind == KIND_DIR &&
	    warn_about_names(adding->project, path, err) < 0)
		return -1;
	tell(adding, &stored->done, began);
	return 0;
}

/* Each step is durable before the next one refers to it. */
static int flush(struct adding *adding, struct mldv_error *err)
{
	struct mldv_project *project = adding->project;
	struct strs paths = {0};
	int ret = 0;

	for (size_t i = 0; i < adding->stored_count; i++)
		strs_add(&paths, adding->stored[i].done.path);
	if (adding->batch.files)
		ret = worktree_batch_end(project, &adding->batch, err);
	if (ret == 0)
		ret = pointers_ignore(project, &paths, &adding->pointers, err);
	for (size_t i = 0; ret == 0 && i < adding->stored_count; i++)
		ret = point_at(adding, &adding->stored[i], err);
	for (size_t i = 0; i < adding->stored_count; i++)
		lock_release(&adding->stored[i].lock);
	adding->stored_count = 0;
	strs_release(&paths);
	return ret;
}

/* Whoever waits for one item does not keep others from theirs. */
static int lock_next(struct adding *adding, const char *path, struct lock *lock,
    struct mldv_error *err)
{
	struct mldv_project *project = adding->project;
	bool no_wait = project->no_wait;
	int ret;

	if (adding->stored_count == 0)
		return project_lock_item(project, lock, path, err);
	project->no_wait = true;
	ret = project_lock_item(project, lock, path, err);
	project->no_wait = no_wait;
	if (ret < 0 && err->code == MLDV_BUSY && !no_wait) {
		ret = flush(adding, err);
		if (ret == 0)
			ret = project_lock_item(project, lock, path, err);
	}
	return ret;
}

static int store_one(struct adding *adding, const char *path,
    struct mldv_error *err)
{
	struct stored stored = {.done.path = path};
	struct worktree_count count = {0};
	double began = project_clock();

	if (lock_next(adding, path, &stored.lock, err) < 0)
		return -1;
	if (!adding->batch.files)
		worktree_batch_begin(adding->project, &adding->batch);
	if (store_whole(adding, path, &stored.content, &count, err) < 0) {
		lock_release(&stored.lock);
		return -1;
	}
	stored.done.files = stored.content.files;
	stored.done.bytes = stored.content.size;
	stored.done.changed = count.read;
	stored.done.ignored = count.ignored;
	stored.done.seconds = project_clock() - began;
	adding->stored[adding->stored_count++] = stored;
	return 0;
}

static int add_one(struct adding *adding, const struct wanted *wanted,
    struct mldv_error *err)
{
	if (wanted->inner[0]) {
		if (flush(adding, err) < 0)
			return -1;
		return add_part(adding, wanted, err);
	}
	if (store_one(adding, wanted->path, err) < 0)
		return -1;
	return adding->stored_count == AT_ONCE ? flush(adding, err) : 0;
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

/* Is one of the paths, which seen has, above another? */
static int check_disjoint(struct mldv_project *project, const struct map *seen,
    const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = 0;

	for (const char *slash = strchr(path, '/'); slash && ret == 0;
	     slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);

		if (map_get(seen, path, len))
			ret = err_set(err, MLDV_USAGE,
			    "'%s' and '%s' cannot both be items: one is "
			    "inside the other",
			    project_shown(project, &arena,
			        arena_strn(&arena, path, len)),
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
	struct map seen = {0};
	int ret = -1;

	adding->wanted = arena_array(&adding->arena, paths->count + 1,
	    sizeof *adding->wanted);
	if (check_note(adding->options->note, err) == 0 &&
	    rules_parse(&adding->rules, &adding->arena,
	        &project->config.layers[CONFIG_PROJECT], err) == 0)
		ret = items_load(project, &items, err);
	for (size_t i = 0; ret == 0 && i < paths->count; i++) {
		find_item(adding, &items, paths->items[i], &adding->wanted[i]);
		ret = check_one(project, &items, &adding->wanted[i], err);
		if (ret == 0)
			ret = check_disjoint(project, &seen, paths->items[i],
			    err);
		(void)map_add_str(&seen, paths->items[i], adding);
	}
	map_release(&seen);
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
	adding.stored =
	    arena_array(&adding.arena, AT_ONCE, sizeof *adding.stored);
	for (size_t i = 0; ret == 0 && i < unique.count; i++)
		ret = add_one(&adding, &adding.wanted[i], err);
	/* What was added before a failure is whole, so it is staged too. */
	if (flush(&adding, ret == 0 ? err : &second) < 0)
		ret = -1;
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
