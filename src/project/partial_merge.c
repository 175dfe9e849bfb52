/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "format/tree.h"
#include "project/partial.h"

/*
 * Both directories, as recorded and as they lie there, are gone through in
 * step. Where only one side matters its content is taken as it is; else the
 * two are merged, on a stack of our own.
 */

struct frame {
	struct arena arena;
	struct tree recorded;            /* empty: there was none */
	const struct snapshot_dir *disk; /* NULL: there is none */
	size_t at;                       /* in recorded */
	size_t disk_at;
	struct tree_entry *entries; /* merged so far */
	size_t count;
	size_t capacity;
	size_t path_len; /* of the merger's path that is this directory's */
	struct slice name;
};

struct merger {
	const struct partial *partial;
	const struct snapshot *disk;
	struct frame *frames;
	size_t depth;
	size_t capacity;
	struct buf path; /* from the item, of what is looked at */
	struct hasher *hasher;
	struct content done; /* the outermost directory, when it is */
	bool any;            /* it is something */
};

/* One name, on either side. */
struct pair {
	struct slice name;
	const struct content *recorded;  /* or NULL */
	const struct content *lying;     /* or NULL */
	const struct snapshot_dir *disk; /* if that is a directory */
};

static int put_tree(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	const struct partial *partial =
	    ((const struct merger *)context)->partial;

	if (!partial->packer || store_find(partial->store, oid, NULL))
		return 0;
	return store_packer_put(partial->packer, oid, text, len, err);
}

static int push(struct merger *merger, const struct pair *pair,
    struct mldv_error *err)
{
	struct frame *frame;

	if (merger->depth > TREE_DEPTH)
		return err_set(err, MLDV_CORRUPT,
		    "directories lie deeper than %d levels", TREE_DEPTH);
	merger->frames = xgrow(merger->frames, merger->depth, &merger->capacity,
	    sizeof *merger->frames);
	frame = &merger->frames[merger->depth++];
	*frame = (struct frame){
	    .disk = pair->disk,
	    .name = pair->name,
	    .path_len = merger->path.len,
	};
	return trees_read(&merger->partial->trees, pair->recorded,
	    &frame->arena, &frame->recorded, err);
}

/* Adds to the directory being merged, or if there is none, that is all. */
static void emit(struct merger *merger, struct slice name,
    const struct content *content)
{
	struct frame *frame;

	if (merger->depth == 0) {
		merger->done = *content;
		merger->any = true;
		return;
	}
	frame = &merger->frames[merger->depth - 1];
	frame->entries = xgrow(frame->entries, frame->count, &frame->capacity,
	    sizeof *frame->entries);
	frame->entries[frame->count++] =
	    (struct tree_entry){.content = *content, .name = name};
}

/* What is to become of one name; merger->path is its path. */
static int decide(struct merger *merger, const struct pair *pair,
    struct mldv_error *err)
{
	enum parts_answer answer =
	    parts_at(merger->partial->parts, buf_str(&merger->path));
	bool was_dir = pair->recorded && pair->recorded->kind == KIND_DIR;

	if (pair->lying) {
		if (was_dir && pair->disk && answer != PARTS_ALL &&
		    !content_equal(pair->recorded, pair->lying))
			return push(merger, pair, err);
		emit(merger, pair->name, pair->lying);
	} else if (pair->recorded) {
		if (answer == PARTS_NONE)
			emit(merger, pair->name, pair->recorded);
		else if (answer == PARTS_SOME && was_dir)
			return push(merger, pair, err);
	}
	return 0;
}

static struct content content_of(const struct snapshot *disk,
    const struct snapshot_entry *entry)
{
	if (entry->kind == KIND_DIR)
		return disk->dirs[entry->dir].content;
	return (struct content){
	    .kind = (enum kind)entry->kind,
	    .oid = entry->oid,
	    .size = entry->size,
	    .files = 1,
	};
}

