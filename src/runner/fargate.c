/* SPDX-License-Identifier: Apache-2.0 */

/*
 * 'run = fargate': a task of ECS, which runs 'mldv run-stage' in the container
 * of a task definition.
 */

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "aws/ecs.h"
#include "aws/logs.h"
#include "net/client.h"
#include "runner/awsprice.h"
#include "runner/elsewhere.h"

/* Seconds: DescribeTasks says MISSING for a moment after RunTask. */
#define PATIENCE 120
/* Digits of the key; a token has at most 64 characters. */
#define TOKEN_KEY 48

enum { LIST = 32, TAGS = 45 };

struct fargate {
	const char *cluster, *task_definition, *container;
	const char *log_group, *log_prefix;
	const char *program, *price_region;
	struct strs subnets, security_groups; /* in the arena */
	const char *environment[LIST];
	size_t environment_count;
	const char *tags[TAGS + 4];
	size_t tag_count;
	bool public_ip, spot;
	uint64_t cpu, memory, disk;
	struct net_client *net;
	struct aws_json *ecs, *logs;
	struct logs_place place;
};

/* --- settings --- */

struct reader {
	struct elsewhere *job;
	struct fargate *out;
	const struct setting *setting;
};

static int read_yes(const struct reader *r, bool *out, struct mldv_error *err)
{
	*out = strcmp(r->setting->value, "yes") == 0;
	if (*out || strcmp(r->setting->value, "no") == 0)
		return 0;
	return elsewhere_wrong(r->job, r->setting, err, "only yes or no");
}

static int read_count(const struct reader *r, uint64_t *out,
    struct mldv_error *err)
{
	if (slice_number(slice_of(r->setting->value), out) && *out > 0)
		return 0;
	return elsewhere_wrong(r->job, r->setting, err, "write a number");
}

/* "a, b" */
static int read_list(const struct reader *r, struct strs *out,
    struct mldv_error *err)
{
	struct slice rest = slice_of(r->setting->value);
	const char **items = arena_array(&r->job->arena, LIST, sizeof *items);
	bool more = true;

	*out = (struct strs){.items = items};
	while (more) {
		struct slice word;

		more = slice_cut(&rest, ',', &word);
		word = slice_trim(word);
		if (word.len == 0 || out->count == 16)
			return elsewhere_wrong(r->job, r->setting, err,
			    "write at most 16 names");
		items[out->count++] =
		    arena_strn(&r->job->arena, word.data, word.len);
	}
	return 0;
}

static int read_pair(const struct reader *r, const char *name,
    const char **list, size_t *count, size_t most)
{
	if (*count < most)
		list[(*count)++] = arena_printf(&r->job->arena, "%s=%s", name,
		    r->setting->value);
	return 0;
}

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
    {"cluster", offsetof(struct fargate, cluster)},
    {"container", offsetof(struct fargate, container)},
    {"log_group", offsetof(struct fargate, log_group)},
    {"log_prefix", offsetof(struct fargate, log_prefix)},
    {"mldv", offsetof(struct fargate, program)},
    {"task_definition", offsetof(struct fargate, task_definition)},
};

static int read_other(const struct reader *r, const char *name,
    struct mldv_error *err)
{
	struct fargate *out = r->out;

	if (strcmp(name, "subnets") == 0)
		return read_list(r, &out->subnets, err);
	if (strcmp(name, "security_groups") == 0)
		return read_list(r, &out->security_groups, err);
	if (strcmp(name, "assign_public_ip") == 0)
		return read_yes(r, &out->public_ip, err);
	if (strcmp(name, "spot") == 0)
		return read_yes(r, &out->spot, err);
	if (strcmp(name, "cpu") == 0)
		return read_count(r, &out->cpu, err);
	if (strcmp(name, "memory") == 0)
		return read_count(r, &out->memory, err);
	if (strcmp(name, "disk") == 0)
		return read_count(r, &out->disk, err);
	if (strncmp(name, "env.", 4) == 0)
		return read_pair(r, name + 4, out->environment,
		    &out->environment_count, LIST);
	if (strncmp(name, "tag.", 4) == 0)
		return read_pair(r, name + 4, out->tags, &out->tag_count, TAGS);
	return err_set(err, MLDV_USAGE,
	    "%s:%u: there is no '%s'; see mldv-runners(7)", r->job->file.ini,
	    r->setting->line, r->setting->key);
}

