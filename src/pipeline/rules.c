/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/rules.h"

#include "pipeline/plan.h"

static void check_made(struct ruled *ruled)
{
	for (size_t i = 0; i < ruled->items->count; i++) {
		const struct item *item = &ruled->items->list[i];

		if (!item->stage && !graph_output(ruled->graph, item->path))
			ruling_made(&ruled->ruling, item->path, true);
	}
	for (size_t i = 0; i < ruled->files->count; i++) {
		const char *path = ruled->files->items[i];

		if (!ruling_passes_over(path) &&
		    !graph_output(ruled->graph, path))
			ruling_made(&ruled->ruling, path, false);
	}
}

static void check_asserted(struct ruled *ruled)
{
	const struct rules *rules = &ruled->ruling.rules;

	for (size_t i = 0; rules->asserted_line > 0 && i < ruled->lock->count;
	     i++) {
		const struct lock_stage *stage = &ruled->lock->stages[i];

		if (stage->claim != CLAIM_ASSERTED)
			continue;
		ruling_tell(&ruled->ruling,
		    &(struct mldv_broken){
		        .rule = "asserted",
		        .stage = stage->name,
		        .line = rules->asserted_line,
		    },
		    "was not run: somebody vouched for its outputs: %s",
		    stage->why);
	}
}

int ruled_check(struct ruled *ruled, struct mldv_error *err)
{
	check_made(ruled);
	check_asserted(ruled);
	ruled_from(ruled);
	return ruled_names(ruled, err);
}

/* --- the work tree --- */

CHECKED static int read_staged(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	struct mldv_project *project = context;

	return git_read(project->git, ":0", path, limit, out, err);
}

CHECKED static int check_staged(void *context, const char *path, uint64_t size,
    struct mldv_error *err)
{
	struct ruled *ruled = context;

	/* An executed notebook may be what a stage made. */
	if (size <= ruled->ruling.rules.git_limit &&
	    graph_output(ruled->graph, path))
		return 0;
	return ruling_git_file(&ruled->ruling, path, size, read_staged,
	    ruled->ruling.project, err);
}

CHECKED static int check_since(struct ruled *ruled, struct mldv_error *err)
{
	struct buf head = {0};
	int ret = git_head(ruled->ruling.project->git, &head, err);

	buf_release(&head);
	return ret > 0 ? ruled_since(ruled, "HEAD", err) : ret;
}

CHECKED static int check_all(struct ruled *ruled, struct mldv_error *err)
{
	struct mldv_project *project = ruled->ruling.project;

	if (ruled_check(ruled, err) < 0 || check_since(ruled, err) < 0)
		return -1;
	if (ruled->ruling.rules.git_line == 0)
		return 0;
	return git_staged(project->git, check_staged, ruled, err);
}

/* What lies here, for the rules that ruling has. */
CHECKED static int check_here(struct ruling *ruling, struct mldv_error *err)
{
	struct mldv_project *project = ruling->project;
	struct source source = {.store = project->store};
	struct strs none = {0};
	struct strs files = {0};
	struct items items = {0};
	struct plan plan = {0};
	struct ruled ruled = {
	    .items = &items,
	    .stages = &plan.stages,
	    .graph = &plan.graph,
	    .lock = &plan.lock,
	    .files = &files,
	    .source = &source,
	};
	int ret = -1;

	ruled.ruling = *ruling;
	if (plan_load(&plan, project, &none, err) == 0 &&
	    items_load(project, &items, err) == 0 &&
	    git_list(project->git, ":0", "", &files, err) == 0 &&
	    source_open(&source, err) == 0)
		ret = check_all(&ruled, err);
	*ruling = ruled.ruling;
	source_close(&source);
	items_release(&items);
	strs_release(&files);
	plan_release(&plan);
	return ret;
}

int mldv_rules(struct mldv_project *project, mldv_broken_fn *visit,
    void *context, struct mldv_error *err)
{
	struct ruling ruling;
	int ret = ruling_open(&ruling, project, err);

	ruling.visit = visit;
	ruling.context = context;
	if (ret > 0)
		ret = check_here(&ruling, err);
	ruling_close(&ruling);
	return ret;
}
