/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <git2/sys/repository.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"

/*
 * The index is changed as git changes it: index.lock is made, the index read,
 * changed, put in place, and index.lock removed. libgit2 by itself reads
 * before it locks, and would undo what somebody staged in between; so it is
 * given a copy of the index to work on while the lock is held here. All of it
 * is made beside the index: mldv/ may be on another file system.
 */

#define COPY_NAME         "mldv-index"
#define INDEX_LIMIT       ((size_t)2 << 30)
#define STAGED_FILE_LIMIT ((size_t)1 << 30)

struct change {
	const struct strs *paths;
	/* Of each path; NULL: the paths as the work tree has them. */
	const struct git_lines *lines;
};

static const char *ongoing(struct git *git)
{
	switch (git_repository_state(git->repo)) {
	case GIT_REPOSITORY_STATE_NONE:
	case GIT_REPOSITORY_STATE_BISECT:
		return NULL;
	case GIT_REPOSITORY_STATE_MERGE:
		return "a merge";
	case GIT_REPOSITORY_STATE_REVERT:
	case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
		return "a revert";
	case GIT_REPOSITORY_STATE_CHERRYPICK:
	case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
		return "a cherry-pick";
	default:
		return "a rebase";
	}
}

static void add_quoted(const char *word, struct buf *out)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
	                    "YZ0123456789@%+=:,./_-";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		buf_add_str(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_add_str(out, "'\\'");
		buf_add_char(out, *word);
	}
	buf_add_char(out, '\'');
}

/* The command that does by hand what could not be done here. */
static int fail_busy(const struct git *git, const struct strs *paths,
    const char *why, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};

	for (size_t i = 0; i < paths->count; i++) {
		buf_add_char(&text, ' ');
		add_quoted(path_from(&arena, paths->items[i], git->prefix),
		    &text);
	}
	err_set(err, MLDV_BUSY, "cannot stage: %s; then type: git add --%s",
	    why, buf_str(&text));
	buf_release(&text);
	arena_release(&arena);
	return -1;
}

static void set_stat(git_index_entry *entry, const struct stat *status)
{
	entry->ctime.seconds = (int32_t)status->st_ctim.tv_sec;
	entry->ctime.nanoseconds = (uint32_t)status->st_ctim.tv_nsec;
	entry->mtime.seconds = (int32_t)status->st_mtim.tv_sec;
	entry->mtime.nanoseconds = (uint32_t)status->st_mtim.tv_nsec;
	entry->dev = (uint32_t)status->st_dev;
	entry->ino = (uint32_t)status->st_ino;
	entry->uid = (uint32_t)status->st_uid;
	entry->gid = (uint32_t)status->st_gid;
	entry->file_size = (uint32_t)status->st_size;
}

/* Whether the file system's execute bits mean anything. */
static bool has_file_mode(struct git *git)
{
	git_config *config;
	int yes = 1;

	if (git_repository_config_snapshot(&config, git->repo) < 0)
		return true;
	if (git_config_get_bool(&yes, config, "core.filemode") < 0)
		yes = 1;
	git_config_free(config);
	return yes != 0;
}

static uint32_t entry_mode(struct git *git, const git_index_entry *old,
    const struct stat *status)
{
	if (S_ISLNK(status->st_mode))
		return GIT_FILEMODE_LINK;
	if (old != NULL && old->mode != GIT_FILEMODE_LINK &&
	    !has_file_mode(git))
		return old->mode;
	return (status->st_mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE
	                                        : GIT_FILEMODE_BLOB;
}

static int read_link(const char *full, struct buf *out, struct mldv_error *err)
{
	enum { LIMIT = 4096 };
	ssize_t size = readlink(full, buf_room(out, LIMIT), LIMIT);

	if (size < 0)
		return err_errno(err, "cannot read the link '%s'", full);
	out->len += (size_t)size;
	out->data[out->len] = '\0';
	return 0;
}

static int remove_entry(git_index *index, const char *path,
    struct mldv_error *err)
{
	int code = git_index_remove(index, path, 0);

	if (code < 0 && code != GIT_ENOTFOUND)
		return git_fail(err, code, "cannot unstage '%s'", path);
	return 0;
}

/* Stages content under entry's path and mode. */
static int put_entry(struct git *git, git_index *index, git_index_entry *entry,
    const struct buf *content, struct mldv_error *err)
{
	int code = git_blob_create_from_buffer(&entry->id, git->repo,
	    buf_str(content), content->len);

	if (code == 0)
		code = git_index_add(index, entry);
	if (code < 0)
		return git_fail(err, code, "cannot stage '%s'", entry->path);
	return 0;
}

/* Stages one path as the work tree has it. */
static int stage_path(struct git *git, git_index *index, const char *path,
    struct mldv_error *err)
{
	git_index_entry entry = {.path = path};
	struct buf content = {0};
	struct buf full = {0};
	struct stat status;
	int ret = -1;

	git_full_path(git, path, &full);
	if (lstat(buf_str(&full), &status) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			ret = remove_entry(index, path, err);
		else
			err_errno(err, "cannot stage '%s'", path);
		goto out;
	}
	if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
		err_set(err, MLDV_FAILED,
		    "cannot stage '%s': it is neither a file nor a link", path);
		goto out;
	}
	entry.mode =
	    entry_mode(git, git_index_get_bypath(index, path, 0), &status);
	set_stat(&entry, &status);
	if (S_ISLNK(status.st_mode)
	        ? read_link(buf_str(&full), &content, err) < 0
	        : file_read(buf_str(&full), STAGED_FILE_LIMIT, &content, err) <
	            0)
		goto out;
	ret = put_entry(git, index, &entry, &content, err);
out:
	buf_release(&content);
	buf_release(&full);
	return ret;
}

