/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/sagemaker.h"

#include <string.h>

#include "base/jsonout.h"
#include "format/value.h"

const struct aws_json_service sagemaker_service = {
    .name = "sagemaker",
    .host = "api.sagemaker",
    .target = "SageMaker",
};

static void put_map(struct jsonout *json, const char *name,
    const struct sagemaker_pairs *pairs)
{
	if (pairs->count == 0)
		return;
	jsonout_begin(json, name, '{');
	for (size_t i = 0; i < pairs->count; i++)
		jsonout_text(json, pairs->items[i].name, pairs->items[i].value);
	jsonout_end(json, '}');
}

/* [{first: name, second: value}, …] */
static void put_list(struct jsonout *json, const char *name,
    const struct sagemaker_pairs *pairs, const char *first, const char *second)
{
	if (pairs->count == 0)
		return;
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < pairs->count; i++) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, first, pairs->items[i].name);
		jsonout_text(json, second, pairs->items[i].value);
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
}

static void put_texts(struct jsonout *json, const char *name,
    const struct strs *texts)
{
	if (texts->count == 0)
		return;
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < texts->count; i++)
		jsonout_text(json, NULL, texts->items[i]);
	jsonout_end(json, ']');
}

static void put_optional(struct jsonout *json, const char *name,
    const char *text)
{
	if (text)
		jsonout_text(json, name, text);
}

static void put_channels(struct jsonout *json,
    const struct sagemaker_pairs *channels)
{
	if (channels->count == 0)
		return;
	jsonout_begin(json, "InputDataConfig", '[');
	for (size_t i = 0; i < channels->count; i++) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, "ChannelName", channels->items[i].name);
		jsonout_text(json, "InputMode", "File");
		jsonout_begin(json, "DataSource", '{');
		jsonout_begin(json, "S3DataSource", '{');
		jsonout_text(json, "S3DataType", "S3Prefix");
		jsonout_text(json, "S3Uri", channels->items[i].value);
		jsonout_text(json, "S3DataDistributionType", "FullyReplicated");
		jsonout_end(json, '}');
		jsonout_end(json, '}');
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
}

static void put_algorithm(struct jsonout *json,
    const struct sagemaker_request *request)
{
	jsonout_begin(json, "AlgorithmSpecification", '{');
	jsonout_text(json, "TrainingImage", request->image);
	jsonout_text(json, "TrainingInputMode", "File");
	put_texts(json, "ContainerEntrypoint", &request->entrypoint);
	put_texts(json, "ContainerArguments", &request->arguments);
	put_list(json, "MetricDefinitions", &request->metrics, "Name", "Regex");
	jsonout_end(json, '}');
}

static void put_resources(struct jsonout *json,
    const struct sagemaker_request *request)
{
	jsonout_begin(json, "ResourceConfig", '{');
	jsonout_text(json, "InstanceType", request->instance_type);
	jsonout_count(json, "InstanceCount", request->instance_count);
	jsonout_count(json, "VolumeSizeInGB", request->volume_gb);
	put_optional(json, "VolumeKmsKeyId", request->kms_key);
	if (request->keep_alive > 0)
		jsonout_count(json, "KeepAlivePeriodInSeconds",
		    request->keep_alive);
	jsonout_end(json, '}');
	jsonout_begin(json, "StoppingCondition", '{');
	jsonout_count(json, "MaxRuntimeInSeconds", request->max_runtime);
	if (request->spot)
		jsonout_count(json, "MaxWaitTimeInSeconds", request->max_wait);
	jsonout_end(json, '}');
	if (request->spot)
		jsonout_bool(json, "EnableManagedSpotTraining", true);
	if (request->checkpoints) {
		jsonout_begin(json, "CheckpointConfig", '{');
		jsonout_text(json, "S3Uri", request->checkpoints);
		jsonout_text(json, "LocalPath", "/opt/ml/checkpoints");
		jsonout_end(json, '}');
	}
}

