/* SPDX-License-Identifier: Apache-2.0 */

/* Looking at jobs, and ending them, from another process. */

#include <string.h>

#include "runner/elsewhere.h"
#include "runner/jobservice.h"

struct found {
	struct arena arena;
	struct job_record *records;
	size_t count;
};

CHECKED static int find_all(struct mldv_project *project, struct found *found,
    struct mldv_error *err)
{
	*found = (struct found){0};
	return job_records_read(project, &found->arena, &found->records,
	    &found->count, err);
}

static void say_nothing(void *context, const char *line)
{
	(void)context;
	(void)line;
}

static int visit_one(struct mldv_project *project,
    const struct job_record *record,
    void (*visit)(void *context, const struct mldv_job *job), void *context,
    struct mldv_error *err)
{
	struct job_service service;
	struct sagemaker_job job = {0};
	struct arena arena = {0};
	struct mldv_job out = {
	    .name = record->name,
	    .stage = record->stage,
	    .key = record->key,
	    .started = record->started,
	};
	int ret;

	job_service_open(&service, project, record->region, record->profile);
	service.say = say_nothing;
	ret = sagemaker_describe(service.sagemaker, record->name, &arena, &job,
	    err);
	if (ret >= 0) {
		out.state = job.secondary;
		out.why = job.failure;
		out.trained = job.training_seconds;
		out.billed = job.billable_seconds;
		out.instance = job.instance_type;
		out.console =
		    sagemaker_console(record->region, record->name, &arena);
		visit(context, &out);
	}
	job_service_close(&service);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int mldv_jobs_each(struct mldv_project *project,
    void (*visit)(void *context, const struct mldv_job *job), void *context,
    struct mldv_error *err)
{
	struct found found;
	int ret = find_all(project, &found, err);

	for (size_t i = 0; i < found.count && ret == 0; i++)
		ret = found.records[i].runner
		    ? elsewhere_visit(project, &found.records[i], visit,
		          context, err)
		    : visit_one(project, &found.records[i], visit, context,
		          err);
	arena_release(&found.arena);
	return ret;
}

/* The job of that name, or the newest of a stage. */
static const struct job_record *choose(const struct found *found,
    const char *name, struct mldv_error *err)
{
	for (size_t i = found->count; i-- > 0;) {
		const struct job_record *record = &found->records[i];

		if (strcmp(record->name, name) == 0 ||
		    strcmp(record->stage, name) == 0)
			return record;
	}
	(void)err_set(err, MLDV_NOT_FOUND,
	    "this clone knows no job '%s', nor one of such a stage; see 'mldv "
	    "jobs list'",
	    name);
	return NULL;
}

static int how_it_ended(const struct sagemaker_job *job, const char *name,
    const char *stage, struct mldv_error *err)
{
	if (job->status == SAGEMAKER_COMPLETED)
		return 0;
	return err_set(err, MLDV_NO, "job '%s' of stage '%s': %s", name, stage,
	    job->failure         ? job->failure
	        : job->secondary ? job->secondary
	                         : "it failed");
}

static int show_logs(struct job_service *service,
    const struct job_record *record, bool follow, struct mldv_error *err)
{
	struct job_logs logs = {.name = record->name};
	struct sagemaker_job job = {0};
	struct arena arena = {0};
	int ret = 0;

	if (follow) {
		ret = job_wait(service, record->name, &arena, &job, err);
		if (ret == 0)
			ret = how_it_ended(&job, record->name, record->stage,
			    err);
	} else {
		(void)job_logs_read(service, &logs);
	}
	job_logs_release(&logs);
	arena_release(&arena);
	return ret;
}

int mldv_job_logs(struct mldv_project *project, const char *name, bool follow,
    mldv_line_fn *say, void *context, struct mldv_error *err)
{
	const struct job_record *record;
	struct job_service service;
	struct found found;
	int ret = find_all(project, &found, err);

	record = ret == 0 ? choose(&found, name, err) : NULL;
	ret = record ? 0 : -1;
	if (record && record->runner) {
		ret = elsewhere_logs(project,
		    &(struct elsewhere_asked){record, say, context}, follow,
		    err);
	} else if (record) {
		job_service_open(&service, project, record->region,
		    record->profile);
		service.say = say;
		service.context = context;
		ret = show_logs(&service, record, follow, err);
		job_service_close(&service);
	}
	arena_release(&found.arena);
	return ret;
}

int mldv_job_stop(struct mldv_project *project, const char *name,
    mldv_line_fn *say, void *context, struct mldv_error *err)
{
	const struct job_record *record;
	struct job_service service;
	struct found found;
	int ret = find_all(project, &found, err);

	record = ret == 0 ? choose(&found, name, err) : NULL;
	ret = -1;
	if (record && record->runner) {
		ret = elsewhere_stop(project,
		    &(struct elsewhere_asked){record, say, context}, err);
	} else if (record) {
		job_service_open(&service, project, record->region,
		    record->profile);
		service.say = say;
		service.context = context;
		ret = sagemaker_stop(service.sagemaker, record->name, err);
		if (ret > 0)
			job_say(&service, "stopping job '%s'", record->name);
		else if (ret == 0)
			ret = err_set(err, MLDV_NO, "job '%s' has ended",
			    record->name);
		job_service_close(&service);
	}
	arena_release(&found.arena);
	return ret < 0 ? -1 : 0;
}
