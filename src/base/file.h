/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

/*
 * Files: read whole, replaced whole, made durable in one order.
 *
 * The order (content durable, then named, then its directory durable) is in
 * tempfile_commit and nowhere else. Nothing else renames onto a name that a
 * reader may look at.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/mem.h"

/* Prefix of temporary and trash names, followed by 16 hexadecimal digits. */
#define TEMP_PREFIX ".mldv-tmp."
#define TEMP_NAME   (sizeof TEMP_PREFIX + 16) /* with the final NUL */

/* A fresh temporary name, made from getrandom(2). */
void temp_name(char out[TEMP_NAME]);
bool temp_is_name(const char *name);

/*
 * Appends the file's bytes; more than limit is an error that says so. Code
 * MLDV_NOT_FOUND if it is not there. Names the path in messages.
 */
CHECKED int file_read(const char *path, size_t limit, struct buf *out,
    struct mldv_error *err);
CHECKED int file_read_fd(int fd, const char *name, size_t limit,
    struct buf *out, struct mldv_error *err);
/* Writes all of it, through interruptions and short writes. */
CHECKED int file_write(int fd, const char *name, const void *data, size_t size,
    struct mldv_error *err);
/*
 * Makes a file that grows while others may read it, a log: the descriptor, to
 * append and to read, or -1. MLDV_EXISTS if the name is taken.
 */
CHECKED int file_create(const char *path, struct mldv_error *err);
/* Reads just size bytes at an offset; fewer is an error. */
CHECKED int file_read_at(int fd, const char *name, void *out, size_t size,
    uint64_t offset, struct mldv_error *err);
/* 1 if something has that name (a link is not followed), else 0. */
CHECKED int file_exists(const char *path, struct mldv_error *err);
/* Makes the directory and those above it, durably. */
CHECKED int file_make_dirs(const char *path, struct mldv_error *err);
/* The same, but not durably: for what a crash may take away again. */
CHECKED int file_make_dirs_cache(const char *path, struct mldv_error *err);
/* Makes the directories above path, durably. */
CHECKED int file_make_parents(const char *path, struct mldv_error *err);
/*
 * Lets the disk begin with what was written there, for whoever will sync it
 * all later. Promises nothing.
 */
void file_begin_sync(int fd, uint64_t offset, uint64_t size);
/* fsync of a directory, so that names in it survive a crash. */
CHECKED int file_sync_dir(const char *path, struct mldv_error *err);
/*
 * Opens a directory by one name (or ".") below another, not through a link:
 * the descriptor, or -1.
 */
CHECKED int file_open_below(int dir_fd, const char *name,
    struct mldv_error *err);
/* Removes a file; that it is not there is no error. */
CHECKED int file_remove(const char *path, struct mldv_error *err);
/* Removes a file or a whole directory, links not followed; no error if gone. */
CHECKED int file_remove_tree(const char *path, struct mldv_error *err);
/*
 * Renames and makes both directories durable. For moving aside what is
 * durable already; new content goes through a tempfile.
 */
CHECKED int file_rename(const char *from, const char *to,
    struct mldv_error *err);
/* Renames only: for what a crash may lose. */
CHECKED int file_rename_cache(const char *from, const char *to,
    struct mldv_error *err);
/* The names in a directory, sorted bytewise, without . and .. */
struct strs;
CHECKED int file_list(const char *path, struct strs *out,
    struct mldv_error *err);
/* Removes temporary and trash names in a directory that a crash left. */
CHECKED int file_sweep(const char *dir, struct mldv_error *err);

/*
 * Does this kernel itself keep the files of that file system? Then it stamps
 * them as soon as they are made, and syncfs(2) promises what fsync(2) does.
 * With a server or a daemon behind it (NFS, FUSE, 9P, SMB) neither is sure.
 */
bool file_is_local(int fd);

/*
 * A file that is being written under a temporary name. Zeroed: none. Release
 * removes it unless it was committed.
 */
struct tempfile {
	int fd;
	char *path; /* NULL: none */
};

/* Opens one in dir, read and write, with the given mode less the umask. */
CHECKED int tempfile_open(struct tempfile *temp, const char *dir, mode_t mode,
    struct mldv_error *err);
/* fsync, close, rename over target, fsync of target's directory. */
CHECKED int tempfile_commit(struct tempfile *temp, const char *target,
    struct mldv_error *err);
/*
 * The same without the last step, for many files in one directory, after
 * which the caller calls file_sync_dir.
 */
CHECKED int tempfile_commit_many(struct tempfile *temp, const char *target,
    struct mldv_error *err);
/* Close and rename only: for caches, which check themselves when read. */
CHECKED int tempfile_commit_cache(struct tempfile *temp, const char *target,
    struct mldv_error *err);
/*
 * As tempfile_commit_many, if nothing has the name target: 1. Else 0, and the
 * tempfile is only to be released.
 */
CHECKED int tempfile_commit_new(struct tempfile *temp, const char *target,
    struct mldv_error *err);
/*
 * Many files of one file system at once, in the order in which they were
 * opened: the content of all durable, then each named unless something has its
 * name, then all names durable. A kill or a failure leaves any of them named.
 *
 * Of many (8) it is the file system that is synced, by two calls for all of
 * them instead of two for each; syncfs(2) tells of what could not be written
 * since Linux 5.8; before that, and on file systems that are not of this
 * machine, each file is synced.
 */
struct tempfile_member {
	struct tempfile temp; /* to be released, whatever comes of it */
	const char *target;
	bool taken; /* out: something had the name, and keeps it */
};
CHECKED int tempfile_commit_group(struct tempfile_member *members, size_t count,
    struct mldv_error *err);
void tempfile_release(struct tempfile *temp);
/* Can it have a second name in that directory, as a hard link? */
bool tempfile_can_link(const struct tempfile *temp, const char *dir);

/* Replaces a file by new content, atomically and durably, keeping its mode. */
CHECKED int file_replace(const char *path, const void *data, size_t size,
    struct mldv_error *err);
/* The same, but not durably, nor keeping anything of what was there. */
CHECKED int file_replace_cache(const char *path, const void *data, size_t size,
    struct mldv_error *err);

#endif
