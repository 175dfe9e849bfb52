/* SPDX-License-Identifier: Apache-2.0 */
#include "project/quarantine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "project/packcheck.h"

#define PACK_SUFFIX ".tar.zst"

/* This clone's, or for what is on another file system, the store's. */
enum { PLACES = 2 };

static const char *place_dir(const struct mldv_project *project,
    struct arena *arena, int i)
{
	return path_join(arena,
	    i == 0 ? project->home : store_dir(project->store), "quarantine");
}

/* Can files be moved from the store to this clone's quarantine? */
static bool is_near(const struct mldv_project *project)
{
	struct stat here;
	struct stat there;

	return stat(project->home, &here) < 0 ||
	    stat(store_dir(project->store), &there) < 0 ||
	    here.st_dev == there.st_dev;
}

/* The damage of a file of this name; false if it is not one of ours. */
static bool describe(struct quarantine *quarantine, const char *name,
    struct damaged *out)
{
	struct slice rest = slice_of(name);
	struct oid oid;

	if (rest.len < OID_HEX ||
	    !oid_parse(&oid, (struct slice){name, OID_HEX}))
		return false;
	rest = (struct slice){name + OID_HEX, rest.len - OID_HEX};
	*out = (struct damaged){
	    .is_pack = slice_starts(rest, PACK_SUFFIX),
	};
	out->object = arena_printf(&quarantine->arena, "%s %.64s",
	    out->is_pack ? "pack" : "file", name);
	if (out->is_pack)
		return true;
	/* A file of this kind is looked for among the large ones. */
	out->lost = arena_alloc(&quarantine->arena, sizeof *out->lost);
	out->lost[0] = (struct lost){oid, OBJECT_WHOLE_MAX + 1};
	return true;
}

static void add(struct quarantine *quarantine, const struct damaged *damaged)
{
	quarantine->list = xgrow(quarantine->list, quarantine->count,
	    &quarantine->capacity, sizeof *quarantine->list);
	quarantine->list[quarantine->count++] = *damaged;
}

int quarantine_load(struct mldv_project *project, struct quarantine *out,
    struct mldv_error *err)
{
	struct arena *arena = &out->arena;
	int ret = 0;

	for (int i = 0; ret >= 0 && i < PLACES; i++) {
		const char *dir = place_dir(project, arena, i);
		struct strs names = {0};
		struct damaged damaged;

		ret = file_exists(dir, err);
		if (ret > 0)
			ret = file_list(dir, &names, err);
		for (size_t k = 0; ret >= 0 && k < names.count; k++) {
			if (!describe(out, names.items[k], &damaged))
				continue;
			damaged.earlier = true;
			damaged.what = "it was found to be damaged before";
			damaged.place = path_join(arena, dir, names.items[k]);
			add(out, &damaged);
		}
		strs_release(&names);
	}
	return ret < 0 ? -1 : 0;
}

int quarantine_put(struct mldv_project *project, struct quarantine *quarantine,
    const char *path, const char *what, struct mldv_error *err)
{
	struct arena *arena = &quarantine->arena;
	struct damaged damaged;
	int ret = -1;

	if (!describe(quarantine, path_base(path), &damaged))
		return err_set(err, MLDV_FAILED, "'%s' has no name of a store",
		    path);
	damaged.what = what;
	/* Never over what was put there before. */
	damaged.place = arena_printf(arena, "%s/%s.%lld",
	    place_dir(project, arena, !is_near(project)), path_base(path),
	    (long long)time(NULL));
	if (file_make_parents(damaged.place, err) == 0)
		ret = file_rename(path, damaged.place, err);
	if (ret < 0)
		return err_prefix(err,
		    "'%s' is damaged and cannot be put into quarantine", path);
	project_warn(project, "%s: %s; it was moved to '%s'", damaged.object,
	    what, damaged.place);
	add(quarantine, &damaged);
	return 0;
}

struct salvage {
	struct store_packer *packer;
	struct damaged *damaged;
};

static int keep(void *context, const struct pack_record *record,
    const struct slice *payload, struct mldv_error *err)
{
	struct salvage *salvage = context;
	struct damaged *damaged = salvage->damaged;

	/* A chunk list only serves to send what lies in files/. */
	if (record->chunk_list)
		return 0;
	if (payload)
		return store_packer_put(salvage->packer, &record->oid,
		    payload->data, payload->len, err);
	damaged->lost[damaged->lost_count++] =
	    (struct lost){record->oid, record->size};
	return 0;
}

/* 1 if the store has all that the pack held, else 0. */
static int is_back(struct store *store, const struct pack_index *index,
    struct mldv_error *err)
{
	int there = 1;

	for (size_t i = 0; there == 1 && i < index->count; i++) {
		if (!index->records[i].chunk_list)
			there = store_has(store, &index->records[i].oid,
			    index->records[i].size, err);
	}
	return there;
}

static int salvage_pack(struct store *store, struct damaged *damaged,
    struct arena *arena, struct mldv_error *err)
{
	struct salvage salvage = {NULL, damaged};
	struct arena own = {0};
	struct pack_index index = {0};
	struct buf pack = {0};
	struct mldv_error ignored;
	int back = 0;
	int ret = -1;

	damaged->unknown =
	    file_read(damaged->place, PACK_LIMIT, &pack, &ignored) < 0 ||
	    !packcheck_index(&own, &pack, &index);
	if (!damaged->unknown)
		back = is_back(store, &index, err);
	if (damaged->unknown || back != 0) {
		ret = back < 0 ? -1 : 0;
		goto out;
	}
	damaged->lost =
	    arena_array(arena, index.count + 1, sizeof *damaged->lost);
	salvage.packer = store_packer_open(store);
	if (packcheck_each(&pack, &index, keep, &salvage, err) == 0)
		ret = store_packer_end(salvage.packer, err);
	store_packer_close(salvage.packer);
out:
	buf_release(&pack);
	arena_release(&own);
	return ret;
}

/* Of a large file nothing is whole. */
static int look_for(struct store *store, struct damaged *damaged,
    struct mldv_error *err)
{
	int there =
	    store_has(store, &damaged->lost[0].oid, damaged->lost[0].size, err);

	damaged->lost_count = there == 0;
	return there < 0 ? -1 : 0;
}

/* What is salvaged is packed beside what is left. */
int quarantine_salvage(struct mldv_project *project,
    struct quarantine *quarantine, struct mldv_error *err)
{
	struct store *store = project->store;

	if (quarantine->count == 0)
		return store_load(store, err);
	if (store_refresh(store, err) < 0)
		return -1;
	for (size_t i = 0; i < quarantine->count; i++) {
		struct damaged *damaged = &quarantine->list[i];

		if ((damaged->is_pack ? salvage_pack(store, damaged,
		                            &quarantine->arena, err)
		                      : look_for(store, damaged, err)) < 0)
			return -1;
	}
	return store_refresh(store, err);
}

void quarantine_release(struct quarantine *quarantine)
{
	free(quarantine->list);
	arena_release(&quarantine->arena);
	*quarantine = (struct quarantine){0};
}
