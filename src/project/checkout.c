/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/data.h"
#include "project/failures.h"
#include "project/item.h"
#include "project/worktree.h"

static int checkout_one(struct mldv_project *project, const struct item *item,
    const struct mldv_checkout *options, struct mldv_error *err)
{
	struct worktree_count count = {0};
	double began = project_clock();
	struct lock lock = {0};
	int ret = -1;

	if (project_check(project, err) == 0 &&
	    project_lock_item(project, &lock, item->path, err) == 0)
		ret = worktree_place(project, item->path, &item->content,
		    options->force, &count, err);
	lock_release(&lock);
	if (ret == 0 && count.read > 0 && options->done) {
		const struct mldv_done done = {
		    .path = item->path,
		    .files = item->content.files,
		    .bytes = item->content.size,
		    .changed = count.read,
		    .ignored = count.ignored,
		    .seconds = project_clock() - began,
		};

		options->done(options->context, &done);
	}
	return ret;
}

int mldv_checkout(struct mldv_project *project, const struct strs *paths,
    const struct mldv_checkout *options, struct mldv_error *err)
{
	struct failures failures = {0};
	struct items items = {0};
	struct lock lock = {0};
	int ret = -1;

	if (project_lock_store(project, &lock, LOCK_SHARED, err) < 0 ||
	    items_load(project, &items, err) < 0 ||
	    items_select(&items, paths, err) < 0)
		goto out;
	for (size_t i = 0; i < items.count; i++) {
		/* What Git keeps, Git checks out. */
		if (items.list[i].git)
			continue;
		if (checkout_one(project, &items.list[i], options, err) < 0 &&
		    failures_add(&failures, project, err) < 0)
			break;
	}
	ret = failures_end(&failures, err);
out:
	items_release(&items);
	lock_release(&lock);
	return ret;
}
