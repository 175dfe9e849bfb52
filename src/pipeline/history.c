/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/history.h"

#include <string.h>

#include "format/lock.h"
#include "format/pointer.h"

struct walk {
	const struct history *history;
	struct buf text;
};

static bool is_lock(const char *path)
{
	return strcmp(path, PROJECT_LOCK) == 0;
}

static bool is_wanted(const char *dir, const char *name)
{
	size_t len = strlen(name);
	size_t end = strlen(POINTER_SUFFIX);

	if (dir[0] == '\0' && is_lock(name))
		return true;
	return len > end && strcmp(name + len - end, POINTER_SUFFIX) == 0;
}

static int visit_file(void *context, const char *commit, const char *path,
    struct mldv_error *err)
{
	struct walk *walk = context;
	const struct history *history = walk->history;
	bool lock = is_lock(path);
	struct mldv_error cause;
	struct history_file file = {commit, path, lock, {0}};

	buf_reset(&walk->text);
	/* What is larger is none of ours. */
	if (git_read(history->project->git, commit, path,
	        lock ? LOCKFILE_LIMIT : POINTER_LIMIT, &walk->text,
	        &cause) <= 0)
		return 0;
	file.text = (struct slice){buf_str(&walk->text), walk->text.len};
	if (project_check(history->project, err) < 0)
		return -1;
	return history->visit(history->context, &file, err);
}

CHECKED static int find_tips(const struct history *history, struct strs *out,
    struct mldv_error *err)
{
	struct git *git = history->project->git;
	struct buf commit = {0};
	int ret;

	if (!history->revision)
		return git_tips(git, history->reach, out, err);
	ret = git_commit_of(git, history->revision, &commit, err);
	if (ret == 0)
		strs_add(out, buf_str(&commit));
	buf_release(&commit);
	return ret;
}

int history_each(const struct history *history, struct mldv_error *err)
{
	struct walk walk = {.history = history};
	struct strs tips = {0};
	struct strs bases = {0};
	const struct git_range range = {
	    .tips = &tips,
	    .bases = &bases,
	    .wanted = is_wanted,
	    .visit = visit_file,
	    .context = &walk,
	};
	int ret = find_tips(history, &tips, err);

	if (ret == 0 && tips.count > 0)
		ret = git_changes(history->project->git, &range, err);
	strs_release(&tips);
	buf_release(&walk.text);
	return ret;
}

bool history_line(struct slice *text, const char *word, struct slice *value)
{
	size_t len = strlen(word);
	struct slice line;

	while (text->len > 0) {
		(void)slice_cut(text, '\n', &line);
		if (line.len <= len || line.data[len] != ' ' ||
		    memcmp(line.data, word, len) != 0)
			continue;
		*value =
		    (struct slice){line.data + len + 1, line.len - len - 1};
		return true;
	}
	return false;
}
