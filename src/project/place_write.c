/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "project/place.h"
#include "store/link.h"

#define RANGE 1024 /* files written by one job */

struct range {
	uint32_t dir;
	uint32_t turn; /* the how many-eth of its directory */
	uint32_t begin;
	uint32_t end;
};

struct work {
	struct place *place;
	struct range *ranges;
	size_t count;
	size_t capacity;
};

int place_rename_new(int fd, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(fd, from, fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* Some file systems cannot do that, NFS for one. */
	if (fstatat(fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(fd, from, fd, to) : -1;
}

int place_open_dir(const struct place *place, size_t dir,
    struct mldv_error *err)
{
	const struct snapshot *target = place->target;
	struct buf path = {0};
	struct slice rest, name;
	int fd;

	snapshot_dir_path(target, dir, &path);
	rest = slice_of(buf_str(&path));
	fd = file_open_below(place->parent, place->base, err);
	while (fd >= 0 && rest.len > 0) {
		struct arena arena = {0};
		int next;

		(void)slice_cut(&rest, '/', &name);
		next = file_open_below(fd,
		    arena_strn(&arena, name.data, name.len), err);
		arena_release(&arena);
		(void)close(fd);
		fd = next;
	}
	if (fd < 0)
		(void)err_prefix(err, "cannot check out '%s/%s'", place->path,
		    buf_str(&path));
	buf_release(&path);
	return fd;
}

struct writer {
	struct place *place;
	struct store_reader *reader;
	const struct snapshot_dir *dir; /* NULL: the item is one file */
	size_t dir_number;
	int dir_fd;
	bool direct; /* nobody can look: no temporary names */
};

static void full_path(const struct writer *writer, const char *name,
    struct buf *out)
{
	buf_add_str(out, writer->place->path);
	if (writer->dir == NULL)
		return;
	buf_add_char(out, '/');
	snapshot_dir_path(writer->place->target, writer->dir_number, out);
	if (writer->dir_number != 0)
		buf_add_char(out, '/');
	buf_add_str(out, name);
}

static int cannot(const struct writer *writer, const char *name,
    struct mldv_error *err)
{
	struct buf path = {0};

	full_path(writer, name, &path);
	(void)err_errno(err, "cannot check out '%s'", buf_str(&path));
	buf_release(&path);
	return -1;
}

/*
 * The name is taken: by another of the tree that this file system takes for
 * the same, or by something that was no part of the item.
 */
static int name_taken(const struct writer *writer, const char *name,
    struct mldv_error *err)
{
	const struct snapshot_dir *dir = writer->dir;
	struct buf path = {0}, key = {0}, other = {0};
	const char *twin = NULL;

	utf8_fold(name, strlen(name), &key);
	for (size_t i = 0; dir != NULL && twin == NULL && i < dir->count; i++) {
		const char *at = snapshot_name(dir, &dir->entries[i]);

		buf_reset(&other);
		utf8_fold(at, strlen(at), &other);
		if (strcmp(at, name) != 0 &&
		    strcmp(buf_str(&key), buf_str(&other)) == 0)
			twin = at;
	}
	full_path(writer, name, &path);
	if (twin != NULL)
		(void)err_set(err, MLDV_EXISTS,
		    "cannot check out '%s': this file system takes it for '%s'",
		    buf_str(&path), twin);
	else
		(void)err_set(err, MLDV_EXISTS,
		    "cannot check out '%s': something that is no part of the "
		    "item is there; move it away, or overwrite it with --force",
		    buf_str(&path));
	buf_release(&path);
	buf_release(&key);
	buf_release(&other);
	return -1;
}

static int write_small(struct writer *writer,
    const struct snapshot_entry *entry, int fd, const char *name,
    struct mldv_error *err)
{
	struct slice data;

	if (store_reader_get(writer->reader, &entry->oid, &data, err) < 0)
		return -1;
	if (data.len != entry->size)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' has %zu bytes where its tree says %llu", name,
		    data.len, (unsigned long long)entry->size);
	return file_write(fd, name, data.data, data.len, err);
}

static int write_large(struct writer *writer,
    const struct snapshot_entry *entry, int fd, const char *name,
    struct mldv_error *err)
{
	int from, ret;

	if (store_file_open(writer->place->project->store, &entry->oid,
	        entry->size, &from, err) < 0)
		return -1;
	ret = writer->place->reflink ? link_reflink(from, fd, name, err) : 0;
	if (ret == 0)
		ret = link_copy_range(from, fd, 0, entry->size, name, err);
	(void)close(from);
	return ret < 0 ? -1 : 0;
}

/* Sets the entry's stat to that of the file just written. */
static int note_stat(struct writer *writer, struct snapshot_entry *entry,
    const struct stat *st, const char *name, struct mldv_error *err)
{
	uint64_t size = entry->size;
	uint8_t kind = entry->kind;

	if (!snapshot_set_stat(entry, st) || entry->size != size ||
	    (entry->kind == KIND_LINK) != (kind == KIND_LINK)) {
		errno = EIO;
		return cannot(writer, name, err);
	}
	entry->known = 1;
	entry->racy = PLACE_WRITTEN;
	return 0;
}

/* Creates the file under a name that must be free. */
static int create_file(struct writer *writer, struct snapshot_entry *entry,
    const char *as, const char *name, struct mldv_error *err)
{
	mode_t mode = entry->kind == KIND_EXEC ? 0777 : 0666;
	struct stat st;
	int fd = openat(writer->dir_fd, as,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int ret;

	if (fd < 0 && errno == EEXIST)
		return name_taken(writer, name, err);
	if (fd < 0)
		return cannot(writer, name, err);
	ret = entry->size > OBJECT_WHOLE_MAX
	    ? write_large(writer, entry, fd, name, err)
	    : write_small(writer, entry, fd, name, err);
	if (ret == 0 && fstat(fd, &st) < 0)
		ret = cannot(writer, name, err);
	if (close(fd) < 0 && errno != EINTR && ret == 0)
		ret = cannot(writer, name, err);
	if (ret == 0)
		ret = note_stat(writer, entry, &st, name, err);
	return ret;
}

static int create_link(struct writer *writer, struct snapshot_entry *entry,
    const char *as, const char *name, struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice data;
	struct stat st;
	int ret = -1;

	if (store_reader_get(writer->reader, &entry->oid, &data, err) < 0)
		return -1;
	if (data.len == 0 || data.len > LINK_LIMIT || data.len != entry->size ||
	    memchr(data.data, 0, data.len) != NULL)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' is not a symbolic link that can be", name);
	if (symlinkat(arena_strn(&arena, data.data, data.len), writer->dir_fd,
	        as) < 0)
		ret = errno == EEXIST ? name_taken(writer, name, err)
		                      : cannot(writer, name, err);
	else if (fstatat(writer->dir_fd, as, &st, AT_SYMLINK_NOFOLLOW) < 0)
		ret = cannot(writer, name, err);
	else
		ret = note_stat(writer, entry, &st, name, err);
	arena_release(&arena);
	return ret;
}

/* 1 if the work tree now shares the store's file, 0 if that cannot be. */
static int create_hard_link(struct writer *writer, struct snapshot_entry *entry,
    const char *as, const char *name, struct mldv_error *err)
{
	struct store *store = writer->place->project->store;
	struct buf path = {0};
	struct stat st;
	int fd, ret = 0;

	if (!writer->place->hardlink || entry->kind != KIND_FILE ||
	    entry->size <= OBJECT_WHOLE_MAX)
		return 0;
	if (store_file_open(store, &entry->oid, entry->size, &fd, err) < 0)
		return -1;
	store_file_path(store, &entry->oid, &path);
	if (linkat(AT_FDCWD, buf_str(&path), writer->dir_fd, as, 0) == 0) {
		ret = 1;
		if (fstat(fd, &st) < 0)
			ret = cannot(writer, name, err);
		else if (note_stat(writer, entry, &st, name, err) < 0)
			ret = -1;
	} else if (errno == EEXIST) {
		ret = name_taken(writer, name, err);
	}
	(void)close(fd);
	buf_release(&path);
	return ret;
}

static int create(struct writer *writer, struct snapshot_entry *entry,
    const char *as, const char *name, struct mldv_error *err)
{
	int linked;

	if (entry->kind == KIND_LINK)
		return create_link(writer, entry, as, name, err);
	linked = create_hard_link(writer, entry, as, name, err);
	if (linked != 0)
		return linked < 0 ? -1 : 0;
	return create_file(writer, entry, as, name, err);
}

/*
 * Gives what was written its name: in place of what was looked at there, or
 * else of nothing.
 */
static int publish(struct writer *writer, const char *temp, const char *name,
    bool replaces, struct mldv_error *err)
{
	int fd = writer->dir_fd;

	if (replaces ? renameat(fd, temp, fd, name) == 0
	             : place_rename_new(fd, temp, name) == 0)
		return 0;
	return errno == EEXIST ? name_taken(writer, name, err)
	                       : cannot(writer, name, err);
}

/* Writes under a temporary name, then takes the place of what is there. */
static int replace(struct writer *writer, struct snapshot_entry *entry,
    const char *name, struct mldv_error *err)
{
	bool replaces = entry->racy == PLACE_REPLACES || writer->place->force;
	char temp[TEMP_NAME];
	struct stat st;
	int ret;

	if (writer->dir == NULL)
		memcpy(temp, writer->place->building, sizeof temp);
	else
		temp_name(temp);
	ret = create(writer, entry, temp, name, err);
	if (ret == 0)
		ret = publish(writer, temp, name, replaces, err);
	/* Also afterwards: of two links to one file rename leaves both. */
	if (ret < 0 || writer->place->hardlink)
		(void)unlinkat(writer->dir_fd, temp, 0);
	if (ret < 0)
		return -1;
	/* Only now: renaming changes the ctime. */
	if (fstatat(writer->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot(writer, name, err);
	return note_stat(writer, entry, &st, name, err);
}

static int write_entry(struct writer *writer, struct snapshot_entry *entry,
    struct mldv_error *err)
{
	struct place *place = writer->place;
	struct mldv_progress progress = {.what = "checking out",
	    .unit = MLDV_FILES,
	    .total = place->total};
	const char *name = writer->dir != NULL
	    ? snapshot_name(writer->dir, entry)
	    : place->base;
	int ret;

	if (entry->kind == KIND_DIR || entry->known)
		return 0;
	ret = writer->direct ? create(writer, entry, name, name, err)
	                     : replace(writer, entry, name, err);
	if (ret < 0)
		return -1;
	progress.name = name;
	progress.done = atomic_fetch_add(&place->written, 1) + 1;
	project_progress(place->project, &progress);
	return 0;
}

/* Job: writes the files of one range. */
static int write_range(void *context, size_t i, struct mldv_error *err)
{
	const struct work *work = context;
	struct place *place = work->place;
	const struct range *range = &work->ranges[i];
	struct snapshot_dir *dir = &place->target->dirs[range->dir];
	struct writer writer = {.place = place,
	    .dir = dir,
	    .dir_number = range->dir,
	    .direct = place->base != place->name};
	int ret = 0;

	writer.dir_fd = place_open_dir(place, range->dir, err);
	if (writer.dir_fd < 0)
		return -1;
	writer.reader = store_reader_open(place->project->store);
	for (uint32_t j = range->begin; ret == 0 && j < range->end; j++) {
		ret = project_check(place->project, err);
		if (ret == 0)
			ret = write_entry(&writer, &dir->entries[j], err);
	}
	store_reader_close(writer.reader);
	(void)close(writer.dir_fd);
	return ret;
}

/*
 * A directory takes one new name at a time, and who waits for it turns idly:
 * so each has its turn before the next range of the first.
 */
static int compare_turns(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;

	if (left->turn != right->turn)
		return left->turn < right->turn ? -1 : 1;
	return (left->dir > right->dir) - (left->dir < right->dir);
}

static void divide(struct work *work)
{
	struct place *place = work->place;
	const struct snapshot *target = place->target;

	for (size_t i = 0; i < target->dir_count; i++) {
		const struct snapshot_dir *dir = &target->dirs[i];
		struct range range = {.dir = (uint32_t)i};
		uint32_t wanted = 0;

		for (uint32_t j = 0; j < dir->count; j++) {
			const struct snapshot_entry *entry = &dir->entries[j];

			if (entry->kind != KIND_DIR && !entry->known)
				wanted++;
			if (wanted < RANGE && j + 1 < dir->count)
				continue;
			range.end = j + 1;
			if (wanted > 0) {
				work->ranges = xgrow(work->ranges, work->count,
				    &work->capacity, sizeof *work->ranges);
				work->ranges[work->count++] = range;
				range.turn++;
			}
			place->total += wanted;
			range.begin = j + 1;
			wanted = 0;
		}
	}
	if (work->count > 1)
		qsort(work->ranges, work->count, sizeof *work->ranges,
		    compare_turns);
}

/* Makes a directory that nobody else made. */
static int make_dir(struct place *place, size_t number, struct mldv_error *err)
{
	const struct snapshot_dir *dir = &place->target->dirs[number];
	struct writer writer = {.place = place};
	const char *name = place->base;
	int ret = 0;

	if (number == 0) {
		writer.dir_fd = place->parent;
	} else {
		writer.dir_number = dir->parent;
		writer.dir = &place->target->dirs[dir->parent];
		name = snapshot_name(writer.dir,
		    &writer.dir->entries[dir->parent_entry]);
		writer.dir_fd = place_open_dir(place, dir->parent, err);
		if (writer.dir_fd < 0)
			return -1;
	}
	if (mkdirat(writer.dir_fd, name, 0777) < 0) {
		/* Something ignored may be there already. */
		if (errno != EEXIST)
			ret = cannot(&writer, name, err);
		else if (place->base != place->name)
			ret = name_taken(&writer, name, err);
	}
	if (number != 0)
		(void)close(writer.dir_fd);
	return ret;
}

int place_write_tree(struct place *place, struct mldv_error *err)
{
	struct work work = {.place = place};
	int ret;

	for (size_t i = 0; i < place->target->dir_count; i++)
		if (!place->existed[i] && make_dir(place, i, err) < 0)
			return -1;
	divide(&work);
	ret = pool_run(pool_processors(), work.count, write_range, &work, err);
	free(work.ranges);
	return ret;
}

int place_write_file(struct place *place, struct mldv_error *err)
{
	struct writer writer = {.place = place, .dir_fd = place->parent};
	int ret;

	place->total = 1;
	writer.reader = store_reader_open(place->project->store);
	ret = write_entry(&writer, &place->target->root, err);
	store_reader_close(writer.reader);
	return ret;
}
