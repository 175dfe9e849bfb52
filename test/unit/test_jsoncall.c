/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/ecs.h"
#include "aws/logs.h"
#include "aws/sagemaker.h"
#include "fake.h"
#include "server.h"

#define SAY(status, headers, body) \
	"HTTP/1.1 " status "\r\n" headers "Content-Length: *\r\n\r\n" body

struct world {
	struct server *server;
	struct net_client *net;
	struct aws_json *json;
	struct strs requests;
	struct mldv_error err;
};

static void set_keys(const char *url)
{
	assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "KEY", 1), 0);
	assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1), 0);
	assert_int_equal(setenv("AWS_REGION", "us-east-1", 1), 0);
	assert_int_equal(setenv("AWS_ENDPOINT_URL", url, 1), 0);
}

static void open_world(struct world *world, const struct server_answer *answers,
    size_t count, const struct aws_json_service *service)
{
	const struct net_options none = {0};
	struct aws_json_options options = {.service = service};

	*world = (struct world){0};
	world->server = server_start(answers, count);
	world->net = net_open(&none);
	set_keys(server_url(world->server));
	options.net = world->net;
	world->json = aws_json_open(&options);
}

/* Ends the server: now its requests may be looked at. */
static void close_world(struct world *world)
{
	aws_json_close(world->json);
	net_close(world->net);
	server_stop(world->server, &world->requests, NULL);
}

static bool asked(const struct world *world, size_t i, const char *what)
{
	return i < world->requests.count &&
	    strcasestr(world->requests.items[i], what) != NULL;
}

static void a_request_names_its_operation_and_service(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "",
	         "{\"TrainingJobName\":\"j\",\"TrainingJobStatus\":"
	         "\"Failed\",\"SecondaryStatus\":\"Failed\","
	         "\"FailureReason\":\"AlgorithmError: no\","
	         "\"BillableTimeInSeconds\":12,\"Environment\":{\"MLDV_KEY\":"
	         "\"ab\"},\"SecondaryStatusTransitions\":[{\"Status\":"
	         "\"Starting\"},{\"StatusMessage\":\"m\"}],"
	         "\"FinalMetricDataList\":[{\"MetricName\":\"acc\","
	         "\"Value\":0.5}]}")}};
	struct sagemaker_job job;
	struct arena arena = {0};
	struct world world;

	(void)state;
	open_world(&world, answers, 1, &sagemaker_service);
	assert_int_equal(sagemaker_describe(world.json, "j", &arena, &job,
	                     &world.err),
	    1);
	close_world(&world);
	assert_int_equal(job.status, SAGEMAKER_FAILED);
	assert_string_equal(job.failure, "AlgorithmError: no");
	assert_int_equal(job.billable_seconds, 12);
	assert_string_equal(job.key, "ab");
	assert_int_equal(job.steps.count, 2);
	assert_string_equal(job.steps.items[0].name, "Starting");
	assert_string_equal(job.steps.items[1].value, "m");
	assert_int_equal(job.metrics.count, 1);
	assert_string_equal(job.metrics.items[0].value, "0.5");
	assert_true(asked(&world, 0, "POST / HTTP/1.1"));
	assert_true(
	    asked(&world, 0, "x-amz-target: SageMaker.DescribeTrainingJob"));
	assert_true(asked(&world, 0, "/us-east-1/sagemaker/aws4_request"));
	assert_true(
	    asked(&world, 0, "content-type: application/x-amz-json-1.1"));
	assert_true(asked(&world, 0, "{\"TrainingJobName\":\"j\"}"));
	strs_release(&world.requests);
	arena_release(&arena);
}

static void throttling_is_waited_for(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("400 Bad Request", "",
	         "{\"__type\":\"ThrottlingException\",\"message\":\"Rate "
	         "exceeded\"}")},
	    {.text = SAY("500 Error", "", "")},
	    {.text = NULL},
	    {.text = SAY("200 OK", "", "{}")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 4, &sagemaker_service);
	assert_int_equal(sagemaker_stop(world.json, "j", &world.err), 1);
	close_world(&world);
	assert_int_equal(world.requests.count, 4);
	strs_release(&world.requests);
}

