/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "store/snapshot.h"

/*
 * The file of a stat cache, in this machine's byte order since it never
 * leaves it: a header, the item's path padded to 8 bytes, a record per
 * directory, all entries, all names. Mapped and used as it lies.
 */

#define MAGIC      UINT64_C(0x31766c646d746173) /* "satmdlv1" */
#define READ_WHOLE 16384 /* bytes; a mapping would cost more */

struct header {
	uint64_t magic;
	uint64_t sum; /* of everything after it */
	uint32_t entry_size;
	uint32_t path_size; /* padded */
	uint64_t dir_count;
	uint64_t entry_count;
	uint64_t names_size;
	struct snapshot_entry root;
};

struct dir_record {
	uint64_t first; /* entry */
	uint64_t names; /* where they begin */
	uint64_t size;  /* of its content */
	uint64_t files;
	struct oid oid;
	uint32_t count;
	uint32_t parent;
	uint32_t parent_entry;
	uint32_t names_size;
	uint32_t known;
	uint32_t zero;
};

/* Continues a sum over size bytes, a multiple of 8 but at the very end. */
static uint64_t sum_add(uint64_t sum, const void *data, size_t size)
{
	const uint64_t prime = UINT64_C(0x9e3779b97f4a7c15);
	const unsigned char *from = data;
	uint64_t word;

	for (; size >= sizeof word; size -= sizeof word) {
		memcpy(&word, from, sizeof word);
		sum = (sum ^ word) * prime;
		sum ^= sum >> 29;
		from += sizeof word;
	}
	word = 0;
	memcpy(&word, from, size);
	sum = (sum ^ word ^ size) * prime;
	return sum ^ sum >> 32;
}

/* Where the parts of a mapped file begin, or false if they do not fit. */
struct parts {
	const struct header *header;
	const char *path;
	struct dir_record *dirs;
	struct snapshot_entry *entries;
	char *names;
};

static bool find_parts(struct parts *parts, char *data, size_t size)
{
	const struct header *header = (void *)data;
	uint64_t left = size;

	if (left < sizeof *header || header->magic != MAGIC ||
	    header->entry_size != sizeof(struct snapshot_entry) ||
	    sum_add(0, &header->entry_size,
	        size - offsetof(struct header, entry_size)) != header->sum)
		return false;
	left -= sizeof *header;
	parts->header = header;
	parts->path = data + sizeof *header;
	if (header->path_size > left || header->path_size % 8 != 0 ||
	    strnlen(parts->path, header->path_size) == header->path_size)
		return false;
	left -= header->path_size;
	if (header->dir_count > left / sizeof(struct dir_record))
		return false;
	left -= header->dir_count * sizeof(struct dir_record);
	if (header->entry_count > left / sizeof(struct snapshot_entry))
		return false;
	left -= header->entry_count * sizeof(struct snapshot_entry);
	data += sizeof *header + header->path_size;
	parts->dirs = (void *)data;
	data += header->dir_count * sizeof(struct dir_record);
	parts->entries = (void *)data;
	parts->names =
	    data + header->entry_count * sizeof(struct snapshot_entry);
	return header->names_size == left;
}

static bool entries_fit(const struct snapshot *snapshot,
    const struct snapshot_dir *dir)
{
	for (size_t i = 0; i < dir->count; i++) {
		const struct snapshot_entry *entry = &dir->entries[i];

		if ((uint64_t)entry->name + entry->name_len >=
		        dir->names_size ||
		    dir->names[entry->name + entry->name_len] != 0)
			return false;
		if (entry->kind == KIND_DIR &&
		    entry->dir >= snapshot->dir_count)
			return false;
	}
	return true;
}

/* Is the directory's parent one that comes before it? */
static bool parent_fits(const struct snapshot *snapshot, size_t number,
    const struct dir_record *record)
{
	return number == 0 ||
	    (record->parent < number &&
	        record->parent_entry < snapshot->dirs[record->parent].count);
}

/* False if a directory reaches outside of the entries, names or parents. */
static bool add_dirs(struct snapshot *out, const struct parts *parts)
{
	const struct header *header = parts->header;

	out->dir_count = out->dir_capacity = header->dir_count;
	out->dirs = xcalloc(out->dir_count + 1, sizeof *out->dirs);
	for (size_t i = 0; i < out->dir_count; i++) {
		const struct dir_record *record = &parts->dirs[i];
		struct snapshot_dir *dir = &out->dirs[i];

		if (record->first > header->entry_count ||
		    record->count > header->entry_count - record->first ||
		    record->names > header->names_size ||
		    record->names_size > header->names_size - record->names ||
		    !parent_fits(out, i, record))
			return false;
		dir->entries = parts->entries + record->first;
		dir->names = parts->names + record->names;
		dir->names_size = record->names_size;
		dir->count = record->count;
		dir->parent = record->parent;
		dir->parent_entry = record->parent_entry;
		dir->known = record->known != 0;
		dir->content = (struct content){.kind = KIND_DIR,
		    .oid = record->oid,
		    .size = record->size,
		    .files = record->files};
		if (!entries_fit(out, dir))
			return false;
	}
	out->root = header->root;
	return true;
}

