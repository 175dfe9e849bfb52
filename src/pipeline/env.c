/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/pipeline.h"

#include <string.h>

#include "pipeline/plan.h"
#include "runner/setup.h"

static int by_name(const char *text, const char *name, size_t len)
{
	return strncmp(text, name, len) == 0 && text[len] == '=';
}

/* Of two with one name the later counts. */
static bool is_set_later(const struct strs *all, size_t i)
{
	size_t len = strcspn(all->items[i], "=");

	for (size_t k = i + 1; k < all->count; k++) {
		if (by_name(all->items[k], all->items[i], len))
			return true;
	}
	return false;
}

static void visit_all(struct strs *all, mldv_visit_variable *visit,
    void *context)
{
	struct arena arena = {0};

	for (size_t i = 0; i < all->count; i++) {
		const char *text = all->items[i];
		size_t len = strcspn(text, "=");

		if (!is_set_later(all, i))
			visit(context, arena_strn(&arena, text, len),
			    text + len + 1);
	}
	arena_release(&arena);
}

int mldv_stage_env(struct mldv_project *project, const char *name,
    const struct strs *overrides, mldv_visit_variable *visit, void *context,
    struct mldv_error *err)
{
	struct plan plan;
	struct strs all = {0};
	const struct step *step;
	int ret = plan_load(&plan, project, overrides, err);

	step = ret == 0 ? plan_find(&plan, name) : NULL;
	if (ret == 0 && !step)
		ret = err_set(err, MLDV_USAGE, "there is no stage '%s' in '%s'",
		    name, plan.ini);
	if (ret == 0)
		ret = setup_by_hand(project, step->stage, &all, err);
	if (ret == 0)
		visit_all(&all, visit, context);
	strs_release(&all);
	plan_release(&plan);
	return ret;
}