void sagemaker_put_job(struct jsonout *json,
    const struct sagemaker_request *request, const char *hyper)
{
	put_algorithm(json, request);
	jsonout_text(json, "RoleArn", request->role);
	put_map(json, hyper, &request->hyper);
	put_channels(json, &request->channels);
	jsonout_begin(json, "OutputDataConfig", '{');
	jsonout_text(json, "S3OutputPath", request->output);
	put_optional(json, "KmsKeyId", request->kms_key);
	jsonout_end(json, '}');
	put_resources(json, request);
	put_map(json, "Environment", &request->environment);
	if (request->subnets.count > 0) {
		jsonout_begin(json, "VpcConfig", '{');
		put_texts(json, "SecurityGroupIds", &request->security_groups);
		put_texts(json, "Subnets", &request->subnets);
		jsonout_end(json, '}');
	}
	if (request->isolated)
		jsonout_bool(json, "EnableNetworkIsolation", true);
}

void sagemaker_put_tags(struct jsonout *json,
    const struct sagemaker_pairs *tags)
{
	put_list(json, "Tags", tags, "Key", "Value");
}

void sagemaker_format(const struct sagemaker_request *request, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "TrainingJobName", request->name);
	sagemaker_put_job(&json, request, "HyperParameters");
	sagemaker_put_tags(&json, &request->tags);
	jsonout_end(&json, '}');
}

void sagemaker_request_release(struct sagemaker_request *request)
{
	strs_release(&request->entrypoint);
	strs_release(&request->arguments);
	strs_release(&request->subnets);
	strs_release(&request->security_groups);
}

/* As is said of a job in a message: "start job 'x'". */
static int refused(const struct aws_json *json, const char *verb,
    const char *name, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = aws_json_refused(json,
	    arena_printf(&arena, "%s job '%s'", verb, name), err);

	arena_release(&arena);
	return ret;
}

int sagemaker_create(struct aws_json *json, const char *name,
    const struct buf *arguments, struct buf *arn, struct mldv_error *err)
{
	struct json *doc = NULL;
	const char *text;
	int ret =
	    aws_json_call(json, "CreateTrainingJob", arguments, &doc, err);

	if (ret > 0) {
		text = json_str(json_get(doc, "TrainingJobArn"));
		buf_add_str(arn, text ? text : "");
	} else if (ret == 0 && !aws_json_refused_for(json, "ResourceInUse")) {
		ret = refused(json, "start", name, err);
	}
	json_close(doc);
	return ret;
}

/* The arguments of what takes just the name. */
static void put_name(struct buf *out, const char *name)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "TrainingJobName", name);
	jsonout_end(&json, '}');
}

static uint64_t count_of(const struct json *doc, const char *path)
{
	double number;

	if (!json_double(json_get(doc, path), &number) || number < 0 ||
	    number > 1e15)
		return 0;
	return (uint64_t)number;
}

/* "Valid values are subject to change": what is not known still runs. */
enum sagemaker_status sagemaker_status_of(const char *text)
{
	static const char *const names[] = {
	    [SAGEMAKER_COMPLETED] = "Completed",
	    [SAGEMAKER_FAILED] = "Failed",
	    [SAGEMAKER_STOPPING] = "Stopping",
	    [SAGEMAKER_STOPPED] = "Stopped",
	};

	for (size_t i = 1; text && i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], text) == 0)
			return (enum sagemaker_status)i;
	}
	return SAGEMAKER_RUNNING;
}

static void take_metrics(const struct json *list, struct arena *arena,
    struct sagemaker_pairs *out)
{
	size_t count = json_len(list);

	if (count > SAGEMAKER_METRICS)
		count = SAGEMAKER_METRICS;
	out->items = arena_array(arena, count + 1, sizeof *out->items);
	for (size_t i = 0; i < count; i++) {
		const struct json *item = json_item(list, i);
		const char *name = json_text_at(item, "MetricName", arena);
		struct buf text = {0};
		double value;

		if (name && json_double(json_get(item, "Value"), &value)) {
			value_show_number(value, &text);
			out->items[out->count++] = (struct sagemaker_pair){name,
			    arena_str(arena, buf_str(&text))};
		}
		buf_release(&text);
	}
}

static void take_steps(const struct json *list, struct arena *arena,
    struct sagemaker_pairs *out)
{
	size_t count = json_len(list);

