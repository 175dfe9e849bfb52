/* SPDX-License-Identifier: Apache-2.0 */
#include "project/trees.h"

#include <string.h>

#include "base/buf.h"
#include "project/worktree.h"

int trees_refuse(struct mldv_error *err, const struct oid *oid, const char *why)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return err_set(err, MLDV_CORRUPT,
	    "tree %s, or what refers to it, is not to be trusted: %s; go back "
	    "to a pointer or lock that 'mldv checkout' takes",
	    hex, why);
}

static int get_from_store(void *context, const struct oid *oid,
    struct slice *out, struct mldv_error *err)
{
	return store_reader_get(context, oid, out, err);
}

struct trees trees_of(struct store_reader *reader)
{
	return (struct trees){reader, get_from_store};
}

static int read_tree(const struct trees *trees, const struct oid *oid,
    struct arena *arena, struct tree *out, struct mldv_error *err)
{
	struct slice text;
	char hex[OID_HEX + 1];

	if (trees->get(trees->context, oid, &text, err) < 0)
		return -1;
	if (tree_parse(out, arena, text.data, text.len, err) == 0)
		return 0;
	oid_hex(oid, hex);
	return err_prefix(err, "tree %s", hex);
}

/* Does the sum of the entries equal what stands above? */
static int check_sum(const struct tree *tree, const struct content *content,
    struct mldv_error *err)
{
	uint64_t size = 0, files = 0;

	for (size_t i = 0; i < tree->count; i++) {
		const struct content *entry = &tree->entries[i].content;

		if (__builtin_add_overflow(size, entry->size, &size) ||
		    __builtin_add_overflow(files, entry->files, &files))
			return trees_refuse(err, &content->oid,
			    "its sizes are beyond counting");
	}
	if (size != content->size || files != content->files)
		return trees_refuse(err, &content->oid,
		    "its entries do not add up to size and files");
	return 0;
}

/* The entries of a directory's pages, put together. */
struct gathered {
	struct tree tree;
	size_t capacity;
};

static void gather(struct gathered *out, struct arena *arena,
    const struct tree *page)
{
	struct tree *all = &out->tree;
	size_t count = all->count + page->count;

	if (page->count == 0)
		return;
	if (count > out->capacity) {
		struct tree_entry *wider;

		out->capacity = 2 * count;
		wider = arena_array(arena, out->capacity, sizeof *wider);
		if (all->count > 0)
			memcpy(wider, all->entries, all->count * sizeof *wider);
		all->entries = wider;
	}
	memcpy(all->entries + all->count, page->entries,
	    page->count * sizeof *page->entries);
	all->count = count;
}

/* Appends the entries of the page that line at of pages promises. */
static int add_page(const struct trees *trees, const struct tree *pages,
    size_t at, struct arena *arena, struct gathered *out,
    struct mldv_error *err)
{
	const struct content *page = &pages->entries[at].content;
	struct hasher *hasher;
	struct tree tree;
	int ret;

	if (read_tree(trees, &page->oid, arena, &tree, err) < 0 ||
	    check_sum(&tree, page, err) < 0)
		return -1;
	hasher = hasher_open();
	ret = tree_check_page(pages, at, &tree, hasher, err);
	hasher_close(hasher);
	if (ret < 0)
		return -1;
	gather(out, arena, &tree);
	return 0;
}

int trees_read(const struct trees *trees, const struct content *dir,
    struct arena *arena, struct tree *out, struct mldv_error *err)
{
	struct gathered all = {0};
	struct tree tree;

	if (read_tree(trees, &dir->oid, arena, &tree, err) < 0 ||
	    check_sum(&tree, dir, err) < 0)
		return -1;
	*out = tree;
	if (!tree.paged && tree.count > TREE_UNPAGED)
		return trees_refuse(err, &dir->oid,
		    "it is large but has no pages");
	if (!tree.paged)
		return 0;
	for (size_t i = 0; i < tree.count; i++)
		if (add_page(trees, &tree, i, arena, &all, err) < 0)
			return -1;
	*out = all.tree;
	if (out->count <= TREE_UNPAGED)
		return trees_refuse(err, &dir->oid,
		    "it has pages but is small");
	return 0;
}

