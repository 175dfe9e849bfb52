/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

/*
 * Removal of a whole directory, whatever its depth, with one directory open.
 *
 * A directory is read once: what is no directory is removed at once, the
 * names of the directories in it are put on a stack, where those of the
 * directory above lie below them. The last name is the next to be entered.
 * The way back up is "..", and must lead to where it came from.
 */

struct level {
	size_t start; /* of its names on the stack */
	dev_t dev;
	ino_t ino;
};

struct removal {
	const char *root;
	struct buf names; /* each with its NUL */
	struct level *levels;
	size_t depth;
	size_t capacity;
	int fd; /* the directory of the last level */
};

static int fail(const struct removal *removal, const char *name,
    struct mldv_error *err)
{
	if (removal->depth == 0)
		(void)err_errno(err, "cannot remove '%s'", removal->root);
	else
		(void)err_errno(err, "cannot remove '%s' below '%s'", name,
		    removal->root);
	return -1;
}

/* The last name on the stack, or NULL if the last level has none left. */
static const char *last_name(const struct removal *removal)
{
	size_t start = removal->levels[removal->depth - 1].start;
	size_t end = removal->names.len;
	const char *names = removal->names.data;
	const char *nul;

	if (end == start)
		return NULL;
	nul = memrchr(names + start, '\0', end - start - 1);
	return nul ? nul + 1 : names + start;
}

static void drop_last_name(struct removal *removal, const char *name)
{
	removal->names.len = (size_t)(name - removal->names.data);
}

/*
 * Gives the owner all rights, through a descriptor, so that a link that was
 * put there meanwhile is not followed. Failure shows in the next attempt.
 */
static void open_up(int at, const char *name)
{
	char path[64];
	int fd =
	    openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (chmod(path, 0700) < 0)
		errno = EACCES;
	(void)close(fd);
}

static int open_dir(int at, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd >= 0 || errno != EACCES)
		return fd;
	open_up(at, name);
	return openat(at, name, flags);
}

static bool is_dir(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static int remove_entries(struct removal *removal, DIR *dir,
    struct mldv_error *err)
{
	for (;;) {
		const struct dirent *entry;
		const char *name;

		errno = 0;
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
		entry = readdir(dir);
		if (!entry && errno != 0)
			return err_errno(err, "cannot list what is below '%s'",
			    removal->root);
		if (!entry)
			return 0;
		name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (is_dir(removal->fd, entry))
			buf_add(&removal->names, name, strlen(name) + 1);
		else if (unlinkat(removal->fd, name, 0) < 0 && errno != ENOENT)
			return fail(removal, name, err);
	}
}

/* Makes the directory the last level, and removes what is none in it. */
static int enter(struct removal *removal, const char *name,
    struct mldv_error *err)
{
	int at = removal->depth > 0 ? removal->fd : AT_FDCWD;
	int fd = open_dir(at, name);
	struct stat st;
	DIR *dir;
	int copy;
	int ret;

	if (fd < 0)
		return fail(removal, name, err);
	if (fstat(fd, &st) < 0) {
		ret = fail(removal, name, err);
		(void)close(fd);
		return ret;
	}
	if ((st.st_mode & 0700) != 0700 && fchmod(fd, 0700) < 0)
		errno = 0;
	if (removal->depth > 0)
		(void)close(removal->fd);
	removal->fd = fd;
	removal->levels = xgrow(removal->levels, removal->depth,
	    &removal->capacity, sizeof *removal->levels);
	removal->levels[removal->depth++] =
	    (struct level){removal->names.len, st.st_dev, st.st_ino};
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		ret = fail(removal, ".", err);
		if (copy >= 0)
			(void)close(copy);
		return ret;
	}
	ret = remove_entries(removal, dir, err);
	(void)closedir(dir);
	return ret;
}

/* Goes up from an emptied directory, and removes it. */
static int leave(struct removal *removal, struct mldv_error *err)
{
	const struct level *above = &removal->levels[removal->depth - 2];
	int fd = openat(removal->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	struct stat st;

	if (fd < 0)
		return fail(removal, "..", err);
	(void)close(removal->fd);
	removal->fd = fd;
	removal->depth--;
	if (fstat(fd, &st) < 0)
		return fail(removal, "..", err);
	if (st.st_dev != above->dev || st.st_ino != above->ino)
		return err_set(err, MLDV_FAILED,
		    "cannot remove '%s': it was moved meanwhile",
		    removal->root);
	name = last_name(removal);
	if (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(removal, name, err);
	drop_last_name(removal, name);
	return 0;
}

static int remove_dir(struct removal *removal, struct mldv_error *err)
{
	int ret = enter(removal, removal->root, err);

	while (ret == 0) {
		const char *name = last_name(removal);

		if (name)
			ret = enter(removal, name, err);
		else if (removal->depth > 1)
			ret = leave(removal, err);
		else
			break;
	}
	if (removal->depth > 0)
		(void)close(removal->fd);
	if (ret == 0 && rmdir(removal->root) < 0 && errno != ENOENT)
		ret = err_errno(err, "cannot remove '%s'", removal->root);
	return ret;
}

int file_remove_tree(const char *path, struct mldv_error *err)
{
	struct removal removal = {.root = path};
	struct stat st;
	int ret;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return err_errno(err, "cannot remove '%s'", path);
	}
	if (!S_ISDIR(st.st_mode))
		return file_remove(path, err);
	ret = remove_dir(&removal, err);
	buf_release(&removal.names);
	free(removal.levels);
	return ret;
}
