/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job on another machine from its start to its result, in a process of its
 * own. See runner/parcel.h for what keeps two from starting the same.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonout.h"
#include "base/path.h"
#include "format/json.h"
#include "project/remotes.h"
#include "runner/elsewhere.h"

/* Seconds: the claim of another who does not say what he started. */
#define CLAIM_PATIENCE 120

enum { ATTEMPTS = 99, FILE_LIMIT = 64 << 20, FILES_MOST = 1024 };

struct course {
	struct elsewhere job;
	bool sent;
	uint64_t repeated; /* after what is not the command's fault */
	struct job_result result;
};

static int fail(struct course *run, struct mldv_error *err, const char *why)
{
	run->result.failure = arena_str(&run->job.arena, why);
	return err_set(err, MLDV_FAILED, "%s", why);
}

/* Tells the clones of a person, and of several, from each other. */
static const char *clone_of(struct elsewhere *job, const char *host)
{
	return arena_printf(&job->arena, "%016" PRIx64,
	    str_hash(str_hash(STR_HASH, host), job->project->home));
}

static void say_claim(struct elsewhere *job, struct parcel_claim *claim)
{
	char host[256] = "";

	(void)gethostname(host, sizeof host - 1);
	*claim = (struct parcel_claim){
	    .id = job->id ? job->id : "",
	    .who = job->file.parcel.who,
	    .host = arena_str(&job->arena, host),
	    .clone = clone_of(job, host),
	    .started = (uint64_t)time(NULL),
	};
}

/* 1 if it is this one's, 0 if somebody was quicker. */
static int put_claim(struct elsewhere *job, bool first, struct mldv_error *err)
{
	const char *name =
	    parcel_name(&job->arena, "claims", job->file.key, job->attempt);
	struct parcel_claim claim;
	struct buf text = {0};
	int ret;

	say_claim(job, &claim);
	parcel_claim_format(&claim, &text);
	if (first)
		ret = remote_plain_put_new(job->remote, name, &text, err);
	else
		ret = remote_plain_put(job->remote, name, text.data, text.len,
		          err) < 0
		    ? -1
		    : 1;
	buf_release(&text);
	return ret;
}

static int put_end(struct elsewhere *job, const char *why,
    struct mldv_error *err)
{
	const struct parcel_end end = {
	    .status = 1,
	    .failure = why,
	    .lost = true,
	};
	struct buf text = {0};
	int ret;

