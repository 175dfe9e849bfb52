/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/jobabout.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ABOUT = 8 };

unsigned job_saving(const struct sagemaker_job *job)
{
	uint64_t trained = job->training_seconds;

	if (trained <= job->billable_seconds)
		return 0;
	return (unsigned)((double)(trained - job->billable_seconds) * 100 /
	        (double)trained +
	    0.5);
}

static void add(struct job_result *out, const char *word, const char *text)
{
	if (text)
		out->about[out->about_count++] = (struct run_about){word, text};
}

static const char *seconds(struct arena *arena, uint64_t count)
{
	return count > 0 ? arena_printf(arena, "%" PRIu64 " s", count) : NULL;
}

static void add_metrics(const struct sagemaker_pairs *metrics,
    struct arena *arena, struct job_result *out)
{
	out->metrics =
	    arena_array(arena, metrics->count + 1, sizeof *out->metrics);
	out->metric_count = 0;
	for (size_t i = 0; i < metrics->count; i++) {
		struct run_metric metric = {
		    .path = "",
		    .name = metrics->items[i].name,
		    .text = metrics->items[i].value,
		};

		/* NaN is none that a record can hold. */
		if (run_is_number(metric.text, &metric.value))
			out->metrics[out->metric_count++] = metric;
	}
}

void job_about(const struct sagemaker_job *job, const struct job_place *place,
    struct arena *arena, struct job_result *out)
{
	double price = place->price ? strtod(place->price, NULL) : 0;
	unsigned saving = job_saving(job);
	uint64_t count = job->instance_count > 0 ? job->instance_count : 1;

	out->about = arena_array(arena, ABOUT, sizeof *out->about);
	out->about_count = 0;
	add(out, "arn", job->arn);
	add(out, "billed", seconds(arena, job->billable_seconds));
	add(out, "console",
	    sagemaker_console(place->region, place->name, arena));
	add(out, "image", job->image);
	if (job->instance_type)
		add(out, "instance",
		    arena_printf(arena, "%" PRIu64 " x %s", count,
		        job->instance_type));
	if (saving > 0)
		add(out, "saved", arena_printf(arena, "%u %%", saving));
	add(out, "trained", seconds(arena, job->training_seconds));
	if (price > 0)
		out->cost = arena_printf(arena, "%.4f USD",
		    price * (double)job->billable_seconds * (double)count /
		        3600);
	add_metrics(&job->metrics, arena, out);
}
