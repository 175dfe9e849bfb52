/* SPDX-License-Identifier: Apache-2.0 */

/* mldv jobs: look at, follow and stop the jobs that stages run as. */

#include "mldv/jobs.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/containers.h"

struct values {
	bool json;
};

static const struct option list_options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static void job_json(struct jsonout *json, const struct mldv_job *job)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "name", job->name);
	jsonout_text(json, "stage", job->stage);
	jsonout_text(json, "key", job->key);
	jsonout_text(json, "state", job->state);
	jsonout_text(json, "why", job->why);
	jsonout_count(json, "started", job->started);
	jsonout_count(json, "trained", job->trained);
	jsonout_count(json, "billed", job->billed);
	jsonout_text(json, "instance", job->instance);
	jsonout_text(json, "console", job->console);
	jsonout_end(json, '}');
}

static void visit_job(void *context, const struct mldv_job *job)
{
	struct listing *listing = context;
	struct buf name = {0};
	struct buf stage = {0};
	struct buf why = {0};
	struct buf billed = {0};

	if (listing->as_json) {
		job_json(&listing->json, job);
		return;
	}
	show_text(job->name, &name);
	show_text(job->stage, &stage);
	if (job->why != NULL)
		show_text(job->why, &why);
	if (job->billed > 0)
		show_seconds((double)job->billed, &billed);
	columns_row(&listing->columns,
	    (const char *[]){buf_str(&stage), job->state ? job->state : "gone",
	        buf_str(&name), buf_str(&billed), buf_str(&why)});
	buf_release(&billed);
	buf_release(&name);
	buf_release(&stage);
	buf_release(&why);
}

static int run_list(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct listing listing;
	int ret;

	listing_open(&listing, context, given->json, 5);
	ret = mldv_jobs_each(context->project, visit_job, &listing, err);
	return listing_close(&listing, ret);
}

static void print_line(void *context, const char *line)
{
	say_line(context, line);
}

static int run_logs(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context copy = *context;

	(void)values;
	return mldv_job_logs(context->project, context->words->items[0], false,
	    print_line, &copy, err);
}

static int run_attach(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context copy = *context;

	(void)values;
	return mldv_job_logs(context->project, context->words->items[0], true,
	    print_line, &copy, err);
}

static int run_stop(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context copy = *context;

	(void)values;
	return mldv_job_stop(context->project, context->words->items[0],
	    print_line, &copy, err);
}

static int run_job(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context copy = *context;

	(void)values;
	return mldv_job_run(context->project, context->words->items[0],
	    print_line, &copy, err);
}

static void pass_output(void *context, const char *data, size_t size)
{
	const struct context *command = context;

	term_pass(command->term, data, size);
}

static int run_container(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context copy = *context;
	struct arena arena = {0};
	const char **words =
	    arena_array(&arena, context->words->count + 1, sizeof *words);
	int ret;

	(void)values;
	for (size_t i = 0; i < context->words->count; i++)
		words[i] = context->words->items[i];
	ret = mldv_container_run(words, pass_output, &copy, err);
	arena_release(&arena);
	return ret;
}

const struct command command_jobs_list = {
    .name = "jobs list",
    .summary = "list jobs of stages elsewhere",
    .arguments = "",
    .group = GROUP_PIPELINE,
    .needs_project = true,
    .options = list_options,
    .size = sizeof(struct values),
    .run = run_list,
};

const struct command command_jobs_logs = {
    .name = "jobs logs",
    .summary = "show what a job has printed",
    .arguments = "JOB|STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .run = run_logs,
};

const struct command command_jobs_attach = {
    .name = "jobs attach",
    .summary = "follow a job until it ends",
    .arguments = "JOB|STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .run = run_attach,
};

const struct command command_jobs_stop = {
    .name = "jobs stop",
    .summary = "end a job",
    .arguments = "JOB|STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .run = run_stop,
};

const struct command command_run_job = {
    .name = "run-job",
    .summary = "carry out a job; for 'mldv repro' itself",
    .arguments = "FILE",
    .group = GROUP_HIDDEN,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .run = run_job,
};

const struct command command_run_container = {
    .name = "run-container",
    .summary = "run a container; for 'mldv repro' itself",
    .arguments = "FILE NAME IMAGE ENGINE ARGUMENT...",
    .group = GROUP_HIDDEN,
    .least = 5,
    .most = ANY_NUMBER,
    .run = run_container,
};