static void a_type_is_read_without_its_prefix(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("400 Bad Request", "x-amzn-RequestId: r7\r\n",
	         "{\"__type\":\"com.amazon.coral#ValidationException:x\","
	         "\"Message\":\"Bad name.\"}")}};
	struct arena arena = {0};
	struct sagemaker_job job;
	struct world world;

	(void)state;
	open_world(&world, answers, 1, &sagemaker_service);
	assert_int_equal(sagemaker_describe(world.json, "j", &arena, &job,
	                     &world.err),
	    -1);
	close_world(&world);
	assert_string_equal(world.err.text,
	    "cannot look at job 'j': ValidationException: Bad name (400, "
	    "request r7)");
	strs_release(&world.requests);
	arena_release(&arena);
}

static void a_job_that_is_not_there_is_no_error(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("400 Bad Request", "",
	         "{\"__type\":\"ValidationException\",\"message\":"
	         "\"Requested resource not found.\"}")}};
	struct arena arena = {0};
	struct sagemaker_job job;
	struct world world;

	(void)state;
	open_world(&world, answers, 1, &sagemaker_service);
	assert_int_equal(sagemaker_describe(world.json, "j", &arena, &job,
	                     &world.err),
	    0);
	assert_int_equal(sagemaker_stop(world.json, "j", &world.err), 0);
	close_world(&world);
	strs_release(&world.requests);
	arena_release(&arena);
}

static void a_wrong_clock_is_corrected(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("403 Forbidden",
	         "Date: Sat, 06 Nov 2094 08:49:37 GMT\r\n",
	         "{\"__type\":\"InvalidSignatureException\",\"message\":"
	         "\"Signature not yet current\"}")},
	    {.text = SAY("200 OK", "", "{}")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 2, &sagemaker_service);
	assert_int_equal(sagemaker_stop(world.json, "j", &world.err), 1);
	close_world(&world);
	assert_true(asked(&world, 1, "x-amz-date: 20941106T08"));
	strs_release(&world.requests);
}

static void a_request_without_a_region_is_refused(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "", "")}};
	struct world world;

	(void)state;
	open_world(&world, answers, 1, &sagemaker_service);
	assert_int_equal(unsetenv("AWS_REGION"), 0);
	assert_int_equal(sagemaker_stop(world.json, "j", &world.err), -1);
	assert_int_equal(world.err.code, MLDV_USAGE);
	close_world(&world);
	assert_int_equal(world.requests.count, 0);
	strs_release(&world.requests);
}

