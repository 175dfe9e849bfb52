/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/jobservice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client.h"

#define GROUP "/aws/sagemaker/TrainingJobs"

/* Seconds between two questions: from the one, half as much more each time. */
#define FIRST_WAIT 0.2
#define MOST_WAIT  30.0
/* What is out of reach for longer is given up. */
enum { PATIENCE = 26 * 3600, QUIET_READS = 2, STREAMS = 64 };

void job_service_open(struct job_service *service, struct mldv_project *project,
    const char *region, const char *profile)
{
	const struct net_options net = {.events = project->events};
	struct aws_json_options options = {
	    .service = &sagemaker_service,
	    .events = project->events,
	    .profile = profile,
	    .region = region,
	};

	*service = (struct job_service){
	    .project = project,
	    .net = net_open(&net),
	};
	options.net = service->net;
	service->sagemaker = aws_json_open(&options);
	options.service = &logs_service;
	service->logs = aws_json_open(&options);
}

void job_service_close(struct job_service *service)
{
	aws_json_close(service->sagemaker);
	aws_json_close(service->logs);
	net_close(service->net);
}

void job_say(const struct job_service *service, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	service->say(service->context, line);
}

static bool has_place(const struct job_logs *logs, const char *stream)
{
	for (size_t i = 0; i < logs->count; i++) {
		if (strcmp(logs->places[i].stream, stream) == 0)
			return true;
	}
	return false;
}

/* Streams come as instances start. */
CHECKED static int find_streams(const struct job_service *service,
    struct job_logs *logs, struct mldv_error *err)
{
	struct strs names = {0};
	int ret = logs_streams(service->logs, GROUP,
	    arena_printf(&logs->arena, "%s/", logs->name), &names, err);

	for (size_t i = 0; i < names.count && logs->count < STREAMS; i++) {
		if (has_place(logs, names.items[i]))
			continue;
		logs->places = xgrow(logs->places, logs->count, &logs->capacity,
		    sizeof *logs->places);
		logs->places[logs->count++] = (struct logs_place){
		    .group = GROUP,
		    .stream = arena_str(&logs->arena, names.items[i]),
		};
	}
	strs_release(&names);
	return ret;
}

struct printing {
	const struct job_service *service;
	const char *host; /* or NULL: there is just one */
	size_t lines;
};

static void print_line(void *context, const char *line)
{
	struct printing *printing = context;

	printing->lines++;
	if (printing->host)
		job_say(printing->service, "%s: %s", printing->host, line);
	else
		printing->service->say(printing->service->context, line);
}

/* "algo-2" of "<job>/algo-2-1664…" */
static const char *host_of(struct job_logs *logs, size_t i)
{
	const char *slash = strchr(logs->places[i].stream, '/');
	const char *end = slash ? strrchr(slash, '-') : NULL;

	if (logs->count < 2 || !end)
		return NULL;
	return arena_strn(&logs->arena, slash + 1, (size_t)(end - slash - 1));
}

int job_logs_read(const struct job_service *service, struct job_logs *logs)
{
	struct printing printing = {.service = service};
	struct mldv_error err;
	int ret = find_streams(service, logs, &err);

	for (size_t i = 0; i < logs->count && ret >= 0; i++) {
		printing.host = host_of(logs, i);
		do
			ret = logs_read(service->logs, &logs->places[i],
			    print_line, &printing, &err);
		while (ret > 0);
	}
	if (ret < 0 && err.code != MLDV_INTERRUPTED && !logs->refused) {
		logs->refused = true;
		job_say(service, "mldv: %s; the job goes on", err.text);
	}
	return printing.lines > 0;
}

void job_logs_release(struct job_logs *logs)
{
	for (size_t i = 0; i < logs->count; i++)
		buf_release(&logs->places[i].token);
	free(logs->places);
	arena_release(&logs->arena);
	*logs = (struct job_logs){0};
}

bool job_has_ended(const struct sagemaker_job *job)
{
	return job->status == SAGEMAKER_COMPLETED ||
	    job->status == SAGEMAKER_FAILED || job->status == SAGEMAKER_STOPPED;
}

/* May the same question be answered later? */
static bool is_passing(const struct job_service *service,
    const struct mldv_error *err)
{
	const struct aws_refusal *refusal =
	    aws_json_refusal(service->sagemaker);
	enum aws_verdict verdict;

	if (err->code == MLDV_INTERRUPTED)
		return false;
	if (refusal->status == 0)
		return true;
	verdict = aws_judge(refusal);
	return verdict == AWS_AGAIN || verdict == AWS_EXPIRED;
}

struct waiting {
	const struct job_service *service;
	const char *name;
	struct job_logs logs;
	size_t said; /* so many of its steps */
	double wait;
	double lost; /* since when there is no answer; 0: there is */
};

/* An answer: says what is new. */
static void note_state(struct waiting *waiting, const struct sagemaker_job *job)
{
	if (waiting->lost > 0)
		job_say(waiting->service, "mldv: job '%s' answers again",
		    waiting->name);
	waiting->lost = 0;
	for (; waiting->said < job->steps.count; waiting->said++) {
		waiting->wait = FIRST_WAIT;
		job_say(waiting->service, "mldv: job '%s': %s", waiting->name,
		    job->steps.items[waiting->said].name);
	}
}

/* No answer: 0 to go on, -1 if that is of no use. */
CHECKED static int note_loss(struct waiting *waiting, struct mldv_error *err)
{
	double now = project_clock();

	if (!is_passing(waiting->service, err))
		return -1;
	if (waiting->lost <= 0) {
		waiting->lost = now;
		job_say(waiting->service,
		    "mldv: %s; the job goes on, and is asked about again",
		    err->text);
	}
	return now - waiting->lost < PATIENCE ? 0 : -1;
}

/* What was printed last may take a while to arrive. */
static void read_rest(struct waiting *waiting)
{
	struct mldv_error ignored;
	int quiet = 0;

	while (quiet < QUIET_READS) {
		quiet = job_logs_read(waiting->service, &waiting->logs)
		    ? 0
		    : quiet + 1;
		if (project_sleep(waiting->service->project, FIRST_WAIT,
		        &ignored) < 0)
			break;
	}
}

CHECKED static int wait_until_end(struct waiting *waiting, struct arena *arena,
    struct sagemaker_job *out, struct mldv_error *err)
{
	for (;;) {
		int ret = sagemaker_describe(waiting->service->sagemaker,
		    waiting->name, arena, out, err);

		if (ret == 0)
			return err_set(err, MLDV_FAILED,
			    "there is no job '%s' any more", waiting->name);
		if (ret < 0 && note_loss(waiting, err) < 0)
			return -1;
		if (ret > 0) {
			note_state(waiting, out);
			if (job_has_ended(out))
				return 0;
			(void)job_logs_read(waiting->service, &waiting->logs);
		}
		if (project_sleep(waiting->service->project, waiting->wait,
		        err) < 0)
			return -1;
		waiting->wait *= 1.5;
		if (waiting->wait > MOST_WAIT)
			waiting->wait = MOST_WAIT;
	}
}

int job_wait(const struct job_service *service, const char *name,
    struct arena *arena, struct sagemaker_job *out, struct mldv_error *err)
{
	struct waiting waiting = {
	    .service = service,
	    .name = name,
	    .logs = {.name = name},
	    .wait = FIRST_WAIT,
	};
	int ret = wait_until_end(&waiting, arena, out, err);

	if (ret == 0)
		read_rest(&waiting);
	job_logs_release(&waiting.logs);
	return ret;
}
