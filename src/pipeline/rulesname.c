/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "pipeline/rules.h"

/* The names in one directory of an item; none if the list is not to be had. */
CHECKED static int names_in_item(struct ruled *ruled, const struct item *item,
    const char *inner, struct strs *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct trees trees = source_trees(ruled->source);
	struct content dir;
	struct tree tree;
	int ret;

	source_enter(ruled->source, &item->content);
	ret = trees_inside(&trees, &item->content, inner, &dir, err);
	if (ret > 0 && dir.kind == KIND_DIR &&
	    trees_read(&trees, &dir, &arena, &tree, err) < 0)
		ret = -1;
	for (size_t i = 0; ret > 0 && dir.kind == KIND_DIR && i < tree.count;
	     i++)
		strs_add_n(out, tree.entries[i].name.data,
		    tree.entries[i].name.len);
	arena_release(&arena);
	return ret < 0 && err->code != MLDV_MISSING ? -1 : 0;
}

/* The item that a directory is or lies in, if it is one of mldv's. */
static const struct item *item_around(const struct ruled *ruled,
    const char *dir, const char **inner)
{
	const struct item *item = items_around(ruled->items, dir, inner);

	return item && !item->git && item->content.kind == KIND_DIR ? item
	                                                            : NULL;
}

/* All that stands directly in a directory, each name once. */
CHECKED static int names_in(struct ruled *ruled, const char *dir,
    struct strs *out, struct mldv_error *err)
{
	const char *inner;
	const struct item *around = item_around(ruled, dir, &inner);

	if (around && names_in_item(ruled, around, inner, out, err) < 0)
		return -1;
	for (size_t i = 0; i < ruled->items->count; i++) {
		const char *name = ruling_entry(&ruled->ruling, dir,
		    ruled->items->list[i].path);

		if (name)
			strs_add(out, name);
	}
	for (size_t i = 0; i < ruled->files->count; i++) {
		const char *path = ruled->files->items[i];
		const char *name = ruling_entry(&ruled->ruling, dir, path);

		if (name && !ruling_passes_over(path))
			strs_add(out, name);
	}
	strs_unique(out);
	return 0;
}

/* What ${NAME} may stand for. */
struct values {
	struct ruled *ruled;
	const char *of;
	struct strs *out;
	bool *seen; /* stages, while walking up */
	size_t *stack;
};

CHECKED static int add_all(struct values *values, const char *dir,
    struct mldv_error *err)
{
	struct strs names = {0};
	int ret = names_in(values->ruled, dir, &names, err);

	for (size_t i = 0; i < names.count; i++)
		ruling_add_stems(names.items[i], values->out);
	strs_release(&names);
	return ret;
}

/* Of what a stage reads, what lies directly in the directory. */
CHECKED static int add_read(struct values *values, const struct stage *stage,
    const char *dir, struct mldv_error *err)
{
	for (size_t i = 0; i < stage->dep_count; i++) {
		const char *dep = stage->deps[i].path;
		const char *name =
		    ruling_entry(&values->ruled->ruling, dir, dep);

		if (name)
			ruling_add_stems(name, values->out);
		else if (path_inside(dir, dep) && add_all(values, dir, err) < 0)
			return -1;
	}
	return 0;
}

/* Goes up from a stage, through all that it is made from. */
CHECKED static int walk_up(struct values *values, size_t from, const char *dir,
    struct mldv_error *err)
{
	const struct ruled *ruled = values->ruled;
	size_t count = 1;
	int ret = 0;

	memset(values->seen, 0, ruled->stages->count * sizeof *values->seen);
	values->stack[0] = from;
	values->seen[from] = true;
	while (ret == 0 && count > 0) {
		size_t number = values->stack[--count];
		const struct graph_node *node = &ruled->graph->nodes[number];

		ret =
		    add_read(values, &ruled->stages->stages[number], dir, err);
		for (size_t i = 0; i < node->above_count; i++) {
			if (values->seen[node->above[i]])
				continue;
			values->seen[node->above[i]] = true;
			values->stack[count++] = node->above[i];
		}
	}
	return ret;
}

/* path is what the name is about; nobody makes it: everything counts. */
CHECKED static int add_values(struct values *values,
    const struct rule_dirs *dirs, const char *path, struct mldv_error *err)
{
	const struct graph_out *out = graph_output(values->ruled->graph, path);

	for (size_t i = 0; i < dirs->count; i++) {
		const char *dir = dirs->paths[i];

		if (strcmp(path_base(dir), values->of) != 0)
			continue;
		if (out ? walk_up(values, out->stage, dir, err) < 0
		        : add_all(values, dir, err) < 0)
			return -1;
	}
	return 0;
}

/* A name that path has, or lies under. */
CHECKED static int check_name(struct ruled *ruled, const struct rule_name *rule,
    const char *name, const char *path, bool item, struct mldv_error *err)
{
	const struct rules *rules = &ruled->ruling.rules;
	size_t count = ruled->stages->count + 1;
	struct strs names = {0};
	struct values values = {.ruled = ruled, .of = rule->of, .out = &names};
	int ret = 0;

	if (rule->of) {
		values.seen = xcalloc(count, sizeof *values.seen);
		values.stack = xcalloc(count, sizeof *values.stack);
		ret = add_values(&values, &rules->from, path, err);
		if (ret == 0)
			ret = add_values(&values, &rules->immutable, path, err);
	}
	if (ret == 0)
		ruling_name(&ruled->ruling, rule, name, &names, item);
	free(values.seen);
	free(values.stack);
	strs_release(&names);
	return ret;
}

/* The directory is an item, or lies in one. */
CHECKED static int check_inside(struct ruled *ruled,
    const struct rule_name *rule, struct mldv_error *err)
{
	const char *inner;
	const struct item *around = item_around(ruled, rule->dir, &inner);
	struct strs names = {0};
	int ret = 0;

	if (around)
		ret = names_in_item(ruled, around, inner, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = check_name(ruled, rule, names.items[i], around->path,
		    true, err);
	strs_release(&names);
	return ret;
}

CHECKED static int check_rule(struct ruled *ruled, const struct rule_name *rule,
    struct mldv_error *err)
{
	int ret = check_inside(ruled, rule, err);

	for (size_t i = 0; ret == 0 && i < ruled->items->count; i++) {
		const char *path = ruled->items->list[i].path;
		const char *name =
		    ruling_entry(&ruled->ruling, rule->dir, path);

		if (name)
			ret = check_name(ruled, rule, name, path, true, err);
	}
	for (size_t i = 0; ret == 0 && i < ruled->files->count; i++) {
		const char *path = ruled->files->items[i];
		const char *name =
		    ruling_entry(&ruled->ruling, rule->dir, path);

		if (name && !ruling_passes_over(path))
			ret = check_name(ruled, rule, name, path, false, err);
	}
	return ret;
}

int ruled_names(struct ruled *ruled, struct mldv_error *err)
{
	const struct rules *rules = &ruled->ruling.rules;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < rules->name_count; i++)
		ret = check_rule(ruled, &rules->names[i], err);
	return ret;
}
