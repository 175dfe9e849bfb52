/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/inputs.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "pipeline/conditions.h"
#include "pipeline/notebooks.h"
#include "project/partial.h"
#include "project/worktree.h"
#include "runner/runner.h"

/* What finding one dep needs to know. */
struct finding {
	struct plan *plan;
	struct step *step;
	bool looking;
	struct obstacle *obstacle;
};

/* Says "<before> <name><after>"; 0. */
static int hinder(const struct finding *finding, bool gone, const char *before,
    const char *name, const char *after)
{
	finding->obstacle->reason =
	    arena_printf(&finding->plan->arena, "%s %s%s", before, name, after);
	finding->obstacle->gone = gone;
	return 0;
}

/* What lies at path: 1, or 0 if nothing does. */
CHECKED static int hash(struct plan *plan, const char *path,
    struct content *out, struct mldv_error *err)
{
	struct mldv_error cause;

	if (worktree_hash(plan->project, path, out, NULL, &cause) == 0)
		return 1;
	if (cause.code == MLDV_NOT_FOUND)
		return 0;
	*err = cause;
	return -1;
}

CHECKED static int is_in_tree(struct plan *plan, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret =
	    file_exists(project_absolute(plan->project, &arena, path), err);

	arena_release(&arena);
	return ret;
}

/*
 * What lies inside an item, whether the item is here or not: 1; 0 if there is
 * no such name; -1, MLDV_MISSING if that is not known.
 */
CHECKED static int look_inside(struct plan *plan, const struct content *item,
    const char *inner, struct content *out, struct mldv_error *err)
{
	if (inner[0])
		return worktree_inside(plan->project, item, inner, out, err);
	*out = *item;
	return 1;
}

/*
 * A dep in something that is not in the work tree, whose content is known
 * from the lock or a pointer.
 */
CHECKED static int find_absent(const struct finding *finding,
    struct input *input, const char *item, const struct content *content,
    struct mldv_error *err)
{
	struct plan *plan = finding->plan;
	const char *inner = path_inside(input->path, item);
	struct mldv_error cause;
	int found = look_inside(plan, content, inner, &input->content, &cause);

	if (found < 0 && cause.code == MLDV_MISSING && finding->looking)
		return hinder(finding, false, "needs", item,
		    ", which is not here");
	if (found < 0 && cause.code == MLDV_MISSING) {
		if (inputs_place(plan, finding->step->stage, item, content,
		        err) < 0)
			return -1;
		found = hash(plan, input->path, &input->content, err);
	} else if (found < 0) {
		*err = cause;
	} else if (found) {
		input->absent = item;
		input->absent_content = *content;
	}
	return found
	    ? found
	    : hinder(finding, true, "dep", input->path, " does not exist");
}

/* A dep in the output of a stage, whose state was decided before. */
CHECKED static int find_in_output(const struct finding *finding,
    struct input *input, const struct graph_out *out, struct mldv_error *err)
{
	struct plan *plan = finding->plan;
	const struct step *maker = &plan->steps[out->stage];
	const char *path = out->out->path;
	const struct content *content;
	struct mldv_error cause;
	int found;

	if (!maker->made)
		return hinder(finding, false, "depends on stage",
		    maker->stage->name, "");
	content = &maker->made[plan_out_index(maker->stage, path)].content;
	if (!maker->placed)
		return find_absent(finding, input, path, content, err);
	found = look_inside(plan, content, path_inside(input->path, path),
	    &input->content, &cause);
	/* A fresh output need not be in the store. */
	if (found < 0 && cause.code == MLDV_MISSING)
		found = hash(plan, input->path, &input->content, err);
	else if (found < 0)
		*err = cause;
	return found
	    ? found
	    : hinder(finding, true, "dep", input->path, " does not exist");
}