/* Takes the next name off both sides: false at the end. */
static bool next_pair(struct merger *merger, struct frame *frame,
    struct pair *out, struct content *lying)
{
	const struct tree_entry *recorded = frame->at < frame->recorded.count
	    ? &frame->recorded.entries[frame->at]
	    : NULL;
	const struct snapshot_entry *entry =
	    frame->disk && frame->disk_at < frame->disk->count
	    ? &frame->disk->entries[frame->disk_at]
	    : NULL;
	struct slice name = {0};
	int order = recorded ? -1 : 1;

	if (!recorded && !entry)
		return false;
	if (entry)
		name = (struct slice){snapshot_name(frame->disk, entry),
		    entry->name_len};
	if (recorded && entry)
		order = slice_compare(recorded->name, name);
	*out = (struct pair){.name = order < 0 ? recorded->name : name};
	if (order <= 0) {
		out->recorded = &recorded->content;
		frame->at++;
	}
	if (order >= 0) {
		*lying = content_of(merger->disk, entry);
		out->lying = lying;
		if (entry->kind == KIND_DIR)
			out->disk = &merger->disk->dirs[entry->dir];
		frame->disk_at++;
	}
	return true;
}

/* The innermost directory is done: it becomes an entry of the one around. */
static int pop(struct merger *merger, struct mldv_error *err)
{
	const struct tree_sink sink = {merger, put_tree};
	struct frame frame = merger->frames[merger->depth - 1];
	struct content content;
	int ret = 0;

	merger->depth--;
	/* A directory that is not there has gone with all that was wanted. */
	if (frame.disk || frame.count > 0) {
		ret = tree_encode(frame.entries, frame.count, merger->hasher,
		    &sink, &content, err);
		if (ret == 0)
			emit(merger, frame.name, &content);
	}
	free(frame.entries);
	arena_release(&frame.arena);
	return ret;
}

static int step(struct merger *merger, struct mldv_error *err)
{
	struct frame *frame = &merger->frames[merger->depth - 1];
	struct content lying;
	struct pair pair;

	merger->path.len = frame->path_len;
	if (!next_pair(merger, frame, &pair, &lying))
		return pop(merger, err);
	if (merger->path.len > 0)
		buf_add_char(&merger->path, '/');
	buf_add(&merger->path, pair.name.data, pair.name.len);
	return decide(merger, &pair, err);
}

/* The outermost pair. */
static int start(struct merger *merger, const char *inner,
    struct mldv_error *err)
{
	const struct partial *partial = merger->partial;
	const struct snapshot *disk = merger->disk;
	struct content recorded, lying;
	struct pair pair = {0};
	int found = trees_inside(&partial->trees, partial->recorded, inner,
	    &recorded, err);

	if (found < 0)
		return -1;
	if (found)
		pair.recorded = &recorded;
	if (disk && disk->dir_count > 0) {
		pair.disk = &disk->dirs[0];
		pair.lying = &pair.disk->content;
	} else if (disk) {
		lying = content_of(disk, &disk->root);
		pair.lying = &lying;
	}
	buf_add_str(&merger->path, inner);
	return decide(merger, &pair, err);
}

int partial_merge(const struct partial *partial, const char *inner,
    const struct snapshot *disk, struct content *out, struct mldv_error *err)
{
	struct merger merger = {
	    .partial = partial,
	    .disk = disk,
	    .hasher = hasher_open(),
	};
	int ret = start(&merger, inner, err);

	while (ret == 0 && merger.depth > 0)
		ret = step(&merger, err);
	while (merger.depth > 0) {
		struct frame *frame = &merger.frames[--merger.depth];

		free(frame->entries);
		arena_release(&frame->arena);
	}
	if (ret == 0 && merger.any) {
		*out = merger.done;
		ret = 1;
	}
	free(merger.frames);
	buf_release(&merger.path);
	hasher_close(merger.hasher);
	return ret;
}
