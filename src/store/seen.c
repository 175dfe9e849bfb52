/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/internal.h"

#define PIECE 262144u
#define PAGE  4096u
#define LINE  128 /* bytes of a seen file, at most */

/*
 * Not the ctime: a hard link made or removed changes it, and whoever edits
 * through a link changes the mtime.
 */
static void describe(const struct stat *st, struct buf *out)
{
	buf_printf(out, "%" PRIu64 " %" PRId64 ".%09ld %" PRIu64 "\n",
	    (uint64_t)st->st_size, (int64_t)st->st_mtim.tv_sec,
	    st->st_mtim.tv_nsec, (uint64_t)st->st_ino);
}

static int note(struct store *store, const struct oid *oid,
    const struct stat *st, struct mldv_error *err)
{
	struct tempfile temp = {0};
	struct buf path = {0}, line = {0};
	int ret = -1;

	describe(st, &line);
	if (store_temp(store, "seen", &temp, err) == 0 &&
	    store_shard(store, "seen", oid, "", &path, err) == 0 &&
	    file_write(temp.fd, temp.path, line.data, line.len, err) == 0)
		ret = tempfile_commit_cache(&temp, buf_str(&path), err);
	tempfile_release(&temp);
	buf_release(&path);
	buf_release(&line);
	return ret;
}

int store_file_seen(struct store *store, const struct oid *oid,
    struct mldv_error *err)
{
	struct buf path = {0};
	struct stat st;
	int ret;

	store_file_path(store, oid, &path);
	if (stat(buf_str(&path), &st) < 0)
		ret = err_errno(err, "cannot look at '%s'", buf_str(&path));
	else
		ret = note(store, oid, &st, err);
	buf_release(&path);
	return ret;
}

static bool was_seen(const struct store *store, const struct oid *oid,
    const struct stat *st)
{
	struct buf path = {0}, line = {0}, old = {0};
	struct mldv_error why;
	char hex[OID_HEX + 1];
	bool same;

	oid_hex(oid, hex);
	buf_printf(&path, "%s/seen/%.2s/%s", store->dir, hex, hex);
	describe(st, &line);
	same = file_read(buf_str(&path), LINE, &old, &why) == 0 &&
	    slice_is((struct slice){old.data, old.len}, buf_str(&line));
	buf_release(&path);
	buf_release(&line);
	buf_release(&old);
	return same;
}

/* Hashes what fd has: 0 if that is the oid. */
static int verify(int fd, const char *path, const struct oid *oid,
    struct mldv_error *err)
{
	struct hasher *hasher = hasher_open();
	char *piece = aligned_alloc(PAGE, PIECE);
	ssize_t got = 0;
	off_t at = 0;
	struct oid found;

	hasher_start(hasher);
	do {
		got = piece == NULL ? -1 : pread(fd, piece, PIECE, at);
		if (got > 0) {
			hasher_add(hasher, piece, (size_t)got);
			at += got;
		}
	} while (got > 0 || (got < 0 && errno == EINTR));
	hasher_end(hasher, &found);
	hasher_close(hasher);
	free(piece);
	if (got < 0)
		return err_errno(err, "cannot read '%s'", path);
	if (!oid_equal(&found, oid))
		return err_set(err, MLDV_CORRUPT,
		    "'%s' is damaged: the bytes do not hash to the name; run "
		    "'mldv fsck --repair'",
		    path);
	return 0;
}

static int open_verified(struct store *store, const char *path,
    const struct oid *oid, uint64_t size, struct mldv_error *err)
{
	struct mldv_error ignored;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, MLDV_MISSING,
		    "'%s' is not in the store; run 'mldv fetch'", path);
	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0) {
		(void)err_errno(err, "cannot read '%s'", path);
		goto fail;
	}
	if ((uint64_t)st.st_size != size) {
		(void)err_set(err, MLDV_CORRUPT,
		    "'%s' is damaged: it has another length; run 'mldv fsck "
		    "--repair'",
		    path);
		goto fail;
	}
	if (!was_seen(store, oid, &st)) {
		if (verify(fd, path, oid, err) < 0)
			goto fail;
		/* A store that cannot be written is verified every time. */
		(void)!note(store, oid, &st, &ignored);
	}
	return fd;
fail:
	(void)close(fd);
	return -1;
}

int store_file_open(struct store *store, const struct oid *oid, uint64_t size,
    int *fd, struct mldv_error *err)
{
	struct buf path = {0};

	store_file_path(store, oid, &path);
	*fd = open_verified(store, buf_str(&path), oid, size, err);
	buf_release(&path);
	return *fd < 0 ? -1 : 0;
}
