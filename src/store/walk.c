/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/pool.h"
#include "format/tree.h"
#include "store/snapshot.h"

/*
 * The walk goes level by level. In each level every directory is listed and
 * sorted, then every entry is looked at with fstatat(2), in ranges, so that
 * one large directory keeps all processors busy too. The cache's directories
 * are found from the root down along with it.
 */

#define RANGE 2048 /* entries looked at by one job */

struct range {
	uint32_t dir;
	uint32_t begin;
	uint32_t end;
};

struct walk {
	const struct snapshot_options *options;
	struct snapshot *snapshot;
	size_t level; /* number of the level's first directory */
	struct range *ranges;
	size_t range_count;
	size_t range_capacity;
};

/* Where entries are gathered before their number is known. */
struct listing {
	struct snapshot_dir *dir;
	struct buf names;
	struct snapshot_entry *entries;
	size_t count;
	size_t capacity;
};

static void item_path(const struct walk *walk, size_t dir, struct buf *out)
{
	size_t start;

	buf_add_str(out, walk->options->path);
	if (dir == 0)
		return;
	buf_add_char(out, '/');
	start = out->len;
	snapshot_dir_path(walk->snapshot, dir, out);
	if (out->len == start)
		out->len--;
}

/* The item itself was there, so that something is gone means a change. */
static int changed(const char *path, const char *name, struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED,
	    "'%s%s%s' changed while it was looked at; try again when nothing "
	    "writes it",
	    path, name[0] != 0 ? "/" : "", name);
}

static int open_dir(const struct walk *walk, size_t dir, struct buf *path,
    struct mldv_error *err)
{
	int fd;

	item_path(walk, dir, path);
	fd = openat(walk->options->root_fd, buf_str(path),
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return changed(buf_str(path), "", err);
	if (fd < 0)
		return err_errno(err, "cannot open '%s'", buf_str(path));
	return fd;
}

/* Ignored names are counted; our own temporary ones are only noticed. */
static bool is_ignored(const struct walk *walk, const char *name,
    struct snapshot_dir *dir)
{
	const struct strs *ignore = walk->options->ignore;

