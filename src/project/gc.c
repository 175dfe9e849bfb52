/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/gc.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "project/leftover.h"
#include "project/marks.h"
#include "project/prune.h"
#include "project/roots.h"

#define DAY INT64_C(86400)

struct collection {
	struct mldv_project *project;
	const struct mldv_gc *options;
	struct roots roots;
	struct marks marks;
	struct prune prune;
	struct strs runs; /* records that go */
	int64_t runs_since;
};

/* Whose store it is only its own clone can tell. */
static int check_own_store(const struct mldv_project *project,
    struct mldv_error *err)
{
	const char *dir = config_get(&project->config, "store.dir");

	if (!dir || !*dir)
		return 0;
	return err_set(err, MLDV_NO,
	    "the store '%s' may be shared by other clones (store.dir), and what "
	    "they need cannot be told from here; this version cannot collect "
	    "garbage there",
	    dir);
}

static bool is_needed(const void *context, const struct oid *oid)
{
	const struct marks *marks = context;

	return oid_set_has(&marks->objects, oid);
}

static void report(const void *context, enum mldv_garbage_kind kind,
    const char *path, uint64_t bytes)
{
	const struct collection *gc = context;
	const char *inside = path_inside(path, gc->project->home);
	const struct mldv_garbage garbage = {
	    .kind = kind,
	    .path = inside ? inside : path,
	    .bytes = bytes,
	};

	gc->options->visit(gc->options->context, &garbage);
}

static void report_prune(const struct collection *gc)
{
	const struct prune *prune = &gc->prune;

	for (size_t i = 0; i < prune->pack_count; i++) {
		const struct prune_pack *pack = &prune->packs[i];

		if (pack->fate == PRUNE_REMOVE)
			report(gc, MLDV_GARBAGE_PACK, pack->pack->path,
			    pack->pack->bytes);
		else if (pack->fate == PRUNE_REWRITE)
			report(gc, MLDV_GARBAGE_REWRITE, pack->pack->path,
			    pack->bytes);
		else if (pack->fate == PRUNE_YOUNG)
			report(gc, MLDV_GARBAGE_YOUNG, pack->pack->path,
			    pack->bytes);
	}
	for (size_t i = 0; i < prune->file_count; i++) {
		const struct prune_file *file = &prune->files[i];

		report(gc, file->young ? MLDV_GARBAGE_YOUNG : MLDV_GARBAGE_FILE,
		    file->path, file->bytes);
	}
}

/* A record of which a lock speaks is kept as long as that is. */
static int look_at_run(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	struct collection *gc = context;

	(void)err;
	if (file->mtime >= gc->runs_since ||
	    oid_set_has(&gc->roots.keys, &file->oid) ||
	    oid_set_has(&gc->roots.named, &file->oid))
		return 0;
	strs_add(&gc->runs, file->path);
	report(gc, MLDV_GARBAGE_RUN, file->path, file->bytes);
	return 0;
}

/*
 * Where import and update clone to, if they were killed. Who is alive holds the
 * store's lock.
 */
static int sweep_clones(const struct mldv_project *project,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_sweep(path_join(&arena, project->home, "state"), err);

	arena_release(&arena);
	return ret;
}

/* What refers to objects goes before they do. */
static int delete (struct collection *gc, const struct strs *caches,
    struct mldv_error *err)
{
	for (size_t i = 0; i < gc->runs.count; i++) {
		if (file_remove(gc->runs.items[i], err) < 0)
			return -1;
	}
	if (prune_carry_out(&gc->prune, err) < 0)
		return -1;
	for (size_t i = 0; i < caches->count; i++) {
		if (file_remove(caches->items[i], err) < 0)
			return -1;
	}
	if (sweep_clones(gc->project, err) < 0)
		return -1;
	return store_sweep(gc->project->store, err);
}

static int collect(struct collection *gc, struct mldv_error *err)
{
	struct mldv_project *project = gc->project;
	struct leftover leftover = {
	    .project = project,
	    .report = report,
	    .context = gc,
	};
	int ret = -1;

	if (roots_here(project, &gc->roots, err) < 0)
		return -1;
	for (size_t i = 0; i < gc->roots.count; i++)
		marks_add(&gc->marks, &gc->roots.list[i]);
	if (marks_add_named(&gc->marks, project, &gc->roots.named, err) < 0 ||
	    marks_follow(&gc->marks, project, err) < 0 ||
	    prune_plan(&gc->prune, err) < 0)
		return -1;
	report_prune(gc);
	if (store_each(project->store, "runs", look_at_run, gc, err) == 0 &&
	    leftover_find(&leftover, err) == 0)
		ret = gc->options->delete ? delete (gc, &leftover.caches, err)
		                          : 0;
	leftover_release(&leftover);
	return ret;
}

int mldv_gc(struct mldv_project *project, const struct mldv_gc *options,
    struct mldv_error *err)
{
	struct collection gc = {
	    .project = project,
	    .options = options,
	    .runs_since = roots_runs_since(project),
	};
	struct lock lock = {0};
	int ret = -1;

	gc.prune = (struct prune){
	    .project = project,
	    .wanted = is_needed,
	    .context = &gc.marks,
	    .since = (int64_t)time(NULL) - DAY,
	};
	if (check_own_store(project, err) == 0 &&
	    project_lock_store(project, &lock, LOCK_EXCLUSIVE, err) == 0) {
		if (git_is_shallow(project->git))
			project_warn(project,
			    "this is a shallow clone: only what its own "
			    "commits need is kept here");
		ret = collect(&gc, err);
	}
	prune_release(&gc.prune);
	strs_release(&gc.runs);
	marks_release(&gc.marks);
	roots_release(&gc.roots);
	lock_release(&lock);
	return ret;
}
