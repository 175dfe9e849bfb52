/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/tuning.h"

#include <string.h>

#include "base/jsonout.h"

enum { PAGES = 20 }; /* of 100 trainings each */

static void put_interval(struct jsonout *json, const struct tune_range *range)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "Name", range->hyper);
	jsonout_text(json, "MinValue", range->least);
	jsonout_text(json, "MaxValue", range->most);
	jsonout_text(json, "ScalingType", range->scaling);
	jsonout_end(json, '}');
}

static void put_categories(struct jsonout *json, const struct tune_range *range)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "Name", range->hyper);
	jsonout_begin(json, "Values", '[');
	for (size_t i = 0; i < range->value_count; i++)
		jsonout_text(json, NULL, range->values[i]);
	jsonout_end(json, ']');
	jsonout_end(json, '}');
}

static void put_ranges(struct jsonout *json, const struct tune *tune)
{
	static const char *const names[] = {
	    [TUNE_CONTINUOUS] = "ContinuousParameterRanges",
	    [TUNE_INTEGER] = "IntegerParameterRanges",
	    [TUNE_CATEGORICAL] = "CategoricalParameterRanges",
	};

	jsonout_begin(json, "ParameterRanges", '{');
	for (size_t kind = 0; kind < sizeof names / sizeof names[0]; kind++) {
		jsonout_begin(json, names[kind], '[');
		for (size_t i = 0; i < tune->range_count; i++) {
			if (tune->ranges[i].kind != (enum tune_kind)kind)
				continue;
			if (kind == TUNE_CATEGORICAL)
				put_categories(json, &tune->ranges[i]);
			else
				put_interval(json, &tune->ranges[i]);
		}
		jsonout_end(json, ']');
	}
	jsonout_end(json, '}');
}

static bool is_tuned(const struct tune *tune, const char *name)
{
	for (size_t i = 0; i < tune->range_count; i++) {
		if (strcmp(tune->ranges[i].hyper, name) == 0)
			return true;
	}
	return false;
}

void tuning_format(const char *name, const struct tune *tune,
    const struct sagemaker_request *job, struct buf *out)
{
	struct sagemaker_request fixed = *job;
	struct jsonout json = {.out = out};
	struct arena arena = {0};

	fixed.hyper.items = arena_array(&arena, job->hyper.count + 1,
	    sizeof *fixed.hyper.items);
	fixed.hyper.count = 0;
	for (size_t i = 0; i < job->hyper.count; i++) {
		if (!is_tuned(tune, job->hyper.items[i].name))
			fixed.hyper.items[fixed.hyper.count++] =
			    job->hyper.items[i];
	}
	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "HyperParameterTuningJobName", name);
	jsonout_begin(&json, "HyperParameterTuningJobConfig", '{');
	jsonout_text(&json, "Strategy", tune->strategy);
	jsonout_begin(&json, "HyperParameterTuningJobObjective", '{');
	jsonout_text(&json, "Type", tune->maximize ? "Maximize" : "Minimize");
	jsonout_text(&json, "MetricName", tune->metric);
	jsonout_end(&json, '}');
	jsonout_begin(&json, "ResourceLimits", '{');
	jsonout_count(&json, "MaxNumberOfTrainingJobs", tune->jobs);
	jsonout_count(&json, "MaxParallelTrainingJobs", tune->parallel);
	jsonout_end(&json, '}');
	put_ranges(&json, tune);
	jsonout_end(&json, '}');
	jsonout_begin(&json, "TrainingJobDefinition", '{');
	sagemaker_put_job(&json, &fixed, "StaticHyperParameters");
	jsonout_end(&json, '}');
	sagemaker_put_tags(&json, &job->tags);
	jsonout_end(&json, '}');
	arena_release(&arena);
}

static int refused(const struct aws_json *json, const char *verb,
    const char *name, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = aws_json_refused(json,
	    arena_printf(&arena, "%s tuning job '%s'", verb, name), err);

	arena_release(&arena);
	return ret;
}