static void create_says_what_is_wanted(void **state)
{
	struct sagemaker_pair hyper[] = {{"lr", "0.1"}, {"name", "\"a\""}};
	struct sagemaker_pair channels[] = {{"training", "s3://b/p/"}};
	struct sagemaker_pair metrics[] = {{"acc", "acc=([0-9.]+)"}};
	struct sagemaker_pair variables[] = {{"MLDV_KEY", "\xc3\xa9\n"}};
	struct sagemaker_request request = {
	    .name = "j",
	    .image = "i",
	    .role = "r",
	    .hyper = {hyper, sizeof hyper / sizeof hyper[0]},
	    .channels = {channels, sizeof channels / sizeof channels[0]},
	    .metrics = {metrics, sizeof metrics / sizeof metrics[0]},
	    .environment = {variables, sizeof variables / sizeof variables[0]},
	    .output = "s3://b/jobs",
	    .instance_type = "ml.m5.large",
	    .instance_count = 1,
	    .volume_gb = 30,
	    .max_runtime = 60,
	    .spot = true,
	    .max_wait = 120,
	    .checkpoints = "s3://b/ck",
	    .isolated = true,
	};
	struct buf out = {0};

	(void)state;
	strs_add(&request.subnets, "subnet-1");
	strs_add(&request.security_groups, "sg-1");
	sagemaker_format(&request, &out);
	assert_string_equal(buf_str(&out),
	    "{\"TrainingJobName\":\"j\",\"AlgorithmSpecification\":{"
	    "\"TrainingImage\":\"i\",\"TrainingInputMode\":\"File\","
	    "\"MetricDefinitions\":[{\"Name\":\"acc\",\"Regex\":"
	    "\"acc=([0-9.]+)\"}]},\"RoleArn\":\"r\",\"HyperParameters\":{"
	    "\"lr\":\"0.1\",\"name\":\"\\\"a\\\"\"},\"InputDataConfig\":[{"
	    "\"ChannelName\":\"training\",\"InputMode\":\"File\","
	    "\"DataSource\":{\"S3DataSource\":{\"S3DataType\":\"S3Prefix\","
	    "\"S3Uri\":\"s3://b/p/\",\"S3DataDistributionType\":"
	    "\"FullyReplicated\"}}}],\"OutputDataConfig\":{\"S3OutputPath\":"
	    "\"s3://b/jobs\"},\"ResourceConfig\":{\"InstanceType\":"
	    "\"ml.m5.large\",\"InstanceCount\":1,\"VolumeSizeInGB\":30},"
	    "\"StoppingCondition\":{\"MaxRuntimeInSeconds\":60,"
	    "\"MaxWaitTimeInSeconds\":120},\"EnableManagedSpotTraining\":"
	    "true,\"CheckpointConfig\":{\"S3Uri\":\"s3://b/ck\","
	    "\"LocalPath\":\"/opt/ml/checkpoints\"},\"Environment\":{"
	    "\"MLDV_KEY\":\"\\u00e9\\n\"},\"VpcConfig\":{"
	    "\"SecurityGroupIds\":[\"sg-1\"],\"Subnets\":[\"subnet-1\"]},"
	    "\"EnableNetworkIsolation\":true}");
	buf_release(&out);
	sagemaker_request_release(&request);
}

static void a_taken_name_is_no_error(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("400 Bad Request", "",
	         "{\"__type\":\"ResourceInUse\",\"message\":\"m\"}")},
	    {.text = SAY("200 OK", "", "{\"TrainingJobArn\":\"arn:x\"}")},
	};
	const struct sagemaker_request request = {.name = "j"};
	struct buf body = {0};
	struct buf arn = {0};
	struct world world;

	(void)state;
	sagemaker_format(&request, &body);
	open_world(&world, answers, 2, &sagemaker_service);
	assert_int_equal(sagemaker_create(world.json, "j", &body, &arn,
	                     &world.err),
	    0);
	assert_int_equal(sagemaker_create(world.json, "j", &body, &arn,
	                     &world.err),
	    1);
	buf_release(&body);
	close_world(&world);
	assert_string_equal(buf_str(&arn), "arn:x");
	strs_release(&world.requests);
	buf_release(&arn);
}

static void note(void *context, const char *line)
{
	buf_printf(context, "%s|", line);
}

static void logs_end_with_the_token_that_was_sent(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "",
	         "{\"events\":[{\"message\":\"a\"},{\"message\":\"b\"}],"
	         "\"nextForwardToken\":\"f/1\"}")},
	    {.text = SAY("200 OK", "",
	         "{\"events\":[],\"nextForwardToken\":\"f/2\"}")},
	    {.text = SAY("200 OK", "",
	         "{\"events\":[{\"message\":\"c\"}],\"nextForwardToken\":"
	         "\"f/2\"}")},
	};
	struct logs_place place = {.group = "g", .stream = "s"};
	struct buf lines = {0};
	struct world world;

	(void)state;
	open_world(&world, answers, 3, &logs_service);
	assert_int_equal(logs_read(world.json, &place, note, &lines,
	                     &world.err),
	    1);
	assert_int_equal(logs_read(world.json, &place, note, &lines,
	                     &world.err),
	    1);
	assert_int_equal(logs_read(world.json, &place, note, &lines,
	                     &world.err),
	    0);
	close_world(&world);
	assert_string_equal(buf_str(&lines), "a|b|c|");
	assert_true(asked(&world, 2, "\"nextToken\":\"f/2\""));
	assert_true(asked(&world, 0, "x-amz-target: Logs_20140328.GetLog"));
	strs_release(&world.requests);
	buf_release(&lines);
	buf_release(&place.token);
}

