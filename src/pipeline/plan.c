/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/plan.h"

#include <sys/stat.h>

#include "base/path.h"
#include "pipeline/imports.h"
#include "project/inifiles.h"
#include "remote/remote.h"

CHECKED static int load_stages(struct plan *plan, const struct strs *overrides,
    struct mldv_error *err)
{
	struct buf text = {0};
	struct ini_files files;
	struct ini ini = {0};
	int ret = project_read_ini(plan->project, &text, err);

	if (ret == 0)
		ret = ini_parse(&ini, &plan->arena, plan->ini, buf_str(&text),
		    text.len, err);
	ini_files_set(&files, plan->project, NULL, &ini);
	if (ret == 0)
		ret = stages_parse(&plan->stages, &plan->arena, &ini, overrides,
		    err);
	if (ret == 0)
		ret = imports_add(&plan->stages, &plan->arena, ini.source, err);
	if (ret == 0)
		ret =
		    graph_build(&plan->graph, &plan->arena, &plan->stages, err);
	buf_release(&text);
	return ret;
}

int plan_load(struct plan *plan, struct mldv_project *project,
    const struct strs *overrides, struct mldv_error *err)
{
	struct strs remotes = {0};

	*plan = (struct plan){.project = project};
	plan->ini = project_shown(project, &plan->arena, PROJECT_INI);
	if (load_stages(plan, overrides, err) < 0)
		return -1;
	plan->count = plan->stages.count;
	plan->steps =
	    arena_array(&plan->arena, plan->count, sizeof *plan->steps);
	for (size_t i = 0; i < plan->count; i++)
		plan->steps[i].stage = &plan->stages.stages[i];
	for (size_t i = 0; i < plan->count; i++)
		(void)map_add_str(&plan->by_name, plan->steps[i].stage->name,
		    &plan->steps[i]);
	/* Most projects start without stages, and then status is quick. */
	if (plan->count == 0)
		return 0;
	plan->hasher = hasher_open();
	config_names(&project->config, "remote", &remotes);
	plan->has_remote = remotes.count > 0;
	strs_release(&remotes);
	if (items_load(project, &plan->items, err) < 0)
		return -1;
	plan->noted = arena_array(&plan->arena, plan->count, sizeof(size_t));
	plan->flushed_at = project_clock();
	/* No file is an empty lock, and so is what there is before. */
	return plan_refresh_lock(plan, err) < 0 ? -1 : 0;
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		key_release(&plan->steps[i].key);
	if (plan->remote)
		remote_close(plan->remote);
	map_release(&plan->by_name);
	map_release(&plan->probes);
	graph_release(&plan->graph);
	lockfile_release(&plan->lock);
	items_release(&plan->items);
	origin_release(&plan->origin);
	if (plan->hasher)
		hasher_close(plan->hasher);
	arena_release(&plan->arena);
	*plan = (struct plan){0};
}

struct step *plan_find(const struct plan *plan, const char *name)
{
	return map_get_str(&plan->by_name, name);
}

static struct lock_stamp stamp_of(const struct plan *plan)
{
	struct arena arena = {0};
	struct lock_stamp stamp = {0};
	struct stat st;

	if (stat(project_absolute(plan->project, &arena, PROJECT_LOCK), &st) ==
	    0)
		stamp = (struct lock_stamp){
		    .device = st.st_dev,
		    .inode = st.st_ino,
		    .size = (uint64_t)st.st_size,
		    .changed = st.st_ctim.tv_sec * INT64_C(1000000000) +
		        st.st_ctim.tv_nsec,
		};
	arena_release(&arena);
	return stamp;
}

void plan_stamp_lock(struct plan *plan)
{
	plan->lock_stamp = stamp_of(plan);
}

int plan_refresh_lock(struct plan *plan, struct mldv_error *err)
{
	/* Taken before, lest a change between the two be overlooked. */
	const struct lock_stamp now = stamp_of(plan);
	const struct lock_stamp *old = &plan->lock_stamp;
	struct lockfile lock = {0};

	if (now.device == old->device && now.inode == old->inode &&
	    now.size == old->size && now.changed == old->changed)
		return 0;
	if (project_read_lock(plan->project, &lock, err) < 0)
		return -1;
	lockfile_release(&plan->lock);
	plan->lock = lock;
	plan->lock_stamp = now;
	return 1;
}

static bool add_root(struct plan *plan, const char *path, bool *roots)
{
	const struct graph_out *out = graph_output(&plan->graph, path);
	size_t count;

	if (out) {
		roots[out->stage] = true;
		return true;
	}
	out = graph_outputs_below(&plan->graph, path, &count);
	for (size_t i = 0; i < count; i++)
		roots[out[i].stage] = true;
	return count > 0;
}

/* A stage's name or that of several, else a path as the user says it, else one
 * from the root. */
CHECKED static int add_target(struct plan *plan, const char *target,
    bool *roots, struct mldv_error *err)
{
	const struct step *step = plan_find(plan, target);
	struct buf path = {0};
	const char *clean;
	bool found = false;

	if (step) {
		roots[step - plan->steps] = true;
		return 0;
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (stage_is_called(plan->steps[i].stage, target))
			found = roots[i] = true;
	}
	if (found)
		return 0;
	if (mldv_project_path(plan->project, target, &path, err) < 0) {
		buf_release(&path);
		return -1;
	}
	found = add_root(plan, buf_str(&path), roots);
	buf_release(&path);
	clean = found ? NULL : path_clean(&plan->arena, target);
	if (clean && !path_is_absolute(clean))
		found = add_root(plan, clean, roots);
	if (!found)
		return err_set(err, MLDV_USAGE,
		    "'%s' is neither a stage nor an output of one in "
		    "'%s'",
		    target, plan->ini);
	return 0;
}

void plan_warn(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct stage *stage = plan->steps[i].stage;

		if (!plan->steps[i].selected || !stage->unknown_import)
			continue;
		project_warn(plan->project,
		    "stage '%s' imports modules by names that it computes "
		    "(%s); name them in deps, as python:…, too",
		    stage->name, stage->unknown_import);
		return;
	}
}

int plan_select(struct plan *plan, const struct strs *targets, bool force,
    struct mldv_error *err)
{
	bool *roots = arena_array(&plan->arena, plan->count, sizeof *roots);
	bool *selected =
	    arena_array(&plan->arena, plan->count, sizeof *selected);

	if (!targets || targets->count == 0)
		targets = &plan->stages.targets;
	for (size_t i = 0; i < targets->count; i++) {
		if (add_target(plan, targets->items[i], roots, err) < 0)
			return -1;
	}
	for (size_t i = 0; targets->count == 0 && i < plan->count; i++)
		roots[i] = true;
	graph_select(&plan->graph, roots, selected);
	for (size_t i = 0; i < plan->count; i++) {
		plan->steps[i].selected = selected[i];
		plan->steps[i].target = roots[i];
		plan->steps[i].forced = force && roots[i];
	}
	return 0;
}

void plan_narrow(struct plan *plan, bool below)
{
	for (size_t n = 0; n < plan->count; n++) {
		size_t i = plan->graph.order[n];
		const struct graph_node *node = &plan->graph.nodes[i];
		bool selected = plan->steps[i].target;

		for (size_t j = 0; below && j < node->above_count; j++)
			selected |= plan->steps[node->above[j]].selected;
		plan->steps[i].selected = selected;
	}
}
