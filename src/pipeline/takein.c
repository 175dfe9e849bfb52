/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/takein.h"

#include <string.h>

#include "base/file.h"
#include "pipeline/group.h"
#include "store/snapshot.h"

/* All but ctime, which a hard link into the store changes. */
static bool same_entry(const struct snapshot_entry *a,
    const struct snapshot_entry *b)
{
	return a->kind == b->kind && a->size == b->size && a->mtime == b->mtime;
}

static bool same_files(const struct snapshot *a, const struct snapshot *b)
{
	if (a->dir_count != b->dir_count || !same_entry(&a->root, &b->root))
		return false;
	for (size_t i = 0; i < a->dir_count; i++) {
		const struct snapshot_dir *x = &a->dirs[i];
		const struct snapshot_dir *y = &b->dirs[i];

		if (x->count != y->count)
			return false;
		for (uint32_t j = 0; j < x->count; j++) {
			if (strcmp(snapshot_name(x, &x->entries[j]),
			        snapshot_name(y, &y->entries[j])) != 0 ||
			    !same_entry(&x->entries[j], &y->entries[j]))
				return false;
		}
	}
	return true;
}

/* Takes an output into the store; it must stand still for that. */
CHECKED static int store_output(struct plan *plan, const struct step *step,
    const char *path, struct content *out, struct mldv_error *err)
{
	struct mldv_project *project = plan->project;
	const struct snapshot_options options = {
	    .root_fd = project->root_fd,
	    .path = path,
	    .ignore = &project->ignore,
	    .events = project->events,
	};
	struct snapshot before = {0};
	struct snapshot after = {0};
	struct lock lock = {0};
	int ret = project_lock_item(project, &lock, path, err);

	if (ret == 0)
		ret = snapshot_take(&before, &options, err);
	if (ret == 0)
		ret = worktree_store_in(project, path, &plan->group->batch, out,
		    NULL, err);
	if (ret == 0)
		ret = snapshot_take(&after, &options, err);
	if (ret == 0 && !same_files(&before, &after))
		ret = err_set(err, MLDV_FAILED,
		    "output '%s' of stage '%s' is still being written",
		    project_shown(project, &plan->arena, path),
		    step->stage->name);
	snapshot_release(&before);
	snapshot_release(&after);
	lock_release(&lock);
	return ret;
}

int take_outputs(struct plan *plan, struct step *step, struct mldv_error *err)
{
	struct mldv_project *project = plan->project;
	const struct stage *stage = step->stage;

	step->made =
	    arena_array(&plan->arena, stage->out_count, sizeof *step->made);
	for (size_t i = 0; i < stage->out_count; i++) {
		const char *path = stage->outs[i].path;
		int there =
		    file_exists(project_absolute(project, &plan->arena, path),
		        err);

		if (there < 0)
			return -1;
		if (!there)
			return err_set(err, MLDV_FAILED,
			    "stage '%s' did not make its output '%s' "
			    "(%s:%u)",
			    stage->name,
			    project_shown(project, &plan->arena, path),
			    stage->file, stage->line);
		step->made[i].path = path;
		if (store_output(plan, step, path, &step->made[i].content,
		        err) < 0)
			return -1;
	}
	return 0;
}
