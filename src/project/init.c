/* SPDX-License-Identifier: Apache-2.0 */
#include "project/init.h"

#include <errno.h>
#include <sys/random.h>

#include "base/file.h"
#include "base/path.h"
#include "project/project.h"

#define ATTRIBUTES  ".gitattributes"
#define LINES_LIMIT (16 << 20) /* bytes of .gitattributes and the like */

/*
 * The template must not define what people are going to write themselves: a
 * second [params] would be refused.
 */
static const char template[] =
    "# mldv: data and pipeline of this project; see mldv-config(5) and\n"
    "# mldv-pipeline(5).  Commands that write this file leave your comments,\n"
    "# order and spacing alone.\n"
    "#\n"
    "# A stage says how something is made from something:\n"
    "#\n"
    "#   [params]\n"
    "#   lr = 0.1\n"
    "#\n"
    "#   [stage train]\n"
    "#   cmd    = python train.py --lr ${params.lr}\n"
    "#   deps   = train.py, data/raw\n"
    "#   outs   = models/model.pt\n"
    "#   params = lr\n"
    "#\n"
    "# 'mldv new stage' writes one; 'mldv repro' runs what is stale.\n"
    "\n"
    "# Tells this project's data from others' on a remote; never change it.\n"
    "[project]\n"
    "id = ";

/* Keeps Git from changing the ends of lines, and from merging them. */
static const char *const attributes[] = {"*.mldv -text", PROJECT_LOCK " -text",
    "*.mldv merge=mldv", PROJECT_LOCK " merge=mldv", NULL};

