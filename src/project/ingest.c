/* SPDX-License-Identifier: Apache-2.0 */
#include "project/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/pool.h"

/*
 * The files are divided into runs by their sizes and order alone. A run that
 * is stored becomes one pack, written by one thread without any lock; so the
 * packs do not depend on how the threads were scheduled.
 */

#define ROOT       UINT32_MAX /* as a directory: the item is one file */
#define HASH_RUN   (8u << 20) /* bytes of a run that is only hashed */
#define READ_PIECE 262144u
#define READERS    8 /* at least: a cold disk likes many at once */

struct file {
	uint32_t dir;
	uint32_t entry;
};

struct run {
	size_t begin;
	size_t end;
};

struct work {
	struct mldv_project *project;
	struct ingest *ingest;
	struct file *files;
	size_t file_count;
	size_t file_capacity;
	struct run *runs;
	size_t run_count;
	size_t run_capacity;
	uint64_t total;              /* bytes */
	struct store_packer *shared; /* for all runs, of which there is one */
	atomic_ullong done;
};

/* What one thread needs for a run. */
struct reader {
	struct work *work;
	struct hasher *hasher;
	struct store_packer *packer; /* NULL: only hash */
	struct buf piece;
	struct buf path; /* of the current file, for messages */
	size_t dir_len;  /* of the directory's path in it */
	uint32_t dir;
	int dir_fd; /* -1: none is open */
};

static struct snapshot_entry *entry_of(const struct work *work,
    const struct file *file)
{
	struct snapshot *snapshot = work->ingest->snapshot;

	if (file->dir == ROOT)
		return &snapshot->root;
	return &snapshot->dirs[file->dir].entries[file->entry];
}

/* Opens the file's directory, and lets reader->path name the file. */
static int enter_dir(struct reader *reader, const struct file *file,
    struct mldv_error *err)
{
	const struct ingest *ingest = reader->work->ingest;
	size_t start;

	if (reader->dir_fd >= 0 && reader->dir == file->dir)
		return 0;
	if (reader->dir_fd >= 0)
		(void)close(reader->dir_fd);
	buf_reset(&reader->path);
	buf_add_str(&reader->path, ingest->path);
	buf_add_char(&reader->path, '/');
	start = reader->path.len;
	snapshot_dir_path(ingest->snapshot, file->dir, &reader->path);
	reader->dir_fd = openat(reader->work->project->root_fd,
	    buf_str(&reader->path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->dir_fd < 0)
		return err_errno(err, "cannot open '%s'",
		    buf_str(&reader->path));
	reader->dir = file->dir;
	if (reader->path.len > start)
		buf_add_char(&reader->path, '/');
	reader->dir_len = reader->path.len;
	return 0;
}

/* Where to open the file: a directory's descriptor, and the name there. */
static int locate(struct reader *reader, const struct file *file, int *fd,
    const char **name, struct mldv_error *err)
{
	const struct ingest *ingest = reader->work->ingest;
	const struct snapshot_dir *dir;

	if (file->dir == ROOT) {
		buf_reset(&reader->path);
		buf_add_str(&reader->path, ingest->path);
		*fd = reader->work->project->root_fd;
		*name = ingest->path;
		return 0;
	}
	if (enter_dir(reader, file, err) < 0)
		return -1;
	dir = &ingest->snapshot->dirs[file->dir];
	*fd = reader->dir_fd;
	*name = snapshot_name(dir, &dir->entries[file->entry]);
	reader->path.len = reader->dir_len;
	buf_add_str(&reader->path, *name);
	return 0;
}

static int changed(const struct reader *reader, struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED,
	    "'%s' changed while it was read; try again when nothing writes it",
	    buf_str(&reader->path));
}

/* Is it still the file that the snapshot saw? */
static int check_same(const struct reader *reader,
    const struct snapshot_entry *entry, int fd, struct mldv_error *err)
{
	struct snapshot_entry now = {0};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "cannot look at '%s'",
		    buf_str(&reader->path));
	if (!snapshot_set_stat(&now, &st) || !snapshot_same_stat(&now, entry))
		return changed(reader, err);
	return 0;
}

static char *room(struct reader *reader, size_t size)
{
	if (reader->packer != NULL)
		return store_packer_room(reader->packer, size);
	buf_reset(&reader->piece);
	return buf_room(&reader->piece, size);
}

static int read_link(struct reader *reader, const struct snapshot_entry *entry,
    int fd, const char *name, struct oid *oid, struct mldv_error *err)
{
	size_t size = (size_t)entry->size;
	char *to = room(reader, size + 1);
	ssize_t got = readlinkat(fd, name, to, size + 1);

	/* What is no link, or gone, was one when it was looked at. */
	if (got < 0 && (errno == EINVAL || errno == ENOENT || errno == ENOTDIR))
		return changed(reader, err);
	if (got < 0)
		return err_errno(err, "cannot read the link '%s'",
		    buf_str(&reader->path));
	if ((uint64_t)got != entry->size)
		return changed(reader, err);
	hasher_oid(reader->hasher, to, size, oid);
	if (reader->packer == NULL)
		return 0;
	return store_packer_add(reader->packer, oid, size, err);
}

