/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The work tree in one file, and out of it again: "gitformat-bundle", version
 * 2, with one branch and all of its history.
 */

#include "git/internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define FIRST_LINE "# v2 git bundle\n"
#define BRANCH     "refs/heads/mldv"

enum {
	FILE_MOST = 256 << 20, /* of a file that was changed and not committed
	                        */
	HEADER_MOST = 4096,
	PIECE = 1 << 20,
};

/* --- from the work tree --- */

/* What the file or link has now, as a blob. */
CHECKED static int write_blob(struct git *git, const char *path, uint32_t mode,
    git_oid *out, struct mldv_error *err)
{
	struct buf full = {0};
	struct buf text = {0};
	char target[PATH_MAX];
	int code;
	int ret = 0;

	git_full_path(git, path, &full);
	if (mode == GIT_FILEMODE_LINK) {
		ssize_t len =
		    readlink(buf_str(&full), target, sizeof target - 1);

		if (len < 0)
			ret = err_errno(err, "cannot read '%s'", path);
		else
			buf_add(&text, target, (size_t)len);
	} else {
		ret = file_read(buf_str(&full), FILE_MOST, &text, err);
	}
	if (ret == 0) {
		code = git_blob_create_from_buffer(out, git->repo,
		    buf_str(&text), text.len);
		if (code < 0)
			ret = git_fail(err, code, "cannot take in '%s'", path);
	}
	buf_release(&full);
	buf_release(&text);
	return ret;
}

/* One file that is not as the index has it. */
CHECKED static int take_change(struct git *git, git_index *index,
    const git_diff_delta *delta, struct mldv_error *err)
{
	git_index_entry entry = {0};
	int code;

	if (delta->status == GIT_DELTA_CONFLICTED)
		return err_set(err, MLDV_BUSY,
		    "'%s' has conflicts; solve them, and 'git add' it",
		    delta->new_file.path);
	if (delta->status == GIT_DELTA_DELETED) {
		code = git_index_remove(index, delta->old_file.path, 0);
		return code < 0 ? git_fail(err, code, "cannot leave out '%s'",
		                      delta->old_file.path)
		                : 0;
	}
	entry.path = delta->new_file.path;
	entry.mode = delta->new_file.mode;
	if (write_blob(git, entry.path, entry.mode, &entry.id, err) < 0)
		return -1;
	code = git_index_add(index, &entry);
	return code < 0 ? git_fail(err, code, "cannot take in '%s'", entry.path)
	                : 0;
}

/* In memory only, so that the index of the user stays as it is. */
CHECKED static int take_changes(struct git *git, git_index *index,
    const char *without, struct mldv_error *err)
{
	git_diff_options options;
	git_diff *diff = NULL;
	int ret = 0;
	int code = git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);

	options.ignore_submodules = GIT_SUBMODULE_IGNORE_ALL;
	options.flags |= GIT_DIFF_INCLUDE_TYPECHANGE;
	if (code == 0)
		code = git_diff_index_to_workdir(&diff, git->repo, index,
		    &options);
	if (code < 0)
		return git_fail(err, code, "cannot tell what was changed");
	for (size_t i = 0; ret == 0 && i < git_diff_num_deltas(diff); i++) {
		const git_diff_delta *delta = git_diff_get_delta(diff, i);

		if (strcmp(delta->old_file.path, without) != 0 &&
		    delta->old_file.mode != GIT_FILEMODE_COMMIT)
			ret = take_change(git, index, delta, err);
	}
	git_diff_free(diff);
	return ret;
}

/* That file is as the commit has it. */
CHECKED static int keep_file(git_index *index, git_tree *tree, const char *path,
    struct mldv_error *err)
{
	git_index_entry entry = {.path = path};
	git_tree_entry *old = NULL;
	int code = git_tree_entry_bypath(&old, tree, path);

	if (code == 0) {
		entry.mode = git_tree_entry_filemode(old);
		entry.id = *git_tree_entry_id(old);
		code = git_index_add(index, &entry);
	} else if (code == GIT_ENOTFOUND) {
		code = git_index_remove(index, path, 0);
		if (code == GIT_ENOTFOUND)
			code = 0;
	}
	git_tree_entry_free(old);
	return code < 0 ? git_fail(err, code, "cannot keep '%s'", path) : 0;
}

