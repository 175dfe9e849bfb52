/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job of SageMaker from its submission to its results, in a process of its
 * own.
 *
 * The job's name holds the stage's key, and names are unique for ever, so that
 * a name that is taken means that somebody is, or was, at the same work: his
 * job is joined, or its result taken. Only after one that failed or was
 * stopped the next number is tried.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "project/remotes.h"
#include "remote/plain.h"
#include "runner/jobabout.h"
#include "runner/jobexport.h"
#include "runner/jobservice.h"
#include "store/tarball.h"

enum { ATTEMPTS = 99, FILE_LIMIT = 16 << 20 };

struct jobrun {
	struct job_service service;
	struct remote *remote;
	struct arena arena;
	struct jobfile file;
	bool exported;
	uint64_t attempt;
	const char *name; /* of the job */
	struct sagemaker_job job;
	uint64_t repeated; /* after failures that are not the script's */
	struct job_result result;
};

static int fail(struct jobrun *run, struct mldv_error *err, const char *why)
{
	run->result.failure = arena_str(&run->arena, why);
	return err_set(err, MLDV_FAILED, "%s", why);
}

static int keep_record(struct jobrun *run, struct mldv_error *err)
{
	const struct job_record record = {
	    .name = run->name,
	    .stage = run->file.stage,
	    .key = run->file.key,
	    .region = run->file.region,
	    .profile = run->file.profile,
	    .started = (uint64_t)time(NULL),
	};

	return job_record_write(run->service.project, &record, err);
}

/* The request with the name of this attempt, which stands first in it. */
static int send(struct jobrun *run, struct mldv_error *err)
{
	const char *after = run->file.request +
	    strlen("{\"TrainingJobName\":\"") + strlen(run->file.name);
	struct buf body = {0};
	struct buf arn = {0};
	int ret;

	buf_printf(&body, "{\"TrainingJobName\":\"%s%s", run->name, after);
	ret = sagemaker_create(run->service.sagemaker, run->name, &body, &arn,
	    err);
	buf_release(&body);
	buf_release(&arn);
	return ret;
}

/*
 * Who is killed before the answer is read has a job that costs: it is noted
 * before it is submitted, and forgotten if AWS says that there is none.
 */
static int create(struct jobrun *run, struct mldv_error *err)
{
	int ret = keep_record(run, err);

	if (ret < 0)
		return -1;
	ret = send(run, err);
	if (ret < 0 && aws_json_refusal(run->service.sagemaker)->status != 0)
		job_record_remove(run->service.project, run->name);
	return ret;
}

/* What is said about a job that somebody has started. */
static int join(struct jobrun *run, struct mldv_error *err)
{
	const struct sagemaker_job *job = &run->job;

	/* Its name has but a part of the key. */
	if (job->key && strcmp(job->key, run->file.key) != 0)
		return err_set(err, MLDV_FAILED,
		    "job '%s' has the name, but not the key of stage '%s'",
		    run->name, run->file.stage);
	if (job->status == SAGEMAKER_FAILED ||
	    job->status == SAGEMAKER_STOPPED ||
	    job->status == SAGEMAKER_STOPPING)
		return 0;
	if (job->status == SAGEMAKER_COMPLETED) {
		const char *name = job->model
		    ? remote_plain_name(run->remote, job->model, &run->arena)
		    : NULL;
		int there = name
		    ? remote_plain_has(run->remote, name, UINT64_MAX, err)
		    : 0;

		/* Results expire, and names do not. */
		if (there <= 0)
			return there;
	}
	job_say(&run->service, "mldv: joined job '%s', which is at the same",
	    run->name);
	return 1;
}

