/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"

#define COPY_NAME "mldv-config"

/* value: NULL takes the setting out. */
struct git_change {
	const char *dir;
	const char *name;
	const char *value;
};

static int open_config(struct git *git, git_config **out,
    struct mldv_error *err)
{
	int code = git_repository_config(out, git->repo);

	if (code < 0)
		return git_fail(err, code, "cannot read Git's settings");
	return 0;
}

int git_hooks_dir(struct git *git, struct buf *out, struct mldv_error *err)
{
	struct arena arena = {0};
	git_config *config;
	git_buf path = {0};
	int code;

	if (open_config(git, &config, err) < 0)
		return -1;
	code = git_config_get_path(&path, config, "core.hooksPath");
	git_config_free(config);
	if (code == 0 && path.size > 0)
		buf_add_str(out, path_join(&arena, git->root, path.ptr));
	else if (code == 0 || code == GIT_ENOTFOUND)
		buf_add_str(out, path_join(&arena, git->common, "hooks"));
	else
		(void)git_fail(err, code, "cannot read core.hooksPath of Git");
	git_buf_dispose(&path);
	arena_release(&arena);
	return code == 0 || code == GIT_ENOTFOUND ? 0 : -1;
}

int git_config_is(struct git *git, const char *name, const char *value,
    struct mldv_error *err)
{
	git_config *config;
	git_buf now = {0};
	int code;
	int ret;

	if (open_config(git, &config, err) < 0)
		return -1;
	code = git_config_get_string_buf(&now, config, name);
	git_config_free(config);
	if (code == GIT_ENOTFOUND)
		ret = value == NULL;
	else if (code < 0)
		ret = git_fail(err, code, "cannot read %s of Git", name);
	else
		ret = value != NULL &&
		    slice_is((struct slice){now.ptr, now.size}, value);
	git_buf_dispose(&now);
	return ret;
}

/* Changes the settings in this file. */
static int change_file(const char *path, const char *name, const char *value,
    struct mldv_error *err)
{
	git_config *config = NULL;
	int code = git_config_open_ondisk(&config, path);

	if (code == 0 && value != NULL)
		code = git_config_set_string(config, name, value);
	else if (code == 0)
		code = git_config_delete_entry(config, name);
	git_config_free(config);
	if (code < 0 && code != GIT_ENOTFOUND)
		return git_fail(err, code, "cannot write '%s' of Git", name);
	return 0;
}

/* A copy with the same mode: there may be secrets in it. */
static int copy_file(const char *from, const char *to, struct mldv_error *err)
{
	struct buf text = {0};
	struct stat st;
	int ret = -1;
	int fd;

	if (stat(from, &st) < 0)
		return err_errno(err, "cannot read Git's settings '%s'", from);
	fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "cannot make '%s'", to);
	if (fchmod(fd, st.st_mode & 0777) < 0)
		(void)err_errno(err, "cannot protect '%s'", to);
	else if (file_read(from, GIT_TEXT_LIMIT, &text, err) == 0)
		ret = file_write(fd, to, buf_str(&text), text.len, err);
	(void)close(fd);
	buf_release(&text);
	return ret;
}

/* What an earlier one of us may have left is removed first. */
static int replace_file(const char *path, const struct git_change *change,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *copy = path_join(&arena, change->dir, COPY_NAME);
	const char *lock = path_join(&arena, change->dir, COPY_NAME ".lock");
	int ret = -1;

	if (file_remove(copy, err) == 0 && file_remove(lock, err) == 0 &&
	    copy_file(path, copy, err) == 0 &&
	    change_file(copy, change->name, change->value, err) == 0)
		ret = file_rename(copy, path, err);
	if (ret < 0)
		(void)unlink(copy);
	arena_release(&arena);
	return ret;
}

/*
 * libgit2 by itself leaves config.lock where it is killed, and then Git takes
 * no setting any more: it works on a copy, while the lock is held here.
 */
int git_config_put(struct git *git, const char *name, const char *value,
    struct mldv_error *err)
{
	const struct git_change change = {git->common, name, value};
	struct arena arena = {0};
	struct mldv_error second;
	struct git_lock lock;
	int ret = git_lock_take(&lock, git, git->common, "config", err);

	if (ret == 0) {
		ret = err_set(err, MLDV_BUSY,
		    "cannot write '%s' of Git: another program has '%s/config' "
		    "locked; wait until it has ended",
		    name, git->common);
	} else if (ret > 0) {
		ret = replace_file(path_join(&arena, git->common, "config"),
		    &change, err);
		if (git_lock_release(&lock, ret == 0 ? err : &second) < 0)
			ret = -1;
	}
	arena_release(&arena);
	return ret;
}
