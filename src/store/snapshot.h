/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

/*
 * An item's files as they lie in the work tree, and as they lay when they
 * were last hashed (the stat cache).
 *
 * Directories are numbered level by level from the root, 0; a directory's
 * entries lie together, sorted by name. A file whose size, mtime, ctime,
 * inode and mode are those of the cache has the cache's oid; the device is not
 * compared, since it changes when a file system is mounted anew.
 */

#include <stdbool.h>

#include "base/mem.h"
#include "base/strs.h"
#include "format/kind.h"
#include "mldv/events.h"

struct snapshot_entry {
	uint64_t size;
	int64_t mtime; /* nanoseconds since 1970 */
	int64_t ctime;
	uint64_t inode;
	struct oid oid;	  /* if known */
	const char *name; /* terminated */
	uint32_t dir;	  /* KIND_DIR: its number */
	uint16_t name_len;
	uint16_t mode; /* permission bits */
	uint8_t kind;  /* enum kind */
	bool known;    /* oid is that of the bytes there */
	bool racy;     /* it may have changed within its time stamp's grain */
};

struct snapshot_dir {
	struct snapshot_entry *entries;
	uint32_t count;
	uint32_t parent;
	const char *path;	/* from the item's root; "" for the root */
	struct content content; /* of its tree, if known */
	bool known;
};

struct snapshot {
	struct snapshot_entry root; /* the item itself */
	struct snapshot_dir *dirs;
	size_t dir_count;
	size_t dir_capacity;
	uint64_t files;	  /* files and links */
	uint64_t ignored; /* skipped by the ignore patterns */
	struct arena *arenas; /* names, one arena per job */
	size_t arena_count;
	void *mapped; /* a cache's file */
	size_t mapped_size;
};

struct snapshot_options {
	int root_fd;		 /* of the work tree */
	const char *path;	 /* of the item, from there */
	const struct strs *ignore;	/* patterns of names to skip */
	const struct snapshot *cache; /* or NULL */
	const struct mldv_events *events;
};

/*
 * Walks the item on all processors; nothing is read. MLDV_NOT_FOUND if it is
 * not there; sockets, devices and names that no tree may hold are refused.
 */
CHECKED int snapshot_take(struct snapshot *out,
    const struct snapshot_options *options, struct mldv_error *err);
void snapshot_release(struct snapshot *snapshot);

/* Appends the path of an entry from the item's root. */
struct buf;
void snapshot_path(const struct snapshot *snapshot,
    const struct snapshot_dir *dir, const struct snapshot_entry *entry,
    struct buf *out);

/*
 * Reads or writes an item's stat cache. A file that is missing, damaged, or
 * of another path or version gives an empty snapshot: it is only a cache.
 */
void statcache_load(struct snapshot *out, const char *file, const char *path);
CHECKED int statcache_save(const struct snapshot *snapshot, const char *file,
    const char *path, struct mldv_error *err);

#endif
