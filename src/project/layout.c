/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "mldv/project.h"
#include "project/settings.h"

#define KEEP         ".gitkeep"
#define IGNORE       ".gitignore"
#define IGNORE_LIMIT (16 << 20) /* bytes of .gitignore */
#define DATASCIENCE  "datascience"

/*
 * Those of Cookiecutter Data Science (drivendata.org), with features and logs
 * for what lies beside them.
 */
static const char *const dirs[] = {"data/raw", "data/interim", "data/processed",
    "data/external", "features", "logs", "models", "notebooks", "reports",
    "scripts", "utils", NULL};

/* What is laid out may hold data of which Git keeps pointers. */
static const char *const data[] = {"data", "features", "models", "reports",
    NULL};

static const char rules[] =
    "# What the directories are for.  'mldv add' and 'mldv status' warn of\n"
    "# what is not so; 'mldv verify' insists on it on the branches of\n"
    "# 'enforce'.  See mldv-config(5).\n"
    "[rules]\n"
    "# What was received stays as it was: files may come, but none may go or\n"
    "# change without a reason ('mldv add --force --note').\n"
    "immutable = data/raw data/external\n"
    "# All that lies here is what a stage made ...\n"
    "made = data/interim data/processed models reports\n"
    "# ... in the end from what lies here.\n"
    "from = data/raw data/external\n"
    "# Raw data is called after where and when it was had: "
    "cifar10_20261102.\n"
    "name data/raw = *_[0-9]{8}\n"
    "# What is made from it is called after it: cifar10_20261102_scaled.\n"
    "name data/processed = ${raw}_*\n"
    "# Nothing larger goes into Git itself, nor a notebook with outputs.\n"
    "git.max_size = 10M\n"
    "# Results that somebody vouched for, instead of running the stage, are\n"
    "# pointed out; 'refuse' makes them findings.\n"
    "asserted = warn\n"
    "enforce = develop master main\n";

struct layout {
	struct mldv_project *project;
	struct strs *made;
	struct arena arena;
};

/* 1 if there is nothing at path, or only an empty directory. */
CHECKED static int is_empty(struct layout *layout, const char *path,
    struct mldv_error *err)
{
	struct strs names = {0};
	int ret =
	    file_list(project_absolute(layout->project, &layout->arena, path),
	        &names, err);

	if (ret < 0)
		ret = err->code == MLDV_NOT_FOUND ? 1 : -1;
	else
		ret = names.count == 0;
	strs_release(&names);
	return ret;
}

/* Git keeps no directory that is empty. */
CHECKED static int make_dir(struct layout *layout, const char *dir,
    struct mldv_error *err)
{
	const char *path = arena_printf(&layout->arena, "%s/" KEEP, dir);
	const char *full =
	    project_absolute(layout->project, &layout->arena, path);
	int empty = is_empty(layout, dir, err);

	if (empty <= 0)
		return empty;
	if (file_make_parents(full, err) < 0 ||
	    file_replace(full, "", 0, err) < 0)
		return -1;
	strs_add(layout->made, path);
	return 0;
}

/* Rules that there are already stay. */
CHECKED static int add_rules(struct layout *layout, struct strs *staged,
    struct mldv_error *err)
{
	struct settings_edit edit;
	struct arena arena = {0};
	struct ini ini;
	int ret =
	    settings_edit_begin(&edit, layout->project, MLDV_PROJECT, err);

	if (ret == 0)
		ret = ini_parse(&ini, &arena, PROJECT_INI, buf_str(&edit.text),
		    edit.text.len, err);
	if (ret == 0 && !ini_find(&ini, "rules")) {
		if (edit.text.len > 0 &&
		    edit.text.data[edit.text.len - 1] != '\n')
			buf_add_char(&edit.text, '\n');
		buf_printf(&edit.text, "\n%s", rules);
		ret = settings_edit_end(&edit, staged, err);
		strs_add(layout->made, PROJECT_INI);
	}
	settings_edit_release(&edit);
	arena_release(&arena);
	return ret;
}

/* Would Git pass over the pointers in a directory? */
CHECKED static int hides_pointers(struct layout *layout, const char *top,
    struct mldv_error *err)
{
	int hidden = 0;

	for (const char *const *dir = dirs; *dir && hidden == 0; dir++) {
		if (strncmp(*dir, top, strlen(top)) == 0)
			hidden = git_is_ignored(layout->project->git,
			    arena_printf(&layout->arena, "%s/x.mldv", *dir),
			    NULL, err);
	}
	return hidden;
}

/* It stays hidden, but for what mldv has there for Git. */
static void show_pointers(const char *top, struct buf *out)
{
	static const char *const shown[] = {"*.mldv", IGNORE, KEEP};

	buf_printf(out,
	    "\n# Git keeps mldv's pointers below %s/, not the data.\n"
	    "!/%s/\n/%s/**\n!/%s/**/\n",
	    top, top, top, top);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		buf_printf(out, "!/%s/**/%s\n", top, shown[i]);
}

CHECKED static int edit_ignore(struct layout *layout, struct mldv_error *err)
{
	const char *path =
	    project_absolute(layout->project, &layout->arena, IGNORE);
	struct buf text = {0};
	size_t before;
	int ret = file_read(path, IGNORE_LIMIT, &text, err);

	if (ret < 0 && err->code == MLDV_NOT_FOUND)
		ret = 0;
	if (text.len > 0 && text.data[text.len - 1] != '\n')
		buf_add_char(&text, '\n');
	before = text.len;
	for (const char *const *top = data; ret == 0 && *top; top++) {
		int hidden = hides_pointers(layout, *top, err);

		if (hidden > 0)
			show_pointers(*top, &text);
		else
			ret = hidden;
	}
	if (ret == 0 && text.len > before) {
		ret = file_replace(path, text.data, text.len, err);
		strs_add(layout->made, IGNORE);
	}
	buf_release(&text);
	return ret;
}

int mldv_project_layout(struct mldv_project *project, const char *name,
    struct strs *made, struct strs *staged, struct mldv_error *err)
{
	struct layout layout = {.project = project, .made = made};
	int ret = 0;

	if (strcmp(name, DATASCIENCE) != 0)
		return err_set(err, MLDV_USAGE,
		    "there is no layout '%s'; there is " DATASCIENCE, name);
	for (const char *const *dir = dirs; ret == 0 && *dir; dir++)
		ret = make_dir(&layout, *dir, err);
	if (ret == 0)
		ret = edit_ignore(&layout, err);
	if (ret == 0)
		ret = project_stage(project, made, staged, err);
	if (ret == 0)
		ret = add_rules(&layout, staged, err);
	arena_release(&layout.arena);
	return ret;
}