	parcel_end_format(&end, &text);
	ret = remote_plain_put_new(job->remote,
	    parcel_name(&job->arena, "ends", job->file.key, job->attempt),
	    &text, err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

/* What a repro that was killed knows, and had no time to say. */
static int find_id(struct elsewhere *job, struct mldv_error *err)
{
	const char *path = arena_printf(&job->arena, "%s.id", job->log);
	struct mldv_error cause;
	struct buf text = {0};
	int ret = 0;

	/* Without the end of the line it may be half of it. */
	if (file_read(path, FILE_LIMIT, &text, &cause) == 0 && text.len > 0 &&
	    text.data[text.len - 1] == '\n') {
		job->id = elsewhere_id(job, &text);
		ret = put_claim(job, false, err);
	}
	buf_release(&text);
	return ret;
}

/* Nobody knows what was started: the next number is for everybody. */
static int give_up(struct elsewhere *job, struct mldv_error *err)
{
	return put_end(job, "whoever started it did not say what", err);
}

/* Whoever was killed may have started it: 1 if a job runs, 0 if none does. */
static int submit_again(struct elsewhere *job, struct mldv_error *err)
{
	const char *why = NULL;
	int ret = job->system->submit(job, &why, err);

	if (ret > 0)
		return put_claim(job, false, err);
	if (ret < 0 && err->code == MLDV_INTERRUPTED)
		return -1;
	/* Another request than that, perhaps: settings were changed since. */
	return give_up(job, err);
}

/*
 * A job that has ended and left nothing, because it was stopped or killed, is
 * no reason not to start another: 1 if it is to be waited for, else 0.
 */
static int check_going(struct elsewhere *job, struct mldv_error *err)
{
	struct elsewhere_look look = {0};
	struct mldv_error ignored;
	struct parcel_end end;
	int ret;

	if (job->system->look(job, &look, &ignored) < 0 ||
	    look.what != ELSEWHERE_ENDED)
		return 1;
	ret = parcel_end_read(job->remote, job->file.key, job->attempt,
	    &job->arena, &end, err);
	if (ret != 0)
		return ret < 0 ? -1 : !end.failure;
	return put_end(job, look.why ? look.why : "it left no result", err);
}

/*
 * Somebody has this number: 1 if his job is to be waited for, 0 if the next
 * number is to be tried.
 */
static int join(struct course *run, const struct parcel_claim *first,
    struct mldv_error *err)
{
	struct elsewhere *job = &run->job;
	struct parcel_claim claim = *first;
	struct parcel_claim own;
	struct parcel_end end;
	double began = project_clock();
	int ret = parcel_end_read(job->remote, job->file.key, job->attempt,
	    &job->arena, &end, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	say_claim(job, &own);
	/* Of this clone only one process is at a stage. */
	if (!claim.id[0] && strcmp(claim.clone, own.clone) == 0) {
		ret = find_id(job, err);
		if (ret == 0)
			ret = job->system->submits_once ? submit_again(job, err)
			                                : give_up(job, err);
		if (ret > 0)
			ret = check_going(job, err);
		if (ret > 0)
			elsewhere_say(job, "mldv: joined job '%s'", job->name);
		return ret;
	}
	while (!claim.id[0]) {
		if (project_clock() - began > CLAIM_PATIENCE)
			return give_up(job, err);
		if (project_sleep(job->project, 1, err) < 0 ||
		    parcel_claim_read(job->remote, job->file.key, job->attempt,
		        &job->arena, &claim, err) < 0)
			return -1;
	}
	job->id = claim.id;
	ret = check_going(job, err);
	if (ret <= 0)
		return ret;
	elsewhere_say(job, "mldv: joined job '%s', which %s started", job->name,
	    claim.who && claim.who[0] ? claim.who : claim.host);
	return 1;
}

/* 1 if a job runs, 0 if another number is to be tried. */
static int start(struct course *run, const char **why, struct mldv_error *err)
{
	struct elsewhere *job = &run->job;
	int ret;

	/* Before the claim, so that it does not stand while much is sent. */
	if (!run->sent && elsewhere_send(job, err) < 0)
		return -1;
	run->sent = true;
	ret = put_claim(job, true, err);
	if (ret <= 0) {
		run->job.attempt--; /* it is looked at again */
		return ret;
	}
	ret = job->system->submit(job, why, err);
	if (ret > 0) {
		elsewhere_say(job, "mldv: started job '%s' as '%s'", job->name,
		    job->id);
		return put_claim(job, false, err);
	}
	if (ret == 0)
		return put_end(job, *why, err) < 0 ? -1 : 0;
	if (err->code != MLDV_INTERRUPTED) {
		struct mldv_error ignored;

		if (put_end(job, err->text, &ignored) < 0)
			elsewhere_say(job, "mldv: %s", ignored.text);
	}
	return -1;
}

/* Is it worth another try? 1, or 0. */
static int repeats(struct course *run, const char *why)
{
	struct elsewhere *job = &run->job;

	if (run->repeated >= job->file.retries)
		return 0;
	run->repeated++;
	elsewhere_say(job,
	    "mldv: job '%s': %s; trying again (%" PRIu64 " of %" PRIu64 ")",
	    job->name, why, run->repeated, job->file.retries);
	return 1;
}

static int try_start(struct course *run, struct mldv_error *err)
{
	struct elsewhere *job = &run->job;
	struct parcel_claim claim;
	const char *why = NULL;
	int ret;

	elsewhere_name(job, job->attempt + 1);
	ret = parcel_claim_read(job->remote, job->file.key, job->attempt,
	    &job->arena, &claim, err);
	if (ret != 0)
		return ret < 0 ? -1 : join(run, &claim, err);
	ret = start(run, &why, err);
	if (ret == 0 && why && !repeats(run, why))
		return fail(run, err, why);
	return ret;
}

static int start_or_join(struct course *run, struct mldv_error *err)
{
	int ret = 0;

	while (ret == 0 && run->job.attempt < ATTEMPTS)
		ret = try_start(run, err);
	if (ret == 0)
		return err_set(err, MLDV_FAILED,
		    "%d jobs of stage '%s' have failed with this key; give it "
		    "another 'salt'",
		    ATTEMPTS, run->job.file.stage);
	return ret < 0 ? -1 : 0;
}

/* --- the end --- */

static void say_cost(const struct elsewhere *job)
{
	if (job->cost)
		elsewhere_say(job, "mldv: job '%s' cost %s", job->name,
		    job->cost);
}

/* 1 if it is to be started again; 0 if all is done; -1. */
static int take_end(struct course *run, const struct elsewhere_look *look,
    struct mldv_error *err)
{
	struct elsewhere *job = &run->job;
	struct parcel_end end = {0};
	const char *why;
	int ret;

	say_cost(job);
	ret = elsewhere_fetch(job, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = parcel_end_read(job->remote, job->file.key, job->attempt,
	    &job->arena, &end, err);
	if (ret < 0)
		return -1;
	if (ret > 0 && end.failure && !end.lost)
		return fail(run, err, end.failure);
	why = look->why;
	if (!why)
		why = arena_printf(&job->arena,
		    "job '%s' ended (%s) without a result", job->name,
		    look->word ? look->word : "?");
	/* So that the number is not waited for again. */
	if (ret == 0 && put_end(job, why, err) < 0)
		return -1;
	if (look->passing && repeats(run, why))
		return 1;
	return fail(run, err, why);
}

static void say_detached(const struct elsewhere *job)
{
	elsewhere_say(job,
	    "mldv: detached; job '%s' goes on: 'mldv repro %s' joins it again, "
	    "'mldv jobs stop %s' ends it",
	    job->name, job->file.stage, job->name);
}

static int run_job(struct course *run, struct mldv_error *err)
{
	struct elsewhere *job = &run->job;
	struct elsewhere_look look = {0};
	int ret = elsewhere_fetch(job, err);

	if (ret > 0)
		elsewhere_say(job,
		    "mldv: the remote has the result of stage '%s' already",
		    job->file.stage);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	do {
		ret = start_or_join(run, err);
		if (ret == 0)
			ret = elsewhere_note(job, err);
		run->result.name = job->name;
		if (ret == 0) {
			ret = elsewhere_wait(job, &look, err);
			if (ret < 0 && err->code == MLDV_INTERRUPTED)
				say_detached(job);
		}
		if (ret == 0)
			ret = take_end(run, &look, err);
	} while (ret > 0);
	run->result.cost = job->cost;
	return ret;
}

static int read_file(struct course *run, const char *file,
    struct mldv_error *err)
{
	struct elsewhere *job = &run->job;
	struct json *doc = NULL;
	struct buf text = {0};
	int ret = file_read(file, FILE_LIMIT, &text, err);

	if (ret == 0)
		ret = json_open(&doc, (struct slice){text.data, text.len},
		    FILE_LIMIT, JSON_STRICTLY, err);
	if (ret == 0)
		ret = elsewhere_take(&job->file, &job->arena, doc, true, err);
	json_close(doc);
	buf_release(&text);
	if (ret < 0)
		return -1;
	job->system = elsewhere_named(job->file.runner, err);
	return job->system ? 0 : -1;
}

/*
 * The lock on the stage came with the start of this process. What it starts
 * itself may outlive it, and is not to keep the next repro waiting.
 */
static void keep_files(void)
{
	for (int fd = STDERR_FILENO + 1; fd < FILES_MOST; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int mldv_job_elsewhere(struct mldv_project *project, const char *file,
    mldv_line_fn *say, void *context, struct mldv_error *err)
{
	struct course run = {
	    .job = {.project = project, .say = say, .context = context}};
	struct elsewhere *job = &run.job;
	struct mldv_error other;
	int ret = read_file(&run, file, err);

	keep_files();
	if (ret < 0 || !job->system) {
		arena_release(&job->arena);
		return -1;
	}
	ret = job->system->open(job, err);
	if (ret == 0)
		ret =
		    remotes_open(project, job->file.remote, &job->remote, err);
	if (ret == 0)
		ret = run_job(&run, err);
	if (ret < 0 && !run.result.failure && err->code != MLDV_INTERRUPTED)
		run.result.failure = err->text;
	if (job_result_write(&run.result, job->file.result,
	        ret < 0 ? &other : err) < 0)
		ret = -1;
	elsewhere_close(job);
	return ret;
}
