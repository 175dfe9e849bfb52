/* SPDX-License-Identifier: Apache-2.0 */
#include "store/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"

/* The coarsest time stamps of a file system in use: 2 s, of FAT. */
#define RACY_NS         INT64_C(2000000000)
#define NS_PER_S        INT64_C(1000000000)
#define PERMISSION_BITS 07777

void snapshot_release(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->dir_count; i++) {
		if (!snapshot->dirs[i].owned)
			continue;
		free(snapshot->dirs[i].entries);
		free(snapshot->dirs[i].names);
	}
	free(snapshot->dirs);
	free(snapshot->loaded);
	if (snapshot->mapped != NULL)
		(void)munmap(snapshot->mapped, snapshot->mapped_size);
	*snapshot = (struct snapshot){0};
}

const char *snapshot_name(const struct snapshot_dir *dir,
    const struct snapshot_entry *entry)
{
	return dir->names + entry->name;
}

void snapshot_dir_path(const struct snapshot *snapshot, size_t dir,
    struct buf *out)
{
	size_t start = out->len, end;

	/* From the inside out, each name put in front. */
	while (dir != 0) {
		const struct snapshot_dir *at = &snapshot->dirs[dir];
		const struct snapshot_dir *above = &snapshot->dirs[at->parent];
		const struct snapshot_entry *entry =
		    &above->entries[at->parent_entry];
		size_t len = entry->name_len + (out->len > start ? 1U : 0U);

		end = out->len;
		(void)buf_room(out, len + 1);
		memmove(out->data + start + len, out->data + start,
		    end - start);
		if (end > start)
			out->data[start + entry->name_len] = '/';
		memcpy(out->data + start, snapshot_name(above, entry),
		    entry->name_len);
		out->len += len;
		out->data[out->len] = 0;
		dir = at->parent;
	}
}

void snapshot_path(const struct snapshot *snapshot, size_t dir,
    const struct snapshot_entry *entry, struct buf *out)
{
	size_t start = out->len;

	if (entry == &snapshot->root)
		return;
	snapshot_dir_path(snapshot, dir, out);
	if (out->len > start)
		buf_add_char(out, '/');
	buf_add(out, snapshot_name(&snapshot->dirs[dir], entry),
	    entry->name_len);
}

size_t snapshot_add_dir(struct snapshot *snapshot, size_t parent,
    size_t parent_entry)
{
	size_t number = snapshot->dir_count;

	snapshot->dirs = xgrow(snapshot->dirs, number, &snapshot->dir_capacity,
	    sizeof *snapshot->dirs);
	snapshot->dirs[number] =
	    (struct snapshot_dir){.parent = (uint32_t)parent,
	        .parent_entry = (uint32_t)parent_entry};
	snapshot->dir_count++;
	return number;
}

void snapshot_fill_dir(struct snapshot_dir *dir, size_t count,
    size_t names_size)
{
	dir->entries = xcalloc(count > 0 ? count : 1, sizeof *dir->entries);
	dir->names = xmalloc(names_size > 0 ? names_size : 1);
	dir->count = (uint32_t)count;
	dir->names_size = (uint32_t)names_size;
	dir->owned = true;
}

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

bool snapshot_set_stat(struct snapshot_entry *entry, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		entry->kind =
		    (st->st_mode & S_IXUSR) != 0 ? KIND_EXEC : KIND_FILE;
	else if (S_ISLNK(st->st_mode))
		entry->kind = KIND_LINK;
	else if (S_ISDIR(st->st_mode))
		entry->kind = KIND_DIR;
	else
		return false;
	entry->size = (uint64_t)st->st_size;
	entry->mtime = nanoseconds(&st->st_mtim);
	entry->ctime = nanoseconds(&st->st_ctim);
	entry->inode = st->st_ino;
	entry->mode = (uint16_t)(st->st_mode & PERMISSION_BITS);
	return true;
}

bool snapshot_same_stat(const struct snapshot_entry *a,
    const struct snapshot_entry *b)
{
	return a->size == b->size && a->mtime == b->mtime &&
	    a->ctime == b->ctime && a->inode == b->inode &&
	    a->mode == b->mode && a->kind == b->kind;
}

void snapshot_set_oid(struct snapshot_entry *entry, const struct oid *oid,
    int64_t began)
{
	entry->oid = *oid;
	entry->known = 1;
	entry->racy =
	    entry->mtime > began - RACY_NS || entry->ctime > began - RACY_NS;
}

int64_t snapshot_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return nanoseconds(&now);
}

bool snapshot_all_known(const struct snapshot *snapshot, size_t dir)
{
	const struct snapshot_dir *at = &snapshot->dirs[dir];

	for (size_t i = 0; i < at->count; i++) {
		const struct snapshot_entry *entry = &at->entries[i];

		if (entry->kind == KIND_DIR ? !snapshot->dirs[entry->dir].known
		                            : !entry->known)
			return false;
	}
	return true;
}
