/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

/* A file above this is told of by its hash, not by its lines. */
#define TEXT_MOST (1 << 20)

int git_branch(struct git *git, struct buf *out, struct mldv_error *err)
{
	git_reference *head;
	int code = git_reference_lookup(&head, git->repo, "HEAD");
	const char *name;
	int ret = 0;

	if (code < 0)
		return git_fail(err, code, "cannot read HEAD");
	name = git_reference_symbolic_target(head);
	if (name && strncmp(name, "refs/heads/", 11) == 0) {
		buf_add_str(out, name + 11);
		ret = 1;
	}
	git_reference_free(head);
	return ret;
}

/* The environment's word counts more, as for git commit. */
static void add_identity(git_config *config, const char *variable,
    const char *setting, struct buf *out)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *value = getenv(variable);
	git_buf text = {0};

	if (value && value[0])
		buf_add_str(out, value);
	else if (git_config_get_string_buf(&text, config, setting) == 0)
		buf_add_str(out, text.ptr);
	git_buf_dispose(&text);
}

int git_who(struct git *git, struct buf *out, struct mldv_error *err)
{
	struct buf mail = {0};
	git_config *config;
	int code = git_repository_config_snapshot(&config, git->repo);

	if (code < 0)
		return git_fail(err, code, "cannot read Git's settings");
	add_identity(config, "GIT_AUTHOR_NAME", "user.name", out);
	add_identity(config, "GIT_AUTHOR_EMAIL", "user.email", &mail);
	if (mail.len > 0)
		buf_printf(out, "%s<%s>", out->len > 0 ? " " : "",
		    buf_str(&mail));
	buf_release(&mail);
	git_config_free(config);
	return out->len > 0;
}

static bool is_left_out(const struct git_changed *what, const char *path)
{
	if (strcmp(path_base(path), ".gitignore") == 0)
		return true;
	for (size_t i = 0; i < what->without->count; i++) {
		if (path_inside(path, what->without->items[i]))
			return true;
	}
	return false;
}

static int choose_tracked(const git_diff *diff, const git_diff_delta *delta,
    const char *matched, void *payload)
{
	(void)diff;
	(void)matched;
	/* libgit2 passes over what gives more than 0. */
	return is_left_out(payload, delta->new_file.path);
}

static int choose_untracked(const git_diff *diff, const git_diff_delta *delta,
    const char *matched, void *payload)
{
	(void)diff;
	(void)matched;
	(void)payload;
	return delta->status != GIT_DELTA_UNTRACKED;
}

static void set_options(git_diff_options *options,
    const struct git_changed *what)
{
	/* It fails only for a version that the library does not know. */
	(void)git_diff_options_init(options, GIT_DIFF_OPTIONS_VERSION);
	options->id_abbrev = GIT_OID_HEXSZ;
	options->max_size = TEXT_MOST;
	options->notify_cb = choose_tracked;
	/* libgit2 wants what it does not change to be changeable. */
	memcpy(&options->payload, &what, sizeof(options->payload));
}

static int add_diff(git_diff *diff, size_t limit, struct buf *out,
    struct mldv_error *err)
{
	git_buf text = {0};
	int code = git_diff_to_buf(&text, diff, GIT_DIFF_FORMAT_PATCH);

	if (code == 0 && (out->len > limit || text.size > limit - out->len)) {
		git_buf_dispose(&text);
		code = git_diff_to_buf(&text, diff, GIT_DIFF_FORMAT_RAW);
	}
	if (code < 0)
		return git_fail(err, code, "cannot tell what was changed");
	if (out->len < limit)
		buf_add(out, text.ptr,
		    text.size < limit - out->len ? text.size
		                                 : limit - out->len);
	git_buf_dispose(&text);
	return 0;
}

static int add_tracked(struct git *git, const char *commit,
    const struct git_changed *what, struct buf *out, struct mldv_error *err)
{
	git_diff_options options;
	git_object *tree = NULL;
	git_diff *diff = NULL;
	struct buf name = {0};
	int ret = -1;
	int code;

	set_options(&options, what);
	buf_printf(&name, "%s^{tree}", commit);
	code = git_revparse_single(&tree, git->repo, buf_str(&name));
	if (code == 0)
		code = git_diff_tree_to_workdir_with_index(&diff, git->repo,
		    (git_tree *)tree, &options);
	if (code < 0)
		(void)git_fail(err, code, "cannot tell what was changed");
	else
		ret = add_diff(diff, what->limit, out, err);
	git_diff_free(diff);
	git_object_free(tree);
	buf_release(&name);
	return ret;
}

static int add_untracked(struct git *git, const struct git_changed *what,
    struct buf *out, struct mldv_error *err)
{
	git_diff_options options;
	char **paths = xcalloc(what->untracked->count, sizeof(*paths));
	git_diff *diff = NULL;
	int ret = -1;
	int code;

	set_options(&options, what);
	options.notify_cb = choose_untracked;
	options.flags = GIT_DIFF_INCLUDE_UNTRACKED |
	    GIT_DIFF_RECURSE_UNTRACKED_DIRS | GIT_DIFF_SHOW_UNTRACKED_CONTENT |
	    GIT_DIFF_DISABLE_PATHSPEC_MATCH;
	memcpy(paths, what->untracked->items,
	    what->untracked->count * sizeof(*paths));
	options.pathspec.strings = paths;
	options.pathspec.count = what->untracked->count;
	code = git_diff_index_to_workdir(&diff, git->repo, NULL, &options);
	if (code < 0)
		(void)git_fail(err, code, "cannot tell what is untracked");
	else
		ret = add_diff(diff, what->limit, out, err);
	git_diff_free(diff);
	free(paths);
	return ret;
}

int git_changed(struct git *git, const char *commit,
    const struct git_changed *what, struct buf *out, struct mldv_error *err)
{
	if (what->without && add_tracked(git, commit, what, out, err) < 0)
		return -1;
	if (what->untracked && what->untracked->count > 0)
		return add_untracked(git, what, out, err);
	return 0;
}
