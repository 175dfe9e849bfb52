/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { COMMITS_LOOKED_AT = 1000 };

static bool is_index(const char *revision)
{
	return strcmp(revision, ":0") == 0;
}

int git_read_blob(struct git *git, const git_oid *id, const char *name,
    size_t limit, struct buf *out, struct mldv_error *err)
{
	git_blob *blob;
	git_object_size_t size;
	int code = git_blob_lookup(&blob, git->repo, id);

	if (code < 0)
		return git_fail(err, code, "cannot read '%s' from Git", name);
	size = git_blob_rawsize(blob);
	if (size <= limit)
		buf_add(out, git_blob_rawcontent(blob), (size_t)size);
	else
		err_set(err, MLDV_FAILED,
		    "cannot read '%s' from Git: it has more than %zu bytes",
		    name, limit);
	git_blob_free(blob);
	return size <= limit ? 0 : -1;
}

static int unknown_revision(struct git *git, const char *revision, int code,
    struct mldv_error *err)
{
	if (code != GIT_ENOTFOUND && code != GIT_EAMBIGUOUS &&
	    code != GIT_EINVALIDSPEC && code != GIT_EPEEL)
		return git_fail(err, code, "cannot find revision '%s'",
		    revision);
	if (code == GIT_EAMBIGUOUS)
		return err_set(err, MLDV_NOT_FOUND,
		    "revision '%s' is ambiguous", revision);
	if (git_repository_head_unborn(git->repo) == 1)
		return err_set(err, MLDV_NOT_FOUND,
		    "unknown revision '%s': there is no commit yet", revision);
	return err_set(err, MLDV_NOT_FOUND, "unknown revision '%s'", revision);
}

/* The revision's commit or tree, as type says. */
static int find_revision(struct git *git, const char *revision,
    git_object_t type, git_object **out, struct mldv_error *err)
{
	git_object *found = NULL;
	int code = git_revparse_single(&found, git->repo, revision);

	if (code == 0)
		code = git_object_peel(out, found, type);
	git_object_free(found);
	if (code != 0) {
		unknown_revision(git, revision, code, err);
		return -1;
	}
	return 0;
}

int git_time_of(struct git *git, const char *revision, uint64_t *out,
    struct mldv_error *err)
{
	git_object *commit;
	git_time_t time;

	if (find_revision(git, revision, GIT_OBJECT_COMMIT, &commit, err) < 0)
		return -1;
	time = git_commit_time((const git_commit *)commit);
	*out = time > 0 ? (uint64_t)time : 0;
	git_object_free(commit);
	return 0;
}

int git_commit_of(struct git *git, const char *revision, struct buf *out,
    struct mldv_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_object *commit;

	if (find_revision(git, revision, GIT_OBJECT_COMMIT, &commit, err) < 0)
		return -1;
	buf_add_str(out,
	    git_oid_tostr(hex, sizeof(hex), git_object_id(commit)));
	git_object_free(commit);
	return 0;
}

static int find_tree(struct git *git, const char *revision, git_tree **out,
    struct mldv_error *err)
{
	git_object *object;

	if (find_revision(git, revision, GIT_OBJECT_TREE, &object, err) < 0)
		return -1;
	*out = (git_tree *)object;
	return 0;
}

/* The id of the file in the tree: 1, or 0 if there is no such file. */
static int find_in_tree(const git_tree *tree, const char *path, git_oid *out,
    struct mldv_error *err)
{
	git_tree_entry *entry;
	int found;
	int code = git_tree_entry_bypath(&entry, tree, path);

	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0)
		return git_fail(err, code, "cannot read '%s' from Git", path);
	found = git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
	if (found)
		git_oid_cpy(out, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	return found;
}

static int find_in_index(struct git *git, const char *path, git_oid *out,
    struct mldv_error *err)
{
	const git_index_entry *entry;
	git_index *index;
	int found;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	entry = git_index_get_bypath(index, path, 0);
	found = entry != NULL && entry->mode != GIT_FILEMODE_COMMIT;
	if (found)
		git_oid_cpy(out, &entry->id);
	git_index_free(index);
	return found;
}

int git_read(struct git *git, const char *revision, const char *path,
    size_t limit, struct buf *out, struct mldv_error *err)
{
	git_tree *tree;
	git_oid id;
	int found;

	if (is_index(revision)) {
		found = find_in_index(git, path, &id, err);
	} else {
		if (find_tree(git, revision, &tree, err) < 0)
			return -1;
		found = find_in_tree(tree, path, &id, err);
		git_tree_free(tree);
	}
	if (found == 1 && git_read_blob(git, &id, path, limit, out, err) < 0)
		return -1;
	return found;
}

struct listing {
	const char *suffix;
	struct strs *out;
	struct buf path;
};

static int list_entry(const char *dir, const git_tree_entry *entry,
    void *context)
{
	struct listing *listing = context;
	const char *name = git_tree_entry_name(entry);

	if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
	    str_ends(name, listing->suffix)) {
		buf_reset(&listing->path);
		buf_printf(&listing->path, "%s%s", dir, name);
		strs_add(listing->out, buf_str(&listing->path));
	}
	return 0;
}

static int list_index(struct git *git, const char *suffix, struct strs *out,
    struct mldv_error *err)
{
	const git_index_entry *entry;
	git_index *index;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < git_index_entrycount(index); i++) {
		entry = git_index_get_byindex(index, i);
		if (git_index_entry_stage(entry) == 0 &&
		    entry->mode != GIT_FILEMODE_COMMIT &&
		    str_ends(entry->path, suffix))
			strs_add(out, entry->path);
	}
	git_index_free(index);
	return 0;
}

