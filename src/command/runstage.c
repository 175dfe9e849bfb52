/* SPDX-License-Identifier: Apache-2.0 */

/* mldv run-stage: run a stage that another machine has asked for. */

#include "mldv/runstage.h"

#include <stdlib.h>

#include "command/command.h"
#include "command/report.h"

struct values {
	const char *remote;
	unsigned attempt;
};

static const struct option options[] = {
    {'r', "remote", "URL", "the remote's address; else MLDV_REMOTE says it",
        TEXT(struct values, remote)},
    {0, "attempt", "N", "which job for the key this is, for whoever waits",
        NUMBER(struct values, attempt)},
    {0},
};

static void print_line(void *context, const char *line)
{
	say_line(context, line);
}

static void pass_output(void *context, const char *data, size_t size)
{
	const struct context *command = context;

	term_pass(command->term, data, size);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct context copy = *context;
	struct mldv_run_stage how = {
	    .url = given->remote,
	    .key = context->words->items[0],
	    .attempt = given->attempt,
	    .events = context->events,
	    .say = print_line,
	    .output = pass_output,
	    .context = &copy,
	};

	if (!how.url)
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
		how.url = getenv("MLDV_REMOTE");
	if (!how.url || how.url[0] == '\0')
		return err_set(err, MLDV_USAGE,
		    "no remote is named; give --remote URL");
	return mldv_run_stage(&how, err);
}

const struct command command_run_stage = {
    .name = "run-stage",
    .summary = "run a stage that was handed over on a remote",
    .arguments = "KEY",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};

static int run_elsewhere(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context copy = *context;

	(void)values;
	return mldv_job_elsewhere(context->project, context->words->items[0],
	    print_line, &copy, err);
}

const struct command command_run_elsewhere = {
    .name = "run-elsewhere",
    .summary = "carry out a stage elsewhere; for 'mldv repro' itself",
    .arguments = "FILE",
    .group = GROUP_HIDDEN,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .run = run_elsewhere,
};