/* 1 if the work tree's file has just this content; then *status is its. */
static int is_in_work_tree(struct git *git, const char *path,
    const struct buf *content, struct stat *status, struct mldv_error *err)
{
	struct buf full = {0};
	struct buf now = {0};
	int ret = 0;

	git_full_path(git, path, &full);
	if (lstat(buf_str(&full), status) < 0 || !S_ISREG(status->st_mode))
		goto out;
	if (file_read(buf_str(&full), GIT_TEXT_LIMIT, &now, err) < 0)
		ret = -1;
	else
		ret = now.len == content->len &&
		    memcmp(buf_str(&now), buf_str(content), now.len) == 0;
out:
	buf_release(&full);
	buf_release(&now);
	return ret;
}

static void sort_lines(const struct buf *text, struct strs *out)
{
	struct slice rest = {text->data, text->len};
	struct slice line;

	while (rest.len > 0) {
		(void)slice_cut(&rest, '\n', &line);
		strs_add_n(out, line.data, line.len);
	}
	strs_sort(out);
}

/*
 * Takes the work tree's order where that is all in which it differs: of two
 * that add lines at once, the first to write may be the last to stage.
 */
static int take_order(struct git *git, const char *path, struct buf *text,
    struct mldv_error *err)
{
	struct strs lines = {0};
	struct strs wanted = {0};
	struct buf full = {0};
	struct buf now = {0};
	struct stat status;
	bool same;
	int ret = 0;

	git_full_path(git, path, &full);
	if (lstat(buf_str(&full), &status) < 0 || !S_ISREG(status.st_mode))
		goto out;
	ret = file_read(buf_str(&full), GIT_TEXT_LIMIT, &now, err);
	if (ret < 0 || now.len != text->len)
		goto out;
	sort_lines(&now, &lines);
	sort_lines(text, &wanted);
	same = lines.count == wanted.count;
	for (size_t i = 0; same && i < lines.count; i++)
		same = strcmp(lines.items[i], wanted.items[i]) == 0;
	if (same) {
		buf_reset(text);
		buf_add(text, now.data, now.len);
	}
out:
	strs_release(&lines);
	strs_release(&wanted);
	buf_release(&full);
	buf_release(&now);
	return ret;
}

static int stage_lines(struct git *git, git_index *index,
    const struct git_lines *lines, struct mldv_error *err)
{
	const char *path = lines->path;
	const git_index_entry *old = git_index_get_bypath(index, path, 0);
	git_index_entry entry = {.path = path, .mode = GIT_FILEMODE_BLOB};
	struct buf before = {0};
	struct buf after = {0};
	struct buf full = {0};
	struct stat status;
	int ret = -1;
	int same;

	if (old != NULL) {
		if (git_read_blob(git, &old->id, path, GIT_TEXT_LIMIT, &before,
		        err) < 0)
			goto out;
		if (old->mode == GIT_FILEMODE_BLOB_EXECUTABLE)
			entry.mode = old->mode;
	}
	git_edit_lines(buf_str(&before), before.len, &lines->added,
	    &lines->removed, &after);
	if (take_order(git, path, &after, err) < 0)
		goto out;
	git_full_path(git, path, &full);
	if (after.len == 0 && access(buf_str(&full), F_OK) < 0) {
		ret = remove_entry(index, path, err);
		goto out;
	}
	same = is_in_work_tree(git, path, &after, &status, err);
	if (same < 0)
		goto out;
	if (same)
		set_stat(&entry, &status);
	ret = put_entry(git, index, &entry, &after, err);
out:
	buf_release(&before);
	buf_release(&after);
	buf_release(&full);
	return ret;
}

static int apply(struct git *git, git_index *index, const struct change *change,
    struct mldv_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < change->paths->count; i++)
		ret = change->lines != NULL
		    ? stage_lines(git, index, &change->lines[i], err)
		    : stage_path(git, index, change->paths->items[i], err);
	return ret;
}

