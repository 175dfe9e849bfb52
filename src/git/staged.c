/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

int git_blob_size(struct git *git, const git_oid *id, const char *name,
    uint64_t *out, struct mldv_error *err)
{
	git_object_t type;
	git_odb *odb;
	size_t size = 0;
	int code = git_repository_odb(&odb, git->repo);

	if (code == 0) {
		code = git_odb_read_header(&size, &type, odb, id);
		git_odb_free(odb);
	}
	if (code < 0)
		return git_fail(err, code, "cannot read '%s' from Git", name);
	*out = size;
	return 0;
}

/* The tree of HEAD, to be freed; NULL if there is no commit yet. */
static int head_tree(struct git *git, git_tree **out, struct mldv_error *err)
{
	git_object *found;
	int code = git_revparse_single(&found, git->repo, "HEAD^{tree}");

	*out = NULL;
	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0)
		return git_fail(err, code, "cannot read Git's HEAD");
	*out = (git_tree *)found;
	return 0;
}

static bool is_blob(const git_diff_delta *delta)
{
	return delta->status != GIT_DELTA_DELETED &&
	    (delta->new_file.mode == GIT_FILEMODE_BLOB ||
	        delta->new_file.mode == GIT_FILEMODE_BLOB_EXECUTABLE);
}

int git_staged(struct git *git,
    int (*visit)(void *context, const char *path, uint64_t size,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	git_index *index = NULL;
	git_diff *diff = NULL;
	git_tree *tree = NULL;
	int ret = head_tree(git, &tree, err);
	int code = 0;

	if (ret == 0)
		ret = git_load_index(git, &index, err);
	if (ret == 0) {
		code =
		    git_diff_tree_to_index(&diff, git->repo, tree, index, NULL);
		if (code < 0)
			ret = git_fail(err, code,
			    "cannot compare Git's index with HEAD");
	}
	for (size_t i = 0; ret == 0 && i < git_diff_num_deltas(diff); i++) {
		const git_diff_delta *delta = git_diff_get_delta(diff, i);
		uint64_t size;

		if (!is_blob(delta))
			continue;
		ret = git_blob_size(git, &delta->new_file.id,
		    delta->new_file.path, &size, err);
		if (ret == 0)
			ret = visit(context, delta->new_file.path, size, err);
	}
	git_diff_free(diff);
	git_index_free(index);
	git_tree_free(tree);
	return ret;
}
