/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

CHECKED static int refuse_output(struct plan *plan, const struct stage *stage,
    const char *path, const char *why, const char *way_out,
    struct mldv_error *err)
{
	return err_set(err, MLDV_USAGE, "%s:%u: output '%s' of stage '%s' %s%s",
	    stage->file, stage->line,
	    project_shown(plan->project, &plan->arena, path), stage->name, why,
	    way_out);
}

CHECKED static int check_output(struct plan *plan, const struct stage *stage,
    const struct stage_out *out, struct mldv_error *err)
{
	struct arena *arena = &plan->arena;
	struct buf tracked = {0};
	const char *shown;
	int ret = 0;

	for (size_t i = 0; i < plan->items.count; i++) {
		const struct item *item = &plan->items.list[i];

		if (item->stage ||
		    (!path_inside(item->path, out->path) &&
		        !path_inside(out->path, item->path)))
			continue;
		shown = project_shown(plan->project, arena, item->path);
		return refuse_output(plan, stage, out->path,
		    "was added as data; run ",
		    arena_printf(arena,
		        "'mldv rm --keep %s', or give the stage another "
		        "output",
		        shown),
		    err);
	}
	if (!out->git)
		ret = git_first_tracked(plan->project->git, out->path, &tracked,
		    err);
	if (ret > 0) {
		shown = project_shown(plan->project, arena, out->path);
		ret = refuse_output(plan, stage, out->path,
		    "is tracked by Git; run ",
		    arena_printf(arena,
		        "'git rm -r --cached %s', or write git=yes behind it "
		        "to leave it there",
		        shown),
		    err);
	}
	buf_release(&tracked);
	return ret;
}

/* Is there anything that could be this dep, now or when it is its turn? */
CHECKED static int check_dep(struct plan *plan, const struct stage *stage,
    const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	size_t below;
	int there;

	(void)graph_outputs_below(&plan->graph, path, &below);
	if (below > 0 || graph_output(&plan->graph, path))
		return 0;
	there = file_exists(project_absolute(plan->project, &arena, path), err);
	arena_release(&arena);
	if (there != 0)
		return there < 0 ? -1 : 0;
	for (size_t i = 0; i < plan->items.count; i++) {
		if (path_inside(path, plan->items.list[i].path) ||
		    path_inside(plan->items.list[i].path, path))
			return 0;
	}
	return err_set(err, MLDV_NOT_FOUND,
	    "%s:%u: dep '%s' of stage '%s' does not exist", stage->file,
	    stage->line, project_shown(plan->project, &plan->arena, path),
	    stage->name);
}

int check_stages(struct plan *plan, struct mldv_error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct stage *stage = plan->steps[i].stage;

		if (!plan->steps[i].selected || stage->frozen)
			continue;
		for (size_t j = 0; j < stage->out_count; j++) {
			if (check_output(plan, stage, &stage->outs[j], err) < 0)
				return -1;
		}
		for (size_t j = 0; j < stage->dep_count; j++) {
			if (check_dep(plan, stage, stage->deps[j].path, err) <
			    0)
				return -1;
		}
	}
	return 0;
}

/* A stage that waits for the work tree that it itself is a part of. */
int check_nesting(const struct mldv_project *project, struct mldv_error *err)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): nothing sets them */
	const char *stage = getenv("MLDV_STAGE");
	const char *root = getenv("MLDV_ROOT");
	/* NOLINTEND(concurrency-mt-unsafe) */

	if (!stage || !root || strcmp(root, project->root) != 0)
		return 0;
	return err_set(err, MLDV_FAILED,
	    "cannot run 'mldv repro' from within stage '%s'", stage);
}