int tuning_create(struct aws_json *json, const char *name,
    const struct buf *arguments, struct mldv_error *err)
{
	struct json *doc = NULL;
	int ret = aws_json_call(json, "CreateHyperParameterTuningJob",
	    arguments, &doc, err);

	if (ret == 0 && !aws_json_refused_for(json, "ResourceInUse"))
		ret = refused(json, "start", name, err);
	json_close(doc);
	return ret;
}

static int ask(struct aws_json *json, const char *operation, const char *name,
    const char *token, struct json **out, struct mldv_error *err)
{
	struct buf body = {0};
	struct jsonout args = {.out = &body};
	int ret;

	jsonout_begin(&args, NULL, '{');
	jsonout_text(&args, "HyperParameterTuningJobName", name);
	if (strncmp(operation, "List", 4) == 0) {
		jsonout_text(&args, "SortBy", "CreationTime");
		jsonout_text(&args, "SortOrder", "Ascending");
		jsonout_count(&args, "MaxResults", 100);
		if (token)
			jsonout_text(&args, "NextToken", token);
	}
	jsonout_end(&args, '}');
	ret = aws_json_call(json, operation, &body, out, err);
	if (ret == 0 && !sagemaker_is_absent(json))
		ret = refused(json, "look at", name, err);
	buf_release(&body);
	return ret;
}

int tuning_describe(struct aws_json *json, const char *name,
    struct arena *arena, struct tuning *out, struct mldv_error *err)
{
	struct json *doc = NULL;
	int ret =
	    ask(json, "DescribeHyperParameterTuningJob", name, NULL, &doc, err);

	if (ret > 0) {
		*out = (struct tuning){
		    .status_text = json_text_at(doc,
		        "HyperParameterTuningJobStatus", arena),
		    .failure = json_text_at(doc, "FailureReason", arena),
		    .best = json_text_at(doc, "BestTrainingJob.TrainingJobName",
		        arena),
		};
		out->status = sagemaker_status_of(out->status_text);
	}
	json_close(doc);
	return ret;
}

struct pairs {
	struct arena *arena;
	struct sagemaker_pairs *out;
};

static void take_pair(void *context, const char *name, struct json *value)
{
	struct pairs *pairs = context;
	const char *text = json_str(value);

	if (text && pairs->out->count < SAGEMAKER_PAIRS)
		pairs->out->items[pairs->out->count++] =
		    (struct sagemaker_pair){arena_str(pairs->arena, name),
		        arena_str(pairs->arena, text)};
}

static struct tuning_trial *take_trial(const struct json *item,
    struct arena *arena)
{
	struct tuning_trial *trial = arena_alloc(arena, sizeof *trial);
	struct pairs pairs = {.arena = arena, .out = &trial->tuned};
	struct json *tuned = json_member(item, "TunedHyperParameters");
	double created = 0;

	trial->name = json_text_at(item, "TrainingJobName", arena);
	trial->tuned.items =
	    arena_array(arena, SAGEMAKER_PAIRS, sizeof *trial->tuned.items);
	if (json_double(json_get(item, "CreationTime"), &created) &&
	    created > 0)
		trial->created = (uint64_t)created;
	if (tuned)
		json_each(tuned, take_pair, &pairs);
	return trial;
}

int tuning_trials(struct aws_json *json, const char *name, struct arena *arena,
    struct tuning_trial **out, struct mldv_error *err)
{
	struct tuning_trial **end = out;
	const char *token = NULL;
	int ret = 1;

	*out = NULL;
	for (int page = 0; page < PAGES && ret > 0; page++) {
		struct json *doc = NULL;
		const struct json *list;

		ret = ask(json, "ListTrainingJobsForHyperParameterTuningJob",
		    name, token, &doc, err);
		list = json_get(doc, "TrainingJobSummaries");
		for (size_t i = 0; ret > 0 && i < json_len(list); i++) {
			*end = take_trial(json_item(list, i), arena);
			if ((*end)->name)
				end = &(*end)->next;
		}
		*end = NULL;
		token = ret > 0 ? json_text_at(doc, "NextToken", arena) : NULL;
		json_close(doc);
		if (!token)
			break;
	}
	return ret < 0 ? -1 : 0;
}