static int read_setting(const struct reader *r, struct mldv_error *err)
{
	const char *name = r->setting->key + strlen("fargate.");

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		memcpy((char *)r->out + texts[i].offset, &r->setting->value,
		    sizeof r->setting->value);
		return 0;
	}
	return read_other(r, name, err);
}

/*
 * Which sizes there are: "AWS Fargate task definition considerations", Amazon
 * ECS Developer Guide. MiB, from and to, in steps.
 */
static const struct {
	uint64_t cpu, least, most, step;
} sizes[] = {
    {256, 512, 2048, 512},
    {512, 1024, 4096, 1024},
    {1024, 2048, 8192, 1024},
    {2048, 4096, 16384, 1024},
    {4096, 8192, 30720, 1024},
    {8192, 16384, 61440, 4096},
    {16384, 32768, 122880, 8192},
};

static int check_size(const struct elsewhere *job,
    const struct fargate *fargate, struct mldv_error *err)
{
	uint64_t memory = fargate->memory;

	if (fargate->cpu == 0 && memory == 0)
		return 0; /* as the task definition says */
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		if (sizes[i].cpu == fargate->cpu && memory >= sizes[i].least &&
		    memory <= sizes[i].most &&
		    (memory - sizes[i].least) % sizes[i].step == 0 &&
		    (fargate->cpu != 256 || memory != 1536))
			return 0;
	}
	return err_set(err, MLDV_USAGE,
	    "stage '%s': Fargate has no task with 'fargate.cpu = %" PRIu64
	    "' and 'fargate.memory = %" PRIu64
	    "'; 1024 goes with 2048 to 8192, 4096 with 8192 to 30720",
	    job->file.stage, fargate->cpu, memory);
}

static int check(const struct elsewhere *job, const struct fargate *fargate,
    struct mldv_error *err)
{
	if (!fargate->cluster || !fargate->task_definition ||
	    fargate->subnets.count == 0)
		return err_set(err, MLDV_USAGE,
		    "stage '%s' with 'run = fargate' needs 'fargate.cluster', "
		    "'fargate.task_definition' and 'fargate.subnets'",
		    job->file.stage);
	if (strncmp(job->file.url, "s3://", 5) != 0)
		return err_set(err, MLDV_USAGE,
		    "remote '%s' is no bucket of S3, where a task of AWS could "
		    "read its data; run 'mldv remote add NAME s3://BUCKET'",
		    job->file.remote);
	return check_size(job, fargate, err);
}

/*
 * "/mldv/vision" of the cluster "mldv-vision", by name or ARN, as
 * contrib/aws/mldv.yaml calls them.
 */
static const char *default_log_group(struct arena *arena, const char *cluster)
{
	const char *slash = strrchr(cluster, '/');
	const char *name = slash ? slash + 1 : cluster;

	if (strncmp(name, "mldv-", 5) == 0)
		name += 5;
	return arena_printf(arena, "/mldv/%s", name);
}

static void open_services(struct elsewhere *job, struct fargate *fargate)
{
	const struct net_options net = {.events = job->project->events};
	struct aws_json_options options = {
	    .service = &ecs_service,
	    .events = job->project->events,
	    .profile = job->file.profile,
	    .region = job->file.region,
	};

	fargate->net = net_open(&net);
	options.net = fargate->net;
	fargate->ecs = aws_json_open(&options);
	options.service = &logs_service;
	fargate->logs = aws_json_open(&options);
}

static int open_fargate(struct elsewhere *job, struct mldv_error *err)
{
	struct fargate *fargate = arena_alloc(&job->arena, sizeof *fargate);
	struct reader r = {.job = job, .out = fargate};

	fargate->container = "main";
	fargate->log_prefix = "mldv";
	fargate->program = "mldv";
	job->state = fargate;
	for (size_t i = 0; i < job->file.setting_count; i++) {
		r.setting = &job->file.settings[i];
		if (read_setting(&r, err) < 0)
			return -1;
	}
	if (check(job, fargate, err) < 0)
		return -1;
	if (!fargate->log_group)
		fargate->log_group =
		    default_log_group(&job->arena, fargate->cluster);
	open_services(job, fargate);
	return aws_json_region(fargate->ecs, &fargate->price_region, err);
}

