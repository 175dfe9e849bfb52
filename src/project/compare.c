/* SPDX-License-Identifier: Apache-2.0 */
#include "project/compare.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE SIZE_MAX

/* A directory that is on one side or on both. */
struct pair {
	struct content old;
	bool has_old;
	bool whole;       /* all of old is wanted */
	size_t new;       /* its number in the snapshot, or NOWHERE */
	const char *path; /* from the item, "" for the item itself */
	size_t depth;
};

/* One name in a pair of directories; what is not there is NULL. */
struct both {
	const struct content *old;
	const struct snapshot_entry *new;
	const char *path;
	bool whole;
	size_t depth;
};

struct comparing {
	const struct compare *compare;
	struct store_reader *reader;
	struct pair *pairs;
	size_t count;
	size_t capacity;
	uint64_t removed;   /* directories */
	struct arena arena; /* of the paths */
};

static int push(struct comparing *comparing, const struct both *both,
    struct mldv_error *err)
{
	const struct content *recorded = comparing->compare->recorded;
	bool is_old = both->old && both->old->kind == KIND_DIR;
	bool is_new = both->new && both->new->kind == KIND_DIR;
	struct pair *pair;

	if (both->depth > TREE_DEPTH)
		return trees_refuse(err, &recorded->oid, "it is too deep");
	/* What is on disk has its end. */
	if (is_old && !is_new &&
	    ++comparing->removed > recorded->files + TREES_DIRS)
		return trees_refuse(err, &recorded->oid,
		    "far more directories than files");
	comparing->pairs = xgrow(comparing->pairs, comparing->count,
	    &comparing->capacity, sizeof *comparing->pairs);
	pair = &comparing->pairs[comparing->count++];
	*pair = (struct pair){
	    .has_old = is_old,
	    .whole = both->whole,
	    .new = is_new ? both->new->dir : NOWHERE,
	    .path = arena_str(&comparing->arena, both->path),
	    .depth = both->depth,
	};
	if (is_old)
		pair->old = *both->old;
	return 0;
}

static int visit(const struct comparing *comparing, const struct content *old,
    const struct snapshot_entry *new, struct mldv_error *err)
{
	const struct compare *compare = comparing->compare;
	struct content content;

	if (!new)
		return compare->visit(compare->context, old, NULL, err);
	content = (struct content){
	    .kind = new->kind,
	    .oid = new->oid,
	    .size = new->size,
	    .files = 1,
	};
	if (old && content_equal(old, &content))
		return 0;
	return compare->visit(compare->context, old, &content, err);
}

/* Files are told of, directories are to be looked into. */
static int look_at(struct comparing *comparing, const struct both *both,
    struct mldv_error *err)
{
	bool old_dir = both->old && both->old->kind == KIND_DIR;
	bool new_dir = both->new && both->new->kind == KIND_DIR;
	const struct content *old_file = old_dir ? NULL : both->old;
	const struct snapshot_entry *new_file = new_dir ? NULL : both->new;

	if ((old_file || new_file) &&
	    visit(comparing, old_file, new_file, err) < 0)
		return -1;
	return old_dir || new_dir ? push(comparing, both, err) : 0;
}

/* Is any of it wanted? *whole becomes whether all of it is. */
static bool is_wanted(const struct comparing *comparing, const char *path,
    bool *whole)
{
	enum parts_answer answer = parts_at(comparing->compare->parts, path);

	*whole = answer == PARTS_ALL;
	return answer != PARTS_NONE;
}

static int look_at_name(struct comparing *comparing, const struct pair *pair,
    const struct tree_entry *old, const struct snapshot_entry *new,
    struct mldv_error *err)
{
	const struct snapshot *disk = comparing->compare->disk;
	struct both both = {
	    .old = old ? &old->content : NULL,
	    .new = new,
	    .whole = true,
	    .depth = pair->depth + 1,
	};
	struct buf path = {0};
	int ret = 0;

	/* Most names are those of files that are the same. */
	if (pair->whole && old && new &&new->kind != KIND_DIR &&
	    old->content.kind != KIND_DIR)
		return visit(comparing, &old->content, new, err);
	buf_add_str(&path, pair->path);
	if (path.len > 0)
		buf_add_char(&path, '/');
	buf_add_str(&path,
	    old ? old->name.data : snapshot_name(&disk->dirs[pair->new], new));
	both.path = buf_str(&path);
	if (!pair->whole && old &&
	    !is_wanted(comparing, both.path, &both.whole))
		both.old = NULL;
	if (both.old || both.new)
		ret = look_at(comparing, &both, err);
	buf_release(&path);
	return ret;
}

/* Both are sorted by name. */
static int merge(struct comparing *comparing, const struct pair *pair,
    const struct tree *tree, struct mldv_error *err)
{
	static const struct snapshot_dir none;
	const struct snapshot_dir *dir = pair->new == NOWHERE
	    ? &none
	    : &comparing->compare->disk->dirs[pair->new];
	size_t i = 0;
	size_t j = 0;

	while (i < tree->count || j < dir->count) {
		const struct tree_entry *old =
		    i < tree->count ? &tree->entries[i] : NULL;
		const struct snapshot_entry *new =
		    j < dir->count ? &dir->entries[j] : NULL;
		int order = !old ? 1
		    : !new       ? -1
		           : strcmp(old->name.data, snapshot_name(dir, new));

		old = order <= 0 ? old : NULL;
		new = order >= 0 ? new : NULL;
		i += old != NULL;
		j += new != NULL;
		if (look_at_name(comparing, pair, old, new, err) < 0)
			return -1;
	}
	return 0;
}

static int open_reader(struct comparing *comparing, struct mldv_error *err)
{
	struct store *store = comparing->compare->store;

	if (comparing->reader)
		return 0;
	if (store_load(store, err) < 0)
		return -1;
	comparing->reader = store_reader_open(store);
	return 0;
}

static int compare_dir(struct comparing *comparing, const struct pair *pair,
    struct mldv_error *err)
{
	const struct snapshot *disk = comparing->compare->disk;
	struct arena arena = {0};
	struct tree tree = {0};
	struct trees trees;
	int ret = 0;

	if (pair->has_old && pair->whole && pair->new != NOWHERE &&
	    disk->dirs[pair->new].known &&content_equal(&pair->old,
	        &disk->dirs[pair->new].content))
		return 0;
	if (pair->has_old) {
		ret = open_reader(comparing, err);
		trees = trees_of(comparing->reader);
		if (ret == 0)
			ret =
			    trees_read(&trees, &pair->old, &arena, &tree, err);
	}
	if (ret == 0)
		ret = merge(comparing, pair, &tree, err);
	arena_release(&arena);
	return ret;
}

int compare_item(const struct compare *compare, struct mldv_error *err)
{
	struct comparing comparing = {.compare = compare};
	struct both top = {
	    .old = compare->recorded,
	    .new = &compare->disk->root,
	    .path = "",
	    .depth = 1,
	};
	int ret;

	if (compare->recorded->files > TREES_FILES)
		return trees_refuse(err, &compare->recorded->oid,
		    "it claims too many files");
	if (!is_wanted(&comparing, "", &top.whole))
		top.old = NULL;
	ret = look_at(&comparing, &top, err);
	while (ret == 0 && comparing.count > 0) {
		struct pair pair = comparing.pairs[--comparing.count];

		ret = compare_dir(&comparing, &pair, err);
	}
	store_reader_close(comparing.reader);
	free(comparing.pairs);
	arena_release(&comparing.arena);
	return ret;
}
