/* SPDX-License-Identifier: Apache-2.0 */
#include "project/allowed.h"
#include "project/inifiles.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "format/stages.h"
#include "format/tree.h"

/* What every check needs. */
struct check {
	struct mldv_project *project;
	struct arena *arena;
	const char *path;
	const char *shown;
};

static const char *show(const struct check *check, const char *path)
{
	return project_shown(check->project, check->arena, path);
}

/* Where a link leads could be outside, or inside another item. */
static int check_links(const struct check *check, struct mldv_error *err)
{
	const char *path = check->path;
	struct stat st;

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		char *dir =
		    arena_strn(check->arena, path, (size_t)(slash - path));

		if (lstat(project_absolute(check->project, check->arena, dir),
		        &st) == 0 &&
		    S_ISLNK(st.st_mode))
			return err_set(err, MLDV_USAGE,
			    "'%s' is reached through the symbolic link '%s'; "
			    "name it by its real path",
			    check->shown, show(check, dir));
	}
	return 0;
}

static int check_git(const struct check *check, struct mldv_error *err)
{
	struct git *git = check->project->git;
	struct buf tracked = {0};
	int inside = git_in_submodule(git, check->path, err);
	int ret = -1;

	if (inside < 0)
		goto out;
	if (inside) {
		(void)err_set(err, MLDV_USAGE,
		    "'%s' is in a submodule or another repository; run mldv "
		    "in that one",
		    check->shown);
		goto out;
	}
	ret = git_first_tracked(git, check->path, &tracked, err);
	if (ret <= 0)
		goto out;
	ret = -1;
	if (strcmp(buf_str(&tracked), check->path) == 0)
		(void)err_set(err, MLDV_USAGE,
		    "'%s' is tracked by Git; to track it by mldv instead, "
		    "first run: git rm -r --cached -- '%s'",
		    check->shown, check->shown);
	else
		(void)err_set(err, MLDV_USAGE,
		    "'%s' is tracked by Git, in '%s'; to track it by mldv "
		    "instead, first run: git rm -r --cached -- '%s'",
		    show(check, buf_str(&tracked)), check->shown, check->shown);
out:
	buf_release(&tracked);
	return ret;
}

/* Outputs that the lock knows and mldv.ini no longer does are free. */
static int check_stages(const struct check *check, struct mldv_error *err)
{
	struct ini ini = check->project->config.layers[CONFIG_PROJECT];
	struct ini_files files;
	struct stages stages = {0};
	struct strs none = {0};
	const struct stage *maker;
	int ret;

	ini_files_set(&files, check->project, NULL, &ini);
	ret = stages_parse(&stages, check->arena, &ini, &none, err);
	maker = ret == 0 ? stages_maker(&stages, check->path) : NULL;
	if (maker)
		ret = err_set(err, MLDV_USAGE,
		    "'%s' is, holds or lies in an output of stage '%s'; 'mldv "
		    "repro' keeps track of it",
		    check->shown, maker->name);
	return ret;
}

static bool stands_in_the_way(const struct item *item, const char *moved)
{
	return !item->stage && !(moved && strcmp(item->path, moved) == 0);
}

static int check_items(const struct check *check, const struct items *items,
    const char *moved, struct mldv_error *err)
{
	const char *path = check->path;
	const char *below = arena_printf(check->arena, "%s/", path);
	const struct item *item;

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		item = items_find(items,
		    arena_strn(check->arena, path, (size_t)(slash - path)));
		if (item && stands_in_the_way(item, moved))
			return err_set(err, MLDV_USAGE,
			    "'%s' is inside the item '%s'; run 'mldv add %s'",
			    check->shown, show(check, item->path),
			    show(check, item->path));
	}
	for (size_t i = items_from(items, below);
	     i < items->count && path_inside(items->list[i].path, path); i++) {
		item = &items->list[i];
		if (stands_in_the_way(item, moved))
			return err_set(err, MLDV_USAGE,
			    "'%s' holds the item '%s'; to make it one item, "
			    "first run 'mldv rm --keep %s'",
			    check->shown, show(check, item->path),
			    show(check, item->path));
	}
	return 0;
}

/* The text of line number of a file of patterns; "" if it cannot be had. */
static const char *pattern_at(const struct check *check, const char *file,
    size_t number)
{
	struct mldv_error ignored;
	struct buf text = {0};
	struct slice rest;
	struct slice line = {0};
	const char *out = "";

	if (file_read(project_absolute(check->project, check->arena, file),
	        INI_LIMIT, &text, &ignored) == 0) {
		buf_add_char(&text, '\n');
		rest = (struct slice){text.data, text.len};
		while (number > 0 && slice_cut(&rest, '\n', &line))
			number--;
		line = number == 0 ? slice_trim(line) : (struct slice){0};
		out = arena_strn(check->arena, line.data ? line.data : "",
		    line.len);
	}
	buf_release(&text);
	return out;
}