	if (count > SAGEMAKER_STEPS)
		count = SAGEMAKER_STEPS;
	out->items = arena_array(arena, count + 1, sizeof *out->items);
	for (size_t i = 0; i < count; i++) {
		const struct json *item = json_item(list, i);
		const char *status = json_text_at(item, "Status", arena);

		out->items[out->count++] =
		    (struct sagemaker_pair){status ? status : "?",
		        json_text_at(item, "StatusMessage", arena)};
	}
}

static void take_job(const struct json *doc, struct arena *arena,
    struct sagemaker_job *out)
{
	*out = (struct sagemaker_job){
	    .status_text = json_text_at(doc, "TrainingJobStatus", arena),
	    .secondary = json_text_at(doc, "SecondaryStatus", arena),
	    .arn = json_text_at(doc, "TrainingJobArn", arena),
	    .failure = json_text_at(doc, "FailureReason", arena),
	    .model =
	        json_text_at(doc, "ModelArtifacts.S3ModelArtifacts", arena),
	    .output = json_text_at(doc, "OutputDataConfig.S3OutputPath", arena),
	    .image = json_text_at(doc, "AlgorithmSpecification.TrainingImage",
	        arena),
	    .instance_type =
	        json_text_at(doc, "ResourceConfig.InstanceType", arena),
	    .instance_count = count_of(doc, "ResourceConfig.InstanceCount"),
	    .training_seconds = count_of(doc, "TrainingTimeInSeconds"),
	    .billable_seconds = count_of(doc, "BillableTimeInSeconds"),
	    .key = json_text_at(doc, "Environment.MLDV_KEY", arena),
	};
	out->status = sagemaker_status_of(out->status_text);
	take_steps(json_get(doc, "SecondaryStatusTransitions"), arena,
	    &out->steps);
	take_metrics(json_get(doc, "FinalMetricDataList"), arena,
	    &out->metrics);
}

/*
 * That there is no such job is a ValidationException, and its message says so
 * (github.com/boto/boto3/issues/2808); ResourceNotFound is what the model has.
 */
bool sagemaker_is_absent(const struct aws_json *json)
{
	const struct aws_refusal *refusal = aws_json_refusal(json);

	return strcmp(refusal->code, "ResourceNotFound") == 0 ||
	    (strcmp(refusal->code, "ValidationException") == 0 &&
	        (strcasestr(refusal->message, "not found") != NULL ||
	            strcasestr(refusal->message, "could not find") != NULL));
}

int sagemaker_describe(struct aws_json *json, const char *name,
    struct arena *arena, struct sagemaker_job *out, struct mldv_error *err)
{
	struct buf body = {0};
	struct json *doc = NULL;
	int ret;

	put_name(&body, name);
	ret = aws_json_call(json, "DescribeTrainingJob", &body, &doc, err);
	if (ret > 0)
		take_job(doc, arena, out);
	else if (ret == 0 && !sagemaker_is_absent(json))
		ret = refused(json, "look at", name, err);
	json_close(doc);
	buf_release(&body);
	return ret;
}

/* China and the government have consoles of their own. */
const char *sagemaker_console(const char *region, const char *name,
    struct arena *arena)
{
	const char *domain = "aws.amazon.com";

	if (strncmp(region, "cn-", 3) == 0)
		domain = "amazonaws.cn";
	else if (strncmp(region, "us-gov-", 7) == 0)
		domain = "amazonaws-us-gov.com";
	return arena_printf(arena,
	    "https://%s.console.%s/sagemaker/home?region=%s#/jobs/%s", region,
	    domain, region, name);
}

int sagemaker_stop(struct aws_json *json, const char *name,
    struct mldv_error *err)
{
	struct buf body = {0};
	struct json *doc = NULL;
	int ret;

	put_name(&body, name);
	ret = aws_json_call(json, "StopTrainingJob", &body, &doc, err);
	/* A job that has ended is refused as one that cannot be stopped. */
	if (ret == 0 && !sagemaker_is_absent(json) &&
	    !aws_json_refused_for(json, "ValidationException"))
		ret = refused(json, "stop", name, err);
	json_close(doc);
	buf_release(&body);
	return ret;
}
