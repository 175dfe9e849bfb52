/* SPDX-License-Identifier: Apache-2.0 */

/* mldv metrics show: the numbers that stages have written down. */

#include "mldv/metrics.h"

#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	bool json;
};

static const struct option options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static void visit_metric(void *context, const struct mldv_metric *metric)
{
	struct listing *listing = context;
	struct buf file = {0};
	struct buf name = {0};
	struct buf text = {0};

	jsonout_begin(&listing->json, NULL, '{');
	jsonout_text(&listing->json, "file", metric->file);
	jsonout_text(&listing->json, "name", metric->name);
	if (metric->number)
		jsonout_number(&listing->json, "value", metric->value);
	else
		jsonout_text(&listing->json, "value", metric->text);
	jsonout_end(&listing->json, '}');
	show_path(listing->context, metric->file, &file);
	show_text(metric->name, &name);
	show_text(metric->text, &text);
	columns_row(&listing->columns,
	    (const char *[]){buf_str(&file), buf_str(&name), buf_str(&text)});
	buf_release(&file);
	buf_release(&name);
	buf_release(&text);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct strs *words = context->words;
	struct listing listing;
	int ret;

	listing_open(&listing, context, given->json, 3);
	ret = mldv_metrics(context->project,
	    words->count > 0 ? words->items[0] : NULL, visit_metric, &listing,
	    err);
	return listing_close(&listing, ret);
}

const struct command command_metrics_show = {
    .name = "metrics show",
    .summary = "list the metrics, here or at a revision",
    .arguments = "[REV]",
    .group = GROUP_PIPELINE,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
