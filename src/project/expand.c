/* SPDX-License-Identifier: Apache-2.0 */
#include "project/trees.h"

#include <string.h>

/* Copies a tree's entries into a directory of the snapshot. */
static void fill(struct snapshot_dir *dir, const struct tree *tree)
{
	size_t names = 0;

	for (size_t i = 0; i < tree->count; i++)
		names += tree->entries[i].name.len + 1;
	snapshot_fill_dir(dir, tree->count, names);
	names = 0;
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *from = &tree->entries[i];
		struct snapshot_entry *to = &dir->entries[i];

		to->kind = (uint8_t)from->content.kind;
		to->oid = from->content.oid;
		to->size = from->content.size;
		to->name = (uint32_t)names;
		to->name_len = (uint16_t)from->name.len;
		memcpy(dir->names + names, from->name.data, from->name.len);
		dir->names[names + from->name.len] = 0;
		names += from->name.len + 1;
	}
}

struct expansion {
	struct trees trees;
	struct snapshot snapshot;
	const struct parts *parts; /* NULL: all of it */
	uint64_t files;            /* that were found */
	uint64_t limit;            /* that were declared */
};

/* Is any of an entry wanted? *whole becomes whether all of it is. */
static bool is_wanted(const struct expansion *expansion, size_t dir,
    const struct tree_entry *entry, bool *whole)
{
	struct buf path = {0};
	enum parts_answer answer;

	snapshot_dir_path(&expansion->snapshot, dir, &path);
	if (path.len > 0)
		buf_add_char(&path, '/');
	buf_add(&path, entry->name.data, entry->name.len);
	answer = parts_at(expansion->parts, buf_str(&path));
	buf_release(&path);
	*whole = answer == PARTS_ALL;
	return answer != PARTS_NONE;
}

/*
 * Leaves out what is not wanted of a directory that is not wanted as a whole;
 * whole tells of each entry that stays. A directory is known if it is whole.
 */
static void choose(const struct expansion *expansion, size_t dir,
    struct tree *tree, bool *whole)
{
	bool all = expansion->snapshot.dirs[dir].known;
	size_t kept = 0;

	for (size_t i = 0; i < tree->count; i++) {
		whole[kept] = true;
		if (all ||
		    is_wanted(expansion, dir, &tree->entries[i], &whole[kept]))
			tree->entries[kept++] = tree->entries[i];
	}
	tree->count = kept;
}

static int expand_dir(struct expansion *expansion, size_t number,
    struct mldv_error *err)
{
	struct snapshot *snapshot = &expansion->snapshot;
	struct content content = snapshot->dirs[number].content;
	struct arena arena = {0};
	struct tree tree;
	bool *whole = NULL;
	int ret = trees_read(&expansion->trees, &content, &arena, &tree, err);

	if (ret == 0) {
		whole = arena_array(&arena, tree.count + 1, sizeof *whole);
		choose(expansion, number, &tree, whole);
		fill(&snapshot->dirs[number], &tree);
	}
	for (size_t i = 0; ret == 0 && i < tree.count; i++) {
		size_t child;

		if (tree.entries[i].content.kind != KIND_DIR) {
			expansion->files++;
			continue;
		}
		if (snapshot->dir_count > expansion->limit + TREES_DIRS) {
			ret = trees_refuse(err, &content.oid,
			    "far more directories than files");
			break;
		}
		child = snapshot_add_dir(snapshot, number, i);
		snapshot->dirs[child].content = tree.entries[i].content;
		snapshot->dirs[child].known = whole[i];
		snapshot->dirs[number].entries[i].dir = (uint32_t)child;
		snapshot->dirs[number].entries[i].size = 0;
	}
	if (ret == 0 && expansion->files > expansion->limit)
		ret =
		    trees_refuse(err, &content.oid, "more files than declared");
	arena_release(&arena);
	return ret;
}

/* How deep a directory lies: the root at 1. */
static size_t depth_of(const struct snapshot *snapshot, size_t dir)
{
	size_t depth = 1;

	for (; dir != 0; dir = snapshot->dirs[dir].parent)
		depth++;
	return depth;
}

int trees_expand_parts(struct store *store, const struct content *item,
    const struct parts *parts, struct snapshot *out, struct mldv_error *err)
{
	struct expansion expansion = {.parts = parts, .limit = item->files};
	struct snapshot *snapshot = &expansion.snapshot;
	struct store_reader *reader;
	int ret = 0;

	snapshot->root.kind = (uint8_t)item->kind;
	snapshot->root.oid = item->oid;
	snapshot->root.size = item->kind == KIND_DIR ? 0 : item->size;
	if (item->kind != KIND_DIR) {
		*out = *snapshot;
		return 0;
	}
	if (item->files > TREES_FILES)
		return trees_refuse(err, &item->oid,
		    "it claims too many files");
	if (store_load(store, err) < 0)
		return -1;
	reader = store_reader_open(store);
	expansion.trees = trees_of(reader);
	(void)snapshot_add_dir(snapshot, 0, 0);
	snapshot->dirs[0].content = *item;
	snapshot->dirs[0].known = !parts || parts_at(parts, "") == PARTS_ALL;
	for (size_t i = 0; ret == 0 && i < snapshot->dir_count; i++) {
		ret = expand_dir(&expansion, i, err);
		/* Levels come in order: the last directory is the deepest. */
		if (ret == 0 && i + 1 == snapshot->dir_count &&
		    depth_of(snapshot, i) > TREE_DEPTH)
			ret = trees_refuse(err, &item->oid, "it is too deep");
	}
	store_reader_close(reader);
	if (ret < 0)
		snapshot_release(snapshot);
	else
		*out = *snapshot;
	return ret;
}

int trees_expand(struct store *store, const struct content *item,
    struct snapshot *out, struct mldv_error *err)
{
	return trees_expand_parts(store, item, NULL, out, err);
}