/* The bytes of the file, or NULL. */
static char *load_bytes(struct snapshot *snapshot, int fd, size_t size)
{
	struct mldv_error ignored;

	if (size == 0)
		return NULL;
	if (size <= READ_WHOLE) {
		snapshot->loaded = xmalloc(size);
		if (file_read_at(fd, "", snapshot->loaded, size, 0, &ignored) <
		    0) {
			free(snapshot->loaded);
			snapshot->loaded = NULL;
		}
		return snapshot->loaded;
	}
	snapshot->mapped =
	    mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (snapshot->mapped == MAP_FAILED)
		snapshot->mapped = NULL;
	snapshot->mapped_size = size;
	return snapshot->mapped;
}

void statcache_load(struct snapshot *out, const char *file, const char *path)
{
	struct snapshot snapshot = {0};
	struct parts parts;
	struct stat st;
	char *data = NULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	*out = snapshot;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0)
		data = load_bytes(&snapshot, fd, (size_t)st.st_size);
	(void)close(fd);
	if (data == NULL)
		return;
	if (find_parts(&parts, data, (size_t)st.st_size) &&
	    strcmp(parts.path, path) == 0 && add_dirs(&snapshot, &parts))
		*out = snapshot;
	else
		snapshot_release(&snapshot);
}

static void format_dirs(const struct snapshot *snapshot, struct buf *out)
{
	uint64_t entries = 0, names = 0;

	for (size_t i = 0; i < snapshot->dir_count; i++) {
		const struct snapshot_dir *dir = &snapshot->dirs[i];
		struct dir_record record = {.first = entries,
		    .names = names,
		    .size = dir->content.size,
		    .files = dir->content.files,
		    .oid = dir->content.oid,
		    .count = dir->count,
		    .parent = dir->parent,
		    .parent_entry = dir->parent_entry,
		    .names_size = dir->names_size,
		    .known = dir->known};

		buf_add(out, &record, sizeof record);
		entries += dir->count;
		names += dir->names_size;
	}
	for (size_t i = 0; i < snapshot->dir_count; i++)
		buf_add(out, snapshot->dirs[i].entries,
		    snapshot->dirs[i].count * sizeof(struct snapshot_entry));
	for (size_t i = 0; i < snapshot->dir_count; i++)
		buf_add(out, snapshot->dirs[i].names,
		    snapshot->dirs[i].names_size);
}

static void format_cache(const struct snapshot *snapshot, const char *path,
    struct buf *out)
{
	struct header header = {.magic = MAGIC,
	    .entry_size = sizeof(struct snapshot_entry),
	    .dir_count = snapshot->dir_count,
	    .root = snapshot->root};
	size_t len = strlen(path);
	size_t padded = (len + 8) / 8 * 8;
	size_t need = sizeof header + padded +
	    snapshot->dir_count * sizeof(struct dir_record);

	header.path_size = (uint32_t)padded;
	for (size_t i = 0; i < snapshot->dir_count; i++) {
		header.entry_count += snapshot->dirs[i].count;
		header.names_size += snapshot->dirs[i].names_size;
	}
	need += header.entry_count * sizeof(struct snapshot_entry) +
	    header.names_size;
	(void)buf_room(out, need);
	buf_add(out, &header, sizeof header);
	buf_add(out, path, len);
	memset(buf_room(out, padded - len), 0, padded - len);
	out->len += padded - len;
	format_dirs(snapshot, out);
	header.sum = sum_add(0, out->data + offsetof(struct header, entry_size),
	    out->len - offsetof(struct header, entry_size));
	memcpy(out->data, &header, sizeof header);
}

int statcache_save(const struct snapshot *snapshot, const char *file,
    const char *path, struct mldv_error *err)
{
	struct tempfile temp = {0};
	struct arena arena = {0};
	struct buf text = {0};
	const char *dir = path_parent(&arena, file);
	int ret = -1;

	format_cache(snapshot, path, &text);
	if (file_make_dirs(dir, err) == 0 &&
	    tempfile_open(&temp, dir, 0666, err) == 0 &&
	    file_write(temp.fd, temp.path, text.data, text.len, err) == 0)
		ret = tempfile_commit_cache(&temp, file, err);
	tempfile_release(&temp);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

bool statcache_path(const char *file, struct buf *out)
{
	struct mldv_error ignored;
	struct header header;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool found = false;
	char *room;

	if (fd < 0)
		return false;
	if (file_read_at(fd, file, &header, sizeof header, 0, &ignored) == 0 &&
	    header.magic == MAGIC && header.path_size <= 2 * PATH_MAX) {
		room = buf_room(out, header.path_size);
		found = file_read_at(fd, file, room, header.path_size,
		            sizeof header, &ignored) == 0 &&
		    strnlen(room, header.path_size) < header.path_size;
		if (found)
			out->len += strlen(room);
	}
	(void)close(fd);
	return found;
}
