/* SPDX-License-Identifier: Apache-2.0 */

/* The code of a training job, file by file. */

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/json.h"
#include "project/trees.h"
#include "project/worktree.h"
#include "runner/training.h"

struct walk {
	const struct runner_job *job;
	const char *dep;
	int (*visit)(void *context, const struct training_file *file,
	    struct mldv_error *err);
	void *context;
};

static int visit_file(void *context, const char *path,
    const struct content *content, struct mldv_error *err)
{
	const struct walk *walk = context;
	const struct training_file file = {
	    .path = *path ? path_join(walk->job->arena, walk->dep, path)
	                  : walk->dep,
	    .kind = content->kind,
	};

	return walk->visit(walk->context, &file, err);
}

static int visit_dep(struct walk *walk, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct content content;
	int ret = worktree_hash(walk->job->project, walk->dep, &content,
	    &snapshot, err);

	if (ret == 0)
		ret = snapshot_each(&snapshot, visit_file, walk, err);
	snapshot_release(&snapshot);
	return ret;
}

/* What MLDV_PARAMS names in the environment that was preset, or NULL. */
static const char *params_path(const struct runner_job *job)
{
	static const char name[] = "MLDV_PARAMS=";
	const char *out = NULL;

	for (size_t i = 0; i < job->environment.count; i++) {
		if (strncmp(job->environment.items[i], name, strlen(name)) == 0)
			out = job->environment.items[i] + strlen(name);
	}
	return out;
}

static int visit_params(const struct walk *walk, struct mldv_error *err)
{
	const char *path = params_path(walk->job);
	struct training_file file = {
	    .path = TRAINING_PARAMS,
	    .kind = KIND_FILE,
	};
	struct buf text = {0};
	int ret = 0;

	if (path) {
		ret = file_read(path, JSON_LIMIT, &text, err);
		file.text = buf_str(&text);
		if (ret == 0)
			ret = walk->visit(walk->context, &file, err);
	}
	buf_release(&text);
	return ret;
}

int training_each_file(const struct runner_job *job,
    const struct training *training,
    int (*visit)(void *context, const struct training_file *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct walk walk = {.job = job, .visit = visit, .context = context};
	const struct training_file script = {
	    .path = TRAINING_SCRIPT,
	    .kind = KIND_EXEC,
	    .text = training->script,
	};

	for (size_t i = 0; i < training->code_count; i++) {
		walk.dep = training->code[i]->dep->path;
		if (visit_dep(&walk, err) < 0)
			return -1;
	}
	if (training->script && visit(context, &script, err) < 0)
		return -1;
	return visit_params(&walk, err);
}
