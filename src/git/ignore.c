/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

/* --- Which rule it is --- */

/*
 * Does the pattern (without !, and without a final slash) fit a path relative
 * to its file's directory? Near enough to Git to name a line; what Git
 * decides, libgit2 says.
 */
static bool pattern_fits(const char *pattern, const char *path)
{
	struct buf shorter = {0};
	const char *stars;
	bool fits;

	if (strchr(pattern, '/') == NULL)
		return fnmatch(pattern, path_base(path), 0) == 0;
	if (pattern[0] == '/')
		pattern++;
	stars = strstr(pattern, "**");
	if (stars == NULL)
		return fnmatch(pattern, path, FNM_PATHNAME) == 0;
	if (fnmatch(pattern, path, 0) == 0)
		return true;
	if (stars[2] != '/')
		return false;
	buf_add(&shorter, pattern, (size_t)(stars - pattern));
	buf_add_str(&shorter, stars + 3);
	fits = fnmatch(buf_str(&shorter), path, 0) == 0;
	buf_release(&shorter);
	return fits;
}

static bool line_fits(struct slice line, const char *path, bool is_dir)
{
	struct buf pattern = {0};
	bool fits;

	while (line.len > 0 && strchr(" \r", line.data[line.len - 1]) != NULL &&
	    !(line.len > 1 && line.data[line.len - 2] == '\\'))
		line.len--;
	if (line.len > 0 && line.data[line.len - 1] == '/') {
		if (!is_dir)
			return false;
		line.len--;
	}
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == '!')
		return false;
	buf_add(&pattern, line.data, line.len);
	/* "data/" counts as a pattern without a slash. */
	fits = pattern_fits(buf_str(&pattern), path);
	buf_release(&pattern);
	return fits;
}

/* The last line of a file of patterns that fits, from 1; 0: none does. */
static size_t fitting_line(const char *file, const char *path, bool is_dir)
{
	struct mldv_error ignored;
	struct buf text = {0};
	struct slice line;
	struct slice rest;
	size_t number = 0;
	size_t last = 0;

	/* A file that is not there, or cannot be read, has no rule to name. */
	if (file_read(file, GIT_TEXT_LIMIT, &text, &ignored) < 0)
		goto out;
	rest = (struct slice){buf_str(&text), text.len};
	while (rest.len > 0) {
		(void)slice_cut(&rest, '\n', &line);
		number++;
		if (line_fits(line, path, is_dir))
			last = number;
	}
out:
	buf_release(&text);
	return last;
}

static bool name_line(const char *file, const char *shown, const char *path,
    bool is_dir, struct buf *rule)
{
	size_t line = fitting_line(file, path, is_dir);

	if (line > 0)
		buf_printf(rule, "%s:%zu", shown, line);
	return line > 0;
}

static void name_excludes_file(struct git *git, const char *path, bool is_dir,
    struct buf *rule)
{
	git_config *config = NULL;
	git_buf file = {0};

	if (git_repository_config_snapshot(&config, git->repo) == 0 &&
	    git_config_get_path(&file, config, "core.excludesfile") == 0)
		(void)name_line(file.ptr, file.ptr, path, is_dir, rule);
	else if (git_config_find_xdg(&file) == 0 && file.size > 6) {
		/* It stands beside the user's other settings of Git. */
		struct buf beside = {0};

		buf_add(&beside, file.ptr, file.size - strlen("config"));
		buf_add_str(&beside, "ignore");
		(void)name_line(buf_str(&beside), buf_str(&beside), path,
		    is_dir, rule);
		buf_release(&beside);
	}
	git_buf_dispose(&file);
	git_config_free(config);
}

/* Finds the rule that decides, from the deepest .gitignore upwards. */
static void name_rule(struct git *git, const char *path, bool is_dir,
    struct buf *rule)
{
	struct arena arena = {0};
	char *dir = path_parent(&arena, path);
	const char *shown;
	bool found = false;

	for (;;) {
		shown = path_join(&arena, dir, ".gitignore");
		found = name_line(path_join(&arena, git->root, shown), shown,
		    path_inside(path, dir), is_dir, rule);
		if (found || dir[0] == '\0')
			break;
		dir = path_parent(&arena, dir);
	}
	if (!found)
		found =
		    name_line(path_join(&arena, git->common, "info/exclude"),
		        ".git/info/exclude", path, is_dir, rule);
	if (!found)
		name_excludes_file(git, path, is_dir, rule);
	arena_release(&arena);
}

/* --- Whether Git ignores --- */

/*
 * Asks for each directory from the top, then for the file: once a directory
 * is ignored, no rule can bring back what is in it. (libgit2 asks from the
 * bottom up, and would let a later rule do so.)
 */
static int ignored_part(struct git *git, const char *path, struct buf *part,
    struct mldv_error *err)
{
	int ignored = 0;
	int code;

	for (size_t i = 0, len = strlen(path); i <= len && !ignored; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		buf_reset(part);
		buf_add(part, path, i < len ? i + 1 : len);
		code = git_ignore_path_is_ignored(&ignored, git->repo,
		    buf_str(part));
		if (code < 0)
			return git_fail(err, code,
			    "cannot tell whether Git ignores '%s'", path);
	}
	return ignored;
}

int git_is_ignored(struct git *git, const char *path, struct buf *rule,
    struct mldv_error *err)
{
	struct buf part = {0};
	bool is_dir;
	int ret;

