/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/hooks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/hooktext.h"
#include "project/init.h"
#include "project/project.h"

#define HOOK_LIMIT  (16 << 20)
#define DRIVER_NAME "merge.mldv.name"
#define DRIVER      "merge.mldv.driver"

static const char driver_name[] = "mldv's pointers and lock";
static const char driver[] = "mldv merge-driver %O %A %B %P";

/* The hooks of a clone. */
struct hooks {
	struct mldv_project *project;
	struct arena arena;
	const char *dir;
	bool blocks; /* husky: lines in its scripts, not scripts of ours */
	mldv_hook_fn *visit;
	void *context;
};

/*
 * Husky makes the directory that Git is told of anew, and what the project
 * wants is in the one above.
 */
static int hooks_open(struct hooks *hooks, struct mldv_project *project,
    struct mldv_error *err)
{
	struct buf dir = {0};
	const char *parent;
	int ret = git_hooks_dir(project->git, &dir, err);

	hooks->project = project;
	hooks->dir = path_clean(&hooks->arena, buf_str(&dir));
	buf_release(&dir);
	if (ret < 0 || !hooks->dir)
		return -1;
	parent = path_parent(&hooks->arena, hooks->dir);
	if (strcmp(path_base(hooks->dir), ".husky") == 0) {
		hooks->blocks = true;
	} else if (strcmp(path_base(hooks->dir), "_") == 0 &&
	    strcmp(path_base(parent), ".husky") == 0) {
		hooks->blocks = true;
		hooks->dir = parent;
	}
	return 0;
}

static void hooks_close(struct hooks *hooks)
{
	arena_release(&hooks->arena);
}

static const char *path_of(struct hooks *hooks, const char *name)
{
	return path_join(&hooks->arena, hooks->dir, name);
}

static const char *before_of(struct hooks *hooks, const char *name)
{
	return arena_printf(&hooks->arena, "%s/%s" HOOK_BEFORE, hooks->dir,
	    name);
}

/* The text of a script: 1, or 0 if there is none. */
static int read_script(const char *path, struct buf *out,
    struct mldv_error *err)
{
	if (file_read(path, HOOK_LIMIT, out, err) == 0)
		return 1;
	return err->code == MLDV_NOT_FOUND ? 0 : -1;
}

static int write_script(struct hooks *hooks, const char *path,
    const struct buf *text, struct mldv_error *err)
{
	struct tempfile temp = {0};
	struct stat st;
	mode_t mode = 0777;
	int ret = -1;

	if (stat(path, &st) == 0)
		mode = (st.st_mode & 0777) | 0100;
	if (file_make_dirs(hooks->dir, err) == 0 &&
	    tempfile_open(&temp, hooks->dir, mode, err) == 0 &&
	    file_write(temp.fd, path, buf_str(text), text->len, err) == 0)
		ret = tempfile_commit(&temp, path, err);
	tempfile_release(&temp);
	return ret;
}

static void tell(struct hooks *hooks, const char *name, const char *path,
    enum mldv_hook_state state, bool chained)
{
	const struct mldv_hook hook = {
	    .name = name,
	    .path = path,
	    .state = state,
	    .chained = chained,
	};

	if (hooks->visit)
		hooks->visit(hooks->context, &hook);
}

static enum mldv_hook_state state_of(enum hook_text text)
{
	switch (text) {
	case HOOK_TEXT_OURS:
		return MLDV_HOOK_INSTALLED;
	case HOOK_TEXT_OLD:
		return MLDV_HOOK_OLD;
	case HOOK_TEXT_FOREIGN:
		break;
	}
	return MLDV_HOOK_FOREIGN;
}

/* What is there; text gets the script. */
static int look(struct hooks *hooks, const char *name, struct buf *text,
    struct mldv_hook *out, struct mldv_error *err)
{
	const char *path = path_of(hooks, name);
	struct slice all;
	int found = read_script(path, text, err);
	int before;

	*out = (struct mldv_hook){name, path, MLDV_HOOK_MISSING, false};
	if (found <= 0)
		return found;
	all = (struct slice){buf_str(text), text->len};
	if (hooks->blocks) {
		out->state = state_of(hook_has_block(name, all));
		return 0;
	}
	out->state = state_of(hook_is_script(name, all));
	before = file_exists(before_of(hooks, name), err);
	out->chained = before > 0 && out->state != MLDV_HOOK_FOREIGN;
	/* Git runs only what may be run. */
	if (out->state == MLDV_HOOK_INSTALLED && access(path, X_OK) != 0)
		out->state = MLDV_HOOK_OLD;
	return before < 0 ? -1 : 0;
}

static int put_aside(struct hooks *hooks, const char *name,
    struct mldv_error *err)
{
	const char *path = path_of(hooks, name);
	const char *before = before_of(hooks, name);
	int found = file_exists(before, err);

	if (found > 0)
		return err_set(err, MLDV_EXISTS,
		    "cannot keep the hook '%s', because '%s' is there, too; "
		    "make one of them, and install again",
		    path, before);
	return found < 0 ? -1 : file_rename(path, before, err);
}

static int install_one(struct hooks *hooks, const char *name,
    struct mldv_error *err)
{
	struct mldv_hook hook;
	struct buf old = {0};
	struct buf new = {0};
	struct buf bare = {0};
	int ret = look(hooks, name, &old, &hook, err);

