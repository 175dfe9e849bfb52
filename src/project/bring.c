/* SPDX-License-Identifier: Apache-2.0 */
#include "project/bring.h"

#include <stdlib.h>

#include "project/source.h"
#include "project/worktree.h"

static int check_asked(const struct pick *pick, const struct trees *trees,
    struct mldv_error *err)
{
	for (size_t i = 0; i < pick->asked.count; i++) {
		struct content content;
		int found = trees_inside(trees, &pick->item->content,
		    pick->asked.items[i], &content, err);

		if (found < 0)
			return -1;
		if (!found)
			return err_set(err, MLDV_NOT_FOUND,
			    "there is no '%s' in it", pick->asked.items[i]);
	}
	return 0;
}

/* Reads the trees that lead to what is wanted, and keeps them. */
static int find_contents(const struct bring *bring, struct pick *pick,
    struct contents *out, struct mldv_error *err)
{
	struct source source = {
	    .store = bring->project->store,
	    .remote = bring->remote,
	    .keep = !bring->dry_run,
	};
	struct trees trees = source_trees(&source);
	int ret = source_open(&source, err);

	if (ret == 0) {
		source_enter(&source, &pick->item->content);
		ret = check_asked(pick, &trees, err);
	}
	if (ret == 0 && bring->skip && pick->by_default)
		ret = pick_skip_inside(bring->project, pick, &trees, err);
	if (ret == 0)
		ret = partial_contents(&trees, &pick->item->content,
		    &pick->parts, out, err);
	if (ret == 0)
		ret = source_end(&source, err);
	source_close(&source);
	return ret;
}

/* Is everything in the store? */
static int is_complete(struct mldv_project *project,
    const struct contents *contents, struct mldv_error *err)
{
	int ret = 1;

	for (size_t i = 0; ret == 1 && i < contents->count; i++)
		ret = worktree_complete(project, &contents->list[i], NULL, err);
	return ret;
}

static int fetch_contents(struct bring *bring, const struct pick *pick,
    const struct contents *contents, struct mldv_error *err)
{
	const struct remote_wanted wanted = {
	    .item = &pick->item->content,
	    .parts = contents->list,
	    .count = contents->count,
	    .dry_run = bring->dry_run,
	};
	struct mldv_error second;
	int ret = remote_fetch_parts(bring->remote, bring->project->store,
	    &wanted, bring->count, err);

	/* The packs that have come are not in the list that was read. */
	if (ret == 0 && bring->count->objects > 0 && !bring->dry_run)
		store_unload(bring->project->store);
	/* What nobody has pushed yet may be here all the same. */
	if (ret < 0 && err->code == MLDV_MISSING &&
	    is_complete(bring->project, contents, &second) == 1) {
		*bring->count = (struct remote_count){0};
		return 1;
	}
	return ret;
}

bool bring_is_simple(const struct bring *bring, const struct pick *pick)
{
	bool skips = bring->skip && pick->by_default &&
	    config_get(&bring->project->config, "pull.skip");

	return pick_is_whole(pick) && pick->asked.count == 0 && !skips;
}

int bring_pick(struct bring *bring, struct pick *pick, struct mldv_error *err)
{
	struct contents contents = {0};
	int ret = 0;

	if (bring_is_simple(bring, pick)) {
		contents.list = xcalloc(1, sizeof *contents.list);
		contents.list[contents.count++] = pick->item->content;
	} else {
		ret = find_contents(bring, pick, &contents, err);
	}
	for (size_t i = 0; i < contents.count; i++) {
		bring->files += contents.list[i].files;
		bring->bytes += contents.list[i].size;
	}
	if (ret == 0)
		ret = fetch_contents(bring, pick, &contents, err);
	free(contents.list);
	return ret;
}