	if (rule != NULL)
		buf_reset(rule);
	ret = git_is_tracked(git, path, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = ignored_part(git, path, &part, err);
	if (ret == 1 && rule != NULL) {
		is_dir = part.data[part.len - 1] == '/';
		if (is_dir)
			part.data[--part.len] = '\0';
		name_rule(git, part.data, is_dir, rule);
	}
	buf_release(&part);
	return ret;
}

/* --- Lines in a .gitignore --- */

static struct slice without_cr(struct slice line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

int git_edit_lines(const char *text, size_t len, const struct strs *added,
    const struct strs *removed, struct buf *out)
{
	const char *end = memmem(text, len, "\r\n", 2) != NULL ? "\r\n" : "\n";
	struct slice rest = {text, len};
	struct map taken = {0};
	struct map kept = {0};
	struct slice line;
	int changed = 0;
	bool more;

	for (size_t i = 0; i < removed->count; i++)
		(void)map_add_str(&taken, removed->items[i], &taken);
	while (rest.len > 0) {
		struct slice plain;

		more = slice_cut(&rest, '\n', &line);
		plain = without_cr(line);
		if (map_get(&taken, plain.data, plain.len)) {
			changed = 1;
			continue;
		}
		(void)map_add(&kept, plain.data, plain.len, &kept);
		buf_add(out, line.data, line.len);
		if (more)
			buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < added->count; i++) {
		if (!map_add_str(&kept, added->items[i], &kept))
			continue;
		if (out->len > 0 && out->data[out->len - 1] != '\n')
			buf_add_str(out, end);
		buf_add_str(out, added->items[i]);
		buf_add_str(out, end);
		changed = 1;
	}
	map_release(&taken);
	map_release(&kept);
	return changed;
}

/* The line of .gitignore that says just this name in its own directory. */
static void ignore_line(const char *name, struct buf *out)
{
	size_t len = strlen(name);
	size_t end = len;

	while (end > 0 && name[end - 1] == ' ')
		end--;
	buf_add_char(out, '/');
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < ' ') {
			buf_add_char(out, '?');
			continue;
		}
		if (strchr("*?[\\", name[i]) != NULL || i >= end)
			buf_add_char(out, '\\');
		buf_add_char(out, name[i]);
	}
}

/* Reads the .gitignore, if there is one. */
static int read_ignore(const char *full, const char *shown, struct buf *out,
    struct mldv_error *err)
{
	struct stat status;

	if (lstat(full, &status) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_errno(err, "cannot read '%s'", shown);
	}
	if (S_ISLNK(status.st_mode))
		return err_set(err, MLDV_FAILED,
		    "cannot change '%s': it is a symbolic link, which Git does "
		    "not follow; put a file in its place",
		    shown);
	return file_read(full, GIT_TEXT_LIMIT, out, err);
}

static int write_ignore(const char *full, const struct buf *text,
    struct mldv_error *err)
{
	if (text->len == 0)
		return file_remove(full, err);
	return file_replace(full, text->data, text->len, err);
}

/* As git_ignore_add_all, or taking away: 1 if the file changed, else 0. */
static int change_ignore(struct git *git, const struct strs *paths, bool add,
    struct buf *ignore_path, struct strs *lines, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs none = {0};
	struct buf line = {0};
	struct buf before = {0};
	struct buf after = {0};
	const char *full;
	int ret = -1;

	buf_reset(ignore_path);
	buf_add_str(ignore_path,
	    path_join(&arena, path_parent(&arena, paths->items[0]),
	        ".gitignore"));
	for (size_t i = 0; i < paths->count; i++) {
		buf_reset(&line);
		ignore_line(path_base(paths->items[i]), &line);
		strs_add(lines, buf_str(&line));
	}
	full = path_join(&arena, git->root, buf_str(ignore_path));
	if (read_ignore(full, buf_str(ignore_path), &before, err) < 0)
		goto out;
	ret = git_edit_lines(buf_str(&before), before.len, add ? lines : &none,
	    add ? &none : lines, &after);
	if (ret == 1 && write_ignore(full, &after, err) < 0)
		ret = -1;
out:
	buf_release(&line);
	buf_release(&before);
	buf_release(&after);
	arena_release(&arena);
	return ret;
}

int git_ignore_add_all(struct git *git, const struct strs *paths,
    struct buf *ignore_path, struct strs *lines, struct mldv_error *err)
{
	return change_ignore(git, paths, true, ignore_path, lines, err);
}

static int change_one(struct git *git, const char *path, bool add,
    struct buf *ignore_path, struct buf *line, struct mldv_error *err)
{
	struct strs paths = {0};
	struct strs lines = {0};
	int ret;

	strs_add(&paths, path);
	ret = change_ignore(git, &paths, add, ignore_path, &lines, err);
	buf_reset(line);
	if (lines.count > 0)
		buf_add_str(line, lines.items[0]);
	strs_release(&lines);
	strs_release(&paths);
	return ret;
}

int git_ignore_add(struct git *git, const char *path, struct buf *ignore_path,
    struct buf *line, struct mldv_error *err)
{
	return change_one(git, path, true, ignore_path, line, err);
}

int git_ignore_remove(struct git *git, const char *path,
    struct buf *ignore_path, struct buf *line, struct mldv_error *err)
{
	return change_one(git, path, false, ignore_path, line, err);
}
