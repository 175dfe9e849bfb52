/* SPDX-License-Identifier: Apache-2.0 */

/* Run records, each a file. */

#include <stdlib.h>

#include "base/path.h"
#include "store/internal.h"

/* One that is kept back, or NULL. */
static const struct kept_run *find_kept(const struct store *store,
    const struct oid *key)
{
	for (size_t i = 0; i < store->kept_count; i++) {
		if (oid_equal(&store->kept[i].key, key))
			return &store->kept[i];
	}
	return NULL;
}

int store_run_read(struct store *store, const struct oid *key, struct buf *out,
    struct mldv_error *err)
{
	const struct kept_run *kept = find_kept(store, key);
	struct mldv_error why;
	struct buf path = {0};
	int ret;

	if (kept != NULL) {
		buf_add(out, kept->text.data, kept->text.len);
		return 1;
	}
	store_path(store, "runs", key, "", &path);
	ret = file_read(buf_str(&path), RUN_RECORD_LIMIT, out, &why);
	if (ret < 0 && why.code != MLDV_NOT_FOUND)
		*err = why;
	else
		ret = ret < 0 ? 0 : 1;
	buf_release(&path);
	return ret;
}

static int sync_above(const char *path, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_sync_dir(path_parent(&arena, path), err);

	arena_release(&arena);
	return ret;
}

/* 1 if the directory that it is to be in was made, and not durably; else 0. */
CHECKED static int write_temp(struct store *store, const struct oid *key,
    const struct buf *text, struct tempfile *temp, struct buf *path,
    struct mldv_error *err)
{
	int ret = store_temp(store, "runs", temp, err);

	if (ret == 0)
		ret = file_write(temp->fd, temp->path, text->data, text->len,
		    err);
	return ret < 0 ? -1
	               : store_shard_begin(store, "runs", key, "", path, err);
}

void store_run_keep(struct store *store, const struct oid *key,
    const struct buf *text)
{
	struct kept_run *kept;

	if (find_kept(store, key) != NULL)
		return;
	store->kept = xgrow(store->kept, store->kept_count,
	    &store->kept_capacity, sizeof *store->kept);
	kept = &store->kept[store->kept_count++];
	*kept = (struct kept_run){.key = *key};
	buf_add(&kept->text, text->data, text->len);
}

void store_runs_drop(struct store *store)
{
	for (size_t i = 0; i < store->kept_count; i++)
		buf_release(&store->kept[i].text);
	free(store->kept);
	store->kept = NULL;
	store->kept_count = store->kept_capacity = 0;
}

/* Writes all that is kept back under temporary names. */
CHECKED static int write_kept(struct store *store,
    struct tempfile_member *members, struct buf *paths, struct mldv_error *err)
{
	size_t made = SIZE_MAX;

	for (size_t i = 0; i < store->kept_count; i++) {
		const struct kept_run *kept = &store->kept[i];
		int ret = write_temp(store, &kept->key, &kept->text,
		    &members[i].temp, &paths[i], err);

		if (ret < 0)
			return -1;
		if (ret > 0)
			made = i;
		members[i].target = buf_str(&paths[i]);
	}
	return made < SIZE_MAX ? sync_above(members[made].temp.path, err) : 0;
}

int store_runs_end(struct store *store, struct mldv_error *err)
{
	size_t count = store->kept_count;
	struct tempfile_member *members = xcalloc(count + 1, sizeof *members);
	struct buf *paths = xcalloc(count + 1, sizeof *paths);
	int ret = write_kept(store, members, paths, err);

	if (ret == 0 && count > 0)
		ret = tempfile_commit_group(members, count, err);
	for (size_t i = 0; i < count; i++) {
		tempfile_release(&members[i].temp);
		buf_release(&paths[i]);
	}
	free(members);
	free(paths);
	store_runs_drop(store);
	return ret;
}
