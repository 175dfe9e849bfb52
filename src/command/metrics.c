/* SPDX-License-Identifier: Apache-2.0 */

/* mldv metrics show: the numbers that stages have written down. */

#include "mldv/metrics.h"

#include "command/command.h"
#include "command/report.h"

struct values {
	bool json;
};

static const struct option options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	const struct context *context;
	struct json json;
	struct columns columns;
};

static void visit_metric(void *context, const struct mldv_metric *metric)
{
	struct visit *visit = context;
	struct buf file = {0};
	struct buf name = {0};
	struct buf text = {0};

	json_begin(&visit->json, NULL, '{');
	json_text(&visit->json, "file", metric->file);
	json_text(&visit->json, "name", metric->name);
	if (metric->number)
		json_number(&visit->json, "value", metric->value);
	else
		json_text(&visit->json, "value", metric->text);
	json_end(&visit->json, '}');
	show_path(visit->context, metric->file, &file);
	show_text(metric->name, &name);
	show_text(metric->text, &text);
	columns_row(&visit->columns,
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
	struct visit visit = {.context = context, .columns.count = 3};
	int ret;

	json_begin(&visit.json, NULL, '[');
	ret = mldv_metrics(context->project,
	    words->count > 0 ? words->items[0] : NULL, visit_metric, &visit,
	    err);
	json_end(&visit.json, ']');
	if (ret == 0 && given->json)
		json_write(&visit.json, context->term);
	else if (ret == 0)
		columns_write(&visit.columns, context->term);
	columns_release(&visit.columns);
	json_release(&visit.json);
	return ret;
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
