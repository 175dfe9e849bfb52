/* SPDX-License-Identifier: Apache-2.0 */
#include "project/mergetree.h"

#include <stdlib.h>
#include <string.h>

#include "project/trees.h"

/* A directory that is being merged. */
struct frame {
	struct slice name; /* in the one above */
	struct tree trees[SIDES];
	size_t at[SIDES];
	struct tree_entry *out;
	size_t count;
	size_t capacity;
	struct arena arena;
};

struct merging {
	const struct merge_trees *what;
	struct store_packer *packer;
	struct hasher *hasher;
	struct frame **frames;
	size_t depth;
	size_t capacity;
};

static int put(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	struct merging *merging = context;

	return store_packer_put(merging->packer, oid, text, len, err);
}

static int enter(struct merging *merging, struct slice name,
    const struct content *const sides[SIDES], struct mldv_error *err)
{
	struct frame *frame;

	if (merging->depth >= TREE_DEPTH)
		return err_set(err, MLDV_CORRUPT,
		    "directories lie more than %d deep", TREE_DEPTH);
	frame = xcalloc(1, sizeof *frame);
	frame->name = name;
	merging->frames = xgrow(merging->frames, merging->depth,
	    &merging->capacity, sizeof(struct frame *));
	merging->frames[merging->depth++] = frame;
	for (size_t i = 0; i < SIDES; i++) {
		struct trees trees = source_trees(&merging->what->sources[i]);

		if (sides[i] && sides[i]->kind == KIND_DIR &&
		    trees_read(&trees, sides[i], &frame->arena,
		        &frame->trees[i], err) < 0)
			return -1;
	}
	return 0;
}

static void drop_frame(struct merging *merging)
{
	struct frame *frame = merging->frames[--merging->depth];

	free(frame->out);
	arena_release(&frame->arena);
	free(frame);
}

static void add_entry(struct frame *frame, struct slice name,
    const struct content *content)
{
	frame->out = xgrow(frame->out, frame->count, &frame->capacity,
	    sizeof *frame->out);
	frame->out[frame->count++] = (struct tree_entry){*content, name};
}

/* The directory is merged: it becomes an entry of the one above. */
static int leave(struct merging *merging, struct content *out,
    struct mldv_error *err)
{
	const struct tree_sink sink = {.context = merging, .put = put};
	struct frame *frame = merging->frames[merging->depth - 1];
	int ret = tree_encode(frame->out, frame->count, merging->hasher, &sink,
	    out, err);

	if (ret == 0 && merging->depth > 1)
		add_entry(merging->frames[merging->depth - 2], frame->name,
		    out);
	drop_frame(merging);
	return ret;
}

/* The first name that is left, and which sides have it; false: none is. */
static bool next_name(struct frame *frame, struct slice *name,
    const struct content *sides[SIDES])
{
	bool any = false;

	for (size_t i = 0; i < SIDES; i++) {
		const struct tree *tree = &frame->trees[i];

		if (frame->at[i] < tree->count &&
		    (!any ||
		        slice_compare(tree->entries[frame->at[i]].name, *name) <
		            0)) {
			*name = tree->entries[frame->at[i]].name;
			any = true;
		}
	}
	for (size_t i = 0; any && i < SIDES; i++) {
		const struct tree *tree = &frame->trees[i];
		const struct tree_entry *entry = frame->at[i] < tree->count
		    ? &tree->entries[frame->at[i]]
		    : NULL;

		sides[i] = NULL;
		if (entry && slice_compare(entry->name, *name) == 0) {
			sides[i] = &entry->content;
			frame->at[i]++;
		}
	}
	return any;
}

static bool is_same(const struct content *a, const struct content *b)
{
	return a == b || (a && b && content_equal(a, b));
}

static void note_conflict(struct merging *merging, struct slice name)
{
	struct buf path = {0};

	for (size_t i = 1; i < merging->depth; i++) {
		struct slice above = merging->frames[i]->name;

		buf_add(&path, above.data, above.len);
		buf_add_char(&path, '/');
	}
	buf_add(&path, name.data, name.len);
	strs_add(merging->what->conflicts, buf_str(&path));
	buf_release(&path);
}

static int merge_name(struct merging *merging, struct slice name,
    const struct content *const sides[SIDES], struct mldv_error *err)
{
	struct frame *frame = merging->frames[merging->depth - 1];
	const struct content *base = sides[SIDE_BASE];
	const struct content *ours = sides[SIDE_OURS];
	const struct content *theirs = sides[SIDE_THEIRS];
	const struct content *taken = ours;

	if (is_same(base, ours))
		taken = theirs;
	else if (!is_same(ours, theirs) && !is_same(base, theirs)) {
		if (ours && theirs && ours->kind == KIND_DIR &&
		    theirs->kind == KIND_DIR)
			return enter(merging, name, sides, err);
		note_conflict(merging, name);
	}
	if (taken)
		add_entry(frame, name, taken);
	return 0;
}

static int merge_all(struct merging *merging, struct content *out,
    struct mldv_error *err)
{
	while (merging->depth > 0) {
		struct frame *frame = merging->frames[merging->depth - 1];
		const struct content *sides[SIDES] = {0};
		struct slice name = {0};
		int ret;

		if (project_check(merging->what->project, err) < 0)
			return -1;
		if (next_name(frame, &name, sides))
			ret = merge_name(merging, name, sides, err);
		else
			ret = leave(merging, out, err);
		if (ret < 0)
			return -1;
	}
	return 0;
}

int merge_trees(const struct merge_trees *what,
    const struct content *const sides[SIDES], struct content *out,
    struct mldv_error *err)
{
	struct merging merging = {
	    .what = what,
	    .packer = store_packer_open(what->project->store),
	    .hasher = hasher_open(),
	};
	int ret = enter(&merging, slice_of(""), sides, err);

	if (ret == 0)
		ret = merge_all(&merging, out, err);
	if (ret == 0)
		ret = store_packer_end(merging.packer, err);
	while (merging.depth > 0)
		drop_frame(&merging);
	free(merging.frames);
	store_packer_close(merging.packer);
	hasher_close(merging.hasher);
	return ret;
}