/*
 * The directory that a pattern such as /data/, data or data/ makes Git pass
 * over, from where the pattern stands: "data". NULL if it is not as simple.
 */
static const char *ignored_dir(const struct check *check, const char *pattern,
    const char *inside)
{
	static const char *const ends[] = {"/**", "/*", "/"};
	char *plain = arena_str(check->arena, pattern);
	size_t len = strlen(plain);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcmp(plain + len - n, ends[i]) == 0) {
			len -= n;
			plain[len] = '\0';
		}
	}
	if (len == 0 || strpbrk(plain, "*?[\\!") || strcmp(plain, "/") == 0)
		return NULL;
	if (strchr(plain, '/')) {
		plain += plain[0] == '/';
		return path_inside(inside, plain) ? plain : NULL;
	}
	/* Without a slash it may be any directory on the way. */
	for (const char *at = inside; *at; at += strcspn(at, "/") + 1) {
		size_t n = strcspn(at, "/");

		if (at[n] == '\0')
			break;
		if (n == len && memcmp(at, plain, n) == 0)
			return arena_strn(check->arena, inside,
			    (size_t)(at - inside) + n);
	}
	return NULL;
}

/* rule is "file:line". */
static int pointer_ignored(const struct check *check, const char *pointer,
    const char *rule, struct mldv_error *err)
{
	const char *colon = strrchr(rule, ':');
	const char *file;
	const char *inside;
	const char *dir = NULL;
	uint64_t number = 0;

	if (!colon || !slice_number(slice_of(colon + 1), &number))
		return err_set(err, MLDV_USAGE,
		    "Git ignores the pointer '%s'; allow it by a line in a "
		    ".gitignore: !*" POINTER_SUFFIX,
		    show(check, pointer));
	file = arena_strn(check->arena, rule, (size_t)(colon - rule));
	inside = path_inside(pointer, path_parent(check->arena, file));
	if (strncmp(file, ".git/", 5) == 0 || path_is_absolute(file))
		inside = pointer;
	if (inside)
		dir = ignored_dir(check,
		    pattern_at(check, file, (size_t)number), inside);
	if (!dir)
		return err_set(err, MLDV_USAGE,
		    "Git ignores the pointer '%s', by %s; write below that "
		    "line: !*" POINTER_SUFFIX,
		    show(check, pointer), rule);
	return err_set(err, MLDV_USAGE,
	    "Git ignores the pointer '%s', by %s; write there instead, on "
	    "three lines: /%s/** !/%s/**/ !/%s/**/*" POINTER_SUFFIX,
	    show(check, pointer), rule, dir, dir, dir);
}

static int check_ignored(const struct check *check, struct mldv_error *err)
{
	const char *pointer =
	    arena_printf(check->arena, "%s" POINTER_SUFFIX, check->path);
	struct buf rule = {0};
	int ret = git_is_ignored(check->project->git, pointer, &rule, err);

	if (ret == 1)
		ret = pointer_ignored(check, pointer, buf_str(&rule), err);
	buf_release(&rule);
	return ret;
}

int allowed_check(struct mldv_project *project, const char *path,
    const struct items *items, const char *moved, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *why = item_refused(path);
	const struct check check = {
	    .project = project,
	    .arena = &arena,
	    .path = path,
	    .shown = project_shown(project, &arena, path),
	};
	int ret = -1;

	if (why)
		(void)err_set(err, MLDV_USAGE, "'%s' cannot be an item: it %s",
		    check.shown, why);
	else if (check_links(&check, err) == 0 &&
	    check_items(&check, items, moved, err) == 0 &&
	    check_stages(&check, err) == 0 && check_git(&check, err) == 0)
		ret = check_ignored(&check, err);
	arena_release(&arena);
	return ret;
}

int allowed_inside(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const struct check check = {
	    .project = project,
	    .arena = &arena,
	    .path = path,
	    .shown = project_shown(project, &arena, path),
	};
	struct slice rest = slice_of(path);
	const char *why = NULL;
	bool more = true;
	int ret = -1;

	while (more && !why) {
		struct slice name;

		more = slice_cut(&rest, '/', &name);
		why = tree_name_refused(name);
	}
	if (why)
		(void)err_set(err, MLDV_USAGE,
		    "'%s' cannot be part of an item: it %s", check.shown, why);
	else if (strlen(path) > PATH_MAX - 1)
		(void)err_set(err, MLDV_USAGE,
		    "'%s' cannot be part of an item: its path is too long",
		    check.shown);
	else if (check_links(&check, err) == 0)
		ret = check_git(&check, err);
	arena_release(&arena);
	return ret;
}
