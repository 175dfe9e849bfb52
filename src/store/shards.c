/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/strs.h"
#include "store/internal.h"

#define PACK_SUFFIX ".tar.zst"

bool store_pack_id(const char *name, struct oid *out)
{
	return strlen(name) == OID_HEX + sizeof PACK_SUFFIX - 1 &&
	    strcmp(name + OID_HEX, PACK_SUFFIX) == 0 &&
	    oid_parse(out, (struct slice){name, OID_HEX});
}

void store_path(const struct store *store, const char *kind,
    const struct oid *oid, const char *suffix, struct buf *out)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	buf_printf(out, "%s/%s/%.2s/%s%s", store->dir, kind, hex, hex, suffix);
}

void store_file_path(const struct store *store, const struct oid *oid,
    struct buf *out)
{
	store_path(store, "files", oid, "", out);
}

int store_shard_begin(const struct store *store, const char *kind,
    const struct oid *oid, const char *suffix, struct buf *out,
    struct mldv_error *err)
{
	struct buf shard = {0};
	char hex[OID_HEX + 1];
	int ret = 1;

	oid_hex(oid, hex);
	buf_printf(&shard, "%s/%s/%.2s", store->dir, kind, hex);
	if (mkdir(buf_str(&shard), 0777) < 0)
		ret = errno == EEXIST
		    ? 0
		    : err_errno(err, "cannot create '%s'", buf_str(&shard));
	store_path(store, kind, oid, suffix, out);
	buf_release(&shard);
	return ret;
}

int store_shard(const struct store *store, const char *kind,
    const struct oid *oid, const char *suffix, struct buf *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = store_shard_begin(store, kind, oid, suffix, out, err);

	if (ret > 0)
		ret = file_sync_dir(path_join(&arena, store->dir, kind), err);
	arena_release(&arena);
	return ret;
}

int store_temp(const struct store *store, const char *kind,
    struct tempfile *temp, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *dir = path_join(&arena, store->dir, kind);
	int ret = file_make_dirs(dir, err);

	if (ret == 0)
		ret = tempfile_open(temp, dir, 0666, err);
	arena_release(&arena);
	return ret;
}

int store_pack_start(struct store *store, struct tempfile *temp,
    struct mldv_error *err)
{
	return store_temp(store, "packs", temp, err);
}

/* Objects are not for editing. */
static int commit_read_only(struct tempfile *temp, const char *path,
    struct mldv_error *err)
{
	struct stat st;

	if (fstat(temp->fd, &st) < 0 || fchmod(temp->fd, st.st_mode & 0444) < 0)
		return err_errno(err, "cannot protect '%s'", path);
	return tempfile_commit(temp, path, err);
}

int store_pack_end(struct store *store, struct tempfile *temp,
    const struct oid *id, struct mldv_error *err)
{
	struct buf path = {0};
	int ret = store_shard(store, "packs", id, PACK_SUFFIX, &path, err);

	if (ret == 0)
		ret = commit_read_only(temp, buf_str(&path), err);
	buf_release(&path);
	return ret;
}

int store_large_start(struct store *store, struct tempfile *temp,
    struct mldv_error *err)
{
	return store_temp(store, "files", temp, err);
}

int store_large_end(struct store *store, struct tempfile *temp,
    const struct oid *oid, struct mldv_error *err)
{
	struct buf path = {0};
	int ret = store_shard(store, "files", oid, "", &path, err);

	if (ret == 0)
		ret = commit_read_only(temp, buf_str(&path), err);
	if (ret == 0)
		ret = store_file_seen(store, oid, err);
	buf_release(&path);
	return ret;
}

/* The files of one kind that begin with the same two digits. */
struct shard_visit {
	const char *dir;
	bool packs;
	int (*visit)(void *context, const struct store_file *file,
	    struct mldv_error *err);
	void *context;
};

static int each_in_shard(const struct shard_visit *at, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = file_list(at->dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *name = names.items[i];
		struct store_file file;
		struct stat st;

		if (at->packs ? !store_pack_id(name, &file.oid)
		              : !oid_parse(&file.oid, slice_of(name)))
			continue;
		file.path = path_join(&arena, at->dir, name);
		if (lstat(file.path, &st) < 0) {
			if (errno != ENOENT)
				ret = err_errno(err, "cannot look at '%s'",
				    file.path);
			continue;
		}
		file.bytes = (uint64_t)st.st_size;
		file.mtime = (int64_t)st.st_mtim.tv_sec;
		ret = at->visit(at->context, &file, err);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

int store_each(struct store *store, const char *kind,
    int (*visit)(void *context, const struct store_file *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs shards = {0};
	struct shard_visit at = {
	    .packs = strcmp(kind, "packs") == 0,
	    .visit = visit,
	    .context = context,
	};
	const char *dir = path_join(&arena, store->dir, kind);
	int ret = file_exists(dir, err);

	if (ret == 1)
		ret = file_list(dir, &shards, err);
	for (size_t i = 0; ret == 0 && i < shards.count; i++) {
		if (strlen(shards.items[i]) != 2)
			continue;
		at.dir = path_join(&arena, dir, shards.items[i]);
		ret = each_in_shard(&at, err);
	}
	strs_release(&shards);
	arena_release(&arena);
	return ret;
}

int store_sweep(struct store *store, struct mldv_error *err)
{
	static const char *const kinds[] = {"packs", "files", "runs", "seen"};
	struct arena arena = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof kinds / sizeof *kinds; i++) {
		const char *dir = path_join(&arena, store->dir, kinds[i]);
		int there = file_exists(dir, err);

		if (there < 0 || (there > 0 && file_sweep(dir, err) < 0))
			ret = -1;
	}
	arena_release(&arena);
	return ret;
}