int git_list(struct git *git, const char *revision, const char *suffix,
    struct strs *out, struct mldv_error *err)
{
	struct listing listing = {.suffix = suffix, .out = out};
	git_tree *tree;
	int code = 0;

	if (is_index(revision)) {
		if (list_index(git, suffix, out, err) < 0)
			return -1;
	} else {
		if (find_tree(git, revision, &tree, err) < 0)
			return -1;
		code =
		    git_tree_walk(tree, GIT_TREEWALK_PRE, list_entry, &listing);
		if (code < 0)
			git_fail(err, code, "cannot list revision '%s'",
			    revision);
		git_tree_free(tree);
		buf_release(&listing.path);
	}
	strs_sort(out);
	return code < 0 ? -1 : 0;
}

/* What a commit's tree has at path: 1, or 0. */
static int find_in_commit(const git_commit *commit, const char *path,
    git_oid *out, struct mldv_error *err)
{
	git_tree *tree;
	int code = git_commit_tree(&tree, commit);
	int ret;

	if (code < 0)
		return git_fail(err, code, "cannot read a commit's tree");
	ret = find_in_tree(tree, path, out, err);
	git_tree_free(tree);
	return ret;
}

struct history {
	struct git *git;
	const char *path;
	int (*visit)(void *context, const char *text, size_t len,
	    struct mldv_error *err);
	void *context;
	git_oid *seen;
	size_t count;
};

/* Visits a version not seen before: 1 when no more are wanted, else 0. */
static int visit_version(struct history *history, const git_oid *id,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = -1;

	for (size_t i = 0; i < history->count; i++)
		if (git_oid_equal(&history->seen[i], id))
			return 0;
	if (history->count == COMMITS_LOOKED_AT)
		return 1;
	git_oid_cpy(&history->seen[history->count++], id);
	if (git_read_blob(history->git, id, history->path, GIT_TEXT_LIMIT,
	        &text, err) == 0)
		ret = history->visit(history->context, buf_str(&text), text.len,
		    err);
	buf_release(&text);
	return ret;
}

/* What was merged: the versions that the other parents have. */
static int visit_merged(struct history *history, const git_commit *commit,
    struct mldv_error *err)
{
	int ret = 0;

	for (unsigned i = 1; ret == 0 && i < git_commit_parentcount(commit);
	     i++) {
		git_commit *parent;
		git_oid id;

		if (git_commit_parent(&parent, commit, i) < 0)
			continue;
		ret = find_in_commit(parent, history->path, &id, err);
		if (ret == 1)
			ret = visit_version(history, &id, err);
		git_commit_free(parent);
	}
	return ret;
}

/* Walks from *commit on, by first parents; *commit is where it ended. */
static int walk(struct history *history, git_commit **commit,
    struct mldv_error *err)
{
	git_commit *parent;
	git_oid id;
	int ret;

	for (int i = 0; i < COMMITS_LOOKED_AT; i++) {
		ret = find_in_commit(*commit, history->path, &id, err);
		if (ret == 1)
			ret = visit_version(history, &id, err);
		if (ret == 0)
			ret = visit_merged(history, *commit, err);
		if (ret != 0)
			return ret < 0 ? -1 : 0;
		/* A shallow clone ends where the parent is not there. */
		if (git_commit_parent(&parent, *commit, 0) < 0)
			break;
		git_commit_free(*commit);
		*commit = parent;
	}
	return 0;
}

int git_history(struct git *git, const char *revision, const char *path,
    int (*visit)(void *context, const char *text, size_t len,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct arena arena = {0};
	struct history history = {.git = git,
	    .path = path,
	    .visit = visit,
	    .context = context,
	    .seen = arena_array(&arena, COMMITS_LOOKED_AT, sizeof(git_oid))};
	git_object *object;
	git_commit *commit;
	int ret = -1;

	if (find_revision(git, revision, GIT_OBJECT_COMMIT, &object, err) < 0)
		goto out;
	commit = (git_commit *)object;
	ret = walk(&history, &commit, err);
	git_commit_free(commit);
out:
	arena_release(&arena);
	return ret;
}

int git_untracked(struct git *git, const char *dir, struct strs *out,
    struct mldv_error *err)
{
	git_diff_options options;
	const git_diff_delta *delta;
	struct buf only = {0};
	git_index *index;
	git_diff *diff;
	int code;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	(void)git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	buf_add_str(&only, dir);
	options.flags = GIT_DIFF_INCLUDE_UNTRACKED |
	    GIT_DIFF_RECURSE_UNTRACKED_DIRS | GIT_DIFF_DISABLE_PATHSPEC_MATCH |
	    GIT_DIFF_SKIP_BINARY_CHECK;
	if (dir[0] != '\0')
		options.pathspec = (git_strarray){&only.data, 1};
	code = git_diff_index_to_workdir(&diff, git->repo, index, &options);
	git_index_free(index);
	buf_release(&only);
	if (code < 0)
		return git_fail(err, code,
		    "cannot look for files that Git does not know in '%s'",
		    dir);
	for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
		delta = git_diff_get_delta(diff, i);
		/* A nested repository is named with a final slash. */
		if (delta->status == GIT_DELTA_UNTRACKED &&
		    !str_ends(delta->new_file.path, "/"))
			strs_add(out, delta->new_file.path);
	}
	git_diff_free(diff);
	strs_sort(out);
	return 0;
}