/*
 * A copy with the same mtime, by which libgit2 knows which entries were
 * staged so late that their file may have changed since unnoticed: those of
 * the same second, because git, as Debian builds it, compares only seconds.
 */
static int copy_index(const char *from, const char *to, struct mldv_error *err)
{
	struct buf bytes = {0};
	struct stat status;
	int ret = -1;
	int fd;

	if (stat(from, &status) < 0)
		return errno == ENOENT
		    ? 0
		    : err_errno(err, "cannot read Git's index '%s'", from);
	fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno(err, "cannot make '%s'", to);
	if (file_read(from, INDEX_LIMIT, &bytes, err) == 0 &&
	    file_write(fd, to, buf_str(&bytes), bytes.len, err) == 0) {
		const struct timespec times[2] = {
		    status.st_atim,
		    {.tv_sec = status.st_mtim.tv_sec},
		};

		ret = futimens(fd, times);
		if (ret < 0)
			err_errno(err, "cannot set the time of '%s'", to);
	}
	(void)close(fd);
	buf_release(&bytes);
	return ret;
}

/* Changes the copy at path. */
static int change_copy(struct git *git, const char *path,
    const struct change *change, struct mldv_error *err)
{
	git_index *whole = NULL;
	git_index *copy = NULL;
	int code = git_repository_index(&whole, git->repo);
	int ret = -1;

	if (code == 0)
		code = git_index_open(&copy, path);
	/* While it is the repository's, it knows how to find stale entries. */
	if (code == 0)
		code = git_repository_set_index(git->repo, copy);
	if (code < 0) {
		git_fail(err, code, "cannot read Git's index");
		goto out;
	}
	if (apply(git, copy, change, err) < 0)
		goto out;
	code = git_index_write(copy);
	if (code < 0)
		git_fail(err, code, "cannot write Git's index");
	else
		ret = 0;
out:
	if (whole != NULL)
		(void)git_repository_set_index(git->repo, whole);
	git_index_free(copy);
	git_index_free(whole);
	return ret;
}

/* What an earlier one of us may have left is removed first. */
static int replace_index(struct git *git, const char *index,
    const struct change *change, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *copy = path_join(&arena, git->dir, COPY_NAME);
	const char *lock = path_join(&arena, git->dir, COPY_NAME ".lock");
	int ret = -1;

	if (file_remove(copy, err) == 0 && file_remove(lock, err) == 0 &&
	    copy_index(index, copy, err) == 0 &&
	    change_copy(git, copy, change, err) == 0)
		ret = file_rename(copy, index, err);
	if (ret < 0)
		(void)unlink(copy);
	arena_release(&arena);
	return ret;
}

static int lock_and_replace(struct git *git, const struct change *change,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *index = path_join(&arena, git->dir, "index");
	struct mldv_error second;
	struct git_lock lock;
	int ret = git_lock_take(&lock, git, git->dir, "index", err);

	if (ret == 0) {
		ret = fail_busy(git, change->paths,
		    "another program has Git's index locked; wait until it has "
		    "ended",
		    err);
	} else if (ret > 0) {
		ret = replace_index(git, index, change, err);
		if (git_lock_release(&lock, ret == 0 ? err : &second) < 0)
			ret = -1;
	}
	arena_release(&arena);
	return ret;
}

static int change_index(struct git *git, const struct change *change,
    struct mldv_error *err)
{
	struct buf why = {0};
	const char *what = ongoing(git);

	if (change->paths->count == 0)
		return 0;
	if (what == NULL)
		return lock_and_replace(git, change, err);
	buf_printf(&why, "%s is going on in Git; finish it first", what);
	fail_busy(git, change->paths, buf_str(&why), err);
	buf_release(&why);
	return -1;
}

int git_stage(struct git *git, const struct strs *paths, struct mldv_error *err)
{
	const struct change change = {.paths = paths};

	return change_index(git, &change, err);
}

int git_stage_files(struct git *git, const struct git_lines *files,
    size_t count, struct mldv_error *err)
{
	struct strs paths = {0};
	const struct change change = {.paths = &paths, .lines = files};
	int ret;

	for (size_t i = 0; i < count; i++)
		strs_add(&paths, files[i].path);
	ret = change_index(git, &change, err);
	strs_release(&paths);
	return ret;
}

int git_stage_lines(struct git *git, const char *path, const struct strs *added,
    const struct strs *removed, struct mldv_error *err)
{
	const struct git_lines lines = {
	    .path = path,
	    .added = added != NULL ? *added : (struct strs){0},
	    .removed = removed != NULL ? *removed : (struct strs){0},
	};

	return git_stage_files(git, &lines, 1, err);
}
