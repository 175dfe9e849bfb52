/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/purge.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/map.h"
#include "base/path.h"
#include "format/lock.h"
#include "format/pointer.h"
#include "mldv/gc.h"
#include "project/item.h"
#include "project/pushed.h"
#include "project/remotes.h"

#define WHY_MOST 4096 /* bytes */

/* A content, and whose it is. */
struct owned {
	struct content content;
	bool ours;         /* of an item that goes */
	const char *other; /* the path of one that stays, or NULL */
	struct owned *next;
};

struct purging {
	struct mldv_project *project;
	const struct mldv_purge *options;
	const struct strs *paths;
	struct arena arena;
	struct map contents; /* by kind and oid: struct owned */
	struct owned *owned;
	struct content *list; /* what goes */
	size_t count;
	const char *name; /* of the remote at work */
};

static void own(struct purging *purging, const char *path,
    const struct content *content)
{
	char hex[OID_HEX + 1];
	struct owned *owned;
	const char *key;

	if (oid_equal(&content->oid, &oid_empty))
		return;
	oid_hex(&content->oid, hex);
	key = arena_printf(&purging->arena, "%c%s",
	    content->kind == KIND_DIR ? 'd' : 'f', hex);
	owned = map_get_str(&purging->contents, key);
	if (!owned) {
		owned = arena_alloc(&purging->arena, sizeof(*owned));
		*owned = (struct owned){
		    .content = *content,
		    .next = purging->owned,
		};
		purging->owned = owned;
		(void)map_add_str(&purging->contents, key, owned);
	}
	if (strs_has(purging->paths, path))
		owned->ours = true;
	else if (!owned->other)
		owned->other = arena_str(&purging->arena, path);
}

static int own_lock(struct purging *purging, const char *path,
    struct slice text, struct mldv_error *err)
{
	struct lockfile lock = {0};
	struct mldv_error why;

	/* One with a conflict in it: what is meant is in a commit as well. */
	if (strcmp(path, PROJECT_LOCK) != 0 ||
	    lockfile_parse(&lock, text.data, text.len, &why) < 0) {
		lockfile_release(&lock);
		return 0;
	}
	(void)err;
	for (size_t i = 0; i < lock.count; i++) {
		const struct lock_stage *stage = &lock.stages[i];

		for (size_t k = 0; k < stage->made_count; k++)
			own(purging, stage->made[k].path,
			    &stage->made[k].content);
	}
	lockfile_release(&lock);
	return 0;
}

static int own_text(void *context, const char *path, struct slice text,
    struct mldv_error *err)
{
	struct purging *purging = context;
	struct arena arena = {0};
	struct pointer pointer;
	struct mldv_error ignored;
	size_t len = strlen(path) - (sizeof(POINTER_SUFFIX) - 1);

	if (strcmp(path_base(path), PROJECT_LOCK) == 0)
		return own_lock(purging, path, text, err);
	if (text.len <= POINTER_LIMIT &&
	    pointer_parse(&pointer, &arena, text.data, text.len, &ignored) == 0)
		own(purging, arena_strn(&arena, path, len), &pointer.content);
	arena_release(&arena);
	return 0;
}

static int find_all(struct purging *purging, struct mldv_error *err)
{
	struct mldv_project *project = purging->project;
	const struct git_search search = {
	    .suffix = POINTER_SUFFIX,
	    .name = PROJECT_LOCK,
	    .limit = LOCKFILE_LIMIT,
	    .paths = true,
	    .visit = own_text,
	    .context = purging,
	};
	struct items items = {0};
	int ret;

	if (git_is_shallow(project->git))
		return err_set(err, MLDV_NO,
		    "this is a shallow clone: which revisions there were "
		    "cannot be told; run 'git fetch --unshallow'");
	ret = git_search_kept(project->git, &search, err);
	if (ret == 0)
		ret = items_load(project, &items, err);
	for (size_t i = 0; ret == 0 && i < items.count; i++)
		own(purging, items.list[i].path, &items.list[i].content);
	items_release(&items);
	return ret;
}