static void close_fargate(struct elsewhere *job)
{
	struct fargate *fargate = job->state;

	job->state = NULL;
	if (!fargate || !fargate->net)
		return;
	buf_release(&fargate->place.token);
	aws_json_close(fargate->ecs);
	aws_json_close(fargate->logs);
	net_close(fargate->net);
}

static double patience(const struct elsewhere *job)
{
	(void)job;
	return PATIENCE;
}

/* --- the task --- */

static void fill_request(struct elsewhere *job, struct fargate *fargate,
    struct ecs_request *out)
{
	struct arena *arena = &job->arena;

	*out = (struct ecs_request){
	    .cluster = fargate->cluster,
	    .task_definition = fargate->task_definition,
	    .spot = fargate->spot,
	    .subnets = fargate->subnets,
	    .security_groups = fargate->security_groups,
	    .public_ip = fargate->public_ip,
	    .container = fargate->container,
	    .environment = fargate->environment,
	    .environment_count = fargate->environment_count,
	    .cpu = fargate->cpu,
	    .memory = fargate->memory,
	    .disk = fargate->disk,
	    .started_by = job->name,
	    .token = arena_printf(arena, "%.*s-%" PRIu64, TOKEN_KEY,
	        job->file.key, job->attempt),
	};
	strs_add(&out->command, fargate->program);
	strs_add(&out->command, "run-stage");
	strs_add(&out->command, "--remote");
	strs_add(&out->command, job->file.url);
	strs_add(&out->command, "--attempt");
	strs_add(&out->command, arena_printf(arena, "%" PRIu64, job->attempt));
	strs_add(&out->command, job->file.key);
	fargate->tags[fargate->tag_count] =
	    arena_printf(arena, "mldv:stage=%s", job->file.stage);
	fargate->tags[fargate->tag_count + 1] =
	    arena_printf(arena, "mldv:project=%s", job->file.parcel.project);
	fargate->tags[fargate->tag_count + 2] =
	    arena_printf(arena, "mldv:key=%s", job->file.key);
	out->tags = fargate->tags;
	out->tag_count = fargate->tag_count + 3;
}

static int submit(struct elsewhere *job, const char **why,
    struct mldv_error *err)
{
	struct fargate *fargate = job->state;
	struct ecs_request request;
	struct buf reason = {0};
	struct buf arn = {0};
	int ret;

	*why = NULL;
	fill_request(job, fargate, &request);
	ret = ecs_run(fargate->ecs, &request, &arn, &reason, err);
	strs_release(&request.command);
	if (ret > 0)
		job->id = arena_str(&job->arena, buf_str(&arn));
	else if (ret == 0)
		*why = arena_printf(&job->arena, "ECS started no task: %s",
		    buf_str(&reason));
	buf_release(&arn);
	buf_release(&reason);
	return ret;
}

static bool contains(const char *text, const char *word)
{
	return text && strstr(text, word);
}

/* What a stopped task says, as a sentence; and may another one fare better? */
static void explain(struct elsewhere *job, const struct ecs_task *task,
    struct elsewhere_look *out)
{
	const char *code = task->stop_code ? task->stop_code : "no stop code";
	const char *reason = task->reason ? task->reason : "no reason is given";
	const char *what = NULL;

