/* SPDX-License-Identifier: Apache-2.0 */
#include "project/pointers.h"

#include <string.h>

#include "base/file.h"
#include "project/unstaged.h"

int pointers_ignore(struct mldv_project *project, const struct strs *paths,
    struct pointers *out, struct mldv_error *err)
{
	return ignores_write_all(project, paths, &out->ignores, err);
}

int pointers_write(struct mldv_project *project, const char *path,
    const struct pointer *pointer, struct pointers *out, struct mldv_error *err)
{
	if (ignores_write(project, path, true, &out->ignores, err) < 0)
		return -1;
	return pointers_put(project, path, pointer, out, err);
}

int pointers_put(struct mldv_project *project, const char *path,
    const struct pointer *pointer, struct pointers *out, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *file = arena_printf(&arena, "%s" POINTER_SUFFIX, path);
	const char *full = project_absolute(project, &arena, file);
	struct buf old = {0};
	struct buf text = {0};
	int there = file_exists(full, err);
	int ret = -1;

	if (there < 0)
		goto out;
	if (there && file_read(full, POINTER_LIMIT, &old, err) < 0)
		goto out;
	pointer_format(pointer, &text);
	if (!there || old.len != text.len ||
	    memcmp(old.data, text.data, text.len) != 0) {
		if (file_replace(full, text.data, text.len, err) < 0)
			goto out;
	}
	strs_add(&out->files, file);
	ret = 0;
out:
	buf_release(&old);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

/* Pointers that the index has just so need no staging. */
static int needs_staging(struct mldv_project *project, const char *file,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf here = {0};
	struct buf index = {0};
	int ret =
	    git_read(project->git, ":0", file, POINTER_LIMIT, &index, err);

	if (ret == 1) {
		ret = file_read(project_absolute(project, &arena, file),
		    POINTER_LIMIT, &here, err);
		if (ret == 0)
			ret = here.len != index.len ||
			    memcmp(here.data, index.data, here.len) != 0;
	} else if (ret == 0) {
		ret = 1;
	}
	buf_release(&here);
	buf_release(&index);
	arena_release(&arena);
	return ret;
}

int pointers_stage(struct mldv_project *project,
    const struct pointers *pointers, struct strs *staged,
    struct mldv_error *err)
{
	struct strs changed = {0};
	int ret = ignores_stage(project, &pointers->ignores, true, staged, err);

	for (size_t i = 0; ret == 0 && i < pointers->files.count; i++) {
		const char *file = pointers->files.items[i];
		int needed = needs_staging(project, file, err);

		if (needed == 1)
			strs_add(&changed, file);
		ret = needed < 0 ? -1 : 0;
	}
	if (ret == 0)
		ret = project_stage(project, &changed, staged, err);
	if (ret == 0)
		ret = unstaged_note(project, &changed, err);
	strs_release(&changed);
	return ret;
}

void pointers_release(struct pointers *pointers)
{
	strs_release(&pointers->files);
	ignores_release(&pointers->ignores);
}