/* What another item is, in any revision, stays. */
static int choose(struct purging *purging, struct mldv_error *err)
{
	struct arena arena = {0};
	bool any = false;

	purging->list = arena_array(&purging->arena,
	    purging->contents.count + 1, sizeof(*purging->list));
	for (struct owned *owned = purging->owned; owned; owned = owned->next) {
		any |= owned->ours;
		if (owned->ours && owned->other)
			project_warn(purging->project,
			    "a revision stays, for '%s' has the same content; "
			    "name that too if it is to go",
			    project_shown(purging->project, &arena,
			        owned->other));
		else if (owned->ours)
			purging->list[purging->count++] = owned->content;
	}
	arena_release(&arena);
	if (any)
		return 0;
	return err_set(err, MLDV_NOT_FOUND, "no revision here has an item '%s'",
	    purging->paths->items[0]);
}

static void visit(const void *context, enum remote_purged kind,
    const char *name, uint64_t bytes)
{
	static const enum mldv_purged kinds[] = {
	    [PURGED_MANIFEST] = MLDV_PURGED_ITEM,
	    [PURGED_PACK] = MLDV_PURGED_PACK,
	    [PURGED_REWRITE] = MLDV_PURGED_REWRITE,
	};
	const struct purging *purging = context;

	purging->options->visit(purging->options->context, purging->name,
	    kinds[kind], name, bytes);
}

static int purge_remote(struct purging *purging, const char *name,
    struct mldv_error *err)
{
	struct mldv_project *project = purging->project;
	const struct mldv_purge *options = purging->options;
	char date[PURGED_DATE] = "1970-01-01T00:00:00Z";
	const struct remote_purge how = {
	    .items = purging->list,
	    .count = purging->count,
	    .why = options->why,
	    .date = date,
	    .delete = options->delete,
	    .no_wait = project->no_wait,
	    .exclusive = options->exclusive,
	    .visit = visit,
	    .context = purging,
	};
	time_t now = time(NULL);
	struct remote *remote;
	struct tm utc;
	int ret;

	if (gmtime_r(&now, &utc))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &utc);
	purging->name = name;
	if (remotes_open(project, name, &remote, err) < 0)
		return -1;
	ret = remote_purge(remote, project->store, &how, err);
	remote_close(remote);
	return ret;
}

static int purge_remotes(struct purging *purging, struct mldv_error *err)
{
	struct mldv_project *project = purging->project;
	struct strs names = {0};
	int ret = 0;

	if (purging->options->remote)
		return purge_remote(purging, purging->options->remote, err);
	config_names(&project->config, "remote", &names);
	if (names.count == 0)
		ret = err_set(err, MLDV_USAGE,
		    "there is no remote to purge from");
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		ret = purge_remote(purging, names.items[i], err);
		/* Where nothing was ever pushed nothing is to be deleted. */
		if (ret < 0 && err->code == MLDV_MISSING) {
			project_warn(project, "%s", err->text);
			ret = 0;
		}
	}
	for (size_t i = 0;
	     ret == 0 && purging->options->delete &&i < purging->count; i++)
		ret = pushed_forget(project, &purging->list[i], err);
	strs_release(&names);
	return ret;
}

int mldv_purge(struct mldv_project *project, const struct strs *paths,
    const struct mldv_purge *options, struct mldv_error *err)
{
	struct purging purging = {
	    .project = project,
	    .options = options,
	    .paths = paths,
	};
	struct lock lock = {0};
	int ret = -1;

	if (!options->why || !*options->why || strlen(options->why) > WHY_MOST)
		return err_set(err, MLDV_USAGE,
		    "say why: --why TEXT, at most %d bytes", WHY_MOST);
	if (project_lock_store(project, &lock, LOCK_SHARED, err) == 0 &&
	    find_all(&purging, err) == 0 && choose(&purging, err) == 0)
		ret = purge_remotes(&purging, err);
	lock_release(&lock);
	map_release(&purging.contents);
	arena_release(&purging.arena);
	return ret;
}
