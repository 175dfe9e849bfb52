/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/ecs.h"

#include <inttypes.h>
#include <string.h>

#include "base/jsonout.h"

const struct aws_json_service ecs_service = {
    .name = "ecs",
    .host = "ecs",
    .target = "AmazonEC2ContainerServiceV20141113",
};

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

/* "NAME=value" texts as [{first: NAME, second: value}, …]. */
static void put_pairs(struct jsonout *json, const char *name,
    const char *const names[2], const char *const *items, size_t count)
{
	struct arena arena = {0};

	if (count == 0)
		return;
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(items[i], "=");

		jsonout_begin(json, NULL, '{');
		jsonout_text(json, names[0], arena_strn(&arena, items[i], len));
		jsonout_text(json, names[1],
		    items[i] + len + (items[i][len] == '='));
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
	arena_release(&arena);
}

/* A number that this API wants as a text. */
static void put_number(struct jsonout *json, const char *name, uint64_t number)
{
	struct buf text = {0};

	if (number == 0)
		return;
	buf_printf(&text, "%" PRIu64, number);
	jsonout_text(json, name, buf_str(&text));
	buf_release(&text);
}

static void put_overrides(struct jsonout *json,
    const struct ecs_request *request)
{
	static const char *const names[2] = {"name", "value"};

	jsonout_begin(json, "overrides", '{');
	put_number(json, "cpu", request->cpu);
	put_number(json, "memory", request->memory);
	if (request->disk > 0) {
		jsonout_begin(json, "ephemeralStorage", '{');
		jsonout_count(json, "sizeInGiB", request->disk);
		jsonout_end(json, '}');
	}
	jsonout_begin(json, "containerOverrides", '[');
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "name", request->container);
	put_texts(json, "command", &request->command);
	put_pairs(json, "environment", names, request->environment,
	    request->environment_count);
	jsonout_end(json, '}');
	jsonout_end(json, ']');
	jsonout_end(json, '}');
}

static void put_network(struct jsonout *json, const struct ecs_request *request)
{
	jsonout_begin(json, "networkConfiguration", '{');
	jsonout_begin(json, "awsvpcConfiguration", '{');
	put_texts(json, "subnets", &request->subnets);
	put_texts(json, "securityGroups", &request->security_groups);
	jsonout_text(json, "assignPublicIp",
	    request->public_ip ? "ENABLED" : "DISABLED");
	jsonout_end(json, '}');
	jsonout_end(json, '}');
}

int ecs_format(const struct ecs_request *request, struct buf *out,
    struct mldv_error *err)
{
	static const char *const names[2] = {"key", "value"};
	struct jsonout json = {.out = out};
	size_t before;

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "cluster", request->cluster);
	jsonout_text(&json, "taskDefinition", request->task_definition);
	jsonout_count(&json, "count", 1);
	if (request->spot)
		jsonout_raw(&json, "capacityProviderStrategy",
		    "[{\"capacityProvider\":\"FARGATE_SPOT\",\"weight\":1}]");
	else
		jsonout_text(&json, "launchType", "FARGATE");
	put_network(&json, request);
	before = out->len;
	put_overrides(&json, request);
	if (out->len - before > ECS_OVERRIDES)
		return err_set(err, MLDV_USAGE,
		    "command and environment of a task are longer than %d "
		    "characters together",
		    ECS_OVERRIDES);
	if (request->started_by)
		jsonout_text(&json, "startedBy", request->started_by);
	if (request->token)
		jsonout_text(&json, "clientToken", request->token);
	put_pairs(&json, "tags", names, request->tags, request->tag_count);
	jsonout_end(&json, '}');
	return 0;
}

void ecs_request_release(struct ecs_request *request)
{
	strs_release(&request->subnets);
	strs_release(&request->security_groups);
	strs_release(&request->command);
}

static void add_text(struct buf *out, const struct json *node)
{
	const char *text = json_str(node);

	buf_add_str(out, text ? text : "");
}

int ecs_run(struct aws_json *json, const struct ecs_request *request,
    struct buf *arn, struct buf *why, struct mldv_error *err)
{
	struct buf body = {0};
	struct json *doc = NULL;
	int ret = ecs_format(request, &body, err);

