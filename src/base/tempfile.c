/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/strs.h"

enum { HEX_DIGITS = 16, ATTEMPTS = 100, GROUP_MANY = 8 };

/*
 * Where getrandom(2) is refused, anything that differs will do: O_EXCL makes
 * the name safe, chance only makes it likely to be free.
 */
static uint64_t random_number(void)
{
	struct timespec now;
	uint64_t number;

	for (;;) {
		if (getrandom(&number, sizeof number, 0) == sizeof number)
			return number;
		if (errno != EINTR)
			break;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	number = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return (number ^ (uint64_t)getpid() << 40) * 0x9e3779b97f4a7c15;
}

void temp_name(char out[TEMP_NAME])
{
	(void)snprintf(out, TEMP_NAME, TEMP_PREFIX "%016" PRIx64,
	    random_number());
}

bool temp_is_name(const char *name)
{
	const size_t prefix = sizeof TEMP_PREFIX - 1;

	return strncmp(name, TEMP_PREFIX, prefix) == 0 &&
	    strlen(name) == prefix + HEX_DIGITS &&
	    strspn(name + prefix, "0123456789abcdef") == HEX_DIGITS;
}

int tempfile_open(struct tempfile *temp, const char *dir, mode_t mode,
    struct mldv_error *err)
{
	struct arena arena = {0};
	char name[TEMP_NAME];
	const char *path;
	int fd = -1;

	for (int i = 0; fd < 0 && i < ATTEMPTS; i++) {
		temp_name(name);
		path = path_join(&arena, dir, name);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		(void)err_errno(err, "cannot create a file in '%s'",
		    dir[0] ? dir : ".");
	} else {
		temp->fd = fd;
		temp->path = xmalloc(strlen(path) + 1);
		memcpy(temp->path, path, strlen(path) + 1);
	}
	arena_release(&arena);
	return fd < 0 ? -1 : 0;
}

static int close_temp(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	int fd = temp->fd;

	temp->fd = -1;
	/* With EINTR Linux has closed it all the same. */
	if (close(fd) < 0 && errno != EINTR)
		return err_errno(err, "cannot write '%s'", target);
	return 0;
}

static int sync_and_close(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	int fd = temp->fd;
	int ret;

	do
		ret = fsync(fd);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return err_errno(err, "cannot sync '%s'", target);
	return close_temp(temp, target, err);
}

int tempfile_commit_cache(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	if (close_temp(temp, target, err) < 0)
		return -1;
	if (rename(temp->path, target) < 0)
		return err_errno(err, "cannot name '%s'", target);
	free(temp->path);
	*temp = (struct tempfile){0};
	return 0;
}

int tempfile_commit_many(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	if (sync_and_close(temp, target, err) < 0)
		return -1;
	if (rename(temp->path, target) < 0)
		return err_errno(err, "cannot name '%s'", target);
	free(temp->path);
	*temp = (struct tempfile){0};
	return 0;
}

/* A second name and then no first one, where renaming cannot refuse. */
static int link_new(const char *path, const char *target)
{
	if (link(path, target) < 0)
		return -1;
	(void)unlink(path);
	return 0;
}

/* Gives it the name unless that is taken: 1; else 0. */
static int name_new(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	int ret =
	    renameat2(AT_FDCWD, temp->path, AT_FDCWD, target, RENAME_NOREPLACE);

	if (ret < 0 && (errno == EINVAL || errno == ENOSYS))
		ret = link_new(temp->path, target);
	if (ret < 0 && errno == EEXIST)
		return 0;
	if (ret < 0)
		return err_errno(err, "cannot name '%s'", target);
	free(temp->path);
	*temp = (struct tempfile){0};
	return 1;
}

int tempfile_commit_new(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	if (sync_and_close(temp, target, err) < 0)
		return -1;
	return name_new(temp, target, err);
}

static int sync_parent(const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_sync_dir(path_parent(&arena, path), err);

	arena_release(&arena);
	return ret;
}

int tempfile_commit(struct tempfile *temp, const char *target,
    struct mldv_error *err)
{
	if (tempfile_commit_many(temp, target, err) < 0)
		return -1;
	return sync_parent(target, err);
}

/* Before Linux 5.8 syncfs(2) said nothing of what could not be written. */
static bool may_sync_all(void)
{
	struct utsname name;
	struct slice rest;
	struct slice part;
	uint64_t major;
	uint64_t minor;

	if (uname(&name) < 0)
		return false;
	rest = slice_of(name.release);
	if (!slice_cut(&rest, '.', &part) || !slice_number(part, &major))
		return false;
	part = (struct slice){rest.data, strspn(rest.data, "0123456789")};
	return major > 5 ||
	    (major == 5 && slice_number(part, &minor) && minor >= 8);
}

CHECKED static int sync_all(int fd, const char *target, struct mldv_error *err)
{
	return syncfs(fd) < 0 ? err_errno(err, "cannot sync '%s'", target) : 0;
}

static int sync_parents(const struct tempfile_member *members, size_t count,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs dirs = {0};
	int ret = 0;

	for (size_t i = 0; i < count; i++)
		strs_add(&dirs, path_parent(&arena, members[i].target));
	strs_unique(&dirs);
	for (size_t i = 0; ret == 0 && i < dirs.count; i++)
		ret = file_sync_dir(dirs.items[i], err);
	strs_release(&dirs);
	arena_release(&arena);
	return ret;
}

/* Makes the content durable: of each, or, through fd, of all. */
CHECKED static int sync_members(struct tempfile_member *members, size_t count,
    int fd, struct mldv_error *err)
{
	int ret = fd < 0 ? 0 : sync_all(fd, members[0].target, err);

	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = fd < 0
		    ? sync_and_close(&members[i].temp, members[i].target, err)
		    : close_temp(&members[i].temp, members[i].target, err);
	return ret;
}

int tempfile_commit_group(struct tempfile_member *members, size_t count,
    struct mldv_error *err)
{
	/* The file that was open before any was written hears of every error.
	 */
	int fd = count >= GROUP_MANY && may_sync_all() &&
	        file_is_local(members[0].temp.fd)
	    ? fcntl(members[0].temp.fd, F_DUPFD_CLOEXEC, 0)
	    : -1;
	int ret = sync_members(members, count, fd, err);

	for (size_t i = 0; ret == 0 && i < count; i++) {
		ret = name_new(&members[i].temp, members[i].target, err);
		members[i].taken = ret == 0;
		ret = ret < 0 ? -1 : 0;
	}
	if (ret == 0)
		ret = fd < 0 ? sync_parents(members, count, err)
		             : sync_all(fd, members[0].target, err);
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

void tempfile_release(struct tempfile *temp)
{
	if (!temp->path)
		return;
	if (temp->fd >= 0)
		(void)close(temp->fd);
	(void)unlink(temp->path);
	free(temp->path);
	*temp = (struct tempfile){0};
}

int file_rename_cache(const char *from, const char *to, struct mldv_error *err)
{
	return rename(from, to) < 0
	    ? err_errno(err, "cannot rename '%s' to '%s'", from, to)
	    : 0;
}

int file_rename(const char *from, const char *to, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *above_from = path_parent(&arena, from);
	const char *above_to = path_parent(&arena, to);
	int ret = file_rename_cache(from, to, err);

	/* The new name first: a crash in between must not leave neither. */
	if (ret == 0)
		ret = file_sync_dir(above_to, err);
	if (ret == 0 && strcmp(above_from, above_to) != 0)
		ret = file_sync_dir(above_from, err);
	arena_release(&arena);
	return ret;
}

/*
 * Where the bytes of path lie: of a symbolic link, what it points to. Fills
 * st; gives 1 if the file is there, 0 if not.
 */
static int find_target(struct arena *arena, const char *path, char **target,
    struct stat *st, struct mldv_error *err)
{
	if (lstat(path, st) < 0 && errno == ENOENT) {
		*target = arena_str(arena, path);
		return 0;
	}
	if (stat(path, st) < 0)
		return err_errno(err, "cannot replace '%s'", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, MLDV_FAILED,
		    "cannot replace '%s': not a regular file", path);
	return path_real(arena, path, target, err) < 0 ? -1 : 1;
}

/* An owner that may not be given is not worth failing for; a mode is. */
static int keep_attributes(int fd, const char *path, const struct stat *st,
    struct mldv_error *err)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return err_errno(err, "cannot look at '%s'", path);
	if ((now.st_uid != st->st_uid || now.st_gid != st->st_gid) &&
	    fchown(fd, st->st_uid, st->st_gid) < 0)
		errno = 0;
	if (fchmod(fd, st->st_mode & 0777) < 0)
		return err_errno(err, "cannot set the mode of '%s'", path);
	return 0;
}

int file_replace(const char *path, const void *data, size_t size,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct tempfile temp = {0};
	struct stat st;
	char *target;
	int found = find_target(&arena, path, &target, &st, err);
	int ret = -1;

	if (found < 0)
		goto out;
	if (tempfile_open(&temp, path_parent(&arena, target),
	        found ? 0600 : 0666, err) < 0)
		goto out;
	if (found && keep_attributes(temp.fd, path, &st, err) < 0)
		goto out;
	if (file_write(temp.fd, path, data, size, err) < 0 ||
	    tempfile_commit(&temp, target, err) < 0)
		goto out;
	ret = 0;
out:
	tempfile_release(&temp);
	arena_release(&arena);
	return ret;
}

int file_replace_cache(const char *path, const void *data, size_t size,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct tempfile temp = {0};
	int ret = tempfile_open(&temp, path_parent(&arena, path), 0666, err);

	if (ret == 0)
		ret = file_write(temp.fd, path, data, size, err);
	if (ret == 0)
		ret = tempfile_commit_cache(&temp, path, err);
	tempfile_release(&temp);
	arena_release(&arena);
	return ret;
}

bool tempfile_can_link(const struct tempfile *temp, const char *dir)
{
	struct arena arena = {0};
	char name[TEMP_NAME];
	const char *path;
	bool can;

	temp_name(name);
	path = arena_printf(&arena, "%s/%s", dir, name);
	can = link(temp->path, path) == 0;
	if (can)
		(void)unlink(path);
	arena_release(&arena);
	return can;
}
