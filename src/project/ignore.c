/* SPDX-License-Identifier: Apache-2.0 */
#include "project/ignore.h"

#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
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

/* Paths of one directory, whose .gitignore is one. */
struct together {
	struct strs paths;
};

static int write_together(struct mldv_project *project,
    const struct together *together, struct ignores *out,
    struct mldv_error *err)
{
	struct buf file = {0};
	struct strs lines = {0};
	struct lock lock = {0};
	int ret = project_lock(project, &lock, "ignore", LOCK_EXCLUSIVE, err);

	if (ret == 0)
		ret = git_ignore_add_all(project->git, &together->paths, &file,
		    &lines, err);
	lock_release(&lock);
	for (size_t i = 0; ret >= 0 && i < lines.count; i++) {
		strs_add(&out->files, buf_str(&file));
		strs_add(&out->lines, lines.items[i]);
	}
	strs_release(&lines);
	buf_release(&file);
	return ret < 0 ? -1 : 0;
}

int ignores_write_all(struct mldv_project *project, const struct strs *paths,
    struct ignores *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct map dirs = {0};
	struct together *together;
	int ret = 0;

	for (size_t i = 0; i < paths->count; i++) {
		const char *dir = path_parent(&arena, paths->items[i]);

		together = map_get_str(&dirs, dir);
		if (!together) {
			together = arena_array(&arena, 1, sizeof *together);
			(void)map_add_str(&dirs, dir, together);
		}
		strs_add(&together->paths, paths->items[i]);
	}
	for (size_t i = 0; i < dirs.count; i++) {
		together = dirs.entries[i].value;
		if (ret == 0)
			ret = write_together(project, together, out, err);
		strs_release(&together->paths);
	}
	map_release(&dirs);
	arena_release(&arena);
	return ret;
}

/* The lines of a file that the index does not have as it should. */
struct stale {
	const char *file;
	struct strs lines; /* all that are kept there */
};

static void find_lines(const struct buf *text, struct map *out)
{
	struct slice rest = {text->data, text->len};
	struct slice line;

	while (rest.len > 0) {
		(void)slice_cut(&rest, '\n', &line);
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		(void)map_add(out, line.data, line.len, out);
	}
}

/*
 * Of the lines of one file those that are to be staged, whether they were
 * written just now or by a run that died before it staged them.
 */
static int find_stale(struct mldv_project *project, const struct stale *stale,
    bool add, struct strs *out, struct mldv_error *err)
{
	struct buf text = {0};
	struct map have = {0};
	int ret =
	    git_read(project->git, ":0", stale->file, INI_LIMIT, &text, err);

	find_lines(&text, &have);
	for (size_t i = 0; ret >= 0 && i < stale->lines.count; i++) {
		const char *line = stale->lines.items[i];

		if ((map_get_str(&have, line) != NULL) != add)
			strs_add(out, line);
	}
	map_release(&have);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

/* What is to be staged: files that are gone, and lines of the others. */
struct staging {
	struct strs gone;
	struct git_lines *files;
	size_t count;
};

static int plan_file(struct mldv_project *project, const struct stale *stale,
    bool add, struct staging *out, struct mldv_error *err)
{
	struct git_lines *file = &out->files[out->count];
	struct strs *lines = add ? &file->added : &file->removed;
	struct arena arena = {0};
	int there;

	if (find_stale(project, stale, add, lines, err) < 0)
		return -1;
	if (lines->count == 0)
		return 0;
	there =
	    file_exists(project_absolute(project, &arena, stale->file), err);
	arena_release(&arena);
	if (there == 0) {
		strs_add(&out->gone, stale->file);
		strs_release(lines);
	} else if (there == 1) {
		file->path = stale->file;
		out->count++;
	}
	return there < 0 ? -1 : 0;
}

static int carry_out(struct mldv_project *project,
    const struct staging *staging, struct strs *staged, struct mldv_error *err)
{
	if (git_stage(project->git, &staging->gone, err) < 0 ||
	    git_stage_files(project->git, staging->files, staging->count, err) <
	        0)
		return project_not_staged(project, err);
	for (size_t i = 0; i < staging->gone.count; i++)
		strs_add(staged, staging->gone.items[i]);
	for (size_t i = 0; i < staging->count; i++)
		strs_add(staged, staging->files[i].path);
	return 0;
}

/* The lines by their files, in order. */
static void group(const struct ignores *ignores, struct arena *arena,
    struct map *out)
{
	for (size_t i = 0; i < ignores->files.count; i++) {
		const char *file = ignores->files.items[i];
		struct stale *stale = map_get_str(out, file);

		if (!stale) {
			stale = arena_array(arena, 1, sizeof *stale);
			stale->file = file;
			(void)map_add_str(out, file, stale);
		}
		strs_add(&stale->lines, ignores->lines.items[i]);
	}
}

int ignores_stage(struct mldv_project *project, const struct ignores *ignores,
    bool add, struct strs *staged, struct mldv_error *err)
{
	struct arena arena = {0};
	struct map files = {0};
	struct staging staging = {0};
	int ret = 0;

	if (!config_yes(&project->config, "git.stage"))
		return 0;
	group(ignores, &arena, &files);
	staging.files =
	    arena_array(&arena, files.count + 1, sizeof *staging.files);
	for (size_t i = 0; i < files.count; i++) {
		struct stale *stale = files.entries[i].value;

		if (ret == 0)
			ret = plan_file(project, stale, add, &staging, err);
		strs_release(&stale->lines);
	}
	if (ret == 0)
		ret = carry_out(project, &staging, staged, err);
	for (size_t i = 0; i < files.count; i++) {
		strs_release(&staging.files[i].added);
		strs_release(&staging.files[i].removed);
	}
	strs_release(&staging.gone);
	map_release(&files);
	arena_release(&arena);
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
