/* SPDX-License-Identifier: Apache-2.0 */
#include "project/worktree.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "project/ingest.h"

/* The file says whose it is, so a clash of hashes costs only time. */
void worktree_cache_of(const char *home, const char *root, const char *path,
    struct buf *out)
{
	uint64_t hash = str_hash(str_hash(STR_HASH, root), path);

	buf_printf(out, "%s/state/stat/%016llx", home,
	    (unsigned long long)hash);
}

void worktree_cache_path(const struct mldv_project *project, const char *path,
    struct buf *out)
{
	worktree_cache_of(project->home, project->root, path, out);
}

static void content_of(const struct snapshot *snapshot, struct content *out)
{
	const struct snapshot_entry *root = &snapshot->root;

	if (root->kind == KIND_DIR)
		*out = snapshot->dirs[0].content;
	else
		*out = (struct content){.kind = root->kind,
		    .oid = root->oid,
		    .size = root->size,
		    .files = 1};
}

/* Is there one without a file below it that must be read again anyway? */
static bool has_new_tree(const struct snapshot *snapshot)
{
	bool *racy = xcalloc(snapshot->dir_count, sizeof(*racy));
	bool found = false;

	/* What is above comes before. */
	for (size_t i = snapshot->dir_count; !found && i-- > 0;) {
		const struct snapshot_dir *dir = &snapshot->dirs[i];

		if (dir->known)
			continue;
		for (size_t j = 0; !racy[i] && j < dir->count; j++)
			racy[i] = dir->entries[j].kind != KIND_DIR &&
			    dir->entries[j].racy;
		found = !racy[i];
		if (racy[i])
			racy[dir->parent] = true;
	}
	free(racy);
	return found;
}

/*
 * Was anything learned that the cache does not say already? Of files that
 * must be read again next time it need not say anything, but who stores them
 * wants the names.
 */
static bool is_news(const struct snapshot *snapshot,
    const struct ingest *ingest)
{
	return ingest->proven > 0 || (ingest->store && ingest->read > 0) ||
	    has_new_tree(snapshot);
}

static int scan(struct mldv_project *project, struct ingest *ingest,
    struct content *out, struct mldv_error *err)
{
	struct snapshot *snapshot = ingest->snapshot;
	struct mldv_error ignored;
	struct snapshot cache;
	struct buf file = {0};
	struct snapshot_options options = {.root_fd = project->root_fd,
	    .path = ingest->path,
	    .ignore = &project->ignore,
	    .cache = &cache,
	    .events = project->events};
	bool news;
	int ret;

	worktree_cache_path(project, ingest->path, &file);
	statcache_load(&cache, buf_str(&file), ingest->path);
	ret = snapshot_take(snapshot, &options, err);
	snapshot_release(&cache);
	if (ret < 0)
		goto out;
	ret = ingest_files(project, ingest, err);
	news = is_news(snapshot, ingest);
	if (ret == 0)
		ret = ingest_dirs(project, ingest, err);
	if (ret == 0) {
		content_of(snapshot, out);
		/* Where nothing may be written there is no cache. */
		if (news)
			(void)!statcache_save(snapshot, buf_str(&file),
			    ingest->path, &ignored);
	} else {
		snapshot_release(snapshot);
	}
out:
	buf_release(&file);
	return ret;
}

int worktree_hash(struct mldv_project *project, const char *path,
    struct content *out, struct snapshot *snapshot, struct mldv_error *err)
{
	struct snapshot own;
	struct ingest ingest = {.path = path, .snapshot = &own};
	int ret = scan(project, &ingest, out, err);

	if (ret == 0 && snapshot != NULL)
		*snapshot = own;
	else if (ret == 0)
		snapshot_release(&own);
	return ret;
}

static int store_path(struct mldv_project *project, const char *path,
    const struct ingest_shared *shared, struct content *out,
    struct worktree_count *count, struct mldv_error *err)
{
	struct snapshot snapshot;
	struct ingest ingest = {.path = path,
	    .snapshot = &snapshot,
	    .store = true,
	    .shared = shared};

	if (store_load(project->store, err) < 0 ||
	    scan(project, &ingest, out, err) < 0)
		return -1;
	if (count != NULL) {
		count->read = ingest.read;
		count->ignored = snapshot.ignored;
	}
	snapshot_release(&snapshot);
	return 0;
}

int worktree_store(struct mldv_project *project, const char *path,
    struct content *out, struct worktree_count *count, struct mldv_error *err)
{
	if (store_path(project, path, NULL, out, count, err) < 0)
		return -1;
	store_unload(project->store);
	return 0;
}

void worktree_batch_begin(struct mldv_project *project,
    struct worktree_batch *batch)
{
	batch->files = store_packer_open(project->store);
	batch->trees = store_packer_open(project->store);
}

int worktree_store_in(struct mldv_project *project, const char *path,
    struct worktree_batch *batch, struct content *out,
    struct worktree_count *count, struct mldv_error *err)
{
	const struct ingest_shared shared = {batch->files, batch->trees};

	return store_path(project, path, &shared, out, count, err);
}

void worktree_batch_drop(struct worktree_batch *batch)
{
	store_packer_close(batch->files);
	store_packer_close(batch->trees);
	*batch = (struct worktree_batch){0};
}

int worktree_batch_end(struct mldv_project *project,
    struct worktree_batch *batch, struct mldv_error *err)
{
	int ret = store_packer_end(batch->files, err);

	if (ret == 0)
		ret = store_packer_end(batch->trees, err);
	worktree_batch_drop(batch);
	store_unload(project->store);
	return ret;
}

int worktree_trash(struct mldv_project *project, const char *path,
    struct buf *trash, struct mldv_error *err)
{
	struct arena arena = {0};
	char temp[TEMP_NAME];
	const char *from = project_absolute(project, &arena, path);
	const char *to;
	int ret = file_exists(from, err);

	buf_reset(trash);
	if (ret > 0) {
		temp_name(temp);
		to = path_join(&arena, path_parent(&arena, path), temp);
		ret = file_rename(from, project_absolute(project, &arena, to),
		    err);
		if (ret == 0)
			buf_add_str(trash, to);
	}
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int worktree_drop(struct mldv_project *project, const char *trash,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret =
	    file_remove_tree(project_absolute(project, &arena, trash), err);

	arena_release(&arena);
	return ret;
}