/* Who runs the same from the same gets the same commit. */
CHECKED static int write_commit(struct git *git, git_commit *head,
    const git_oid *tree_id, git_oid *out, struct mldv_error *err)
{
	const git_signature *by = git_commit_committer(head);
	const git_commit *parents[] = {head};
	git_signature *who = NULL;
	git_tree *tree = NULL;
	int code = git_tree_lookup(&tree, git->repo, tree_id);

	if (code == 0)
		code = git_signature_new(&who, "mldv", "mldv@localhost",
		    by->when.time, 0);
	if (code == 0)
		code = git_commit_create(out, git->repo, NULL, who, who, NULL,
		    "What is not committed\n", tree, 1, parents);
	git_signature_free(who);
	git_tree_free(tree);
	return code < 0 ? git_fail(err, code, "cannot write a commit") : 0;
}

CHECKED static int commit_changes(struct git *git, git_commit *head,
    const char *without, git_oid *out, struct mldv_error *err)
{
	git_index *index = NULL;
	git_tree *tree = NULL;
	git_oid id;
	int code = git_commit_tree(&tree, head);
	int ret;

	if (code < 0)
		return git_fail(err, code, "cannot read HEAD");
	ret = git_load_index(git, &index, err);
	if (ret == 0)
		ret = take_changes(git, index, without, err);
	if (ret == 0)
		ret = keep_file(index, tree, without, err);
	if (ret == 0) {
		code = git_index_write_tree_to(&id, index, git->repo);
		if (code < 0)
			ret = git_fail(err, code, "cannot write a tree");
	}
	if (ret == 0 && git_oid_equal(&id, git_tree_id(tree)))
		*out = *git_commit_id(head);
	else if (ret == 0)
		ret = write_commit(git, head, &id, out, err);
	/* Somebody else may hold the repository's own, as it is on disk. */
	if (index && git_index_read(index, 1) < 0 && ret == 0)
		ret = git_fail(err, -1, "cannot read the index again");
	git_index_free(index);
	git_tree_free(tree);
	return ret;
}

int git_snapshot(struct git *git, const char *without, struct buf *base,
    struct buf *out, struct mldv_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_commit *head = NULL;
	git_oid id;
	int found = git_head(git, base, err);
	int code;

	if (found == 0)
		return err_set(err, MLDV_NO,
		    "there is no commit yet, which a job elsewhere could start "
		    "from; run 'git commit'");
	if (found < 0)
		return -1;
	if (git_is_shallow(git))
		return err_set(err, MLDV_NO,
		    "this clone has not all commits, which a job elsewhere "
		    "starts from; run 'git fetch --unshallow'");
	code = git_oid_fromstr(&id, buf_str(base));
	if (code == 0)
		code = git_commit_lookup(&head, git->repo, &id);
	if (code < 0)
		return git_fail(err, code, "cannot read HEAD");
	found = commit_changes(git, head, without, &id, err);
	git_commit_free(head);
	if (found == 0)
		buf_add_str(out, git_oid_tostr(hex, sizeof hex, &id));
	return found;
}

/* --- a bundle --- */

struct writing {
	int fd;
	struct mldv_error *err;
};

static int write_piece(void *data, size_t size, void *context)
{
	const struct writing *writing = context;

	return file_write(writing->fd, "a bundle", data, size, writing->err);
}

CHECKED static int pack_history(struct git *git, const git_oid *id,
    git_packbuilder *builder, struct mldv_error *err)
{
	git_revwalk *walk = NULL;
	int code = git_revwalk_new(&walk, git->repo);

	if (code == 0)
		code = git_revwalk_push(walk, id);
	if (code == 0)
		code = git_packbuilder_insert_walk(builder, walk);
	git_revwalk_free(walk);
	return code < 0 ? git_fail(err, code, "cannot pack the commits") : 0;
}

int git_bundle_write(struct git *git, const char *commit, int fd,
    struct mldv_error *err)
{
	struct writing writing = {fd, err};
	git_packbuilder *builder = NULL;
	struct buf head = {0};
	git_oid id;
	int code = git_oid_fromstr(&id, commit);
	int ret;

	if (code == 0)
		code = git_packbuilder_new(&builder, git->repo);
	if (code < 0)
		return git_fail(err, code, "cannot pack the commits");
	buf_printf(&head, FIRST_LINE "%s " BRANCH "\n\n", commit);
	ret = file_write(fd, "a bundle", head.data, head.len, err);
	if (ret == 0)
		ret = pack_history(git, &id, builder, err);
	if (ret == 0) {
		*err = (struct mldv_error){0};
		code = git_packbuilder_foreach(builder, write_piece, &writing);
		if (code < 0)
			ret = err->code
			    ? -1
			    : git_fail(err, code, "cannot write a bundle");
	}
	git_packbuilder_free(builder);
	buf_release(&head);
	return ret;
}

