/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

/* The main work tree, unless the repository is bare. */
static int add_main(const struct git *git, struct strs *out,
    struct mldv_error *err)
{
	git_repository *repo;
	const char *root;
	int code = git_repository_open(&repo, git->common);

	if (code < 0)
		return git_fail(err, code, "cannot open '%s'", git->common);
	root = git_repository_workdir(repo);
	if (root != NULL)
		strs_add(out, root);
	git_repository_free(repo);
	return 0;
}

static int add_linked(const struct git *git, const char *name, struct strs *out,
    struct mldv_error *err)
{
	git_worktree *tree;
	int code = git_worktree_lookup(&tree, git->repo, name);

	if (code < 0)
		return git_fail(err, code, "cannot find work tree '%s'", name);
	code = git_worktree_validate(tree);
	if (code == 0)
		strs_add(out, git_worktree_path(tree));
	else
		(void)err_set(err, MLDV_NO,
		    "work tree '%s' is not there, so that it cannot be told "
		    "what is needed in it; bring it back, or run 'git worktree "
		    "prune'",
		    git_worktree_path(tree));
	git_worktree_free(tree);
	return code == 0 ? 0 : -1;
}

int git_work_trees(struct git *git, struct strs *out, struct mldv_error *err)
{
	git_strarray names;
	int code = git_worktree_list(&names, git->repo);
	int ret;

	if (code < 0)
		return git_fail(err, code, "cannot list the work trees");
	ret = add_main(git, out, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = add_linked(git, names.strings[i], out, err);
	git_strarray_dispose(&names);
	return ret;
}
