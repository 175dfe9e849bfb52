/* SPDX-License-Identifier: Apache-2.0 */
#define GIT_REPO_C
#include "git/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"

int git_fail(struct mldv_error *err, int code, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	enum mldv_code kind = MLDV_FAILED;
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (code == GIT_ENOTFOUND)
		kind = MLDV_NOT_FOUND;
	else if (code == GIT_ELOCKED)
		kind = MLDV_BUSY;
	err_set(err, kind, "%s: %s", text,
	    last != NULL && last->message != NULL ? last->message
	                                          : "libgit2 does not say why");
	for (char *c = err->text; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	return -1;
}

char *git_without_slash(const char *path)
{
	size_t len = strlen(path);
	char *copy = xmalloc(len + 1);

	while (len > 0 && path[len - 1] == '/')
		len--;
	memcpy(copy, path, len);
	copy[len] = '\0';
	return copy;
}

static int open_failed(const char *dir, int code, struct mldv_error *err)
{
	if (code == GIT_ENOTFOUND)
		return err_set(err, MLDV_NOT_FOUND,
		    "'%s' is not in a Git repository; run 'git init'", dir);
	if (code == GIT_EOWNER)
		return err_set(err, MLDV_FAILED,
		    "the repository of '%s' belongs to another user; if you "
		    "trust it, run 'git config --global --add safe.directory "
		    "DIRECTORY' with the directory that holds its .git",
		    dir);
	return git_fail(err, code, "cannot open the repository of '%s'", dir);
}

/* Sets where the user is; fails if that is not in the work tree. */
static int find_prefix(struct git *git, const char *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *inside;
	char *real;
	int ret = -1;

	if (path_real(&arena, dir, &real, err) < 0)
		goto out;
	inside = path_inside(real, git->root);
	if (inside == NULL || path_inside(real, git->dir) != NULL ||
	    path_inside(real, git->common) != NULL) {
		err_set(err, MLDV_NOT_FOUND,
		    "'%s' is not in the work tree '%s'", dir, git->root);
		goto out;
	}
	git->prefix = git_without_slash(inside);
	ret = 0;
out:
	arena_release(&arena);
	return ret;
}

/*
 * Extensions of the repository's format that make no difference to what is
 * done here, but that this version of libgit2 would refuse.
 */
static void allow_extensions(void)
{
	const char *harmless[] = {"worktreeconfig", "partialclone",
	    "preciousobjects", "relativeworktrees"};

	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, harmless,
	    sizeof(harmless) / sizeof(harmless[0]));
}

void git_start(void)
{
	git_libgit2_init();
	allow_extensions();
}

int git_open(struct git **out, const char *dir, struct mldv_error *err)
{
	struct git *git = xcalloc(1, sizeof(*git));
	int code;

	git_start();
	code = git_repository_open_ext(&git->repo, dir,
	    GIT_REPOSITORY_OPEN_CROSS_FS, getenv("GIT_CEILING_DIRECTORIES"));
	if (code < 0) {
		open_failed(dir, code, err);
		goto fail;
	}
	if (git_repository_workdir(git->repo) == NULL) {
		err_set(err, MLDV_NOT_FOUND,
		    "the Git repository of '%s' is bare: it has no work tree",
		    dir);
		goto fail;
	}
	git->root = git_without_slash(git_repository_workdir(git->repo));
	git->common = git_without_slash(git_repository_commondir(git->repo));
	git->dir = git_without_slash(git_repository_path(git->repo));
	if (find_prefix(git, dir, err) < 0)
		goto fail;
	*out = git;
	return 0;
fail:
	git_close(git);
	return -1;
}

void git_close(struct git *git)
{
	if (git == NULL)
		return;
	git_repository_free(git->repo);
	git_libgit2_shutdown();
	free(git->root);
	free(git->common);
	free(git->dir);
	free(git->prefix);
	free(git);
}

const char *git_root(const struct git *git)
{
	return git->root;
}

const char *git_common(const struct git *git)
{
	return git->common;
}

const char *git_own(const struct git *git)
{
	return git->dir;
}

void git_full_path(const struct git *git, const char *path, struct buf *out)
{
	buf_printf(out, "%s/%s", git->root, path);
}

int git_load_index(struct git *git, git_index **out, struct mldv_error *err)
{
	git_index *index;
	int code = git_repository_index(&index, git->repo);

	if (code == 0) {
		code = git_index_read(index, false);
		if (code != 0)
			git_index_free(index);
	}
	if (code != 0) {
		git_fail(err, code, "cannot read Git's index");
		return -1;
	}
	*out = index;
	return 0;
}

/* The first entry that is path or below it, or NULL. */
static const git_index_entry *first_entry(git_index *index, const char *path)
{
	struct buf below = {0};
	size_t at;
	int code;

	if (path[0] == '\0')
		return git_index_get_byindex(index, 0);
	if (git_index_find(&at, index, path) == 0)
		return git_index_get_byindex(index, at);
	buf_printf(&below, "%s/", path);
	code = git_index_find_prefix(&at, index, buf_str(&below));
	buf_release(&below);
	return code == 0 ? git_index_get_byindex(index, at) : NULL;
}

int git_is_tracked(struct git *git, const char *path, struct mldv_error *err)
{
	git_index *index;
	int ret;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	ret = first_entry(index, path) != NULL;
	git_index_free(index);
	return ret;
}

int git_first_tracked(struct git *git, const char *path, struct buf *out,
    struct mldv_error *err)
{
	const git_index_entry *entry;
	git_index *index;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	entry = first_entry(index, path);
	if (entry != NULL)
		buf_add_str(out, entry->path);
	git_index_free(index);
	return entry != NULL;
}

/* 1 if this very directory is a submodule or another repository, else 0. */
static int is_submodule(struct git *git, git_index *index, const char *path,
    struct mldv_error *err)
{
	const git_index_entry *entry = git_index_get_bypath(index, path, 0);
	struct buf full = {0};
	int ret;

	if (entry != NULL && entry->mode == GIT_FILEMODE_COMMIT)
		return 1;
	git_full_path(git, path, &full);
	buf_add_str(&full, "/.git");
	ret = file_exists(buf_str(&full), err);
	buf_release(&full);
	return ret;
}

int git_in_submodule(struct git *git, const char *path, struct mldv_error *err)
{
	struct buf part = {0};
	git_index *index;
	int ret = 0;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	for (size_t i = 0, len = strlen(path); i <= len && ret == 0; i++) {
		if (i > 0 && (path[i] == '/' || path[i] == '\0')) {
			buf_reset(&part);
			buf_add(&part, path, i);
			ret = is_submodule(git, index, buf_str(&part), err);
		}
	}
	git_index_free(index);
	buf_release(&part);
	return ret;
}

int git_head(struct git *git, struct buf *out, struct mldv_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid id;
	int code = git_reference_name_to_id(&id, git->repo, "HEAD");

	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0)
		return git_fail(err, code, "cannot read HEAD");
	buf_add_str(out, git_oid_tostr(hex, sizeof(hex), &id));
	return 1;
}