/* The commit that the bundle is of, and where its pack begins. */
CHECKED static int read_header(int fd, const char *file, git_oid *id,
    uint64_t *begin, struct mldv_error *err)
{
	char head[HEADER_MOST + 1];
	ssize_t got = pread(fd, head, HEADER_MOST, 0);
	const char *first = head + sizeof FIRST_LINE - 1;
	const char *end;

	if (got < 0)
		return err_errno(err, "cannot read '%s'", file);
	head[got] = '\0';
	end = strstr(head, "\n\n");
	if (strncmp(head, FIRST_LINE, sizeof FIRST_LINE - 1) != 0 || !end ||
	    end - first < GIT_OID_HEXSZ ||
	    git_oid_fromstrn(id, first, GIT_OID_HEXSZ) < 0 ||
	    strncmp(first + GIT_OID_HEXSZ, " " BRANCH "\n\n",
	        sizeof BRANCH + 2) != 0)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' is no bundle that mldv has written", file);
	*begin = (uint64_t)(end + 2 - head);
	return 0;
}

CHECKED static int take_pack(git_repository *repo, int fd, const char *file,
    uint64_t begin, struct mldv_error *err)
{
	git_odb_writepack *pack = NULL;
	git_indexer_progress stats = {0};
	git_odb *odb = NULL;
	char *piece = xmalloc(PIECE);
	ssize_t got = 1;
	int code = git_repository_odb(&odb, repo);

	if (code == 0)
		code = git_odb_write_pack(&pack, odb, NULL, NULL);
	while (code == 0 && got > 0) {
		got = pread(fd, piece, PIECE, (off_t)begin);
		if (got > 0)
			code = pack->append(pack, piece, (size_t)got, &stats);
		begin += got > 0 ? (uint64_t)got : 0;
	}
	if (code == 0 && got == 0)
		code = pack->commit(pack, &stats);
	if (pack)
		pack->free(pack);
	git_odb_free(odb);
	free(piece);
	if (got < 0)
		return err_errno(err, "cannot read '%s'", file);
	return code < 0 ? git_fail(err, code, "cannot unpack '%s'", file) : 0;
}

/* The files are those of one commit, and HEAD is another, or the same. */
CHECKED static int check_out(git_repository *repo, const git_oid *id,
    const git_oid *base, const char *branch, struct mldv_error *err)
{
	git_checkout_options options;
	git_object *files = NULL;
	git_object *head = NULL;
	git_reference *ref = NULL;
	struct buf name = {0};
	int code =
	    git_checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);

	buf_printf(&name, "refs/heads/%s", branch);
	options.checkout_strategy = GIT_CHECKOUT_FORCE;
	options.disable_filters = 1;
	if (code == 0)
		code = git_object_lookup(&files, repo, id, GIT_OBJECT_COMMIT);
	if (code == 0)
		code = git_object_lookup(&head, repo, base, GIT_OBJECT_COMMIT);
	if (code == 0)
		code = git_checkout_tree(repo, files, &options);
	if (code == 0)
		code = git_reference_create(&ref, repo, buf_str(&name), base, 1,
		    NULL);
	if (code == 0)
		code = git_repository_set_head(repo, buf_str(&name));
	if (code == 0)
		code = git_reset(repo, head, GIT_RESET_MIXED, NULL);
	git_reference_free(ref);
	git_object_free(files);
	git_object_free(head);
	buf_release(&name);
	return code < 0 ? git_fail(err, code, "cannot check out the bundle")
	                : 0;
}

static int open_bundle(git_repository *repo, int fd,
    const struct git_unbundle *what, struct mldv_error *err)
{
	uint64_t begin = 0;
	git_oid id;
	git_oid base;

	if (read_header(fd, what->file, &id, &begin, err) < 0 ||
	    take_pack(repo, fd, what->file, begin, err) < 0)
		return -1;
	if (git_oid_fromstr(&base, what->base) < 0)
		return err_set(err, MLDV_CORRUPT, "'%s' is no commit",
		    what->base);
	return check_out(repo, &id, &base, what->branch, err);
}

int git_bundle_open(const struct git_unbundle *what, int fd,
    struct mldv_error *err)
{
	git_repository *repo = NULL;
	int code;
	int ret;

	git_start();
	code = git_repository_init(&repo, what->dir, 0);
	ret = code < 0
	    ? git_fail(err, code, "cannot make a repository in '%s'", what->dir)
	    : open_bundle(repo, fd, what, err);
	git_repository_free(repo);
	git_libgit2_shutdown();
	return ret;
}
