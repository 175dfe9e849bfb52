/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recheck.h"

#include "base/file.h"
#include "pipeline/notebooks.h"
#include "project/worktree.h"

/* Bytes: where larger files differ is not told. */
#define SHOWN_LIMIT (16 << 20)

/* 1 if a reader of both notebooks sees the same. */
CHECKED static int same_notebook(struct plan *plan, const struct made *made,
    struct mldv_error *err)
{
	struct buf text = {0};
	struct oid before;
	struct oid now;
	int ret =
	    store_read(plan->project->store, &made->content.oid, &text, err);

	if (ret == 0)
		ret = notebooks_digest(plan->hasher, made->path, &text,
		    NOTEBOOK_RESULT, &before, err);
	if (ret == 0)
		ret = notebooks_hash(plan, made->path, NOTEBOOK_RESULT, &now,
		    err);
	buf_release(&text);
	return ret < 0 ? -1 : oid_equal(&before, &now);
}

/* " (at byte 17)", where both are files that can be read. */
static void add_place(struct plan *plan, const struct made *made,
    const struct content *now, struct buf *out)
{
	struct mldv_error ignored;
	struct buf before = {0};
	struct buf after = {0};
	size_t at = 0;

	if (made->content.kind != KIND_FILE || now->kind != KIND_FILE ||
	    made->content.size > OBJECT_WHOLE_MAX ||
	    store_read(plan->project->store, &made->content.oid, &before,
	        &ignored) < 0 ||
	    file_read(project_absolute(plan->project, &plan->arena, made->path),
	        SHOWN_LIMIT, &after, &ignored) < 0)
		goto out;
	while (at < before.len && at < after.len &&
	    before.data[at] == after.data[at])
		at++;
	buf_printf(out, " (at byte %zu)", at + 1);
out:
	buf_release(&before);
	buf_release(&after);
}

CHECKED static int compare(struct plan *plan, const struct stage_out *out,
    const struct made *made, struct buf *differs, struct mldv_error *err)
{
	const char *path = made->path;
	struct content now = {0};
	struct mldv_error cause;
	const char *before = differs->len > 0 ? ", " : "";
	int same;

	if (worktree_hash(plan->project, path, &now, NULL, &cause) < 0) {
		if (cause.code != MLDV_NOT_FOUND) {
			*err = cause;
			return -1;
		}
		buf_printf(differs, "%s%s (was not made)", before, path);
		return 0;
	}
	same = content_equal(&now, &made->content);
	if (!same && out->kind == OUT_NOTEBOOK && now.kind == KIND_FILE)
		same = same_notebook(plan, made, err);
	if (same == 0) {
		buf_printf(differs, "%s%s", before, path);
		add_place(plan, made, &now, differs);
	}
	return same < 0 ? -1 : 0;
}

int recheck(struct plan *plan, const struct step *step, const char **differs,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < step->stage->out_count; i++)
		ret = compare(plan, &step->stage->outs[i], &step->made[i],
		    &text, err);
	*differs = NULL;
	if (text.len > 0)
		*differs =
		    arena_printf(&plan->arena, "differs: %s", buf_str(&text));
	buf_release(&text);
	return ret;
}
