/* SPDX-License-Identifier: Apache-2.0 */
#include "project/rehash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "project/packcheck.h"

#define PACK_SUFFIX   ".tar.zst"
#define PIECE         (1 << 20)
#define CHECKED_LIMIT (256 << 20)   /* bytes of state/fsck/checked */
#define HEX_KEY       (OID_HEX + 1) /* "p" or "f", and the name */

/* A file of the store. */
struct stored {
	const char *path;
	const char *key; /* 'p' or 'f', and 64 digits */
	struct oid id;
	uint64_t size;
	uint64_t checked; /* seconds since 1970; 0: never */
	bool is_pack;
};

struct checking {
	struct mldv_project *project;
	struct rehash *out;
	struct arena arena;
	struct stored *list;
	size_t count;
	size_t capacity;
	struct map times; /* key to uint64_t */
	uint64_t total;   /* bytes */
	uint64_t done;
	struct buf piece;
};

/* Reads when each file was checked; a line that makes no sense is skipped. */
static void load_times(struct checking *checking)
{
	struct mldv_error ignored;
	struct buf text = {0};
	struct slice rest;
	struct slice line;
	struct slice key;
	const char *file = path_join(&checking->arena, checking->project->home,
	    "state/fsck/checked");

	/* It only says where to begin. */
	if (file_read(file, CHECKED_LIMIT, &text, &ignored) < 0)
		buf_reset(&text);
	rest = (struct slice){text.data, text.len};
	while (slice_cut(&rest, '\n', &line)) {
		uint64_t *time = arena_alloc(&checking->arena, sizeof *time);

		if (slice_cut(&line, ' ', &key) && key.len == HEX_KEY &&
		    slice_number(line, time))
			(void)map_add_str(&checking->times,
			    arena_strn(&checking->arena, key.data, key.len),
			    time);
	}
	buf_release(&text);
}

static int save_times(const struct checking *checking, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	const char *file =
	    path_join(&arena, checking->project->home, "state/fsck/checked");
	int ret = -1;

	for (size_t i = 0; i < checking->count; i++) {
		if (checking->list[i].checked)
			buf_printf(&text, "%s %llu\n", checking->list[i].key,
			    (unsigned long long)checking->list[i].checked);
	}
	if (file_make_parents(file, err) == 0)
		ret = file_replace(file, buf_str(&text), text.len, err);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

static void add_stored(struct checking *checking, const char *dir,
    const char *name, bool is_pack)
{
	size_t end = is_pack ? strlen(PACK_SUFFIX) : 0;
	struct stored stored = {.is_pack = is_pack};
	const uint64_t *time;
	struct stat st;

	if (strlen(name) != OID_HEX + end ||
	    strcmp(name + OID_HEX, is_pack ? PACK_SUFFIX : "") != 0 ||
	    !oid_parse(&stored.id, (struct slice){name, OID_HEX}))
		return;
	stored.path = path_join(&checking->arena, dir, name);
	if (lstat(stored.path, &st) < 0)
		return;
	stored.size = (uint64_t)st.st_size;
	stored.key = arena_printf(&checking->arena, "%c%.64s",
	    is_pack ? 'p' : 'f', name);
	time = map_get_str(&checking->times, stored.key);
	stored.checked = time ? *time : 0;
	checking->list = xgrow(checking->list, checking->count,
	    &checking->capacity, sizeof *checking->list);
	checking->list[checking->count++] = stored;
	checking->total += stored.size;
}

/* The files in packs/ or files/, two levels deep. */
static int list_kind(struct checking *checking, bool is_pack,
    struct mldv_error *err)
{
	const char *dir = path_join(&checking->arena,
	    store_dir(checking->project->store), is_pack ? "packs" : "files");
	struct strs shards = {0};
	struct strs names = {0};
	int there = file_exists(dir, err);
	int ret = there < 0 ? -1 : 0;

	if (there == 1)
		ret = file_list(dir, &shards, err);
	for (size_t i = 0; ret == 0 && i < shards.count; i++) {
		const char *shard =
		    path_join(&checking->arena, dir, shards.items[i]);

		if (strlen(shards.items[i]) != 2)
			continue;
		ret = file_list(shard, &names, err);
		for (size_t j = 0; ret == 0 && j < names.count; j++)
			add_stored(checking, shard, names.items[j], is_pack);
		strs_release(&names);
	}
	strs_release(&shards);
	return ret;
}

/* The least recently checked first. */
static int compare_checked(const void *a, const void *b)
{
	const struct stored *left = a;
	const struct stored *right = b;

	if (left->checked != right->checked)
		return left->checked < right->checked ? -1 : 1;
	return strcmp(left->key, right->key);
}

static int hash_file(struct checking *checking, const struct stored *stored,
    int fd, struct oid *out, struct mldv_error *err)
{
	struct mldv_progress progress = {
	    .what = "checking",
	    .unit = MLDV_BYTES,
	    .total = checking->total,
	};
	struct hasher *hasher = hasher_open();
	char *piece = buf_room(&checking->piece, PIECE);
	ssize_t got = 1;
	int ret = 0;

	hasher_start(hasher);
	while (ret == 0 && got > 0) {
		got = read(fd, piece, PIECE);
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got < 0)
			ret = err_errno(err, "cannot read '%s'", stored->path);
		else
			hasher_add(hasher, piece, (size_t)got);
		if (ret == 0)
			ret = project_check(checking->project, err);
		checking->done += got > 0 ? (uint64_t)got : 0;
		progress.done = checking->done;
		project_progress(checking->project, &progress);
	}
	if (ret == 0)
		hasher_end(hasher, out);
	hasher_close(hasher);
	return ret;
}