/* 1 if the job runs, or has run; 0 if another number is to be tried; -1. */
static int try_submit(struct jobrun *run, struct mldv_error *err)
{
	int ret = sagemaker_describe(run->service.sagemaker, run->name,
	    &run->arena, &run->job, err);

	if (ret != 0)
		return ret < 0 ? -1 : join(run, err);
	if (!run->exported &&
	    job_export(&run->service, run->remote, &run->file, err) < 0)
		return -1;
	run->exported = true;
	ret = create(run, err);
	if (ret > 0)
		job_say(&run->service, "mldv: submitted job '%s': %s",
		    run->name,
		    sagemaker_console(run->file.region, run->name,
		        &run->arena));
	if (ret != 0)
		return ret;
	/* Somebody was quicker by a moment. */
	ret = sagemaker_describe(run->service.sagemaker, run->name, &run->arena,
	    &run->job, err);
	return ret > 0 ? join(run, err) : ret;
}

static int submit(struct jobrun *run, struct mldv_error *err)
{
	int ret = 0;

	while (ret == 0 && run->attempt < ATTEMPTS) {
		run->attempt++;
		run->name = arena_printf(&run->arena, "%s-%" PRIu64,
		    run->file.name, run->attempt);
		ret = try_submit(run, err);
	}
	if (ret == 0)
		return err_set(err, MLDV_FAILED,
		    "%d jobs of stage '%s' have failed with this key; give it "
		    "another 'salt'",
		    ATTEMPTS, run->file.stage);
	return ret < 0 ? -1 : 0;
}

/* Failures that are AWS's, after which the same may go well. */
static bool is_passing(const struct sagemaker_job *job)
{
	static const char *const kinds[] = {"CapacityError",
	    "InternalServerError", "InsufficientCapacity"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (job->failure && strstr(job->failure, kinds[i]))
			return true;
	}
	return job->secondary &&
	    strcmp(job->secondary, "MaxWaitTimeExceeded") == 0;
}

static void say_cost(struct jobrun *run)
{
	const struct sagemaker_job *job = &run->job;
	const struct job_place place = {
	    .name = run->name,
	    .region = run->file.region,
	    .price = run->file.price,
	};
	unsigned saving = job_saving(job);
	struct buf line = {0};

	job_about(job, &place, &run->arena, &run->result);
	buf_printf(&line,
	    "mldv: job '%s': %" PRIu64 " s trained, %" PRIu64 " s billed",
	    run->name, job->training_seconds, job->billable_seconds);
	if (saving > 0)
		buf_printf(&line, ", %u %% saved", saving);
	if (run->result.cost)
		buf_printf(&line, ", %s", run->result.cost);
	for (size_t i = 0; i < job->metrics.count; i++)
		buf_printf(&line, ", %s %s", job->metrics.items[i].name,
		    job->metrics.items[i].value);
	job_say(&run->service, "%s", buf_str(&line));
	buf_release(&line);
}

/* Downloads an archive of the job's: 1, or 0 if there is none. */
static int download(struct jobrun *run, const char *archive, const char **out,
    struct mldv_error *err)
{
	const char *dir = path_parent(&run->arena, run->file.result);
	const char *model = run->job.model ? run->job.model : "";
	const char *name = remote_plain_name(run->remote,
	    path_join(&run->arena, path_parent(&run->arena, model), archive),
	    &run->arena);
	struct tempfile temp = {0};
	int ret;

	if (!name)
		return err_set(err, MLDV_FAILED,
		    "job '%s' puts its results at '%s', not on remote '%s'",
		    run->name, model, run->file.remote);
	if (tempfile_open(&temp, dir, 0666, err) < 0)
		return -1;
	ret = remote_plain_get(run->remote, name, UINT64_MAX, temp.fd, err);
	*out = path_join(&run->arena, dir, archive);
	if (ret > 0 && tempfile_commit_cache(&temp, *out, err) < 0)
		ret = -1;
	tempfile_release(&temp);
	return ret;
}

