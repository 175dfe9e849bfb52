/* SPDX-License-Identifier: Apache-2.0 */

/* mldv tune: train many times, with parameters that SageMaker chooses. */

#include "mldv/tune.h"
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

struct visit {
	const struct context *context;
	struct listing listing;
};

static void print_line(void *context, const char *line)
{
	const struct visit *visit = context;

	if (!visit->listing.as_json)
		say_line(visit->context, line);
}

static void add_json(struct jsonout *json, const struct mldv_trial *trial)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "stage", trial->stage);
	jsonout_text(json, "job", trial->job);
	jsonout_text(json, "state", trial->state);
	jsonout_text(json, "why", trial->why);
	jsonout_text(json, "params", trial->params);
	jsonout_text(json, "metric", trial->metric);
	jsonout_text(json, "value", trial->value);
	jsonout_text(json, "cost", trial->cost);
	jsonout_bool(json, "best", trial->best);
	jsonout_end(json, '}');
}

static void visit_trial(void *context, const struct mldv_trial *trial)
{
	struct visit *visit = context;
	struct buf value = {0};
	struct buf params = {0};
	struct buf why = {0};

	if (visit->listing.as_json) {
		add_json(&visit->listing.json, trial);
		return;
	}
	if (trial->value != NULL) {
		show_text(trial->metric, &value);
		buf_add_str(&value, " = ");
		show_text(trial->value, &value);
	}
	show_text(trial->params, &params);
	if (trial->why != NULL)
		show_text(trial->why, &why);
	columns_row(&visit->listing.columns,
	    (const char *[]){trial->best ? "best" : "", trial->stage,
	        trial->state != NULL ? trial->state : "?", buf_str(&value),
	        trial->cost != NULL ? trial->cost : "", buf_str(&params),
	        buf_str(&why)});
	buf_release(&value);
	buf_release(&params);
	buf_release(&why);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.context = context};
	const struct mldv_tune how = {
	    .name = context->words->items[0],
	    .say = print_line,
	    .visit = visit_trial,
	    .context = &visit,
	};

	listing_open(&visit.listing, context, given->json, 7);
	return listing_close(&visit.listing,
	    mldv_tune(context->project, &how, err));
}

const struct command command_tune = {
    .name = "tune",
    .summary = "train many times, with parameters that SageMaker chooses",
    .arguments = "NAME",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