	if (strcmp(code, "SpotInterruption") == 0 ||
	    strcmp(code, "TerminationNotice") == 0) {
		what = "AWS took its capacity back";
		out->passing = true;
	} else if (strcmp(code, "UserInitiated") == 0) {
		what = "somebody stopped it";
	} else if (contains(reason, "CannotPullContainer")) {
		what = "its image cannot be fetched";
	} else if (strcmp(code, "TaskFailedToStart") == 0) {
		what = "it did not start";
		out->passing = contains(reason, "apacity") ||
		    contains(reason, "ResourceInitialization") ||
		    contains(reason, "InternalError");
	} else if (contains(reason, "OutOfMemory") ||
	    (task->exited && task->exit_code == 137)) {
		what = "it was killed, perhaps for lack of memory";
	} else if (task->exited && task->exit_code == 0) {
		return;
	} else if (task->exited) {
		out->why = arena_printf(&job->arena,
		    "task '%s' ended with status %" PRIu64, job->name,
		    task->exit_code);
		return;
	}
	out->why = arena_printf(&job->arena, "task '%s': %s (%s: %s)",
	    job->name, what ? what : "it stopped", code, reason);
}

/* Of spot capacity, whose price changes, nothing can be said. */
static void find_cost(struct elsewhere *job, const struct ecs_task *task)
{
	const struct fargate *fargate = job->state;
	double hours = (task->ended - task->began) / 3600;
	double cpu;
	double memory;

	if (fargate->spot || fargate->cpu == 0 || task->began <= 0 ||
	    task->ended <= task->began)
		return;
	/* A minute at least. */
	if (hours < 1.0 / 60)
		hours = 1.0 / 60;
	if (aws_fargate_price(fargate->price_region, &cpu, &memory))
		job->cost = arena_printf(&job->arena, "%.4f USD",
		    hours *
		        (cpu * (double)fargate->cpu / 1024 +
		            memory * (double)fargate->memory / 1024));
}

/* May the same question be answered later? */
static bool is_passing(const struct fargate *fargate)
{
	const struct aws_refusal *refusal = aws_json_refusal(fargate->ecs);
	enum aws_verdict verdict;

	if (refusal->status == 0)
		return true;
	verdict = aws_judge(refusal);
	return verdict == AWS_AGAIN || verdict == AWS_EXPIRED;
}

static int look(struct elsewhere *job, struct elsewhere_look *out,
    struct mldv_error *err)
{
	struct fargate *fargate = job->state;
	struct ecs_task task;
	int ret = ecs_describe(fargate->ecs, fargate->cluster, job->id,
	    &job->arena, &task, err);

	*out = (struct elsewhere_look){0};
	if (ret < 0)
		out->passing = is_passing(fargate);
	if (ret <= 0)
		return ret;
	out->word = task.status ? task.status : "?";
	out->what = task.stopped                ? ELSEWHERE_ENDED
	    : strcmp(out->word, "RUNNING") == 0 ? ELSEWHERE_RUNNING
	                                        : ELSEWHERE_WAITING;
	if (task.stopped) {
		explain(job, &task, out);
		find_cost(job, &task);
	}
	return 0;
}

static void say_line(void *context, const char *line)
{
	struct elsewhere *job = context;

	job->shown++;
	job->say(job->context, line);
}

/* That it cannot be read is no reason to stop: the log is kept, too. */
static void logs(struct elsewhere *job)
{
	struct fargate *fargate = job->state;
	const char *slash = strrchr(job->id, '/');
	struct mldv_error ignored;
	int ret;

	if (!slash)
		return;
	fargate->place.group = fargate->log_group;
	fargate->place.stream = arena_printf(&job->arena, "%s/%s%s",
	    fargate->log_prefix, fargate->container, slash);
	do
		ret = logs_read(fargate->logs, &fargate->place, say_line, job,
		    &ignored);
	while (ret > 0);
}

static int stop(struct elsewhere *job, struct mldv_error *err)
{
	struct fargate *fargate = job->state;

	return ecs_stop(fargate->ecs, fargate->cluster, job->id,
	    "mldv jobs stop", err);
}

const struct elsewhere_system elsewhere_fargate = {
    .name = "fargate",
    .submits_once = true, /* because of the token */
    .open = open_fargate,
    .close = close_fargate,
    .submit = submit,
    .look = look,
    .logs = logs,
    .stop = stop,
    .patience = patience,
};

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	return elsewhere_prepare(job, &elsewhere_fargate, err);
}

const struct runner runner_fargate = {
    .name = "fargate",
    .version = 1,
    .elsewhere = true,
    .prepare = prepare,
    .finish = elsewhere_finish,
};