static int new_id(struct buf *out, struct mldv_error *err)
{
	unsigned char bytes[8];
	ssize_t got;

	do
		got = getrandom(bytes, sizeof bytes, 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof bytes)
		return err_errno(err, "cannot get random bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		buf_printf(out, "%02x", bytes[i]);
	return 0;
}

/* 1 if it was written, 0 if there is one. */
static int write_ini(const char *path, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = file_exists(path, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = -1;
	buf_add_str(&text, template);
	if (new_id(&text, err) == 0) {
		buf_add_char(&text, '\n');
		if (file_replace(path, text.data, text.len, err) == 0)
			ret = 1;
	}
	buf_release(&text);
	return ret;
}

/* Is there such a line, but for white space around it? */
static bool has_line(const struct buf *text, const char *wanted)
{
	struct slice rest = {text->data, text->len};
	struct slice line;

	while (slice_cut(&rest, '\n', &line)) {
		if (slice_is(slice_trim(line), wanted))
			return true;
	}
	return slice_is(slice_trim(line), wanted);
}

/* Appends the lines that a text file lacks; added gets them. */
static int add_lines(const char *path, const char *const *lines,
    struct strs *added, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = -1;

	if (file_read(path, LINES_LIMIT, &text, err) < 0 &&
	    err->code != MLDV_NOT_FOUND)
		goto out;
	for (; *lines; lines++) {
		if (has_line(&text, *lines))
			continue;
		if (text.len > 0 && text.data[text.len - 1] != '\n')
			buf_add_char(&text, '\n');
		buf_printf(&text, "%s\n", *lines);
		strs_add(added, *lines);
	}
	if (added->count == 0 ||
	    (file_make_parents(path, err) == 0 &&
	        file_replace(path, text.data, text.len, err) == 0))
		ret = 0;
out:
	buf_release(&text);
	return ret;
}

/* Nobody else writes to it meanwhile, and so what a dead one left can go. */
static int add_excluded(const char *path, const char *const *lines,
    const char *lock_path, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs added = {0};
	struct lock lock = {0};
	int ret = -1;

	if (lock_take(&lock, lock_path, LOCK_EXCLUSIVE, NULL, err) == 0 &&
	    file_sweep(path_parent(&arena, path), err) == 0)
		ret = add_lines(path, lines, &added, err);
	lock_release(&lock);
	strs_release(&added);
	arena_release(&arena);
	return ret;
}

int init_exclude(const char *common, struct mldv_error *err)
{
	static const char *const lines[] = {TEMP_PREFIX "*", NULL};
	struct arena arena = {0};
	struct buf text = {0};
	struct mldv_error ignored;
	const char *path = path_join(&arena, common, "info/exclude");
	int ret = 0;

	if (file_read(path, LINES_LIMIT, &text, &ignored) < 0 ||
	    !has_line(&text, lines[0]))
		ret = add_excluded(path, lines,
		    path_join(&arena, common, "mldv/locks/exclude"), err);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

/* What was added to .gitattributes, and whether mldv.ini was made. */
struct written {
	struct strs attributes;
	struct strs paths;
};

int init_attributes(struct mldv_project *project, struct strs *staged,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs added = {0};
	struct strs none = {0};
	int ret = add_lines(path_join(&arena, project->root, ATTRIBUTES),
	    attributes, &added, err);

	if (ret == 0 && added.count > 0 &&
	    config_yes(&project->config, "git.stage")) {
		ret = git_stage_lines(project->git, ATTRIBUTES, &added, &none,
		    err);
		if (ret < 0)
			ret = project_not_staged(project, err);
		else
			strs_add(staged, ATTRIBUTES);
	}
	strs_release(&added);
	arena_release(&arena);
	return ret;
}

static int write_files(const struct git *git, struct written *written,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *root = git_root(git);
	int ret = -1;

	if (init_exclude(git_common(git), err) < 0 ||
	    add_lines(path_join(&arena, root, ATTRIBUTES), attributes,
	        &written->attributes, err) < 0)
		goto out;
	/* Last, because it is what makes a project. */
	ret = write_ini(path_join(&arena, root, PROJECT_INI), err);
	if (ret == 1)
		strs_add(&written->paths, PROJECT_INI);
out:
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/* Those of the lines that .gitattributes lacks in Git's index. */
static int find_unstaged_lines(struct git *git, struct strs *out,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = git_read(git, ":0", ATTRIBUTES, LINES_LIMIT, &text, err);

	for (const char *const *line = attributes; ret >= 0 && *line; line++) {
		if (!has_line(&text, *line))
			strs_add(out, *line);
	}
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static int stage_ini(struct git *git, struct strs *staged,
    struct mldv_error *err)
{
	struct strs paths = {0};
	int ret = git_is_tracked(git, PROJECT_INI, err);

	if (ret == 0) {
		strs_add(&paths, PROJECT_INI);
		ret = git_stage(git, &paths, err);
		if (ret == 0)
			strs_add(staged, PROJECT_INI);
	}
	strs_release(&paths);
	return ret < 0 ? -1 : 0;
}

/* What the index lacks, too, of what an earlier run has written. */
static int stage_files(const char *dir, struct strs *staged,
    struct mldv_error *err)
{
	struct mldv_project *project;
	struct strs lines = {0};
	struct strs none = {0};
	int ret = -1;

	if (mldv_project_open(&project, dir, NULL, err) < 0)
		return -1;
	if (!config_yes(&project->config, "git.stage")) {
		ret = 0;
		goto out;
	}
	if (stage_ini(project->git, staged, err) < 0 ||
	    find_unstaged_lines(project->git, &lines, err) < 0)
		goto out;
	if (lines.count > 0) {
		if (git_stage_lines(project->git, ATTRIBUTES, &lines, &none,
		        err) < 0)
			goto out;
		strs_add(staged, ATTRIBUTES);
	}
	ret = 0;
out:
	strs_release(&lines);
	mldv_project_close(project);
	return ret;
}

int mldv_project_init(const char *dir, bool *made, struct strs *staged,
    struct mldv_error *err)
{
	struct written written = {0};
	struct git *git;
	int ret = -1;

	if (git_open(&git, dir, err) < 0)
		return -1;
	if (write_files(git, &written, err) == 0)
		ret = stage_files(dir, staged, err);
	*made =
	    written.attributes.count + written.paths.count + staged->count > 0;
	strs_release(&written.attributes);
	strs_release(&written.paths);
	git_close(git);
	return ret;
}
