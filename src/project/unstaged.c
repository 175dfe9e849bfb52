/* SPDX-License-Identifier: Apache-2.0 */
#include "project/unstaged.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/lines.h"

#define UNSTAGED_LIMIT (64 << 20) /* bytes of the file */

/* Work trees share state/: the file is named after this one. */
static const char *file_of(const struct mldv_project *project,
    struct arena *arena)
{
	return arena_printf(arena, "%s/state/unstaged-%s", project->home,
	    project->tree);
}

static void unescape(struct slice line, struct buf *out)
{
	for (size_t i = 0; i < line.len; i++) {
		bool escaped = line.data[i] == '\\' && i + 1 < line.len;

		if (escaped)
			i++;
		buf_add_char(out,
		    escaped && line.data[i] == 'n' ? '\n' : line.data[i]);
	}
}

int unstaged_list(struct mldv_project *project, struct strs *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct buf path = {0};
	struct slice rest;
	struct slice line;
	int ret =
	    file_read(file_of(project, &arena), UNSTAGED_LIMIT, &text, err);

	if (ret < 0 && err->code == MLDV_NOT_FOUND)
		ret = 0;
	rest = (struct slice){text.data, text.len};
	while (ret == 0 && slice_cut(&rest, '\n', &line)) {
		buf_reset(&path);
		unescape(line, &path);
		if (path.len > 0)
			strs_add(out, buf_str(&path));
	}
	buf_release(&path);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

/* Of these, the pointers that are there and not in the index. */
static int format_unstaged(struct mldv_project *project,
    const struct strs *pointers, struct buf *out, struct mldv_error *err)
{
	for (size_t i = 0; i < pointers->count; i++) {
		const char *path = pointers->items[i];
		struct arena arena = {0};
		int there =
		    file_exists(project_absolute(project, &arena, path), err);
		int tracked = git_is_tracked(project->git, path, err);

		arena_release(&arena);
		if (there < 0 || tracked < 0)
			return -1;
		if (!there || tracked)
			continue;
		lines_add_path(out, path, strlen(path));
		buf_add_char(out, '\n');
	}
	return 0;
}

int unstaged_note(struct mldv_project *project, const struct strs *pointers,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs all = {0};
	struct buf text = {0};
	struct lock lock = {0};
	const char *file = file_of(project, &arena);
	size_t before;
	int ret = -1;

	if (project_lock(project, &lock, "unstaged", LOCK_EXCLUSIVE, err) < 0 ||
	    unstaged_list(project, &all, err) < 0)
		goto out;
	before = all.count;
	for (size_t i = 0; i < pointers->count; i++)
		strs_add(&all, pointers->items[i]);
	strs_unique(&all);
	if (format_unstaged(project, &all, &text, err) < 0)
		goto out;
	if (text.len == 0)
		ret = before == 0 ? 0 : file_remove(file, err);
	else if (file_make_parents(file, err) == 0)
		ret = file_replace(file, text.data, text.len, err);
out:
	lock_release(&lock);
	buf_release(&text);
	strs_release(&all);
	arena_release(&arena);
	return ret;
}
