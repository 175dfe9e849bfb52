/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <stdlib.h>
#include <string.h>

struct git_view {
	struct git *git;
	git_tree *tree;
	char commit[GIT_OID_HEXSZ + 1];
};

int git_view_open(struct git_view **out, struct git *git, const char *revision,
    struct mldv_error *err)
{
	struct git_view *view = xcalloc(1, sizeof(*view));
	struct buf commit = {0};
	git_commit *found = NULL;
	git_oid id;
	int code;

	view->git = git;
	if (git_commit_of(git, revision, &commit, err) < 0) {
		buf_release(&commit);
		free(view);
		return -1;
	}
	code = git_oid_fromstr(&id, buf_str(&commit));
	if (code == 0)
		code = git_commit_lookup(&found, git->repo, &id);
	if (code == 0)
		code = git_commit_tree(&view->tree, found);
	git_commit_free(found);
	(void)git_oid_tostr(view->commit, sizeof(view->commit), &id);
	buf_release(&commit);
	if (code != 0) {
		free(view);
		return git_fail(err, code, "cannot read revision '%s'",
		    revision);
	}
	*out = view;
	return 0;
}

void git_view_close(struct git_view *view)
{
	if (view == NULL)
		return;
	git_tree_free(view->tree);
	free(view);
}

const char *git_view_commit(const struct git_view *view)
{
	return view->commit;
}

/* 1, or 0 for what is no file, link or directory: a submodule. */
static int kind_of(const git_tree_entry *entry, enum kind *out)
{
	switch (git_tree_entry_filemode(entry)) {
	case GIT_FILEMODE_TREE:
		*out = KIND_DIR;
		return 1;
	case GIT_FILEMODE_BLOB:
		*out = KIND_FILE;
		return 1;
	case GIT_FILEMODE_BLOB_EXECUTABLE:
		*out = KIND_EXEC;
		return 1;
	case GIT_FILEMODE_LINK:
		*out = KIND_LINK;
		return 1;
	default:
		return 0;
	}
}

static int no_submodule(const char *path, struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED,
	    "'%s' is a submodule, whose files are not in the commit", path);
}

/* The entry, to be freed: 1; 0 if there is none. */
static int find(const struct git_view *view, const char *path,
    git_tree_entry **out, struct mldv_error *err)
{
	int code = git_tree_entry_bypath(out, view->tree, path);

	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0)
		return git_fail(err, code, "cannot read '%s' from Git", path);
	return 1;
}

int git_view_kind(const struct git_view *view, const char *path, enum kind *out,
    struct mldv_error *err)
{
	git_tree_entry *entry;
	int found;

	if (path[0] == '\0') {
		*out = KIND_DIR;
		return 1;
	}
	found = find(view, path, &entry, err);
	if (found <= 0)
		return found;
	found = kind_of(entry, out);
	git_tree_entry_free(entry);
	return found ? 1 : no_submodule(path, err);
}

static int hash_blob(const struct git_view *view, const git_oid *id,
    const char *path, struct hasher *hasher, struct content *out,
    struct mldv_error *err)
{
	git_blob *blob;
	int code = git_blob_lookup(&blob, view->git->repo, id);

	if (code < 0)
		return git_fail(err, code, "cannot read '%s' from Git", path);
	out->size = (uint64_t)git_blob_rawsize(blob);
	out->files = 1;
	hasher_oid(hasher, git_blob_rawcontent(blob), (size_t)out->size,
	    &out->oid);
	git_blob_free(blob);
	return 0;
}

int git_view_hash(const struct git_view *view, const char *path,
    struct hasher *hasher, struct content *out, struct mldv_error *err)
{
	git_tree_entry *entry;
	int found = find(view, path, &entry, err);

	if (found <= 0)
		return found;
	if (!kind_of(entry, &out->kind) || out->kind == KIND_DIR)
		found = 0;
	else if (hash_blob(view, git_tree_entry_id(entry), path, hasher, out,
	             err) < 0)
		found = -1;
	git_tree_entry_free(entry);
	return found;
}

int git_view_size(const struct git_view *view, const char *path, uint64_t *out,
    struct mldv_error *err)
{
	git_tree_entry *entry;
	int found = find(view, path, &entry, err);

	if (found <= 0)
		return found;
	found = git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
	if (found &&
	    git_blob_size(view->git, git_tree_entry_id(entry), path, out, err) <
	        0)
		found = -1;
	git_tree_entry_free(entry);
	return found;
}

int git_view_read(const struct git_view *view, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	git_tree_entry *entry;
	int found = find(view, path, &entry, err);

	if (found <= 0)
		return found;
	found = git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
	if (found &&
	    git_read_blob(view->git, git_tree_entry_id(entry), path, limit, out,
	        err) < 0)
		found = -1;
	git_tree_entry_free(entry);
	return found;
}

struct walk {
	const char *dir;
	int (*visit)(void *context, const char *path, enum kind kind,
	    struct mldv_error *err);
	void *context;
	struct buf path;
	struct mldv_error *err;
};

static int walk_entry(const char *above, const git_tree_entry *entry,
    void *context)
{
	struct walk *walk = context;
	enum kind kind;

	buf_reset(&walk->path);
	buf_printf(&walk->path, "%s%s%s%s", walk->dir,
	    walk->dir[0] != '\0' ? "/" : "", above, git_tree_entry_name(entry));
	if (!kind_of(entry, &kind))
		return no_submodule(buf_str(&walk->path), walk->err);
	if (kind == KIND_DIR)
		return 0;
	return walk->visit(walk->context, buf_str(&walk->path), kind,
	    walk->err);
}

int git_view_each(const struct git_view *view, const char *dir,
    int (*visit)(void *context, const char *path, enum kind kind,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct walk walk = {.dir = dir,
	    .visit = visit,
	    .context = context,
	    .err = err};
	git_tree_entry *entry = NULL;
	git_tree *tree = NULL;
	int code = 0;

	err->code = 0;
	if (dir[0] != '\0') {
		int found = find(view, dir, &entry, err);

		if (found <= 0)
			return found;
		code = git_tree_lookup(&tree, view->git->repo,
		    git_tree_entry_id(entry));
		git_tree_entry_free(entry);
	}
	if (code == 0)
		code = git_tree_walk(tree != NULL ? tree : view->tree,
		    GIT_TREEWALK_PRE, walk_entry, &walk);
	if (code < 0 && err->code == 0)
		(void)git_fail(err, code, "cannot list '%s' in Git", dir);
	git_tree_free(tree);
	buf_release(&walk.path);
	return code < 0 ? -1 : 0;
}
