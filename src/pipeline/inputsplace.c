/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "git/git.h"
#include "mldv/remote.h"
#include "pipeline/failed.h"
#include "pipeline/inputs.h"
#include "project/partial.h"
#include "project/worktree.h"

/* Bytes: a larger output that Git keeps is taken for an edited one. */
#define COMMITTED_LIMIT (16 << 20)

CHECKED static int fetch(struct plan *plan, const char *path,
    struct mldv_error *err)
{
	const struct mldv_transfer options = {0};
	struct mldv_transferred done = {0};
	struct strs paths = {0};
	int ret;

	strs_add(&paths, path);
	ret = mldv_fetch(plan->project, &paths, &options, &done, err);
	strs_release(&paths);
	return ret;
}

CHECKED static int make_complete(struct plan *plan, const struct stage *stage,
    const char *path, const struct content *content, struct mldv_error *err)
{
	int complete = worktree_complete(plan->project, content, NULL, err);

	if (complete == 0 && plan->has_remote && !plan->no_pull) {
		if (fetch(plan, path, err) < 0)
			return err_prefix(err, "stage '%s'", stage->name);
		complete = worktree_complete(plan->project, content, NULL, err);
	}
	if (complete == 0)
		return err_set(err, MLDV_MISSING,
		    "stage '%s': '%s' is not here, and not in the store; run "
		    "'mldv pull'",
		    stage->name, path);
	return complete < 0 ? -1 : 0;
}

/* Puts away what was edited, and says where it is. */
CHECKED static int keep_edited(struct plan *plan, const struct stage *stage,
    const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *dir;
	int ret = failed_dir(plan->project, &arena, stage->name, &dir, err);

	if (ret == 0)
		ret = failed_keep(plan->project, path, dir, err);
	if (ret > 0)
		project_warn(plan->project,
		    "'%s' was changed by hand; it is kept as "
		    "'%s/outputs/%s'",
		    path, failed_show(plan->project, dir), path);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/*
 * Does HEAD have the output just as it lies there? Then Git keeps it, also if
 * the store never saw it, as in a fresh clone.
 */
static bool is_committed(const struct plan *plan, const struct stage *stage,
    const char *path)
{
	size_t at = plan_out_index(stage, path);
	struct buf committed = {0};
	struct buf here = {0};
	struct arena arena = {0};
	struct mldv_error cause;
	bool ret;

	if (at == stage->out_count || !stage->outs[at].git)
		return false;
	/* What cannot be read, or is a directory, counts as edited. */
	ret = git_read(plan->project->git, "HEAD", path, COMMITTED_LIMIT,
	          &committed, &cause) > 0 &&
	    file_read(project_absolute(plan->project, &arena, path),
	        COMMITTED_LIMIT, &here, &cause) == 0 &&
	    here.len == committed.len &&
	    (here.len == 0 || memcmp(here.data, committed.data, here.len) == 0);
	arena_release(&arena);
	buf_release(&here);
	buf_release(&committed);
	return ret;
}

CHECKED static int place(struct plan *plan, const struct stage *stage,
    const char *path, const struct content *content, struct mldv_error *err)
{
	struct mldv_error cause;
	bool committed;

	if (worktree_place(plan->project, path, content, false, NULL, &cause) ==
	    0)
		return 0;
	if (cause.code != MLDV_EXISTS) {
		*err = cause;
		return -1;
	}
	committed = is_committed(plan, stage, path);
	if (!committed && keep_edited(plan, stage, path, err) < 0)
		return -1;
	return worktree_place(plan->project, path, content, committed, NULL,
	    err);
}

int inputs_place(struct plan *plan, const struct stage *stage, const char *path,
    const struct content *content, struct mldv_error *err)
{
	struct lock store = {0};
	struct lock item = {0};
	int ret = project_lock_store(plan->project, &store, LOCK_SHARED, err);

	if (ret == 0)
		ret = make_complete(plan, stage, path, content, err);
	if (ret == 0)
		ret = project_lock_item(plan->project, &item, path, err);
	if (ret == 0)
		ret = place(plan, stage, path, content, err);
	/* If it was here in part, it is here as a whole now. */
	if (ret == 0)
		ret = partial_forget(plan->project, path, err);
	lock_release(&item);
	lock_release(&store);
	return ret;
}

int inputs_bring(struct plan *plan, struct step *step, struct mldv_error *err)
{
	for (size_t i = 0; i < step->stage->dep_count; i++) {
		const struct input *input = &step->inputs[i];

		/* One item may be the answer to many deps. */
		if (!input->absent ||
		    (i > 0 && step->inputs[i - 1].absent == input->absent))
			continue;
		if (inputs_place(plan, step->stage, input->absent,
		        &input->absent_content, err) < 0)
			return -1;
	}
	return 0;
}