int worktree_complete(struct mldv_project *project,
    const struct content *content, struct oid *missing, struct mldv_error *err)
{
	struct snapshot snapshot;
	struct mldv_error why;
	int ret = 1;

	if (content->kind != KIND_DIR) {
		ret = store_has(project->store, &content->oid, content->size,
		    err);
		if (ret == 0 && missing != NULL)
			*missing = content->oid;
		return ret;
	}
	if (trees_expand(project->store, content, &snapshot, &why) < 0) {
		if (why.code == MLDV_MISSING) {
			if (missing != NULL)
				*missing = content->oid;
			return 0;
		}
		*err = why;
		return -1;
	}
	for (size_t i = 0; ret == 1 && i < snapshot.dir_count; i++) {
		const struct snapshot_dir *dir = &snapshot.dirs[i];

		for (size_t j = 0; ret == 1 && j < dir->count; j++) {
			const struct snapshot_entry *entry = &dir->entries[j];

			if (entry->kind == KIND_DIR)
				continue;
			ret = store_has(project->store, &entry->oid,
			    entry->size, err);
			if (ret == 0 && missing != NULL)
				*missing = entry->oid;
		}
	}
	snapshot_release(&snapshot);
	return ret;
}

/* Who is told of each file, and the path last told of. */
struct visitor {
	int (*visit)(void *context, const char *path,
	    const struct content *file, struct mldv_error *err);
	void *context;
	struct buf path;
};

static int visit_entry(const struct snapshot *snapshot, size_t dir,
    const struct snapshot_entry *entry, struct visitor *visitor,
    struct mldv_error *err)
{
	struct content content = {.kind = entry->kind,
	    .oid = entry->oid,
	    .size = entry->size,
	    .files = 1};

	buf_reset(&visitor->path);
	snapshot_path(snapshot, dir, entry, &visitor->path);
	return visitor->visit(visitor->context, buf_str(&visitor->path),
	    &content, err);
}

int snapshot_each(const struct snapshot *snapshot,
    int (*visit)(void *context, const char *path, const struct content *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct visitor visitor = {.visit = visit, .context = context};
	bool is_file = snapshot->dir_count == 0;
	size_t dir = 0, at = 0;
	int ret = 0;

	if (is_file)
		ret = visit_entry(snapshot, 0, &snapshot->root, &visitor, err);
	/* Depth first, by way of the parents instead of a stack. */
	while (ret == 0 && !is_file) {
		const struct snapshot_dir *here = &snapshot->dirs[dir];

		if (at == here->count) {
			if (dir == 0)
				break;
			at = here->parent_entry + 1;
			dir = here->parent;
		} else if (here->entries[at].kind == KIND_DIR) {
			dir = here->entries[at].dir;
			at = 0;
		} else {
			ret = visit_entry(snapshot, dir, &here->entries[at],
			    &visitor, err);
			at++;
		}
	}
	buf_release(&visitor.path);
	return ret;
}

int worktree_each(struct mldv_project *project, const struct content *content,
    int (*visit)(void *context, const char *path, const struct content *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct snapshot snapshot;
	int ret;

	if (trees_expand(project->store, content, &snapshot, err) < 0)
		return -1;
	ret = snapshot_each(&snapshot, visit, context, err);
	snapshot_release(&snapshot);
	return ret;
}

static const struct tree_entry *find_entry(const struct tree *tree,
    struct slice name)
{
	size_t low = 0, high = tree->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = slice_compare(tree->entries[middle].name, name);

		if (order == 0)
			return &tree->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int trees_inside(const struct trees *trees, const struct content *dir,
    const char *inner, struct content *out, struct mldv_error *err)
{
	struct slice rest = slice_of(inner), name;
	struct content at = *dir;
	int ret = 1;

	while (ret == 1 && rest.len > 0) {
		struct arena arena = {0};
		const struct tree_entry *found = NULL;
		struct tree tree;

		(void)slice_cut(&rest, '/', &name);
		if (at.kind != KIND_DIR)
			ret = 0;
		else if (trees_read(trees, &at, &arena, &tree, err) < 0)
			ret = -1;
		else
			found = find_entry(&tree, name);
		if (found != NULL)
			at = found->content;
		else if (ret == 1)
			ret = 0;
		arena_release(&arena);
	}
	if (ret == 1)
		*out = at;
	return ret;
}

int worktree_inside(struct mldv_project *project, const struct content *item,
    const char *inner, struct content *out, struct mldv_error *err)
{
	struct store_reader *reader;
	struct trees trees;
	int ret;

	if (store_load(project->store, err) < 0)
		return -1;
	reader = store_reader_open(project->store);
	trees = trees_of(reader);
	ret = trees_inside(&trees, item, inner, out, err);
	store_reader_close(reader);
	return ret;
}