	if (temp_is_name(name)) {
		dir->temporary = true;
		return true;
	}
	for (size_t i = 0; ignore != NULL && i < ignore->count; i++) {
		if (str_glob(ignore->items[i], name)) {
			dir->ignored++;
			return true;
		}
	}
	return false;
}

static int list_names(const struct walk *walk, DIR *stream, const char *path,
    struct listing *listing, struct mldv_error *err)
{
	for (;;) {
		struct snapshot_entry *entry;
		const struct dirent *found;
		const char *why;

		errno = 0;
		found = readdir(stream);
		if (found == NULL)
			break;
		if (strcmp(found->d_name, ".") == 0 ||
		    strcmp(found->d_name, "..") == 0 ||
		    is_ignored(walk, found->d_name, listing->dir))
			continue;
		why = tree_name_refused(slice_of(found->d_name));
		if (why != NULL)
			return err_set(err, MLDV_FAILED,
			    "cannot track '%s/%s': %s", path, found->d_name,
			    why);
		listing->entries = xgrow(listing->entries, listing->count,
		    &listing->capacity, sizeof *listing->entries);
		entry = &listing->entries[listing->count++];
		*entry =
		    (struct snapshot_entry){.name =
		                                (uint32_t)listing->names.len,
		        .name_len = (uint16_t)strlen(found->d_name)};
		buf_add(&listing->names, found->d_name, entry->name_len + 1U);
	}
	if (errno != 0)
		return err_errno(err, "cannot read '%s'", path);
	return 0;
}

/* Hands over what was gathered, without the room that growing left. */
static void keep_listing(struct snapshot_dir *dir, struct listing *listing)
{
	if (listing->count == 0) {
		snapshot_fill_dir(dir, 0, 0);
		return;
	}
	dir->entries = xrealloc(listing->entries, listing->count,
	    sizeof *listing->entries);
	dir->names = xrealloc(listing->names.data, listing->names.len, 1);
	dir->count = (uint32_t)listing->count;
	dir->names_size = (uint32_t)listing->names.len;
	dir->owned = true;
	listing->entries = NULL;
	listing->names = (struct buf){0};
}

static int compare_names(const void *a, const void *b, void *names)
{
	const struct snapshot_entry *left = a, *right = b;
	const char *base = names;

	return strcmp(base + left->name, base + right->name);
}

/* Job: lists one directory of the level and sorts what it found. */
static int list_dir(void *context, size_t i, struct mldv_error *err)
{
	struct walk *walk = context;
	struct snapshot_dir *dir = &walk->snapshot->dirs[walk->level + i];
	struct listing listing = {.dir = dir};
	struct buf path = {0};
	DIR *stream;
	int fd, ret = -1;

	fd = open_dir(walk, walk->level + i, &path, err);
	if (fd < 0)
		goto out;
	stream = fdopendir(fd);
	if (stream == NULL) {
		(void)err_errno(err, "cannot read '%s'", buf_str(&path));
		(void)close(fd);
		goto out;
	}
	ret = list_names(walk, stream, buf_str(&path), &listing, err);
	(void)closedir(stream);
	if (ret < 0)
		goto out;
	if (listing.count > 1)
		qsort_r(listing.entries, listing.count, sizeof *listing.entries,
		    compare_names, listing.names.data);
	keep_listing(dir, &listing);
out:
	free(listing.entries);
	buf_release(&listing.names);
	buf_release(&path);
	return ret;
}

/* The first entry of a cached directory that is not before name. */
static size_t lower_bound(const struct snapshot_dir *dir, const char *name)
{
	size_t low = 0, high = dir->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(snapshot_name(dir, &dir->entries[middle]), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes over what the cache knows of an entry of the same name. */
static void use_cached(struct snapshot_entry *entry,
    const struct snapshot_entry *cached)
{
	if (entry->kind == KIND_DIR && cached->kind == KIND_DIR) {
		entry->inode = cached->dir + UINT64_C(1);
	} else if (entry->kind != KIND_DIR && cached->known && !cached->racy &&
	    snapshot_same_stat(entry, cached)) {
		entry->oid = cached->oid;
		entry->known = 1;
	}
}

static int look(int fd, const char *path, const struct snapshot_dir *dir,
    struct snapshot_entry *entry, struct mldv_error *err)
{
	const char *name = snapshot_name(dir, entry);
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
		    ? changed(path, name, err)
		    : err_errno(err, "cannot look at '%s/%s'", path, name);
	if (!snapshot_set_stat(entry, &st))
		return err_set(err, MLDV_FAILED,
		    "cannot track '%s/%s': it is a socket, pipe or device",
		    path, name);
	if (entry->kind == KIND_DIR)
		entry->inode = 0;
	return 0;
}

/* Job: looks at the entries of one range and asks the cache. */
static int look_at_range(void *context, size_t i, struct mldv_error *err)
{
	struct walk *walk = context;
	const struct range *range = &walk->ranges[i];
	struct snapshot_dir *dir = &walk->snapshot->dirs[range->dir];
	const struct snapshot_dir *cached = NULL;
	struct buf path = {0};
	size_t next = 0;
	int fd, ret = 0;

	if (dir->cached > 0)
		cached = &walk->options->cache->dirs[dir->cached - 1];
	fd = open_dir(walk, range->dir, &path, err);
	if (fd < 0)
		ret = -1;
	if (cached != NULL)
		next = lower_bound(cached,
		    snapshot_name(dir, &dir->entries[range->begin]));
	for (uint32_t j = range->begin; ret == 0 && j < range->end; j++) {
		struct snapshot_entry *entry = &dir->entries[j];
		int order = 1;

		ret = look(fd, buf_str(&path), dir, entry, err);
		while (cached != NULL && next < cached->count &&
		    (order = strcmp(snapshot_name(cached,
		                        &cached->entries[next]),
		         snapshot_name(dir, entry))) < 0)
			next++;
		if (ret == 0 && order == 0)
			use_cached(entry, &cached->entries[next++]);
	}
	if (fd >= 0)
		(void)close(fd);
	buf_release(&path);
	return ret;
}

static void divide(struct walk *walk, size_t end)
{
	walk->range_count = 0;
	for (size_t i = walk->level; i < end; i++) {
		uint32_t count = walk->snapshot->dirs[i].count;

		for (uint32_t at = 0; at < count; at += RANGE) {
			struct range range = {.dir = (uint32_t)i, .begin = at};

			range.end = count - at < RANGE ? count : at + RANGE;
			walk->ranges = xgrow(walk->ranges, walk->range_count,
			    &walk->range_capacity, sizeof *walk->ranges);
			walk->ranges[walk->range_count++] = range;
		}
	}
}

/* Numbers the directories found in the level: they are the next level. */
static void add_level(struct walk *walk, size_t end)
{
	struct snapshot *snapshot = walk->snapshot;

	for (size_t i = walk->level; i < end; i++) {
		for (size_t j = 0; j < snapshot->dirs[i].count; j++) {
			struct snapshot_entry *entry =
			    &snapshot->dirs[i].entries[j];
			uint32_t cached;
			size_t number;

			if (entry->kind != KIND_DIR)
				continue;
			cached = (uint32_t)entry->inode;
			entry->inode = 0;
			entry->size = 0;
			number = snapshot_add_dir(snapshot, i, j);
			snapshot->dirs[number].cached = cached;
			/* The array of entries did not move, dirs may have. */
			snapshot->dirs[i].entries[j].dir = (uint32_t)number;
		}
	}
}

static int walk_level(struct walk *walk, size_t end, struct mldv_error *err)
{
	unsigned threads = pool_processors();

	if (pool_run(threads, end - walk->level, list_dir, walk, err) < 0)
		return -1;
	divide(walk, end);
	if (pool_run(threads, walk->range_count, look_at_range, walk, err) < 0)
		return -1;
	add_level(walk, end);
	return 0;
}

/* What is unchanged down to its last file has the tree that it had. */
static void use_cached_trees(const struct walk *walk)
{
	struct snapshot *snapshot = walk->snapshot;

	for (size_t i = snapshot->dir_count; i-- > 0;) {
		struct snapshot_dir *dir = &snapshot->dirs[i];
		const struct snapshot_dir *cached;

		if (dir->cached == 0)
			continue;
		cached = &walk->options->cache->dirs[dir->cached - 1];
		if (!cached->known || cached->count != dir->count ||
		    !snapshot_all_known(snapshot, i))
			continue;
		dir->content = cached->content;
		dir->known = true;
	}
}

static int walk_root(struct walk *walk, struct mldv_error *err)
{
	const struct snapshot_options *options = walk->options;
	const struct snapshot *cache = options->cache;
	struct snapshot_entry *root = &walk->snapshot->root;
	struct stat st;

	if (fstatat(options->root_fd, options->path, &st, AT_SYMLINK_NOFOLLOW) <
	    0)
		return err_errno(err, "cannot look at '%s'", options->path);
	if (!snapshot_set_stat(root, &st))
		return err_set(err, MLDV_FAILED,
		    "cannot track '%s': it is a socket, pipe or device",
		    options->path);
	if (root->kind != KIND_DIR) {
		if (cache != NULL)
			use_cached(root, &cache->root);
		return 0;
	}
	*root = (struct snapshot_entry){.kind = KIND_DIR};
	(void)snapshot_add_dir(walk->snapshot, 0, 0);
	if (cache != NULL && cache->dir_count > 0)
		walk->snapshot->dirs[0].cached = 1;
	return 0;
}

int snapshot_take(struct snapshot *out, const struct snapshot_options *options,
    struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct walk walk = {.options = options, .snapshot = &snapshot};
	const struct mldv_events *events = options->events;
	int ret = walk_root(&walk, err);
	size_t depth = 0;

	while (ret == 0 && walk.level < snapshot.dir_count) {
		size_t end = snapshot.dir_count;

		if (++depth > TREE_DEPTH)
			ret = err_set(err, MLDV_FAILED,
			    "'%s' is more than %d directories deep",
			    options->path, TREE_DEPTH);
		else if (events != NULL && events->cancelled != NULL &&
		    events->cancelled(events->context))
			ret = err_set(err, MLDV_INTERRUPTED, "interrupted");
		else
			ret = walk_level(&walk, end, err);
		walk.level = end;
	}
	free(walk.ranges);
	if (ret < 0) {
		snapshot_release(&snapshot);
		return -1;
	}
	use_cached_trees(&walk);
	for (size_t i = 0; i < snapshot.dir_count; i++)
		snapshot.ignored += snapshot.dirs[i].ignored;
	*out = snapshot;
	return 0;
}