/* 1 if all outputs below a directory are in place. */
CHECKED static int check_outputs_below(const struct finding *finding,
    const char *path, struct mldv_error *err)
{
	struct plan *plan = finding->plan;
	size_t count;
	const struct graph_out *out =
	    graph_outputs_below(&plan->graph, path, &count);

	for (; count > 0; count--, out++) {
		const struct step *maker = &plan->steps[out->stage];
		const char *name = out->out->path;
		size_t at = plan_out_index(maker->stage, name);

		if (maker->placed || !maker->selected ||
		    (maker->state == MLDV_STAGE_FROZEN && !maker->made))
			continue;
		if (!maker->made)
			return hinder(finding, false, "depends on stage",
			    maker->stage->name, "");
		if (finding->looking)
			return hinder(finding, false, "needs", name,
			    ", which is not here");
		if (inputs_place(plan, finding->step->stage, name,
		        &maker->made[at].content, err) < 0)
			return -1;
	}
	return 1;
}

static size_t first_item_below(const struct items *items, const char *path)
{
	size_t len = strlen(path);
	size_t low = 0;
	size_t high = items->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *at = items->list[middle].path;
		int order = strncmp(at, path, len);

		if (order < 0 ||
		    (order == 0 && len > 0 && (unsigned char)at[len] < '/'))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What is here in part must be as it was added, or nobody has all of it. */
CHECKED static int check_unchanged(const struct finding *finding,
    const struct item *item, struct mldv_error *err)
{
	struct mldv_project *project = finding->plan->project;
	struct mldv_error cause;
	struct content all;
	bool whole;

	if (partial_hash(project, item, "", &all, &whole, &cause) == 0 &&
	    content_equal(&all, &item->content))
		return 1;
	if (finding->looking)
		return hinder(finding, false, "needs all of", item->path,
		    ", of which a part is here, and that was changed");
	return err_set(err, MLDV_MISSING,
	    "stage '%s' needs all of '%s', of which only a part is here, and "
	    "that was changed; run 'mldv add %s' and 'mldv pull %s'",
	    finding->step->stage->name, item->path, item->path, item->path);
}

/* 1 if an item is in place as a whole. */
CHECKED static int check_item(const struct finding *finding,
    const struct item *item, struct mldv_error *err)
{
	struct plan *plan = finding->plan;
	struct parts parts;
	int here = is_in_tree(plan, item->path, err);
	int noted =
	    here > 0 ? partial_read(plan->project, item, &parts, err) : 0;

	if (here < 0 || noted < 0)
		return -1;
	if (noted > 0) {
		parts_release(&parts);
		noted = check_unchanged(finding, item, err);
		if (noted <= 0)
			return noted;
	} else if (here) {
		return 1;
	}
	if (finding->looking)
		return hinder(finding, false, "needs", item->path,
		    noted ? ", of which only a part is here"
		          : ", which is not here");
	return inputs_place(plan, finding->step->stage, item->path,
	           &item->content, err) < 0
	    ? -1
	    : 1;
}

/* 1 if all items below a directory are in place. */
CHECKED static int check_items_below(const struct finding *finding,
    const char *path, struct mldv_error *err)
{
	const struct items *items = &finding->plan->items;
	int ret = 1;

	for (size_t i = first_item_below(items, path); ret > 0 &&
	     i < items->count && path_inside(items->list[i].path, path);
	     i++) {
		const struct item *item = &items->list[i];

		if (!item->stage)
			ret = check_item(finding, item, err);
	}
	return ret;
}

/* The pointer's item that path is or lies in; or NULL. */
static const struct item *item_around(const struct plan *plan, const char *path)
{
	const struct item *item = items_find(&plan->items, path);
	struct buf prefix = {0};

	for (const char *slash = strchr(path, '/'); slash && !item;
	     slash = strchr(slash + 1, '/')) {
		buf_reset(&prefix);
		buf_add(&prefix, path, (size_t)(slash - path));
		item = items_find(&plan->items, buf_str(&prefix));
		if (item && item->stage)
			item = NULL;
	}
	buf_release(&prefix);
	return item && !item->stage ? item : NULL;
}

/* A dep that is an item, or lies in one: 0 if it is not here. */
CHECKED static int find_in_item(const struct finding *finding,
    struct input *input, const struct item *item, struct mldv_error *err)
{
	struct mldv_error cause;
	bool whole;
	int ret;

	if (partial_hash(finding->plan->project, item,
	        path_inside(input->path, item->path), &input->content, &whole,
	        &cause) < 0) {
		if (cause.code == MLDV_NOT_FOUND)
			return 0;
		*err = cause;
		return -1;
	}
	if (whole)
		return 1;
	ret = check_unchanged(finding, item, err);
	if (ret <= 0)
		return ret;
	input->absent = item->path;
	input->absent_content = item->content;
	return 1;
}

/* A dep that no stage makes. */
CHECKED static int find_source(const struct finding *finding,
    struct input *input, struct mldv_error *err)
{
	struct plan *plan = finding->plan;
	const struct item *item = item_around(plan, input->path);
	int ret = check_outputs_below(finding, input->path, err);

	if (ret > 0)
		ret = check_items_below(finding, input->path, err);
	if (ret <= 0)
		return ret;
	ret = item ? find_in_item(finding, input, item, err)
	           : hash(plan, input->path, &input->content, err);
	if (ret != 0 || finding->obstacle->reason)
		return ret;
	if (item) {
		ret = is_in_tree(plan, item->path, err);
		if (ret < 0)
			return -1;
		if (ret == 0)
			return find_absent(finding, input, item->path,
			    &item->content, err);
	}
	return hinder(finding, true, "dep", input->path, " does not exist");
}

const struct graph_out *inputs_output(const struct plan *plan, const char *path)
{
	const struct graph_out *out = graph_output(&plan->graph, path);

	const struct step *maker = out ? &plan->steps[out->stage] : NULL;

	/*
	 * What a frozen stage that never ran made is as good as any file, and
	 * so is what one makes that is left out.
	 */
	if (maker && !maker->made &&
	    (maker->state == MLDV_STAGE_FROZEN || !maker->selected))
		return NULL;
	return out;
}

/* What a file says that the runner reads by itself. */
CHECKED static int add_runner_lines(struct plan *plan, struct step *step,
    struct mldv_error *err)
{
	const struct runner *runner = runner_of(step->stage);
	const struct lock_stage *locked =
	    lockfile_find(&plan->lock, step->stage->name);
	const struct runner_job job = {
	    .project = plan->project,
	    .stage = step->stage,
	    .shell = plan->stages.shell,
	    .locked = locked && !step->forced ? &locked->key : NULL,
	    .may_ask = plan->may_probe,
	    .arena = &plan->arena,
	};

	return runner->add_to_key
	    ? runner->add_to_key(&job, &step->key.lines, err)
	    : 0;
}

int inputs_find(struct plan *plan, struct step *step, bool looking,
    struct obstacle *obstacle, struct mldv_error *err)
{
	const struct stage *stage = step->stage;
	const struct finding finding = {plan, step, looking, obstacle};

	step->inputs =
	    arena_array(&plan->arena, stage->dep_count, sizeof *step->inputs);
	for (size_t i = 0; i < stage->dep_count; i++) {
		struct input *input = &step->inputs[i];
		const struct graph_out *out;
		int found;

		input->path = stage->deps[i].path;
		out = inputs_output(plan, input->path);
		found = out ? find_in_output(&finding, input, out, err)
		            : find_source(&finding, input, err);
		if (found <= 0)
			return found;
		found = notebooks_add(plan, step, i, looking, obstacle, err);
		if (found <= 0)
			return found;
	}
	key_add_stage(&step->key, stage, plan->stages.shell, plan->hasher);
	if (conditions_add(plan, stage, &step->key, err) < 0 ||
	    add_runner_lines(plan, step, err) < 0)
		return -1;
	key_end(&step->key, NULL, &step->oid);
	step->keyed = true;
	return 1;
}