static int unpack(struct jobrun *run, bool model, struct mldv_error *err)
{
	const char *archive = model ? "model.tar.gz" : "output.tar.gz";
	struct tarball_place *places =
	    arena_array(&run->arena, run->file.out_count + 1, sizeof *places);
	size_t count = 0;
	const char *path = NULL;
	int ret = 0;

	for (size_t i = 0; i < run->file.out_count; i++) {
		const struct job_out *out = &run->file.outs[i];

		if (out->model == model)
			places[count++] = (struct tarball_place){
			    .inner = out->inner,
			    .target = project_absolute(run->service.project,
			        &run->arena, out->path),
			};
	}
	if (count > 0)
		ret = download(run, archive, &path, err);
	if (ret > 0)
		ret = tarball_unpack(path, places, count, err);
	for (size_t i = 0; i < count && ret == 0; i++) {
		if (!places[i].found)
			return fail(run, err,
			    arena_printf(&run->arena,
			        "job '%s' did not make '%s' in its %s",
			        run->name, places[i].inner,
			        model ? "model directory"
			              : "output/data directory"));
	}
	return ret;
}

/* 1 if it is to be submitted again; 0 if all is done; -1. */
static int take_end(struct jobrun *run, struct mldv_error *err)
{
	const struct sagemaker_job *job = &run->job;
	const char *why = job->failure;

	say_cost(run);
	if (job->status == SAGEMAKER_COMPLETED)
		return unpack(run, true, err) < 0 || unpack(run, false, err) < 0
		    ? -1
		    : 0;
	if (!why)
		why = job->status == SAGEMAKER_STOPPED
		    ? arena_printf(&run->arena, "job '%s' was stopped: %s",
		          run->name, job->secondary ? job->secondary : "?")
		    : "SageMaker gives no reason";
	if (is_passing(job) && run->repeated < run->file.retries) {
		run->repeated++;
		job_say(&run->service,
		    "mldv: job '%s' failed: %s; trying again (%" PRIu64
		    " of %" PRIu64 ")",
		    run->name, why, run->repeated, run->file.retries);
		return 1;
	}
	return fail(run, err, why);
}

static void say_detached(struct jobrun *run)
{
	job_say(&run->service,
	    "mldv: detached; job '%s' goes on, and costs: 'mldv repro %s' "
	    "joins it again, 'mldv jobs stop %s' ends it",
	    run->name, run->file.stage, run->name);
}

static int run_job(struct jobrun *run, struct mldv_error *err)
{
	int ret;

	do {
		ret = submit(run, err);
		if (ret == 0)
			ret = keep_record(run, err);
		if (ret == 0)
			run->result.name = run->name;
		if (ret == 0) {
			ret = job_wait(&run->service, run->name, &run->arena,
			    &run->job, err);
			if (ret < 0 && err->code == MLDV_INTERRUPTED)
				say_detached(run);
		}
		if (ret == 0)
			ret = take_end(run, err);
	} while (ret > 0);
	return ret;
}

int mldv_job_run(struct mldv_project *project, const char *file,
    mldv_line_fn *say, void *context, struct mldv_error *err)
{
	struct jobrun run = {0};
	struct mldv_error other;
	struct buf text = {0};
	int ret = file_read(file, FILE_LIMIT, &text, err);

	if (ret == 0)
		ret = jobfile_parse(&run.file, &run.arena, text.data, text.len,
		    err);
	buf_release(&text);
	if (ret < 0)
		return -1;
	job_service_open(&run.service, project, run.file.region,
	    run.file.profile);
	run.service.say = say;
	run.service.context = context;
	ret = remotes_open(project, run.file.remote, &run.remote, err);
	if (ret == 0)
		ret = run_job(&run, err);
	if (ret < 0 && !run.result.failure && err->code != MLDV_INTERRUPTED)
		run.result.failure = err->text;
	if (job_result_write(&run.result, run.file.result,
	        ret < 0 ? &other : err) < 0)
		ret = -1;
	remote_close(run.remote);
	job_service_close(&run.service);
	arena_release(&run.arena);
	return ret;
}
