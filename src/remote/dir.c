/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"
#include "remote/dirclock.h"
#include "remote/dirlock.h"
#include "store/link.h"

/*
 * A directory as a remote. What is put is written under a temporary name in
 * the directory where it belongs. Directories are synced late, all at once:
 * many packs share them, and nothing refers to a pack before the manifest.
 */

enum { PIECE = 256 * 1024 };

struct dir {
	struct ops ops;
	struct arena arena;
	const char *root;
	const char *name; /* of the remote */
	const struct mldv_events *events;
	int lock_fd;           /* -1: not locked */
	pthread_mutex_t mutex; /* guards what follows */
	struct strs unsynced;
	struct dirclock clock;
};

static const char *path_of(const struct dir *dir, struct arena *arena,
    const char *name)
{
	return path_join(arena, dir->root, name);
}

static void dir_close(struct ops *ops)
{
	struct dir *dir = (struct dir *)ops;

	ops->table->unlock(ops);
	strs_release(&dir->unsynced);
	arena_release(&dir->arena);
	(void)pthread_mutex_destroy(&dir->mutex);
	free(dir);
}

/* A mount point is as good as empty, and so is what a killed push leaves. */
static bool is_foreign(const char *name)
{
	return strcmp(name, "lost+found") != 0 && !temp_is_name(name);
}

static int make_root(const struct dir *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *parent = path_parent(&arena, dir->root);
	int ret = 0;

	if (mkdir(dir->root, 0777) == 0) {
		ret = file_sync_dir(parent, err);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		ret = err_set(err, MLDV_FAILED,
		    "cannot make '%s' for remote '%s': there is no directory "
		    "'%s'; make or mount it, or correct the remote's address",
		    dir->root, dir->name, parent);
	} else if (errno != EEXIST) {
		ret = err_errno(err, "cannot make '%s' for remote '%s'",
		    dir->root, dir->name);
	}
	arena_release(&arena);
	return ret;
}

/* The first foreign name, or NULL. */
static const char *foreign_name(const struct strs *names)
{
	for (size_t i = 0; i < names->count; i++) {
		if (is_foreign(names->items[i]))
			return names->items[i];
	}
	return NULL;
}