	if (ret < 0 || hook.state == MLDV_HOOK_INSTALLED)
		goto out;
	if (hooks->blocks) {
		hook_without_block((struct slice){buf_str(&old), old.len},
		    &bare);
		hook_with_block(name, (struct slice){buf_str(&bare), bare.len},
		    &new);
	} else {
		if (hook.state == MLDV_HOOK_FOREIGN) {
			ret = put_aside(hooks, name, err);
			hook.chained = true;
		}
		hook_script(name, &new);
	}
	if (ret == 0)
		ret = write_script(hooks, hook.path, &new, err);
	if (ret == 0)
		tell(hooks, name, hook.path, MLDV_HOOK_INSTALLED, hook.chained);
out:
	buf_release(&old);
	buf_release(&new);
	buf_release(&bare);
	return ret;
}

static int install_driver(struct hooks *hooks, struct mldv_error *err)
{
	struct git *git = hooks->project->git;
	int is = git_config_is(git, DRIVER, driver, err);

	if (is != 0)
		return is < 0 ? -1 : 0;
	if (git_config_put(git, DRIVER_NAME, driver_name, err) < 0 ||
	    git_config_put(git, DRIVER, driver, err) < 0)
		return -1;
	tell(hooks, "merge driver", NULL, MLDV_HOOK_INSTALLED, false);
	return 0;
}

int mldv_hooks_install(struct mldv_project *project, mldv_hook_fn *visit,
    void *context, struct strs *staged, struct mldv_error *err)
{
	struct hooks hooks = {.visit = visit, .context = context};
	int ret = hooks_open(&hooks, project, err);

	for (size_t i = 0; ret == 0 && hook_names[i]; i++)
		ret = install_one(&hooks, hook_names[i], err);
	if (ret == 0)
		ret = install_driver(&hooks, err);
	if (ret == 0)
		ret = init_attributes(project, staged, err);
	hooks_close(&hooks);
	return ret;
}

static int uninstall_block(const char *path, const struct buf *text,
    struct hooks *hooks, struct mldv_error *err)
{
	struct buf rest = {0};
	int ret;

	hook_without_block((struct slice){buf_str(text), text->len}, &rest);
	ret = strcmp(buf_str(&rest), "#!/bin/sh\n") == 0
	    ? file_remove(path, err)
	    : write_script(hooks, path, &rest, err);
	buf_release(&rest);
	return ret;
}

static int uninstall_one(struct hooks *hooks, const char *name,
    struct mldv_error *err)
{
	struct mldv_hook hook;
	struct buf text = {0};
	int ret = look(hooks, name, &text, &hook, err);

	if (ret < 0 || hook.state == MLDV_HOOK_MISSING ||
	    hook.state == MLDV_HOOK_FOREIGN)
		goto out;
	if (hooks->blocks)
		ret = uninstall_block(hook.path, &text, hooks, err);
	else if (hook.chained)
		ret = file_rename(before_of(hooks, name), hook.path, err);
	else
		ret = file_remove(hook.path, err);
	if (ret == 0)
		tell(hooks, name, hook.path, MLDV_HOOK_MISSING, hook.chained);
out:
	buf_release(&text);
	return ret;
}

int mldv_hooks_uninstall(struct mldv_project *project, mldv_hook_fn *visit,
    void *context, struct mldv_error *err)
{
	struct hooks hooks = {.visit = visit, .context = context};
	int ret = hooks_open(&hooks, project, err);
	int is = 0;

	for (size_t i = 0; ret == 0 && hook_names[i]; i++)
		ret = uninstall_one(&hooks, hook_names[i], err);
	if (ret == 0)
		is = git_config_is(project->git, DRIVER, NULL, err);
	if (ret == 0 && is == 0) {
		if (git_config_put(project->git, DRIVER, NULL, err) < 0 ||
		    git_config_put(project->git, DRIVER_NAME, NULL, err) < 0)
			ret = -1;
		else
			tell(&hooks, "merge driver", NULL, MLDV_HOOK_MISSING,
			    false);
	}
	hooks_close(&hooks);
	return ret < 0 || is < 0 ? -1 : 0;
}

int mldv_hooks_status(struct mldv_project *project, mldv_hook_fn *visit,
    void *context, bool *all, struct mldv_error *err)
{
	struct hooks hooks = {.visit = visit, .context = context};
	int ret = hooks_open(&hooks, project, err);
	int is = 0;

	*all = true;
	for (size_t i = 0; ret == 0 && hook_names[i]; i++) {
		struct mldv_hook hook;
		struct buf text = {0};

		ret = look(&hooks, hook_names[i], &text, &hook, err);
		if (ret == 0)
			tell(&hooks, hook.name, hook.path, hook.state,
			    hook.chained);
		*all &= hook.state == MLDV_HOOK_INSTALLED;
		buf_release(&text);
	}
	if (ret == 0)
		is = git_config_is(project->git, DRIVER, driver, err);
	if (ret == 0 && is >= 0)
		tell(&hooks, "merge driver", NULL,
		    is ? MLDV_HOOK_INSTALLED : MLDV_HOOK_MISSING, false);
	*all &= is > 0;
	hooks_close(&hooks);
	return ret < 0 || is < 0 ? -1 : 0;
}