/* One read, which asks for a byte more than there should be. */
static int read_small(struct reader *reader, const struct snapshot_entry *entry,
    int fd, struct oid *oid, struct mldv_error *err)
{
	size_t size = (size_t)entry->size, have = 0;
	char *to = room(reader, size + 1);

	for (;;) {
		ssize_t got = read(fd, to + have, size + 1 - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, "cannot read '%s'",
			    buf_str(&reader->path));
		have += (size_t)got;
		if (have > size || (got == 0 && have < size))
			return changed(reader, err);
		if (have == size)
			break;
	}
	if (check_same(reader, entry, fd, err) < 0)
		return -1;
	hasher_oid(reader->hasher, to, size, oid);
	if (reader->packer == NULL)
		return 0;
	return store_packer_add(reader->packer, oid, size, err);
}

static void report(struct reader *reader, uint64_t bytes)
{
	struct work *work = reader->work;
	struct mldv_progress progress = {.what = "reading",
	    .name = buf_str(&reader->path),
	    .unit = MLDV_BYTES,
	    .total = work->total};

	progress.done = atomic_fetch_add(&work->done, bytes) + bytes;
	project_progress(work->project, &progress);
}

static void report_piece(void *context, uint64_t bytes)
{
	report(context, bytes);
}

static bool is_cancelled(void *context)
{
	const struct reader *reader = context;
	struct mldv_error err;

	return project_check(reader->work->project, &err) < 0;
}

static int hash_pieces(struct reader *reader,
    const struct snapshot_entry *entry, int fd, struct oid *oid,
    struct mldv_error *err)
{
	char *piece = room(reader, READ_PIECE);
	uint64_t at = 0;

	hasher_start(reader->hasher);
	while (at < entry->size) {
		ssize_t got = read(fd, piece, READ_PIECE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, "cannot read '%s'",
			    buf_str(&reader->path));
		if (got == 0)
			return changed(reader, err);
		hasher_add(reader->hasher, piece, (size_t)got);
		at += (uint64_t)got;
		report(reader, (uint64_t)got);
		if (project_check(reader->work->project, err) < 0)
			return -1;
	}
	hasher_end(reader->hasher, oid);
	return check_same(reader, entry, fd, err);
}

static int read_large(struct reader *reader, const struct snapshot_entry *entry,
    int fd, struct oid *oid, struct mldv_error *err)
{
	struct store_large large = {.name = buf_str(&reader->path),
	    .size = entry->size,
	    .context = reader,
	    .progress = report_piece,
	    .cancelled = is_cancelled};

	if (reader->packer == NULL)
		return hash_pieces(reader, entry, fd, oid, err);
	if (store_put_large(reader->work->project->store, fd, &large, oid,
	        err) < 0)
		return -1;
	return check_same(reader, entry, fd, err);
}

static int read_regular(struct reader *reader,
    const struct snapshot_entry *entry, int dir_fd, const char *name,
    struct oid *oid, struct mldv_error *err)
{
	int fd = openat(dir_fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return changed(reader, err);
	if (fd < 0)
		return err_errno(err, "cannot open '%s'",
		    buf_str(&reader->path));
	if (entry->size > OBJECT_WHOLE_MAX) {
		ret = read_large(reader, entry, fd, oid, err);
	} else {
		ret = read_small(reader, entry, fd, oid, err);
		if (ret == 0)
			report(reader, entry->size);
	}
	(void)close(fd);
	return ret;
}

static int read_file(struct reader *reader, const struct file *file,
    struct mldv_error *err)
{
	struct snapshot_entry *entry = entry_of(reader->work, file);
	int64_t began = snapshot_now();
	const char *name;
	struct oid oid;
	int fd, ret;

