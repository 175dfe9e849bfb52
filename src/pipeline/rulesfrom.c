/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "pipeline/rules.h"

/* The directories of a rule, for a message; in the arena. */
static const char *dirs_of(struct ruled *ruled, const struct rule_dirs *dirs)
{
	struct buf text = {0};
	const char *ret;

	for (size_t i = 0; i < dirs->count; i++)
		buf_printf(&text, "%s%s",
		    i == 0                     ? ""
		        : i + 1 == dirs->count ? " or "
		                               : ", ",
		    dirs->paths[i]);
	ret = arena_str(&ruled->ruling.arena, buf_str(&text));
	buf_release(&text);
	return ret;
}

/* Is something in those directories, or one of them in it? */
static bool is_about(const struct rule_dirs *dirs, const char *path)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (path_inside(dirs->paths[i], path))
			return true;
	}
	return rule_dir_of(dirs, path) != NULL;
}

static void tell_stray(struct ruled *ruled, const struct stage *stage,
    const struct item *item)
{
	const struct rule_dirs *from = &ruled->ruling.rules.from;

	if (item->stage || item->git || is_about(from, item->path))
		return;
	ruling_tell(&ruled->ruling,
	    &(struct mldv_broken){
	        .rule = "from",
	        .stage = stage->name,
	        .file = stage->file,
	        .line = stage->line,
	    },
	    "is made from '%s', which neither lies in %s nor is made by a "
	    "stage",
	    item->path, dirs_of(ruled, from));
}

/* Data that a stage reads and none makes. */
static void look_at_leaf(struct ruled *ruled, const struct stage *stage,
    const char *dep)
{
	const struct items *items = ruled->items;
	const struct item *around = items_around(items, dep, NULL);

	if (around) {
		tell_stray(ruled, stage, around);
		return;
	}
	for (size_t i = items_from(items, dep); i < items->count; i++) {
		const char *inner = path_inside(items->list[i].path, dep);

		/* "a-b" stands between "a" and "a/b". */
		if (inner)
			tell_stray(ruled, stage, &items->list[i]);
		else if (strncmp(items->list[i].path, dep, strlen(dep)) != 0)
			break;
	}
}

/* Does it begin in the right place, by what stands above it in the order? */
static bool reaches(struct ruled *ruled, size_t number, const bool *reached)
{
	const struct rule_dirs *from = &ruled->ruling.rules.from;
	const struct stage *stage = &ruled->stages->stages[number];
	const struct graph_node *node = &ruled->graph->nodes[number];
	bool ret = false;

	for (size_t i = 0; i < stage->dep_count; i++) {
		const char *dep = stage->deps[i].path;

		ret |= is_about(from, dep);
		if (!is_about(from, dep) && !graph_output(ruled->graph, dep))
			look_at_leaf(ruled, stage, dep);
	}
	for (size_t i = 0; i < stage->out_count; i++)
		ret |= rule_dir_of(from, stage->outs[i].path) != NULL;
	for (size_t i = 0; i < node->above_count; i++)
		ret |= reached[node->above[i]];
	return ret;
}

/* An output that the rule is about, or NULL. */
static const char *made_by(const struct ruled *ruled, const struct stage *stage)
{
	const struct rule_dirs *made = &ruled->ruling.rules.made;

	for (size_t i = 0; i < stage->out_count; i++) {
		const char *path = stage->outs[i].path;

		if (made->count == 0 || rule_dir_of(made, path))
			return path;
	}
	return NULL;
}

void ruled_from(struct ruled *ruled)
{
	const struct rule_dirs *from = &ruled->ruling.rules.from;
	bool *reached = arena_array(&ruled->ruling.arena,
	    ruled->stages->count + 1, sizeof *reached);

	for (size_t i = 0; from->count > 0 && i < ruled->stages->count; i++) {
		size_t number = ruled->graph->order[i];
		const struct stage *stage = &ruled->stages->stages[number];
		const char *out = made_by(ruled, stage);

		reached[number] = reaches(ruled, number, reached);
		if (out && !reached[number])
			ruling_tell(&ruled->ruling,
			    &(struct mldv_broken){
			        .rule = "from",
			        .stage = stage->name,
			        .file = stage->file,
			        .line = stage->line,
			    },
			    "makes '%s' from nothing that lies in %s", out,
			    dirs_of(ruled, from));
	}
}
