/* SPDX-License-Identifier: Apache-2.0 */

/* mldv logs: what a stage printed. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/pipeline.h"

struct values {
	bool follow;
	bool list;
	bool json;
};

static const struct option options[] = {
    {'f', "follow", NULL, "go on until the stage has ended",
        FLAG(struct values, follow)},
    {0, "list", NULL, "list the logs that are kept", FLAG(struct values, list)},
    {0, "json", NULL, "list them as JSON", FLAG(struct values, json)},
    {0},
};

static void visit_json(struct jsonout *json, const struct mldv_log *log,
    const char *ended)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "path", log->path);
	jsonout_count(json, "size", log->size);
	jsonout_text(json, "written", ended);
	jsonout_bool(json, "running", log->running);
	jsonout_end(json, '}');
}

static void visit(void *context, const struct mldv_log *log)
{
	struct listing *listing = context;
	struct buf ended = {0};
	struct buf size = {0};
	struct buf path = {0};

	show_utc(log->ended, &ended);
	if (listing->as_json) {
		visit_json(&listing->json, log, buf_str(&ended));
	} else {
		str_bytes(log->size, &size);
		show_text(log->path, &path);
		columns_row(&listing->columns,
		    (const char *[]){buf_str(&ended),
		        log->running ? "running" : "ended", buf_str(&size),
		        buf_str(&path)});
	}
	buf_release(&ended);
	buf_release(&size);
	buf_release(&path);
}

static void pass(void *context, const char *data, size_t size)
{
	term_write(context, data, size);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const char *stage = context->words->items[0];
	struct listing listing;

	if (!given->list && !given->json)
		return mldv_log_show(context->project, stage, given->follow,
		    pass, context->term, err);
	listing_open(&listing, context, given->json, 4);
	return listing_close(&listing,
	    mldv_logs(context->project, stage, visit, &listing, err));
}

const struct command command_logs = {
    .name = "logs",
    .summary = "show what a stage printed when it last ran",
    .arguments = "STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
