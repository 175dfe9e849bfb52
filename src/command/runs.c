/* SPDX-License-Identifier: Apache-2.0 */

/* mldv runs: what ran, when, how long, and what came of it. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "command/runlist.h"
#include "mldv/lineage.h"

struct values {
	bool all;
	const char *number;
	bool json;
};

static const struct option options[] = {
    {'a', "all", NULL, "also what any commit has in its lock",
        FLAG(struct values, all)},
    {'n', "number", "N", "only the newest N", TEXT(struct values, number)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct listing listing;
	struct mldv_runs how = {
	    .stage =
	        context->words->count > 0 ? context->words->items[0] : NULL,
	    .all = given->all,
	    .visit = run_list_visit,
	    .context = &listing,
	};
	uint64_t most = 0;
	int ret;

	if (given->number != NULL &&
	    (!slice_number(slice_of(given->number), &most) || most == 0))
		return err_set(err, MLDV_USAGE, "'%s' is not a number of runs",
		    given->number);
	how.most = (size_t)most;
	listing_open(&listing, context, given->json, RUN_COLUMNS);
	ret = mldv_runs(context->project, &how, err);
	return listing_close(&listing, ret);
}

const struct command command_runs = {
    .name = "runs",
    .summary = "list what ran, when, how long, and with which metrics",
    .arguments = "[STAGE]",
    .group = GROUP_PIPELINE,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
