/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include "base/path.h"

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

int git_config_put(struct git *git, const char *name, const char *value,
    struct mldv_error *err)
{
	git_config *config;
	git_config *local = NULL;
	int code;

	if (open_config(git, &config, err) < 0)
		return -1;
	code = git_config_open_level(&local, config, GIT_CONFIG_LEVEL_LOCAL);
	if (code == 0 && value != NULL)
		code = git_config_set_string(local, name, value);
	else if (code == 0)
		code = git_config_delete_entry(local, name);
	git_config_free(local);
	git_config_free(config);
	if (code < 0 && code != GIT_ENOTFOUND)
		return git_fail(err, code, "cannot write %s of Git", name);
	return 0;
}
