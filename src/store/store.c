/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/strs.h"
#include "store/internal.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

struct store *store_open(const char *dir)
{
	struct store *store = xcalloc(1, sizeof *store);

	store->dir = xmalloc(strlen(dir) + 1);
	memcpy(store->dir, dir, strlen(dir) + 1);
	return store;
}

void store_unload(struct store *store)
{
	oid_index_release(&store->objects);
	arena_release(&store->arena);
	free(store->packs);
	store->packs = NULL;
	store->pack_count = 0;
	store->damaged = NULL;
	store->loaded = false;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_unload(store);
	store_runs_drop(store);
	free(store->dir);
	free(store);
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}

static const struct oid *object_oid(const void *context, uint64_t number)
{
	const struct store *store = context;

	return &store->packs[number >> 32]
	            .index.records[number & UINT32_MAX]
	            .oid;
}

/* Reads the index at the end of an open pack. */
static int read_index(struct store *store, struct store_pack *pack, int fd,
    struct mldv_error *err)
{
	uint8_t footer[PACK_FOOTER_SIZE];
	struct buf buf = {0};
	uint32_t begin, count;
	size_t size;
	int ret = -1;

	if (pack->bytes < sizeof footer)
		return err_set(err, MLDV_CORRUPT, "the file is too short");
	if (file_read_at(fd, pack->path, footer, sizeof footer,
	        pack->bytes - sizeof footer, err) < 0 ||
	    pack_footer_parse(footer, pack->bytes, &begin, &count, err) < 0)
		return -1;
	size = (size_t)(pack->bytes - begin);
	if (file_read_at(fd, pack->path, buf_room(&buf, size), size, begin,
	        err) == 0)
		ret = pack_index_parse(&pack->index, &store->arena,
		    (const uint8_t *)buf.data, size, pack->bytes, err);
	buf_release(&buf);
	return ret;
}

/* 1 if the pack was read, 0 if it is gone or passed over. */
static int load_pack(struct store *store, const char *path,
    const struct oid *id, struct mldv_error *err)
{
	struct store_pack pack = {.id = *id};
	struct stat st;
	int fd, ret;

	pack.path = arena_str(&store->arena, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	ret = fstat(fd, &st);
	if (ret < 0) {
		(void)err_errno(err, "cannot read '%s'", path);
	} else {
		pack.bytes = (uint64_t)st.st_size;
		ret = read_index(store, &pack, fd, err);
	}
	(void)close(fd);
	if (ret < 0 && err->code != MLDV_CORRUPT)
		return -1;
	if (ret < 0) {
		if (store->damaged == NULL)
			store->damaged = pack.path;
		return 0;
	}
	store->packs[store->pack_count++] = pack;
	return 1;
}

static int load_shard(struct store *store, const char *shard,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = file_list(shard, &names, err);

	if (ret == 0 && names.count > 0)
		store->packs = xrealloc(store->packs,
		    store->pack_count + names.count, sizeof *store->packs);
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *name = names.items[i];
		struct oid id;

		if (!store_pack_id(name, &id))
			continue;
		if (load_pack(store, path_join(&arena, shard, name), &id, err) <
		    0)
			ret = -1;
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/*
 * A chunk list has the oid of an object whose bytes it is not: nothing that
 * packs from elsewhere say of chunks makes an object of it.
 */
static void index_packs(struct store *store)
{
	size_t total = 0;

	for (size_t i = 0; i < store->pack_count; i++)
		total += store->packs[i].index.count;
	oid_index_reserve(&store->objects, total, object_oid, store);
	for (uint64_t i = 0; i < store->pack_count; i++)
		for (uint64_t j = 0; j < store->packs[i].index.count; j++)
			if (!store->packs[i].index.records[j].chunk_list)
				oid_index_add(&store->objects, i << 32 | j,
				    object_oid, store);
}

uint64_t store_stamp(const struct store *store)
{
	uint64_t stamp = UINT64_C(0xcbf29ce484222325);
	struct mldv_error ignored;
	struct arena arena = {0};
	struct strs shards = {0};
	const char *dir = path_join(&arena, store->dir, "packs");

	if (file_list(dir, &shards, &ignored) < 0)
		stamp = 0;
	for (size_t i = 0; i < shards.count; i++) {
		struct stat st;

		/* The others are files that are being written. */
		if (strlen(shards.items[i]) != 2 ||
		    stat(path_join(&arena, dir, shards.items[i]), &st) < 0)
			continue;
		stamp = (stamp ^ (uint64_t)st.st_ino) * FNV_PRIME;
		stamp = (stamp ^ (uint64_t)st.st_mtim.tv_sec) * FNV_PRIME;
		stamp = (stamp ^ (uint64_t)st.st_mtim.tv_nsec) * FNV_PRIME;
	}
	strs_release(&shards);
	arena_release(&arena);
	return stamp;
}

int store_load(struct store *store, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs shards = {0};
	struct mldv_error why;
	const char *dir;
	int ret;

	if (store->keeper.end != NULL &&
	    store->keeper.end(store->keeper.context, err) < 0)
		return -1;
	if (store->loaded)
		return 0;
	store->stamp = store_stamp(store);
	store->missed = false;
	dir = path_join(&arena, store->dir, "packs");
	ret = file_list(dir, &shards, &why);
	if (ret < 0 && why.code == MLDV_NOT_FOUND)
		ret = 0;
	else if (ret < 0)
		*err = why;
	for (size_t i = 0; ret == 0 && i < shards.count; i++) {
		if (strlen(shards.items[i]) == 2)
			ret = load_shard(store,
			    path_join(&arena, dir, shards.items[i]), err);
	}
	if (ret == 0) {
		index_packs(store);
		store->loaded = true;
	} else {
		store_unload(store);
	}
	strs_release(&shards);
	arena_release(&arena);
	return ret;
}

int store_load_whole(struct store *store, struct mldv_error *err)
{
	if (store_load(store, err) < 0)
		return -1;
	if (store->damaged == NULL)
		return 0;
	return err_set(err, MLDV_CORRUPT,
	    "the pack '%s' is damaged; run 'mldv fsck'", store->damaged);
}

void store_set_keeper(struct store *store, struct store_keeper keeper)
{
	store->keeper = keeper;
}

const char *store_damaged(const struct store *store)
{
	return store->damaged;
}

int store_refresh(struct store *store, struct mldv_error *err)
{
	store_unload(store);
	return store_load(store, err);
}

const struct store_pack *store_packs(const struct store *store, size_t *count)
{
	*count = store->pack_count;
	return store->packs;
}

const struct pack_record *store_find(const struct store *store,
    const struct oid *oid, const struct store_pack **pack)
{
	uint64_t number;

	if (!oid_index_find(&store->objects, oid, object_oid, store, &number))
		return NULL;
	if (pack != NULL)
		*pack = &store->packs[number >> 32];
	return &store->packs[number >> 32].index.records[number & UINT32_MAX];
}

int store_has(struct store *store, const struct oid *oid, uint64_t size,
    struct mldv_error *err)
{
	struct buf path = {0};
	int ret;

	if (size == 0)
		return 1;
	if (size <= OBJECT_WHOLE_MAX) {
		if (store_load(store, err) < 0)
			return -1;
		return store_find(store, oid, NULL) != NULL;
	}
	store_file_path(store, oid, &path);
	ret = file_exists(buf_str(&path), err);
	buf_release(&path);
	return ret;
}
