/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/watch.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/conditions.h"
#include "pipeline/inputs.h"
#include "pipeline/notebooks.h"
#include "project/worktree.h"

/*
 * Looks at a dep: at the whole output that it lies in, because it is the
 * output's stat cache that knows the files.
 */
CHECKED static int look(struct plan *plan, const struct step *step,
    const struct input *input, struct watched *out, struct mldv_error *err)
{
	const struct graph_out *output = inputs_output(plan, input->path);
	struct content expected = input->content;
	struct mldv_error cause;

	out->path = input->path;
	if (output) {
		const struct step *maker = &plan->steps[output->stage];

		out->path = output->out->path;
		expected = maker->made[plan_out_index(maker->stage, out->path)]
		               .content;
	}
	if (worktree_hash(plan->project, out->path, &out->content,
	        &out->snapshot, &cause) < 0) {
		*err = cause;
		return -1;
	}
	if (!content_equal(&out->content, &expected))
		return err_set(err, MLDV_FAILED,
		    "stage '%s': '%s' is being changed; run 'mldv repro' "
		    "when it is as it should be",
		    step->stage->name, out->path);
	return 0;
}

/* Whoever has the notebook open saves it while it runs. */
CHECKED static int look_at_source(struct plan *plan,
    const struct stage_dep *dep, struct watched *out, struct mldv_error *err)
{
	out->notebook = dep->notebook && strcmp(out->path, dep->path) == 0;
	return out->notebook ? notebooks_hash(plan, out->path, NOTEBOOK_SOURCE,
	                           &out->source, err)
	                     : 0;
}

static bool same_source(struct plan *plan, const struct watched *old)
{
	struct mldv_error ignored;
	struct oid now;

	return old->notebook &&
	    notebooks_hash(plan, old->path, NOTEBOOK_SOURCE, &now, &ignored) ==
	    0 &&
	    oid_equal(&now, &old->source);
}

int watch_start(struct plan *plan, const struct step *step, struct watch *out,
    struct mldv_error *err)
{
	size_t count = step->stage->dep_count;

	*out = (struct watch){.list = xcalloc(count + 1, sizeof *out->list)};
	for (size_t i = 0; i < count; i++) {
		if (look(plan, step, &step->inputs[i], &out->list[out->count],
		        err) < 0 ||
		    look_at_source(plan, &step->stage->deps[i],
		        &out->list[out->count], err) < 0) {
			snapshot_release(&out->list[out->count].snapshot);
			return -1;
		}
		/* Deps in one output stand together. */
		if (out->count > 0 &&
		    strcmp(out->list[out->count].path,
		        out->list[out->count - 1].path) == 0) {
			snapshot_release(&out->list[out->count].snapshot);
			out->list[out->count] = (struct watched){0};
		} else {
			out->count++;
		}
	}
	return 0;
}

void watch_release(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		snapshot_release(&watch->list[i].snapshot);
	free(watch->list);
	*watch = (struct watch){0};
}

static bool entries_differ(const struct snapshot *old,
    const struct snapshot_entry *a, const struct snapshot *new,
    const struct snapshot_entry *b)
{
	if (a->kind != b->kind)
		return true;
	if (a->kind == KIND_DIR)
		return !content_equal(&old->dirs[a->dir].content,
		    &new->dirs[b->dir].content);
	return a->size != b->size || !oid_equal(&a->oid, &b->oid);
}

/* An entry in which two directories differ; NULL where there is none. */
struct pair {
	const struct snapshot_entry *old;
	const struct snapshot_entry *new;
	const char *name;
};

static void find_pair(const struct snapshot *old, uint32_t old_dir,
    const struct snapshot *new, uint32_t new_dir, struct pair *out)
{
	const struct snapshot_dir *a = &old->dirs[old_dir];
	const struct snapshot_dir *b = &new->dirs[new_dir];

	*out = (struct pair){0};
	for (uint32_t i = 0; !out->name && (i < a->count || i < b->count);
	     i++) {
		const struct snapshot_entry *x =
		    i < a->count ? &a->entries[i] : NULL;
		const struct snapshot_entry *y =
		    i < b->count ? &b->entries[i] : NULL;
		int order = !x ? 1 : !y ? -1 : 0;

		if (order == 0)
			order =
			    strcmp(snapshot_name(a, x), snapshot_name(b, y));
		if (order == 0 && !entries_differ(old, x, new, y))
			continue;
		out->old = order <= 0 ? x : NULL;
		out->new = order >= 0 ? y : NULL;
		out->name =
		    order <= 0 ? snapshot_name(a, x) : snapshot_name(b, y);
	}
}

/* Appends the path of the first file that differs, from the root of both. */
static void add_difference(const struct snapshot *old,
    const struct snapshot *new, struct buf *out)
{
	struct pair pair;
	uint32_t a = 0;
	uint32_t b = 0;

	if (old->dir_count == 0 || new->dir_count == 0)
		return;
	for (;;) {
		find_pair(old, a, new, b, &pair);
		if (!pair.name)
			return;
		buf_printf(out, "/%s", pair.name);
		if (!pair.old || !pair.new || pair.old->kind != KIND_DIR ||
		    pair.new->kind != KIND_DIR)
			return;
		a = pair.old->dir;
		b = pair.new->dir;
	}
}

int watch_check(struct plan *plan, const struct step *step,
    const struct watch *watch, struct mldv_error *err)
{
	struct mldv_error cause;
	struct buf name = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < watch->count; i++) {
		const struct watched *old = &watch->list[i];
		struct watched now = {.path = old->path};

		if (worktree_hash(plan->project, now.path, &now.content,
		        &now.snapshot, &cause) == 0 &&
		    (content_equal(&now.content, &old->content) ||
		        same_source(plan, old))) {
			snapshot_release(&now.snapshot);
			continue;
		}
		buf_add_str(&name, now.path);
		add_difference(&old->snapshot, &now.snapshot, &name);
		ret = err_set(err, MLDV_FAILED,
		    "'%s' changed while stage '%s' ran, so what it made "
		    "cannot be recorded; run it again",
		    buf_str(&name), step->stage->name);
		snapshot_release(&now.snapshot);
	}
	buf_release(&name);
	return ret < 0 ? -1 : conditions_check(plan, step->stage, err);
}