	if (ret == 0)
		ret = aws_json_call(json, "RunTask", &body, &doc, err);
	else
		goto out;
	if (ret == 0)
		ret = aws_json_refused(json, "start a task", err);
	/* Of status 200, and a failure all the same. */
	if (ret > 0 && json_len(json_get(doc, "tasks")) == 0) {
		add_text(why, json_get(doc, "failures.0.reason"));
		ret = 0;
	} else if (ret > 0) {
		add_text(arn, json_get(doc, "tasks.0.taskArn"));
	}
out:
	json_close(doc);
	buf_release(&body);
	return ret;
}

/* "arn:aws:ecs:<region>:<account>:task/<cluster>/<digits>" says it; those of
   before 2018 do not. */
static const char *cluster_of(const char *arn, const char *otherwise,
    struct arena *arena)
{
	const char *name = strstr(arn, ":task/");
	size_t len = name ? strcspn(name + 6, "/") : 0;

	return len > 0 && name[6 + len] == '/'
	    ? arena_strn(arena, name + 6, len)
	    : otherwise;
}

/* The arguments of what is about one task. */
static void put_task(struct buf *out, const char *cluster, const char *arn,
    const char *reason)
{
	struct jsonout json = {.out = out};
	struct arena arena = {0};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "cluster", cluster_of(arn, cluster, &arena));
	if (reason) {
		jsonout_text(&json, "task", arn);
		jsonout_text(&json, "reason", reason);
	} else {
		jsonout_begin(&json, "tasks", '[');
		jsonout_text(&json, NULL, arn);
		jsonout_end(&json, ']');
	}
	jsonout_end(&json, '}');
	arena_release(&arena);
}

static void take_task(const struct json *task, struct arena *arena,
    struct ecs_task *out)
{
	double code;

	*out = (struct ecs_task){
	    .status = json_text_at(task, "lastStatus", arena),
	    .stop_code = json_text_at(task, "stopCode", arena),
	    .reason = json_text_at(task, "containers.0.reason", arena),
	    .container = json_text_at(task, "containers.0.name", arena),
	};
	if (!json_double(json_get(task, "pullStartedAt"), &out->began))
		(void)json_double(json_get(task, "startedAt"), &out->began);
	(void)json_double(json_get(task, "stoppedAt"), &out->ended);
	if (!out->reason)
		out->reason = json_text_at(task, "stoppedReason", arena);
	out->stopped = out->status &&
	    (strcmp(out->status, "STOPPED") == 0 ||
	        strcmp(out->status, "DELETED") == 0);
	if (json_double(json_get(task, "containers.0.exitCode"), &code) &&
	    code >= 0 && code < 1000) {
		out->exited = true;
		out->exit_code = (uint64_t)code;
	}
}

int ecs_describe(struct aws_json *json, const char *cluster, const char *arn,
    struct arena *arena, struct ecs_task *out, struct mldv_error *err)
{
	struct buf body = {0};
	struct json *doc = NULL;
	const struct json *task;
	int ret;

	put_task(&body, cluster, arn, NULL);
	ret = aws_json_call(json, "DescribeTasks", &body, &doc, err);
	if (ret > 0) {
		task = json_get(doc, "tasks.0");
		if (task)
			take_task(task, arena, out);
		ret = task != NULL;
	} else if (ret == 0 &&
	    !aws_json_refused_for(json, "ClusterNotFoundException")) {
		ret = aws_json_refused(json, "look at a task", err);
	}
	json_close(doc);
	buf_release(&body);
	return ret;
}

int ecs_stop(struct aws_json *json, const char *cluster, const char *arn,
    const char *reason, struct mldv_error *err)
{
	struct buf body = {0};
	struct json *doc = NULL;
	int ret;

	put_task(&body, cluster, arn, reason);
	ret = aws_json_call(json, "StopTask", &body, &doc, err);
	if (ret == 0 &&
	    !aws_json_refused_for(json, "InvalidParameterException"))
		ret = aws_json_refused(json, "stop a task", err);
	json_close(doc);
	buf_release(&body);
	return ret;
}
