/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/remote.h"
#include "project/bring.h"
#include "project/checkout.h"
#include "project/prune.h"
#include "project/sync.h"

static int fetch_item(struct sync *sync, struct pick *pick,
    struct mldv_done *done, struct remote_count *count, struct mldv_error *err)
{
	struct bring bring = {
	    .project = sync->project,
	    .remote = sync->remote,
	    .skip = sync->skip,
	    .dry_run = sync->options->dry_run,
	    .count = count,
	};
	int ret = bring_pick(&bring, pick, err);

	done->files = bring.files;
	done->bytes = bring.bytes;
	return ret;
}

int mldv_fetch(struct mldv_project *project, const struct strs *paths,
    const struct mldv_transfer *options, struct mldv_transferred *out,
    struct mldv_error *err)
{
	struct sync sync = {
	    .project = project,
	    .options = options,
	    .out = out,
	    .fetches = true,
	    .move = fetch_item,
	    .move_many = remote_fetch_many,
	};
	int ret = sync_begin(&sync, paths, err);

	if (ret == 0)
		ret = sync_items(&sync, err);
	sync_end(&sync);
	if (ret == 0 && !options->dry_run && out->items > 0)
		prune_merge(project);
	return ret;
}

/* Checks out what could be had, although some of it could not. */
static int checkout_had(struct sync *sync, struct mldv_error *err)
{
	const struct mldv_checkout checkout = {
	    .force = sync->options->force,
	    .done = sync->options->done,
	    .context = sync->options->context,
	};

	return checkout_picks(sync->project, &sync->picks, &checkout, err);
}

int mldv_pull(struct mldv_project *project, const struct strs *paths,
    const struct mldv_transfer *options, struct mldv_transferred *out,
    struct mldv_error *err)
{
	struct mldv_transfer fetch = *options;
	struct sync sync = {
	    .project = project,
	    .options = &fetch,
	    .out = out,
	    .skip = !paths || paths->count == 0,
	    .fetches = true,
	    .move = fetch_item,
	    .move_many = remote_fetch_many,
	};
	struct mldv_error first;
	int fetched;
	int ret = -1;

	/* The checkout tells what was done. */
	if (!options->dry_run)
		fetch.done = NULL;
	if (sync_begin(&sync, paths, err) < 0)
		goto out;
	fetched = sync_items(&sync, &first);
	if (fetched < 0 && first.code == MLDV_INTERRUPTED) {
		*err = first;
		goto out;
	}
	sync.options = options;
	ret = options->dry_run ? 0 : checkout_had(&sync, err);
	if (fetched < 0) {
		if (ret < 0)
			project_warn(project, "%s", err->text);
		*err = first;
		ret = -1;
	}
out:
	sync_end(&sync);
	if (ret == 0 && !options->dry_run && out->items > 0)
		prune_merge(project);
	return ret;
}
