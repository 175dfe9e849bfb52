/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/lineage.h"
#include "pipeline/plan.h"

static void visit_one(struct plan *plan, size_t index,
    void (*visit)(void *context, const struct mldv_dag_stage *stage),
    void *context)
{
	const struct stage *stage = &plan->stages.stages[index];
	const struct graph_node *node = &plan->graph.nodes[index];
	struct arena arena = {0};
	const char **above =
	    arena_array(&arena, node->above_count + 1, sizeof *above);
	const char **sources =
	    arena_array(&arena, stage->dep_count + 1, sizeof *sources);
	const char **outs =
	    arena_array(&arena, stage->out_count + 1, sizeof *outs);
	struct mldv_dag_stage told = {
	    .name = stage->name,
	    .desc = stage->desc,
	    .above = above,
	    .above_count = node->above_count,
	    .sources = sources,
	    .outs = outs,
	    .out_count = stage->out_count,
	};

	for (size_t i = 0; i < node->above_count; i++)
		above[i] = plan->stages.stages[node->above[i]].name;
	for (size_t i = 0; i < stage->out_count; i++)
		outs[i] = stage->outs[i].path;
	for (size_t i = 0; i < stage->dep_count; i++) {
		const char *path = stage->deps[i].path;
		size_t below;

		(void)graph_outputs_below(&plan->graph, path, &below);
		if (!graph_output(&plan->graph, path) && below == 0)
			sources[told.source_count++] = path;
	}
	visit(context, &told);
	arena_release(&arena);
}

int mldv_dag(struct mldv_project *project, const struct strs *targets,
    void (*visit)(void *context, const struct mldv_dag_stage *stage),
    void *context, struct mldv_error *err)
{
	struct plan plan = {0};
	struct strs all = {0};
	int ret = plan_load(&plan, project, NULL, err);

	/* The default targets would leave out what one wants to see. */
	for (size_t i = 0; ret == 0 && targets->count == 0 && i < plan.count;
	     i++)
		strs_add(&all, plan.stages.stages[i].name);
	if (ret == 0)
		ret = plan_select(&plan, targets->count > 0 ? targets : &all,
		    false, err);
	for (size_t i = 0; ret == 0 && i < plan.count; i++) {
		size_t index = plan.graph.order[i];

		if (plan.steps[index].selected)
			visit_one(&plan, index, visit, context);
	}
	strs_release(&all);
	plan_release(&plan);
	return ret;
}
