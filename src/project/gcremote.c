/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/gc.h"
#include "project/remotes.h"
#include "project/roots.h"
#include "remote/collect.h"

struct collection {
	const struct mldv_gc *options;
	struct roots roots;
};

static bool is_needed(const void *context, const struct content *content)
{
	const struct collection *gc = context;

	return roots_have(&gc->roots, content);
}

static void visit(const void *context, enum remote_garbage kind,
    const char *name, uint64_t bytes)
{
	static const enum mldv_garbage_kind kinds[] = {
	    [GARBAGE_MANIFEST] = MLDV_GARBAGE_MANIFEST,
	    [GARBAGE_PACK] = MLDV_GARBAGE_PACK,
	    [GARBAGE_PIECE] = MLDV_GARBAGE_PIECE,
	    [GARBAGE_LATER] = MLDV_GARBAGE_LATER,
	    [GARBAGE_YOUNG] = MLDV_GARBAGE_YOUNG,
	};
	const struct collection *gc = context;
	const struct mldv_garbage garbage = {
	    .kind = kinds[kind],
	    .path = name,
	    .bytes = bytes,
	};

	gc->options->visit(gc->options->context, &garbage);
}

static int open_remote(struct mldv_project *project, const char *name,
    struct remote **out, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *chosen;
	int ret = remotes_choose(project, name, &arena, &chosen, err);

	if (ret == 0)
		ret = remotes_open(project, chosen, out, err);
	arena_release(&arena);
	return ret;
}

/*
 * The ages of manifests and packs see to what is committed or pushed while
 * this goes on, so no lock outlives the looking.
 */
static int find_roots(struct mldv_project *project, struct roots *roots,
    struct mldv_error *err)
{
	struct lock lock = {0};
	int ret = project_lock_store(project, &lock, LOCK_SHARED, err);

	if (ret == 0)
		ret = roots_servers(project, roots, err);
	if (ret == 0)
		ret = roots_here(project, roots, err);
	lock_release(&lock);
	return ret;
}

int mldv_gc_remote(struct mldv_project *project, const char *name,
    const struct mldv_gc *options, struct mldv_error *err)
{
	struct collection gc = {.options = options};
	const struct remote_collect how = {
	    .delete = options->delete,
	    .no_wait = project->no_wait,
	    .exclusive = options->exclusive,
	    .needed = is_needed,
	    .visit = visit,
	    .context = &gc,
	};
	struct remote *remote = NULL;
	int ret = open_remote(project, name, &remote, err);

	if (ret == 0)
		ret = find_roots(project, &gc.roots, err);
	if (ret == 0)
		ret = remote_collect(remote, &how, err);
	if (remote)
		remote_close(remote);
	roots_release(&gc.roots);
	return ret;
}

int mldv_gc_undo(struct mldv_project *project, const char *name,
    const struct mldv_gc *options, struct mldv_error *err)
{
	struct collection gc = {.options = options};
	const struct remote_collect how = {
	    .no_wait = project->no_wait,
	    .exclusive = true, /* it deletes no data */
	    .visit = visit,
	    .context = &gc,
	};
	struct remote *remote = NULL;
	int ret = open_remote(project, name, &remote, err);

	if (ret == 0)
		ret = remote_put_back(remote, &how, err);
	if (remote)
		remote_close(remote);
	return ret;
}
