/* SPDX-License-Identifier: Apache-2.0 */
#include "project/checkout.h"

#include "project/failures.h"
#include "project/worktree.h"

/* See partial.h for the order: a note never says more than is here. */
static int place(struct mldv_project *project, const struct pick *pick,
    bool force, struct worktree_count *count, struct mldv_error *err)
{
	const char *path = pick->item->path;
	const struct parts none = {0};
	const struct placing placing = {
	    .path = path,
	    .content = &pick->item->content,
	    .parts = &pick->parts,
	    .force = force,
	};
	bool whole = pick_is_whole(pick);

	if (!whole && !pick->noted &&
	    partial_write(project, path, &none, err) < 0)
		return -1;
	if (worktree_place_parts(project, &placing, count, err) < 0)
		return -1;
	if (whole)
		return pick->noted ? partial_forget(project, path, err) : 0;
	return partial_write(project, path, &pick->parts, err);
}

static int checkout_one(struct mldv_project *project, const struct pick *pick,
    const struct mldv_checkout *options, struct mldv_error *err)
{
	struct worktree_count count = {0};
	double began = project_clock();
	struct lock lock = {0};
	int ret = -1;

	if (project_check(project, err) == 0 &&
	    project_lock_item(project, &lock, pick->item->path, err) == 0)
		ret = place(project, pick, options->force, &count, err);
	lock_release(&lock);
	if (ret == 0 && count.read > 0 && options->done) {
		const struct mldv_done done = {
		    .path = pick->item->path,
		    .files = count.files,
		    .bytes = count.bytes,
		    .changed = count.read,
		    .ignored = count.ignored,
		    .seconds = project_clock() - began,
		};

		options->done(options->context, &done);
	}
	return ret;
}

int checkout_picks(struct mldv_project *project, const struct picks *picks,
    const struct mldv_checkout *options, struct mldv_error *err)
{
	struct failures failures = {0};

	for (size_t i = 0; i < picks->count; i++) {
		const struct pick *pick = &picks->list[i];

		/* What Git keeps, Git checks out. */
		if (!pick->had || pick->item->git)
			continue;
		if (checkout_one(project, pick, options, err) < 0 &&
		    failures_add(&failures, project, err) < 0)
			break;
	}
	return failures_end(&failures, err);
}

int mldv_checkout(struct mldv_project *project, const struct strs *paths,
    const struct mldv_checkout *options, struct mldv_error *err)
{
	struct items items = {0};
	struct picks picks = {0};
	struct lock lock = {0};
	int ret = -1;

	if (project_lock_store(project, &lock, LOCK_SHARED, err) < 0 ||
	    items_load(project, &items, err) < 0 ||
	    items_select(&items, paths, err) < 0 ||
	    picks_load(project, &items, paths, true, &picks, err) < 0)
		goto out;
	for (size_t i = 0; i < picks.count; i++)
		picks.list[i].had = true;
	ret = checkout_picks(project, &picks, options, err);
out:
	picks_release(&picks);
	items_release(&items);
	lock_release(&lock);
	return ret;
}
