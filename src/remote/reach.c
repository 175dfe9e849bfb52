/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/reach.h"

#include <stdlib.h>

#include "format/tree.h"
#include "store/store.h"

/* A large directory takes two levels: its pages and the tree of them. */
#define DEPTH (2 * TREE_DEPTH)
#define MOST  ((uint64_t)INT64_MAX)

/* That one tree lists another one; both by their place in reach->trees. */
struct reach_edge {
	uint32_t from;
	uint32_t to;
};

/* What the map of trees holds. */
struct node {
	struct reach_object object;
	uint32_t number;
	bool taken;
};

void reach_init(struct reach *reach)
{
	*reach = (struct reach){0};
	(void)pthread_mutex_init(&reach->mutex, NULL);
}

void reach_release(struct reach *reach)
{
	map_release(&reach->trees);
	map_release(&reach->files);
	arena_release(&reach->arena);
	free(reach->edges);
	(void)pthread_mutex_destroy(&reach->mutex);
	*reach = (struct reach){0};
}

struct reach_object *reach_find(const struct reach *reach,
    const struct oid *oid, bool tree)
{
	const struct map *map = tree ? &reach->trees : &reach->files;

	/* A node begins with its object. */
	return map_get(map, oid, sizeof(*oid));
}

static int two_sizes(const struct oid *oid, struct mldv_error *err)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return err_set(err, MLDV_CORRUPT,
	    "object %s is listed with two different sizes", hex);
}

/* The object, noted now or before. */
static struct reach_object *note(struct reach *reach,
    const struct content *content, struct mldv_error *err)
{
	bool tree = content->kind == KIND_DIR;
	struct map *map = tree ? &reach->trees : &reach->files;
	struct reach_object *object = reach_find(reach, &content->oid, tree);
	struct node *node;

	if (object) {
		if (object->size == content->size &&
		    (!tree || object->files == content->files))
			return object;
		(void)two_sizes(&content->oid, err);
		return NULL;
	}
	node = arena_alloc(&reach->arena,
	    tree ? sizeof(struct node) : sizeof(struct reach_object));
	object = &node->object;
	object->oid = content->oid;
	object->size = content->size;
	object->files = content->files;
	object->tree = tree;
	if (tree)
		node->number = (uint32_t)map->count;
	(void)map_add(map, &object->oid, sizeof(object->oid), object);
	return object;
}

static int add_entry(struct reach *reach, const struct node *parent,
    const struct tree_entry *entry, struct mldv_error *err)
{
	const struct content *content = &entry->content;
	struct reach_object *object;

	if (content->kind != KIND_DIR && oid_equal(&content->oid, &oid_empty))
		return 0;
	object = note(reach, content, err);
	if (!object)
		return -1;
	if (content->kind == KIND_DIR) {
		reach->edges = xgrow(reach->edges, reach->edge_count,
		    &reach->edge_capacity, sizeof(*reach->edges));
		reach->edges[reach->edge_count++] = (struct reach_edge){
		    .from = parent->number,
		    .to = ((struct node *)object)->number,
		};
	}
	return 0;
}

static int check_sums(const struct reach_object *object,
    const struct tree *tree, struct mldv_error *err)
{
	uint64_t size = 0;
	uint64_t files = 0;
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < tree->count; i++) {
		const struct content *content = &tree->entries[i].content;

		if (content->size > MOST - size ||
		    content->files > MOST - files)
			break;
		size += content->size;
		files += content->files;
	}
	if (size == object->size && files == object->files)
		return 0;
	oid_hex(&object->oid, hex);
	return err_set(err, MLDV_CORRUPT,
	    "tree %s does not add up to the size and number of files that are "
	    "said of it; go back to a pointer or lock that 'mldv checkout' "
	    "takes",
	    hex);
}

int reach_take(struct reach *reach, struct reach_object *object,
    struct slice text, struct mldv_error *err)
{
	struct node *node = (struct node *)object;
	struct arena arena = {0};
	struct tree tree;
	int ret;

	ret = tree_parse(&tree, &arena, text.data, text.len, err);
	if (ret < 0) {
		char hex[OID_HEX + 1];

		oid_hex(&object->oid, hex);
		(void)err_prefix(err, "tree %s", hex);
	} else {
		ret = check_sums(object, &tree, err);
	}
	(void)pthread_mutex_lock(&reach->mutex);
	for (size_t i = 0; ret == 0 && i < tree.count; i++)
		ret = add_entry(reach, node, &tree.entries[i], err);
	node->taken = ret == 0;
	(void)pthread_mutex_unlock(&reach->mutex);
	arena_release(&arena);
	return ret;
}

