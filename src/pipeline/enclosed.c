/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/enclosed.h"

#include "base/file.h"

void enclosed_add(struct plan *plan, const struct step *step,
    struct arena *arena, struct run *run)
{
	for (size_t i = 0; i < step->stage->out_count; i++) {
		const struct content *content = &step->made[i].content;
		const char *file;
		struct mldv_error ignored;
		struct buf text = {0};
		struct oid oid;

		if (!step->stage->outs[i].git || content->kind == KIND_DIR ||
		    content->kind == KIND_LINK || content->size == 0 ||
		    content->size > RUN_ENCLOSED)
			continue;
		file = project_absolute(plan->project, arena,
		    step->stage->outs[i].path);
		/* What has changed since is not what was made. */
		if (file_read(file, RUN_ENCLOSED, &text, &ignored) == 0) {
			hasher_oid(plan->hasher, buf_str(&text), text.len,
			    &oid);
			if (oid_equal(&oid, &content->oid))
				run_enclose(run, arena, &oid,
				    (struct slice){text.data, text.len});
		}
		buf_release(&text);
	}
}

int enclosed_keep(struct mldv_project *project,
    const struct run_object *objects, size_t count, struct mldv_error *err)
{
	struct store_packer *packer;
	int ret = 0;

	if (count == 0)
		return 0;
	packer = store_packer_open(project->store);
	for (size_t i = 0; ret == 0 && i < count; i++) {
		const struct run_object *object = &objects[i];

		ret = store_has(project->store, &object->oid, object->text.len,
		    err);
		if (ret == 0)
			ret = store_packer_put(packer, &object->oid,
			    object->text.data, object->text.len, err);
		else if (ret > 0)
			ret = 0;
	}
	if (ret == 0)
		ret = store_packer_end(packer, err);
	store_packer_close(packer);
	/* So that what comes next finds them. */
	return ret < 0 ? -1 : store_refresh(project->store, err);
}
