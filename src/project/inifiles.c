/* SPDX-License-Identifier: Apache-2.0 */
#include "project/inifiles.h"

#include "base/file.h"

static int read_here(const struct ini_files *files, const char *path,
    size_t limit, struct buf *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct mldv_error cause;
	int ret = 1;

	if (file_read(project_absolute(files->project, &arena, path), limit,
	        out, &cause) < 0) {
		ret = cause.code == MLDV_NOT_FOUND ? 0 : -1;
		if (ret < 0)
			*err = cause;
	}
	arena_release(&arena);
	return ret;
}

static int read_file(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	const struct ini_files *files = context;

	if (!files->revision)
		return read_here(files, path, limit, out, err);
	return git_read(files->project->git, files->revision, path, limit, out,
	    err);
}

void ini_files_set(struct ini_files *files, struct mldv_project *project,
    const char *revision, struct ini *ini)
{
	*files = (struct ini_files){
	    .project = project,
	    .revision = revision,
	    .ini = {read_file, files},
	};
	ini->source = &files->ini;
}