/* Calls the source for the trees that were found since the last level. */
static int read_level(struct reach *reach, size_t from, size_t to,
    const struct reach_source *source, struct mldv_error *err)
{
	struct reach_object **trees =
	    xcalloc(to - from, sizeof(struct reach_object *));
	int ret;

	for (size_t i = from; i < to; i++)
		trees[i - from] = reach->trees.entries[i].value;
	ret = source->read(source->context, reach, trees, to - from, err);
	for (size_t i = 0; ret == 0 && i < to - from; i++) {
		const struct node *node = (const struct node *)trees[i];

		if (!node->taken)
			ret = err_set(err, MLDV_FAILED,
			    "a tree of the item was not read");
	}
	free(trees);
	return ret;
}

static int compare_edges(const void *a, const void *b)
{
	const struct reach_edge *left = a;
	const struct reach_edge *right = b;

	return (left->from > right->from) - (left->from < right->from);
}

/*
 * The longest way down, in trees: each is met after all that list it. A tree
 * that lists itself cannot be made; if one could, the way would not end.
 */
static uint32_t depth_of(const struct reach *reach)
{
	size_t count = reach->trees.count;
	uint32_t *open = xcalloc(count + 1, sizeof(*open));
	uint32_t *depth = xcalloc(count + 1, sizeof(*depth));
	uint32_t *ready = xcalloc(count + 1, sizeof(*ready));
	size_t *first = xcalloc(count + 1, sizeof(*first));
	size_t ready_count = 0;
	size_t met = 0;
	uint32_t deepest = 1;

	for (size_t i = 0; i < reach->edge_count; i++) {
		open[reach->edges[i].to]++;
		first[reach->edges[i].from + 1]++;
	}
	for (size_t i = 0; i < count; i++)
		first[i + 1] += first[i];
	for (size_t i = 0; i < count; i++)
		if (open[i] == 0)
			ready[ready_count++] = (uint32_t)i;
	for (; met < ready_count; met++) {
		uint32_t from = ready[met];

		for (size_t i = first[from]; i < first[from + 1]; i++) {
			uint32_t to = reach->edges[i].to;

			if (depth[to] < depth[from] + 1)
				depth[to] = depth[from] + 1;
			if (depth[to] >= deepest)
				deepest = depth[to] + 1;
			if (--open[to] == 0)
				ready[ready_count++] = to;
		}
	}
	free(open);
	free(depth);
	free(ready);
	free(first);
	return met == count ? deepest : UINT32_MAX;
}

static int check_depth(struct reach *reach, struct mldv_error *err)
{
	if (reach->edge_count > 0)
		qsort(reach->edges, reach->edge_count, sizeof(*reach->edges),
		    compare_edges);
	if (depth_of(reach) > DEPTH)
		return err_set(err, MLDV_CORRUPT,
		    "the item's directories lie deeper than %d levels",
		    TREE_DEPTH);
	return 0;
}

int reach_walk(struct reach *reach, const struct content *items, size_t count,
    const struct reach_source *source, struct mldv_error *err)
{
	size_t from = 0;

	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != KIND_DIR &&
		    oid_equal(&items[i].oid, &oid_empty))
			continue;
		if (!note(reach, &items[i], err))
			return -1;
	}
	for (unsigned level = 0; from < reach->trees.count; level++) {
		size_t to = reach->trees.count;

		if (level > DEPTH)
			return check_depth(reach, err);
		if (read_level(reach, from, to, source, err) < 0)
			return -1;
		from = to;
	}
	return check_depth(reach, err);
}

static int read_store(void *context, struct reach *reach,
    struct reach_object *const *trees, size_t count, struct mldv_error *err)
{
	struct slice text;

	for (size_t i = 0; i < count; i++) {
		if (store_reader_get(context, &trees[i]->oid, &text, err) < 0 ||
		    reach_take(reach, trees[i], text, err) < 0)
			return -1;
	}
	return 0;
}

int reach_walk_store(struct reach *reach, struct store *store,
    const struct content *items, size_t count, struct mldv_error *err)
{
	struct reach_source source = {.read = read_store};
	int ret;

	if (store_load(store, err) < 0)
		return -1;
	source.context = store_reader_open(store);
	ret = reach_walk(reach, items, count, &source, err);
	store_reader_close(source.context);
	return ret;
}
