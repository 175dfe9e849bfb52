/* SPDX-License-Identifier: Apache-2.0 */
#include "project/prune.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* Packs below this are many enough at SMALL_MANY to be written as one. */
#define SMALL_PACK (PACK_TARGET / 16)
#define SMALL_MANY 16

#define TREE_BEGIN "mldv-tree "

/*
 * Two packs may hold the same object: one of them is its home, and only there
 * it counts.
 */
static bool is_home(const struct store *store, const struct pack_record *record)
{
	return !record->chunk_list &&
	    store_find(store, &record->oid, NULL) == record;
}

static bool is_wanted(const struct prune *prune,
    const struct pack_record *record)
{
	return !record->chunk_list &&
	    prune->wanted(prune->context, &record->oid);
}

static int is_young(const struct prune *prune, const char *path,
    struct mldv_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, "cannot look at '%s'", path);
	return (int64_t)st.st_mtim.tv_sec >= prune->since;
}

static int plan_pack(const struct prune *prune, struct prune_pack *out,
    struct mldv_error *err)
{
	const struct pack_index *index = &out->pack->index;
	uint64_t total = 0;
	uint64_t kept = 0;
	bool any_unwanted = false;
	int young;

	for (size_t i = 0; i < index->count; i++) {
		const struct pack_record *record = &index->records[i];

		total += record->size;
		if (!is_wanted(prune, record))
			any_unwanted = true;
		else if (is_home(prune->project->store, record))
			kept += record->size;
	}
	/* Bytes of the pack, which are compressed perhaps. */
	out->bytes = total > 0 ? (uint64_t)((double)out->pack->bytes *
	                             (double)(total - kept) / (double)total)
	                       : 0;
	if (prune->eager ? !any_unwanted : total - kept == 0) {
		out->fate = PRUNE_KEEP;
		return 0;
	}
	young = is_young(prune, out->pack->path, err);
	if (young < 0)
		return -1;
	if (young)
		out->fate = PRUNE_YOUNG;
	else if (kept == 0)
		out->fate = PRUNE_REMOVE;
	else if (prune->eager || total - kept >= total / 2)
		out->fate = PRUNE_REWRITE;
	else
		out->fate = PRUNE_KEEP;
	return 0;
}

static int plan_file(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	struct prune *prune = context;

	if (prune->wanted(prune->context, &file->oid))
		return 0;
	prune->files = xgrow(prune->files, prune->file_count,
	    &prune->file_capacity, sizeof(*prune->files));
	prune->files[prune->file_count++] = (struct prune_file){
	    .oid = file->oid,
	    .path = arena_str(&prune->arena, file->path),
	    .bytes = file->bytes,
	    .young = file->mtime >= prune->since,
	};
	return project_check(prune->project, err);
}

int prune_plan(struct prune *prune, struct mldv_error *err)
{
	struct store *store = prune->project->store;
	const struct store_pack *packs;

	if (store_load_whole(store, err) < 0)
		return -1;
	packs = store_packs(store, &prune->pack_count);
	prune->packs = arena_array(&prune->arena, prune->pack_count + 1,
	    sizeof(*prune->packs));
	for (size_t i = 0; i < prune->pack_count; i++) {
		prune->packs[i].pack = &packs[i];
		if (plan_pack(prune, &prune->packs[i], err) < 0)
			return -1;
	}
	return store_each(store, "files", plan_file, prune, err);
}

/* Trees are put into packs that hold nothing else, so one object tells. */
static int holds_trees(struct store_reader *reader,
    const struct store_pack *pack, struct mldv_error *err)
{
	struct slice text;

	if (pack->index.records[0].chunk_list)
		return 0;
	if (store_reader_get(reader, &pack->index.records[0].oid, &text, err) <
	    0)
		return -1;
	return slice_starts(text, TREE_BEGIN);
}

/* What is kept of some packs: of those of trees, and of the others. */
struct kept {
	struct pack_piece *pieces;
	size_t count;
	size_t capacity;
};

static void keep(struct kept *kept, const struct store_pack *pack,
    const struct pack_record *record)
{
	kept->pieces = xgrow(kept->pieces, kept->count, &kept->capacity,
	    sizeof(*kept->pieces));
	kept->pieces[kept->count++] = (struct pack_piece){pack, record};
}

/* Before a copy goes because there is another, that one is read. */
static int check_home(const struct prune *prune, struct store_reader *reader,
    const struct pack_record *record, struct mldv_error *err)
{
	struct slice text;

	if (!is_wanted(prune, record) || is_home(prune->project->store, record))
		return 0;
	return store_reader_get(reader, &record->oid, &text, err);
}

static int collect(const struct prune *prune, const struct prune_pack *from,
    struct store_reader *reader, struct kept kept[2], struct mldv_error *err)
{
	const struct store_pack *pack = from->pack;
	int trees = 0;

	if (from->fate == PRUNE_REWRITE)
		trees = holds_trees(reader, pack, err);
	if (trees < 0)
		return -1;
	for (size_t i = 0; i < pack->index.count; i++) {
		const struct pack_record *record = &pack->index.records[i];

		if (check_home(prune, reader, record, err) < 0)
			return -1;
		if (is_wanted(prune, record) &&
		    is_home(prune->project->store, record))
			keep(&kept[trees], pack, record);
	}
	return project_check(prune->project, err);
}

