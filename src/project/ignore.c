/* SPDX-License-Identifier: Apache-2.0 */
#include "project/ignore.h"

#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "format/ini.h"

int ignores_write(struct mldv_project *project, const char *path, bool add,
    struct ignores *out, struct mldv_error *err)
{
	struct buf file = {0};
	struct buf line = {0};
	struct lock lock = {0};
	int ret = project_lock(project, &lock, "ignore", LOCK_EXCLUSIVE, err);

	if (ret == 0)
		ret = add
		    ? git_ignore_add(project->git, path, &file, &line, err)
		    : git_ignore_remove(project->git, path, &file, &line, err);
	lock_release(&lock);
	if (ret >= 0) {
		strs_add(&out->files, buf_str(&file));
		strs_add(&out->lines, buf_str(&line));
	}
	buf_release(&file);
	buf_release(&line);
	return ret < 0 ? -1 : 0;
}

static bool has_line(const struct buf *text, const char *wanted)
{
	struct slice rest = {text->data, text->len};
	struct slice line;

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (slice_is(line, wanted))
			return true;
	}
	return slice_is(rest, wanted);
}

/*
 * The lines of one file that the index does not have as it should, whether
 * they were written just now or by a run that died before it staged them.
 */
static int find_stale(struct mldv_project *project,
    const struct ignores *ignores, const char *file, bool add, struct strs *out,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = git_read(project->git, ":0", file, INI_LIMIT, &text, err);

	for (size_t i = 0; ret >= 0 && i < ignores->files.count; i++) {
		const char *line = ignores->lines.items[i];

		if (strcmp(ignores->files.items[i], file) == 0 &&
		    has_line(&text, line) != add)
			strs_add(out, line);
	}
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static int stage_lines(struct mldv_project *project, const char *file,
    const struct strs *lines, bool add, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs none = {0};
	struct strs gone = {0};
	int there = file_exists(project_absolute(project, &arena, file), err);
	int ret = -1;

	strs_add(&gone, file);
	if (there == 0)
		ret = git_stage(project->git, &gone, err);
	else if (there == 1)
		ret = git_stage_lines(project->git, file, add ? lines : &none,
		    add ? &none : lines, err);
	strs_release(&gone);
	arena_release(&arena);
	return ret;
}

static int stage_file(struct mldv_project *project,
    const struct ignores *ignores, const char *file, bool add,
    struct strs *staged, struct mldv_error *err)
{
	struct strs lines = {0};
	int ret = find_stale(project, ignores, file, add, &lines, err);

	if (ret == 0 && lines.count > 0) {
		ret = stage_lines(project, file, &lines, add, err);
		if (ret < 0)
			ret = project_not_staged(project, err);
		else if (!strs_has(staged, file))
			strs_add(staged, file);
	}
	strs_release(&lines);
	return ret;
}

int ignores_stage(struct mldv_project *project, const struct ignores *ignores,
    bool add, struct strs *staged, struct mldv_error *err)
{
	struct strs done = {0};
	int ret = 0;

	if (!config_yes(&project->config, "git.stage"))
		return 0;
	for (size_t i = 0; ret == 0 && i < ignores->files.count; i++) {
		const char *file = ignores->files.items[i];

		if (strs_has(&done, file))
			continue;
		strs_add(&done, file);
		ret = stage_file(project, ignores, file, add, staged, err);
	}
	strs_release(&done);
	return ret;
}

void ignores_release(struct ignores *ignores)
{
	strs_release(&ignores->files);
	strs_release(&ignores->lines);
}

int project_ignore(struct mldv_project *project, const char *path, bool add,
    struct strs *staged, struct mldv_error *err)
{
	struct ignores ignores = {0};
	int ret = ignores_write(project, path, add, &ignores, err);

	if (ret == 0)
		ret = ignores_stage(project, &ignores, add, staged, err);
	ignores_release(&ignores);
	return ret;
}
