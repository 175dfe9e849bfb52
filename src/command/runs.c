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
	bool md;
	bool json;
};

static const struct option options[] = {
    {'a', "all", NULL, "also what any commit has in its lock",
        FLAG(struct values, all)},
    {'n', "number", "N", "only the newest N", TEXT(struct values, number)},
    {0, "md", NULL, "write a table in Markdown", FLAG(struct values, md)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static int write_table(const struct context *context, struct mldv_runs *how,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	buf_add_str(&text, RUN_TABLE);
	how->visit = run_table_visit;
	how->context = &text;
	ret = mldv_runs(context->project, how, err);
	if (ret == 0)
		term_write(context->term, buf_str(&text), text.len);
	buf_release(&text);
	return ret;
}

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
	if (given->md && given->json)
		return err_set(err, MLDV_USAGE,
		    "only one of --md and --json can be given");
	how.most = (size_t)most;
	if (given->md)
		return write_table(context, &how, err);
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