static void a_task_without_room_says_why(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "",
	         "{\"tasks\":[],\"failures\":[{\"reason\":\"Capacity is "
	         "unavailable\"}]}")},
	    {.text = SAY("200 OK", "",
	         "{\"tasks\":[{\"lastStatus\":\"STOPPED\",\"stopCode\":"
	         "\"EssentialContainerExited\",\"containers\":[{\"exitCode\":3"
	         "}]}]}")},
	};
	const char *const variables[] = {"A=b=c"};
	struct ecs_request request = {
	    .cluster = "c",
	    .task_definition = "t",
	    .container = "main",
	    .environment = variables,
	    .environment_count = 1,
	    .cpu = 1024,
	};
	struct arena arena = {0};
	struct buf arn = {0};
	struct buf why = {0};
	struct ecs_task task;
	struct world world;

	(void)state;
	strs_add(&request.command, "mldv");
	open_world(&world, answers, 2, &ecs_service);
	assert_int_equal(ecs_run(world.json, &request, &arn, &why, &world.err),
	    0);
	assert_string_equal(buf_str(&why), "Capacity is unavailable");
	assert_int_equal(ecs_describe(world.json, "c", "a", &arena, &task,
	                     &world.err),
	    1);
	close_world(&world);
	assert_true(task.stopped && task.exited);
	assert_int_equal(task.exit_code, 3);
	assert_true(asked(&world, 0, "\"cpu\":\"1024\""));
	assert_true(asked(&world, 0,
	    "\"environment\":[{\"name\":\"A\",\"value\":\"b=c"));
	ecs_request_release(&request);
	strs_release(&world.requests);
	arena_release(&arena);
	buf_release(&arn);
	buf_release(&why);
}

static void overrides_that_are_too_long_are_refused(void **state)
{
	char word[ECS_OVERRIDES + 1];
	struct ecs_request request = {.container = "main"};
	struct mldv_error err = {0};
	struct buf out = {0};

	(void)state;
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	strs_add(&request.command, word);
	assert_int_equal(ecs_format(&request, &out, &err), -1);
	assert_int_equal(err.code, MLDV_USAGE);
	ecs_request_release(&request);
	buf_release(&out);
}

/* A server that checks signatures takes them. */
static void signatures_are_right(void **state)
{
	const struct net_options none = {0};
	struct aws_json_options options = {.service = &sagemaker_service};
	struct fake *fake = fake_start("{}");
	struct arena arena = {0};
	struct sagemaker_job job;
	struct mldv_error err = {0};
	struct aws_json *json;

	(void)state;
	set_keys(fake_url(fake));
	options.net = net_open(&none);
	json = aws_json_open(&options);
	if (sagemaker_describe(json, "none", &arena, &job, &err) != 0)
		fail_msg("%s", err.text);
	aws_json_close(json);
	assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "WRONG", 1), 0);
	json = aws_json_open(&options);
	assert_int_equal(sagemaker_describe(json, "none", &arena, &job, &err),
	    -1);
	assert_non_null(strstr(err.text, "check the secret key"));
	aws_json_close(json);
	net_close(options.net);
	fake_stop(fake);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_names_its_operation_and_service),
	    cmocka_unit_test(throttling_is_waited_for),
	    cmocka_unit_test(a_type_is_read_without_its_prefix),
	    cmocka_unit_test(a_job_that_is_not_there_is_no_error),
	    cmocka_unit_test(a_wrong_clock_is_corrected),
	    cmocka_unit_test(a_request_without_a_region_is_refused),
	    cmocka_unit_test(create_says_what_is_wanted),
	    cmocka_unit_test(a_taken_name_is_no_error),
	    cmocka_unit_test(logs_end_with_the_token_that_was_sent),
	    cmocka_unit_test(a_task_without_room_says_why),
	    cmocka_unit_test(overrides_that_are_too_long_are_refused),
	    cmocka_unit_test(signatures_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