static int dir_prepare(struct ops *ops, struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	struct arena arena = {0};
	struct strs names = {0};
	const char *foreign;
	int ret = -1;

	if (make_root(dir, err) < 0 || file_list(dir->root, &names, err) < 0)
		goto out;
	ret = 0;
	foreign = foreign_name(&names);
	/* Somebody else's first push writes 'format' before anything else. */
	if (foreign)
		ret = file_exists(path_of(dir, &arena, "format"), err);
	if (foreign && ret == 0)
		ret = err_set(err, MLDV_FAILED,
		    "cannot use '%s' as remote '%s': it holds '%s' and is no "
		    "mldv remote; give the remote a new or an empty directory",
		    dir->root, dir->name, foreign);
out:
	strs_release(&names);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/* Of 'format', which never changes: see dirlock.h. */
CHECKED static int lock(struct dir *dir, const struct ops_alone *alone,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const struct dirlock how = {
	    .path = path_of(dir, &arena, "format"),
	    .remote = dir->name,
	    .events = dir->events,
	    .alone = alone,
	};

	dir->lock_fd = dirlock_take(&how, err);
	arena_release(&arena);
	return dir->lock_fd < 0 ? -1 : 0;
}

static int dir_lock(struct ops *ops, struct mldv_error *err)
{
	return lock((struct dir *)ops, NULL, err);
}

static int dir_lock_all(struct ops *ops, const struct ops_alone *how,
    struct mldv_error *err)
{
	return lock((struct dir *)ops, how, err);
}

static void dir_unlock(struct ops *ops)
{
	struct dir *dir = (struct dir *)ops;

	if (dir->lock_fd >= 0)
		(void)close(dir->lock_fd);
	dir->lock_fd = -1;
}

static int age_of(struct dir *dir, const struct stat *st, uint64_t *out,
    struct mldv_error *err)
{
	int ret;

	(void)pthread_mutex_lock(&dir->mutex);
	ret =
	    dirclock_age(&dir->clock, dir->root, st->st_mtim.tv_sec, out, err);
	(void)pthread_mutex_unlock(&dir->mutex);
	return ret;
}

static int dir_head(struct ops *ops, const char *name, bool with_age,
    struct ops_info *out, struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	struct arena arena = {0};
	const char *path = path_of(dir, &arena, name);
	struct stat st;
	int ret = 1;

	if (stat(path, &st) < 0) {
		ret = errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_errno(err, "cannot look at '%s'", path);
	} else {
		out->age = 0;
		out->has_oid = false;
		out->version[0] = '\0';
		out->size = (uint64_t)st.st_size;
		if (with_age && age_of(dir, &st, &out->age, err) < 0)
			ret = -1;
	}
	arena_release(&arena);
	return ret;
}

static int dir_get(struct ops *ops, const char *name, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	struct arena arena = {0};
	const char *path = path_of(dir, &arena, name);
	struct mldv_error error;
	int ret = 1;

	if (file_read(path, limit, out, &error) < 0) {
		ret = error.code == MLDV_NOT_FOUND ? 0 : -1;
		if (ret < 0)
			*err = error;
	}
	arena_release(&arena);
	return ret;
}

static int read_range(int fd, const char *path, uint64_t offset, size_t size,
    char *out, struct mldv_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "cannot look at '%s'", path);
	if (offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		return err_set(err, MLDV_CORRUPT, "'%s' is cut short", path);
	return file_read_at(fd, path, out, size, offset, err);
}

static int dir_get_range(struct ops *ops, const char *name, uint64_t offset,
    size_t size, char *out, struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	struct arena arena = {0};
	const char *path = path_of(dir, &arena, name);
	int fd = -1;
	int ret = -1;

	if (ops_stopped(dir->events, err) < 0)
		goto out;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		ret = err_errno(err, "cannot open '%s'", path);
	else
		ret = read_range(fd, path, offset, size, out, err);
out:
	if (fd >= 0)
		(void)close(fd);
	arena_release(&arena);
	return ret;
}

/*
 * Copies through memory, so that what is hashed is what is written, and each
 * byte is read once; or shares the blocks and reads what they hold.
 */
static int copy_file(const struct dir *dir, int to, const char *path,
    const struct ops_source *source, struct mldv_error *err)
{
	int shared = link_reflink(source->fd, to, path, err);
	struct hasher *hasher;
	struct oid oid;
	char *piece;
	int ret = 0;

	if (shared < 0)
		return -1;
	hasher = hasher_open();
	piece = xmalloc(PIECE);
	hasher_start(hasher);
	for (uint64_t at = 0; ret == 0 && at < source->size;) {
		uint64_t left = source->size - at;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		if (ops_stopped(dir->events, err) < 0 ||
		    file_read_at(shared ? to : source->fd, source->name, piece,
		        n, at, err) < 0 ||
		    (!shared && file_write(to, path, piece, n, err) < 0))
			ret = -1;
		else
			hasher_add(hasher, piece, n);
		at += n;
	}
	hasher_end(hasher, &oid);
	if (ret == 0 && source->oid && !oid_equal(&oid, source->oid))
		ret = err_set(err, MLDV_CORRUPT,
		    "'%s' is damaged: its bytes do not have its name; run "
		    "'mldv fsck'",
		    source->name);
	hasher_close(hasher);
	free(piece);
	return ret;
}

static int fill(const struct dir *dir, int to, const char *path,
    const struct ops_source *source, struct mldv_error *err)
{
	const char *data = source->data;
	const uint64_t piece = 4 << 20;

	if (!data)
		return copy_file(dir, to, path, source, err);
	for (uint64_t at = 0; at < source->size; at += piece) {
		uint64_t left = source->size - at;
		size_t n = (size_t)(left < piece ? left : piece);

		if (ops_stopped(dir->events, err) < 0 ||
		    file_write(to, path, data + at, n, err) < 0)
			return -1;
	}
	return 0;
}

/* Any of the directories from the root to the file may be new. */
static void note_unsynced(struct dir *dir, struct arena *arena,
    const char *path)
{
	(void)pthread_mutex_lock(&dir->mutex);
	while (strcmp(path, dir->root) != 0) {
		path = path_parent(arena, path);
		if (strs_has(&dir->unsynced, path))
			break;
		strs_add(&dir->unsynced, path);
	}
	(void)pthread_mutex_unlock(&dir->mutex);
}

static int dir_put(struct ops *ops, const char *name,
    const struct ops_source *source, enum ops_put how, struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	struct arena arena = {0};
	struct tempfile temp = {0};
	const char *path = path_of(dir, &arena, name);
	/* Who may lock must be able to open 'format' for writing. */
	mode_t mode = strcmp(name, "format") == 0 ? 0666 : 0444;
	int ret = -1;

	if (how == OPS_NEW) {
		ret = file_exists(path, err);
		if (ret != 0) {
			ret = ret > 0 ? 0 : -1;
			goto out;
		}
		ret = -1;
	}
	if (file_make_parents(path, err) < 0 ||
	    tempfile_open(&temp, path_parent(&arena, path), mode, err) < 0 ||
	    fill(dir, temp.fd, path, source, err) < 0)
		goto out;
	if (how == OPS_NEW)
		ret = tempfile_commit_new(&temp, path, err);
	else
		ret = tempfile_commit_many(&temp, path, err) < 0 ? -1 : 1;
	if (ret > 0)
		note_unsynced(dir, &arena, path);
out:
	tempfile_release(&temp);
	arena_release(&arena);
	return ret;
}

/*
 * Lists what has its name, or else what has a temporary one. The directories
 * still to be listed are at the end of a list of their own.
 */
static int list(const struct dir *dir, const char *name, bool temporary,
    struct strs *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs todo = {0};
	int ret = 0;

	strs_add(&todo, name);
	for (size_t at = 0; ret == 0 && at < todo.count; at++) {
		struct mldv_error why;
		struct strs names = {0};

		if (file_list(path_of(dir, &arena, todo.items[at]), &names,
		        &why) < 0 &&
		    why.code != MLDV_NOT_FOUND) {
			*err = why;
			ret = -1;
		}
		for (size_t i = 0; ret == 0 && i < names.count; i++) {
			const char *inner =
			    path_join(&arena, todo.items[at], names.items[i]);
			struct stat st;

			bool temp = temp_is_name(names.items[i]);

			if (temp != temporary && temp)
				continue;
			if (lstat(path_of(dir, &arena, inner), &st) < 0)
				ret = err_errno(err, "cannot look at '%s'",
				    inner);
			else if (S_ISDIR(st.st_mode) && !temp)
				strs_add(&todo, inner);
			else if (temp == temporary)
				strs_add(out, inner);
		}
		strs_release(&names);
	}
	strs_sort(out);
	strs_release(&todo);
	arena_release(&arena);
	return ret;
}

static int dir_list(struct ops *ops, const char *name, struct strs *out,
    struct mldv_error *err)
{
	return list((const struct dir *)ops, name, false, out, err);
}

static int dir_list_pieces(struct ops *ops, struct strs *out,
    struct mldv_error *err)
{
	return list((const struct dir *)ops, "", true, out, err);
}

static int dir_drop(struct ops *ops, const char *name, const char *version,
    struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	struct arena arena = {0};
	const char *path = path_of(dir, &arena, name);
	int ret = file_remove(path, err);

	(void)version;
	if (ret == 0)
		note_unsynced(dir, &arena, path);
	arena_release(&arena);
	return ret;
}

static int dir_erase(struct ops *ops, const char *name, struct mldv_error *err)
{
	return dir_drop(ops, name, NULL, err);
}

static int dir_sync(struct ops *ops, struct mldv_error *err)
{
	struct dir *dir = (struct dir *)ops;
	int ret = 0;

	(void)pthread_mutex_lock(&dir->mutex);
	for (size_t i = 0; ret == 0 && i < dir->unsynced.count; i++)
		ret = file_sync_dir(dir->unsynced.items[i], err);
	if (ret == 0)
		strs_release(&dir->unsynced);
	(void)pthread_mutex_unlock(&dir->mutex);
	return ret;
}

static const struct ops_table table = {
    .close = dir_close,
    .prepare = dir_prepare,
    .lock = dir_lock,
    .lock_all = dir_lock_all,
    .unlock = dir_unlock,
    .head = dir_head,
    .get = dir_get,
    .get_range = dir_get_range,
    .put = dir_put,
    .list = dir_list,
    .list_pieces = dir_list_pieces,
    .drop = dir_drop,
    .erase = dir_erase,
    .sync = dir_sync,
};

struct ops *dir_open(const char *path, const char *remote_name,
    const struct mldv_events *events)
{
	struct dir *dir = xcalloc(1, sizeof(*dir));

	dir->ops.table = &table;
	dir->root = arena_str(&dir->arena, path);
	dir->name = arena_str(&dir->arena, remote_name);
	dir->events = events;
	dir->lock_fd = -1;
	(void)pthread_mutex_init(&dir->mutex, NULL);
	return &dir->ops;
}
