/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/path.h"
#include "base/strs.h"

enum {
	PIECE = 64 * 1024,               /* read at once of unknown length */
	PIECE_READ = 1024 * 1024 * 1024, /* at most, by one call */
	/*
	 * Measured on ext4 in a virtual machine: of writes of 2 MiB and more,
	 * one in three took five times as long, of smaller ones none. Perhaps
	 * the page cache then takes memory that the host must find first.
	 */
	PIECE_WRITTEN = 1536 * 1024,
};

/* What the file's status promises is a guess for the size of the buffer. */
static size_t first_piece(int fd, size_t limit)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < PIECE)
		return PIECE;
	if ((uintmax_t)st.st_size > limit)
		return limit < PIECE ? PIECE : limit;
	/* One more byte, so that the end is seen by a second call. */
	return (size_t)st.st_size + 1;
}

int file_read_fd(int fd, const char *name, size_t limit, struct buf *out,
    struct mldv_error *err)
{
	size_t before = out->len;
	size_t piece = first_piece(fd, limit);

	for (;;) {
		ssize_t n = read(fd, buf_room(out, piece), piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)err_errno(err, "cannot read '%s'", name);
			break;
		}
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len - before > limit) {
			(void)err_set(err, MLDV_FAILED,
			    "'%s' is larger than %zu bytes", name, limit);
			break;
		}
		if (n == 0)
			return 0;
		/* What is left of the room will do to see the end. */
		piece = out->capacity - out->len - 1;
		if (piece == 0)
			piece = PIECE;
	}
	out->len = before;
	out->data[before] = '\0';
	return -1;
}

int file_create(const char *path, struct mldv_error *err)
{
	int fd =
	    open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);

	return fd < 0 ? err_errno(err, "cannot make '%s'", path) : fd;
}

int file_read(const char *path, size_t limit, struct buf *out,
    struct mldv_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot read '%s'", path);
	ret = file_read_fd(fd, path, limit, out, err);
	(void)close(fd);
	return ret;
}

int file_write(int fd, const char *name, const void *data, size_t size,
    struct mldv_error *err)
{
	const char *next = data;