static int check_file(struct checking *checking, const struct stored *stored,
    const char **what, struct mldv_error *err)
{
	int fd = open(stored->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct oid oid;
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", stored->path);
	ret = hash_file(checking, stored, fd, &oid, err);
	(void)close(fd);
	if (ret == 0 && !oid_equal(&oid, &stored->id))
		*what = "its bytes do not hash to its name";
	return ret;
}

static int check_stored(struct checking *checking, struct stored *stored,
    struct mldv_error *err)
{
	const char *what = NULL;
	int ret = project_check(checking->project, err);

	if (ret == 0 && stored->is_pack)
		ret = packcheck_file(stored->path, stored->size, &stored->id,
		    &what, err);
	else if (ret == 0)
		ret = check_file(checking, stored, &what, err);
	/* Somebody else may have removed it. */
	if (ret < 0 && err->code == MLDV_NOT_FOUND)
		return 0;
	if (ret < 0)
		return -1;
	if (stored->is_pack)
		checking->done += stored->size;
	if (!what) {
		stored->checked = (uint64_t)time(NULL);
		return 0;
	}
	stored->checked = 0;
	return quarantine_put(checking->project, &checking->out->quarantine,
	    stored->path, what, err);
}

/* A pack with a damaged index is passed over when the store is loaded. */
static int is_urgent(const struct stored *stored)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct pack_index index;
	struct buf tail = {0};
	uint8_t footer[PACK_FOOTER_SIZE];
	uint32_t begin;
	uint32_t count;
	bool good = false;
	int fd;

	if (!stored->is_pack)
		return false;
	fd = open(stored->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (stored->size >= sizeof footer && stored->size <= PACK_LIMIT &&
	    file_read_at(fd, stored->path, footer, sizeof footer,
	        stored->size - sizeof footer, &err) == 0 &&
	    pack_footer_parse(footer, stored->size, &begin, &count, &err) ==
	        0 &&
	    file_read_at(fd, stored->path,
	        buf_room(&tail, stored->size - begin), stored->size - begin,
	        begin, &err) == 0)
		good =
		    pack_index_parse(&index, &arena, (const uint8_t *)tail.data,
		        stored->size - begin, stored->size, &err) == 0;
	(void)close(fd);
	buf_release(&tail);
	arena_release(&arena);
	return !good;
}

static int check_all(struct checking *checking, double budget,
    struct mldv_error *err)
{
	double deadline = project_clock() + budget;

	for (size_t i = 0; i < checking->count; i++) {
		struct stored *stored = &checking->list[i];

		if (budget > 0 && project_clock() >= deadline &&
		    !is_urgent(stored)) {
			checking->out->left++;
			continue;
		}
		if (check_stored(checking, stored, err) < 0)
			return -1;
	}
	return 0;
}

int rehash_store(struct mldv_project *project, double budget,
    struct rehash *out, struct mldv_error *err)
{
	struct checking checking = {.project = project, .out = out};
	struct mldv_error second;
	int ret = -1;

	load_times(&checking);
	if (quarantine_load(project, &out->quarantine, err) < 0 ||
	    list_kind(&checking, true, err) < 0 ||
	    list_kind(&checking, false, err) < 0)
		goto out;
	if (checking.count > 1)
		qsort(checking.list, checking.count, sizeof *checking.list,
		    compare_checked);
	ret = check_all(&checking, budget, err);
	/*
	 * Also what was checked before an interruption need not be again. It
	 * only says where to begin, so a full disk is no reason to fail.
	 */
	if (save_times(&checking, &second) < 0)
		project_warn(project, "%s", second.text);
	if (ret == 0)
		ret = quarantine_salvage(project, &out->quarantine, err);
out:
	free(checking.list);
	buf_release(&checking.piece);
	map_release(&checking.times);
	arena_release(&checking.arena);
	return ret;
}

void rehash_release(struct rehash *rehash)
{
	quarantine_release(&rehash->quarantine);
	*rehash = (struct rehash){0};
}
