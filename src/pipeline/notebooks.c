/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/notebooks.h"

#include <string.h>

#include "base/file.h"
#include "format/notebook.h"
#include "project/worktree.h"

enum notebook_form notebooks_form(const struct graph *graph,
    const struct stage_dep *dep)
{
	const struct graph_out *out = graph_output(graph, dep->path);

	if (dep->notebook)
		return NOTEBOOK_SOURCE;
	if (out && out->out->kind == OUT_NOTEBOOK &&
	    strcmp(out->out->path, dep->path) == 0)
		return NOTEBOOK_RESULT;
	return NOTEBOOK_BYTES;
}

int notebooks_digest(struct hasher *hasher, const char *path,
    const struct buf *text, enum notebook_form form, struct oid *out,
    struct mldv_error *err)
{
	struct notebook notebook;
	struct buf normal = {0};

	if (notebook_parse(&notebook, (struct slice){buf_str(text), text->len},
	        err) < 0)
		return err_prefix(err, "notebook '%s'", path);
	if (form == NOTEBOOK_SOURCE)
		notebook_add_source(&notebook, &normal);
	else
		notebook_add_result(&notebook, &normal);
	hasher_oid(hasher, normal.data, normal.len, out);
	buf_release(&normal);
	notebook_release(&notebook);
	return 0;
}

int notebooks_hash(struct plan *plan, const char *path, enum notebook_form form,
    struct oid *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	int ret = file_read(project_absolute(plan->project, &arena, path),
	    NOTEBOOK_LIMIT, &text, err);

	if (ret == 0)
		ret = notebooks_digest(plan->hasher,
		    project_shown(plan->project, &arena, path), &text, form,
		    out, err);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

/* What is in the store only: 1, or 0 if it is not there either. */
CHECKED static int hash_stored(struct plan *plan, const struct input *input,
    enum notebook_form form, struct oid *out, struct mldv_error *err)
{
	struct store *store = plan->project->store;
	const struct content *content = &input->content;
	struct buf text = {0};
	struct buf path = {0};
	int ret = worktree_complete(plan->project, content, NULL, err);

	if (ret > 0 && content->size > OBJECT_WHOLE_MAX) {
		store_file_path(store, &content->oid, &path);
		ret = file_read(buf_str(&path), NOTEBOOK_LIMIT, &text, err) < 0
		    ? -1
		    : 1;
	} else if (ret > 0 && content->size > 0) {
		ret = store_read(store, &content->oid, &text, err) < 0 ? -1 : 1;
	}
	if (ret > 0 &&
	    notebooks_digest(plan->hasher, input->path, &text, form, out, err) <
	        0)
		ret = -1;
	buf_release(&path);
	buf_release(&text);
	return ret;
}

CHECKED static int add(struct plan *plan, struct step *step, size_t i,
    struct mldv_error *err)
{
	const struct stage_dep *dep = &step->stage->deps[i];
	const struct input *input = &step->inputs[i];
	enum notebook_form form = notebooks_form(&plan->graph, dep);
	struct oid oid;
	int ret = 1;

	if (form == NOTEBOOK_BYTES) {
		key_add_input(&step->key, dep, input->content.kind,
		    &input->content.oid);
		return 1;
	}
	if (input->absent)
		ret = hash_stored(plan, input, form, &oid, err);
	else if (notebooks_hash(plan, input->path, form, &oid, err) < 0)
		ret = -1;
	if (ret > 0)
		key_add_notebook(&step->key, &oid, input->path);
	return ret;
}

int notebooks_add(struct plan *plan, struct step *step, size_t i, bool looking,
    struct obstacle *obstacle, struct mldv_error *err)
{
	struct input *input = &step->inputs[i];
	struct mldv_error cause;
	int ret = add(plan, step, i, &cause);

	if (ret < 0 && !looking)
		*err = cause;
	if (looking && ret <= 0) {
		obstacle->reason = ret < 0
		    ? arena_str(&plan->arena, cause.text)
		    : arena_printf(&plan->arena, "needs %s, which is not here",
		          input->path);
		return 0;
	}
	if (ret != 0)
		return ret;
	if (inputs_place(plan, step->stage, input->absent,
	        &input->absent_content, err) < 0)
		return -1;
	input->absent = NULL;
	return add(plan, step, i, err);
}