	if (locate(reader, file, &fd, &name, err) < 0)
		return -1;
	if (entry->size == 0 && entry->kind != KIND_LINK) {
		oid = oid_empty;
		ret = 0;
	} else if (entry->kind == KIND_LINK) {
		ret = read_link(reader, entry, fd, name, &oid, err);
	} else {
		ret = read_regular(reader, entry, fd, name, &oid, err);
	}
	if (ret == 0)
		snapshot_set_oid(entry, &oid, began);
	return ret;
}

/* Job: reads one run of files. */
static int read_run(void *context, size_t i, struct mldv_error *err)
{
	struct work *work = context;
	const struct run *run = &work->runs[i];
	struct reader reader = {.work = work, .dir_fd = -1};
	int ret = 0;

	reader.hasher = hasher_open();
	if (work->shared != NULL)
		reader.packer = work->shared;
	else if (work->ingest->store)
		reader.packer = store_packer_open(work->project->store);
	for (size_t j = run->begin; ret == 0 && j < run->end; j++) {
		ret = project_check(work->project, err);
		if (ret == 0)
			ret = read_file(&reader, &work->files[j], err);
	}
	if (work->shared == NULL) {
		if (ret == 0 && reader.packer != NULL)
			ret = store_packer_end(reader.packer, err);
		store_packer_close(reader.packer);
	}
	if (reader.dir_fd >= 0)
		(void)close(reader.dir_fd);
	hasher_close(reader.hasher);
	buf_release(&reader.piece);
	buf_release(&reader.path);
	return ret;
}

/* 1 if the file must be read, else 0. */
static int is_wanted(const struct work *work,
    const struct snapshot_entry *entry, struct mldv_error *err)
{
	int there;

	if (!entry->known)
		return 1;
	if (!work->ingest->store)
		return 0;
	there = store_has(work->project->store, &entry->oid, entry->size, err);
	return there < 0 ? -1 : !there;
}

/* Asked before anything is read, which would take an hour. */
static int fail_too_large(const struct work *work, const struct file *file,
    const struct snapshot_entry *entry, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf inside = {0};

	snapshot_path(work->ingest->snapshot, file->dir, entry, &inside);
	(void)err_set(err, MLDV_FAILED,
	    "cannot store '%s': it has %llu GiB, and of a file of 700 GiB or "
	    "more the list of chunks could grow longer than %d MiB; divide it",
	    path_join(&arena, work->ingest->path, buf_str(&inside)),
	    (unsigned long long)(entry->size >> 30), CHUNKS_LIMIT >> 20);
	buf_release(&inside);
	arena_release(&arena);
	return -1;
}

static int add_file(struct work *work, uint32_t dir, uint32_t number,
    struct mldv_error *err)
{
	struct file file = {dir, number};
	const struct snapshot_entry *entry = entry_of(work, &file);
	int wanted;

	if (entry->kind == KIND_DIR)
		return 0;
	wanted = is_wanted(work, entry, err);
	if (wanted <= 0)
		return wanted;
	if (work->ingest->store && entry->size >= OBJECT_LIMIT)
		return fail_too_large(work, &file, entry, err);
	work->files = xgrow(work->files, work->file_count, &work->file_capacity,
	    sizeof *work->files);
	work->files[work->file_count++] = file;
	work->total += entry->size;
	return 0;
}

static int find_files(struct work *work, struct mldv_error *err)
{
	const struct snapshot *snapshot = work->ingest->snapshot;

	if (snapshot->dir_count == 0)
		return add_file(work, ROOT, 0, err);
	for (size_t i = 0; i < snapshot->dir_count; i++)
		for (size_t j = 0; j < snapshot->dirs[i].count; j++)
			if (add_file(work, (uint32_t)i, (uint32_t)j, err) < 0)
				return -1;
	return 0;
}

static void add_run(struct work *work, size_t begin, size_t end)
{
	if (begin == end)
		return;
	work->runs = xgrow(work->runs, work->run_count, &work->run_capacity,
	    sizeof *work->runs);
	work->runs[work->run_count++] = (struct run){begin, end};
}

/* Runs as long as a pack (or shorter, to hash); a large file is its own. */
static void divide(struct work *work)
{
	uint64_t target = work->ingest->store ? PACK_TARGET : HASH_RUN;
	uint64_t sum = 0;
	size_t begin = 0;

	for (size_t i = 0; i < work->file_count; i++) {
		uint64_t size = entry_of(work, &work->files[i])->size;

		if (size > OBJECT_WHOLE_MAX) {
			add_run(work, begin, i);
			add_run(work, i, i + 1);
			begin = i + 1;
			sum = 0;
			continue;
		}
		sum += pack_entry_size(size);
		if (sum >= target) {
			add_run(work, begin, i + 1);
			begin = i + 1;
			sum = 0;
		}
	}
	add_run(work, begin, work->file_count);
}

static void count_read(struct work *work)
{
	work->ingest->read = work->file_count;
	work->ingest->proven = 0;
	for (size_t i = 0; i < work->file_count; i++)
		if (!entry_of(work, &work->files[i])->racy)
			work->ingest->proven++;
}

int ingest_files(struct mldv_project *project, struct ingest *ingest,
    struct mldv_error *err)
{
	struct work work = {.project = project, .ingest = ingest};
	unsigned threads = READERS;
	int ret = find_files(&work, err);

	if (ret == 0) {
		divide(&work);
		if (ingest->shared != NULL && work.run_count == 1 &&
		    work.total <= INGEST_SMALL)
			work.shared = ingest->shared->files;
		if (work.run_count > READERS && pool_processors() > READERS)
			threads = pool_processors();
		ret = pool_run(threads, work.run_count, read_run, &work, err);
		count_read(&work);
	}
	free(work.files);
	free(work.runs);
	return ret;
}