static int store_kept(struct mldv_project *project, struct kept kept[2],
    struct oid_set *made, struct mldv_error *err)
{
	for (int i = 0; i < 2; i++) {
		pieces_sort(kept[i].pieces, kept[i].count);
		if (pieces_store(project->store, kept[i].pieces, kept[i].count,
		        project->events, made, err) < 0)
			return -1;
	}
	return 0;
}

static void release_kept(struct kept kept[2])
{
	free(kept[0].pieces);
	free(kept[1].pieces);
}

static bool goes(const struct prune_pack *pack)
{
	return pack->fate == PRUNE_REMOVE || pack->fate == PRUNE_REWRITE;
}

static int remove_file(const struct prune *prune, const struct prune_file *file,
    struct mldv_error *err)
{
	struct buf seen = {0};
	char hex[OID_HEX + 1];
	int ret;

	oid_hex(&file->oid, hex);
	buf_printf(&seen, "%s/seen/%.2s/%s", store_dir(prune->project->store),
	    hex, hex);
	ret = file_remove(file->path, err);
	if (ret == 0)
		ret = file_remove(buf_str(&seen), err);
	buf_release(&seen);
	return ret;
}

static int remove_all(const struct prune *prune, const struct oid_set *made,
    struct mldv_error *err)
{
	/* A pack that was made again is the same file. */
	for (size_t i = 0; i < prune->pack_count; i++) {
		const struct prune_pack *pack = &prune->packs[i];

		if (goes(pack) && !oid_set_has(made, &pack->pack->id) &&
		    file_remove(pack->pack->path, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < prune->file_count; i++) {
		if (!prune->files[i].young &&
		    remove_file(prune, &prune->files[i], err) < 0)
			return -1;
	}
	return 0;
}

int prune_carry_out(struct prune *prune, struct mldv_error *err)
{
	struct store_reader *reader = store_reader_open(prune->project->store);
	struct kept kept[2] = {{0}, {0}};
	struct oid_set made = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < prune->pack_count; i++) {
		if (goes(&prune->packs[i]))
			ret =
			    collect(prune, &prune->packs[i], reader, kept, err);
	}
	if (ret == 0)
		ret = store_kept(prune->project, kept, &made, err);
	if (ret == 0)
		ret = remove_all(prune, &made, err);
	release_kept(kept);
	oid_set_release(&made);
	store_reader_close(reader);
	store_unload(prune->project->store);
	return ret;
}

void prune_release(struct prune *prune)
{
	free(prune->files);
	arena_release(&prune->arena);
}

static int count_small(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	size_t *count = context;

	(void)err;
	*count += file->bytes < SMALL_PACK;
	return 0;
}

static bool everything(const void *context, const struct oid *oid)
{
	(void)context;
	(void)oid;
	return true;
}

/* Marks the small packs of a kind for rewriting, if they are many. */
static int choose_small(struct prune *prune, struct mldv_error *err)
{
	struct store_reader *reader = store_reader_open(prune->project->store);
	size_t count[2] = {0};
	int *kinds = xcalloc(prune->pack_count + 1, sizeof(*kinds));
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < prune->pack_count; i++) {
		const struct store_pack *pack = prune->packs[i].pack;

		kinds[i] = -1;
		if (pack->bytes >= SMALL_PACK)
			continue;
		ret = holds_trees(reader, pack, err);
		kinds[i] = ret;
		if (ret >= 0)
			count[ret]++;
	}
	for (size_t i = 0; ret >= 0 && i < prune->pack_count; i++) {
		bool merge = kinds[i] >= 0 && count[kinds[i]] >= SMALL_MANY;

		prune->packs[i].fate = merge ? PRUNE_REWRITE : PRUNE_KEEP;
	}
	free(kinds);
	store_reader_close(reader);
	if (ret < 0)
		return -1;
	return count[0] >= SMALL_MANY || count[1] >= SMALL_MANY;
}

static int merge(struct mldv_project *project, struct mldv_error *err)
{
	struct prune prune = {.project = project, .wanted = everything};
	const struct store_pack *packs;
	int ret;

	if (store_refresh(project->store, err) < 0)
		return -1;
	packs = store_packs(project->store, &prune.pack_count);
	prune.packs = arena_array(&prune.arena, prune.pack_count + 1,
	    sizeof(*prune.packs));
	for (size_t i = 0; i < prune.pack_count; i++)
		prune.packs[i].pack = &packs[i];
	ret = choose_small(&prune, err);
	if (ret > 0)
		ret = prune_carry_out(&prune, err);
	prune_release(&prune);
	return ret < 0 ? -1 : 0;
}

void prune_merge(struct mldv_project *project)
{
	const char *dir = config_get(&project->config, "store.dir");
	bool no_wait = project->no_wait;
	struct mldv_error err;
	struct lock lock = {0};
	size_t small = 0;

	/* The lock says nothing of the other clones of a shared store. */
	if ((dir && *dir) ||
	    store_each(project->store, "packs", count_small, &small, &err) <
	        0 ||
	    small < SMALL_MANY)
		return;
	project->no_wait = true;
	if (project_lock_store(project, &lock, LOCK_EXCLUSIVE, &err) == 0 &&
	    merge(project, &err) < 0 && err.code != MLDV_INTERRUPTED)
		project_warn(project, "cannot merge small packs: %s", err.text);
	project->no_wait = no_wait;
	lock_release(&lock);
}