	while (size > 0) {
		size_t piece = size < PIECE_WRITTEN ? size : PIECE_WRITTEN;
		ssize_t n = write(fd, next, piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot write '%s'", name);
		next += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_read_at(int fd, const char *name, void *out, size_t size,
    uint64_t offset, struct mldv_error *err)
{
	char *next = out;
	uint64_t end;

	if (__builtin_add_overflow(offset, size, &end) || end > INT64_MAX)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' ends before byte %" PRIu64, name, offset);
	while (size > 0) {
		size_t piece = size < PIECE_READ ? size : PIECE_READ;
		ssize_t n = pread(fd, next, piece, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read '%s'", name);
		if (n == 0)
			return err_set(err, MLDV_CORRUPT,
			    "'%s' ends at byte %" PRIu64 ", before byte "
			    "%" PRIu64,
			    name, offset, end);
		next += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int file_exists(const char *path, struct mldv_error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_errno(err, "cannot look at '%s'", path);
}

void file_begin_sync(int fd, uint64_t offset, uint64_t size)
{
	int before = errno;

	/* A failure is told by fsync. */
	(void)sync_file_range(fd, (off64_t)offset, (off64_t)size,
	    SYNC_FILE_RANGE_WRITE);
	errno = before;
}

int file_sync_dir(const char *path, struct mldv_error *err)
{
	const char *name = path[0] ? path : ".";
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot open directory '%s'", name);
	do
		ret = fsync(fd);
	while (ret < 0 && errno == EINTR);
	/* So say file systems that cannot do this for a directory. */
	if (ret < 0 && errno == EINVAL)
		ret = 0;
	if (ret < 0)
		(void)err_errno(err, "cannot sync directory '%s'", name);
	(void)close(fd);
	return ret;
}

/* 1 if it was made, 0 if it was there. */
static int make_dir(const char *path, struct mldv_error *err)
{
	struct stat st;
	int error;

	if (mkdir(path, 0777) == 0)
		return 1;
	error = errno;
	/* What is there is asked first: EROFS would hide it. */
	if (error != ENOENT && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	errno = error;
	return err_errno(err, "cannot make directory '%s'", path);
}

/* A directory is durable when the one that names it is. */
static int make_durable_dir(const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = make_dir(path, err);

	if (ret == 1)
		ret = file_sync_dir(path_parent(&arena, path), err);
	arena_release(&arena);
	return ret;
}

static int make_any_dir(const char *path, struct mldv_error *err)
{
	return make_dir(path, err) < 0 ? -1 : 0;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* How much of the path is there: most often all but the last name. */
static size_t existing_part(struct arena *arena, const char *path)
{
	char *part = arena_str(arena, path);
	size_t len = strlen(path);

	while (len > 0 && !is_dir(part)) {
		do
			len--;
		while (len > 0 && part[len] != '/');
		part[len] = '\0';
	}
	return len;
}

/* Each that is missing, by make. */
static int make_dirs(const char *path,
    int (*make)(const char *path, struct mldv_error *err),
    struct mldv_error *err)
{
	struct arena arena = {0};
	char *copy = arena_str(&arena, path);
	int ret = 0;

	for (char *at = copy + existing_part(&arena, path); ret == 0 && *at;) {
		char after;

		at += strspn(at, "/");
		at += strcspn(at, "/");
		after = *at;
		*at = '\0';
		ret = make(copy, err);
		*at = after;
		at += strspn(at, "/");
	}
	arena_release(&arena);
	return ret;
}

int file_make_dirs(const char *path, struct mldv_error *err)
{
	return make_dirs(path, make_durable_dir, err);
}

int file_make_dirs_cache(const char *path, struct mldv_error *err)
{
	return make_dirs(path, make_any_dir, err);
}

int file_make_parents(const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	char *parent = path_parent(&arena, path);
	int ret = parent[0] ? file_make_dirs(parent, err) : 0;

	arena_release(&arena);
	return ret;
}

int file_remove(const char *path, struct mldv_error *err)
{
	if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_errno(err, "cannot remove '%s'", path);
}

static int read_names(DIR *dir, const char *path, struct strs *names,
    struct mldv_error *err)
{
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
		entry = readdir(dir);
		if (!entry && errno != 0)
			return err_errno(err, "cannot list '%s'", path);
		if (!entry)
			return 0;
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			strs_add(names, entry->d_name);
	}
}

int file_list(const char *path, struct strs *out, struct mldv_error *err)
{
	const char *name = path[0] ? path : ".";
	struct strs names = {0};
	DIR *dir = opendir(name);
	int ret;

	if (!dir)
		return err_errno(err, "cannot list '%s'", name);
	ret = read_names(dir, name, &names, err);
	(void)closedir(dir);
	if (ret == 0) {
		for (size_t i = 0; i < names.count; i++)
			strs_add(out, names.items[i]);
		strs_sort(out);
	}
	strs_release(&names);
	return ret;
}

int file_sweep(const char *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = 0;

	if (file_exists(dir[0] ? dir : ".", err) == 0)
		return 0;
	if (file_list(dir, &names, err) < 0)
		ret = -1;
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		if (temp_is_name(names.items[i]))
			ret = file_remove_tree(path_join(&arena, dir,
			                           names.items[i]),
			    err);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

int file_open_below(int dir_fd, const char *name, struct mldv_error *err)
{
	int fd = openat(dir_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return err_set(err, MLDV_EXISTS,
		    "'%s' is not a directory but a file or a symbolic link",
		    name);
	if (fd < 0)
		return err_errno(err, "cannot open '%s'", name);
	return fd;
}

/* statfs(2)'s numbers; overlayfs hands everything on to what is below. */
bool file_is_local(int fd)
{
	static const unsigned long types[] = {
	    0xef53,     /* ext4 */
	    0x58465342, /* XFS */
	    0x9123683e, /* Btrfs */
	    0xf2f52010, /* F2FS */
	    0x2fc12fc1, /* ZFS */
	    0x794c7630, /* overlayfs */
	    0x01021994, /* tmpfs */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if ((unsigned long)fs.f_type == types[i])
			return true;
	}
	return false;
}
