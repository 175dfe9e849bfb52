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
 * compared, since it changes when a file system is mounted anew. An entry whose
 * times lie within 2 s of the moment its hashing began, or later, is racy: a
 * later change could leave no trace in them, so it is hashed again next time.
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
	struct oid oid; /* if known */
	uint32_t name;  /* where it begins in its directory's names */
	uint32_t dir;   /* KIND_DIR: its number */
	uint16_t name_len;
	uint16_t mode; /* permission bits */
	uint8_t kind;  /* enum kind */
	uint8_t known; /* oid is that of the bytes there */
	uint8_t racy;  /* may have changed within its time stamp's grain */
	uint8_t zero;
};

struct snapshot_dir {
	struct snapshot_entry *entries;
	char *names; /* each terminated by NUL */
	uint32_t count;
	uint32_t parent;
	uint32_t parent_entry; /* which entry of the parent it is */
	uint32_t cached;       /* its number in the cache + 1, or 0 */
	uint32_t names_size;
	uint32_t ignored;       /* names in it that the patterns skipped */
	bool temporary;         /* temporary names of ours are in it */
	bool owned;             /* entries and names are to be freed */
	bool known;             /* content is that of what is there */
	struct content content; /* of its tree, if known */
};

struct snapshot {
	struct snapshot_entry root; /* the item itself */
	struct snapshot_dir *dirs;
	size_t dir_count;
	size_t dir_capacity;
	uint64_t ignored; /* skipped by the ignore patterns */
	void *mapped;     /* the file of a cache, or NULL */
	size_t mapped_size;
	void *loaded; /* the same, if it is small */
};

struct snapshot_options {
	int root_fd;                  /* of the work tree */
	const char *path;             /* of the item, from there */
	const struct strs *ignore;    /* patterns of names to skip */
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

/* The entry's name, terminated. */
const char *snapshot_name(const struct snapshot_dir *dir,
    const struct snapshot_entry *entry);
/* Appends the path of a directory from the item's root; "" for the root. */
struct buf;
void snapshot_dir_path(const struct snapshot *snapshot, size_t dir,
    struct buf *out);
/* Appends the path of an entry from the item's root; "" for the root. */
void snapshot_path(const struct snapshot *snapshot, size_t dir,
    const struct snapshot_entry *entry, struct buf *out);

/*
 * Adds a directory with room for count entries and names_size bytes of names
 * at the end of the list, as the child that entry parent_entry of parent
 * names (0, 0 for the root): its number. Pointers to dirs move.
 */
size_t snapshot_add_dir(struct snapshot *snapshot, size_t parent,
    size_t parent_entry);
/* Gives a directory its own entries and names, to be filled in. */
void snapshot_fill_dir(struct snapshot_dir *dir, size_t count,
    size_t names_size);

/* Sets size, times, inode, mode and kind; false if it is none we track. */
struct stat;
bool snapshot_set_stat(struct snapshot_entry *entry, const struct stat *st);
/* Is the file that entry describes unchanged, to judge by its stat? */
bool snapshot_same_stat(const struct snapshot_entry *a,
    const struct snapshot_entry *b);
/*
 * Marks an entry known to be oid, which hashing that began at the moment
 * (nanoseconds since 1970) gave; racy if its times are too near to that.
 */
void snapshot_set_oid(struct snapshot_entry *entry, const struct oid *oid,
    int64_t began);
int64_t snapshot_now(void);
/* Sums up a directory whose entries and subdirectories are all known. */
bool snapshot_all_known(const struct snapshot *snapshot, size_t dir);

/*
 * Reads or writes an item's stat cache. A file that is missing, damaged, or
 * of another path or version gives an empty snapshot: it is only a cache.
 */
void statcache_load(struct snapshot *out, const char *file, const char *path);
/* Whose cache a file is; false if that cannot be told. */
bool statcache_path(const char *file, struct buf *out);
CHECKED int statcache_save(const struct snapshot *snapshot, const char *file,
    const char *path, struct mldv_error *err);

#endif
