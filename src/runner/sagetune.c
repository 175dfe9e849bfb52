/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/sagetune.h"

#include <stdlib.h>
#include <string.h>

#include "runner/jobabout.h"
#include "runner/jobexport.h"
#include "runner/jobservice.h"
#include "runner/sage.h"

enum { ATTEMPTS = 99, KEY_DIGITS = 12, NAME_LETTERS = 8 };

/* Seconds between two questions. */
#define FIRST_WAIT 0.2
#define MOST_WAIT  60.0

struct tuner {
	struct sage sage;
	struct sage_tuning *tuning;
	struct job_service service;
	struct jobfile file;
	const char *digits; /* of what is tuned how, in the name */
	struct tuning state;
};

/* What is tuned, and how: another range is another job. */
static const char *digest_of(const struct tuner *tuner)
{
	struct arena *arena = tuner->sage.job->arena;
	struct sagemaker_request plain = tuner->sage.request;
	char *hex = arena_alloc(arena, OID_HEX + 1);
	struct buf text = {0};
	struct oid oid;

	/* Those say who asked, and at which commit. */
	plain.tags.count = 0;
	tuning_format("", tuner->tuning->tune, &plain, &text);
	buf_add_str(&text, tuner->sage.key);
	oid_of(text.data, text.len, &oid);
	oid_hex(&oid, hex);
	buf_release(&text);
	return hex;
}

/* mldv-<name>-<digits>-<attempt>, of letters, digits and hyphens. */
static const char *name_of(const struct tuner *tuner, unsigned attempt)
{
	char name[NAME_LETTERS + 1] = "";
	const char *from = tuner->tuning->tune->name;

	for (size_t i = 0; i < NAME_LETTERS && from[i]; i++) {
		char c = from[i];

		name[i] = '-';
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9'))
			name[i] = c;
	}
	return arena_printf(tuner->sage.job->arena, "mldv-%s-%.*s-%u", name,
	    KEY_DIGITS, tuner->digits, attempt);
}

static int submit(struct tuner *tuner, struct mldv_error *err)
{
	struct buf body = {0};
	int ret =
	    job_export(&tuner->service, tuner->sage.remote, &tuner->file, err);

	tuning_format(tuner->tuning->name, tuner->tuning->tune,
	    &tuner->sage.request, &body);
	if (ret == 0)
		ret = tuning_create(tuner->service.sagemaker,
		    tuner->tuning->name, &body, err);
	buf_release(&body);
	if (ret > 0)
		job_say(&tuner->service, "mldv: submitted tuning job '%s'",
		    tuner->tuning->name);
	return ret < 0 ? -1 : 0;
}

static int look(struct tuner *tuner, struct mldv_error *err)
{
	return tuning_describe(tuner->service.sagemaker, tuner->tuning->name,
	    tuner->sage.job->arena, &tuner->state, err);
}

/* Until there is one that runs or has come to its end. */
static int start(struct tuner *tuner, struct mldv_error *err)
{
	for (unsigned attempt = 1; attempt <= ATTEMPTS; attempt++) {
		int ret;

		tuner->tuning->name = name_of(tuner, attempt);
		ret = look(tuner, err);
		if (ret == 0) {
			/* Whoever was quicker by a moment has started it. */
			ret = submit(tuner, err);
			if (ret == 0)
				ret = look(tuner, err);
		} else if (ret > 0 && tuner->state.status != SAGEMAKER_FAILED &&
		    tuner->state.status != SAGEMAKER_STOPPED &&
		    tuner->state.status != SAGEMAKER_STOPPING) {
			job_say(&tuner->service, "mldv: joined tuning job '%s'",
			    tuner->tuning->name);
		} else if (ret > 0) {
			continue;
		}
		if (ret > 0)
			return 0;
		return ret < 0
		    ? -1
		    : err_set(err, MLDV_FAILED, "there is no tuning job '%s'",
		          tuner->tuning->name);
	}
	return err_set(err, MLDV_FAILED, "%d such tuning jobs have failed",
	    ATTEMPTS);
}

/* Trainings are called as the tuning job, with "-<number>-<digits>"; or the
   next number. */
static unsigned number_of(const struct tuner *tuner, const char *name)
{
	const char *own = tuner->tuning->name;
	size_t len = strlen(own);
	uint64_t number = 0;

	if (strncmp(name, own, len) == 0 && name[len] == '-') {
		const char *at = name + len + 1;

		at += strspn(at, "0");
		(void)slice_number((struct slice){at, strcspn(at, "-")},
		    &number);
	}
	return number > 0 && number < 10000 ? (unsigned)number
	                                    : (unsigned)tuner->tuning->count;
}

static int by_number(const void *a, const void *b)
{
	const struct sage_trial *left = a;
	const struct sage_trial *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/* By its name: of those of one second the list has no order. */
static struct sage_trial *trial_of(struct tuner *tuner,
    const struct tuning_trial *found)
{
	struct sage_tuning *tuning = tuner->tuning;
	struct sage_trial *trial = tuning->trials;

	for (size_t i = 0; i < tuning->count; i++, trial++) {
		if (strcmp(trial->trial->name, found->name) != 0)
			continue;
		trial->trial = found;
		return trial;
	}
	if (tuning->count == tuning->tune->jobs)
		return NULL;
	tuning->count++;
	*trial = (struct sage_trial){
	    .number = number_of(tuner, found->name),
	    .trial = found,
	};
	return trial;
}

/* Tells of the trainings that have ended since. */
static int look_at_trials(struct tuner *tuner, struct mldv_error *err)
{
	struct arena *arena = tuner->sage.job->arena;
	struct tuning_trial *found;
	int ret = tuning_trials(tuner->service.sagemaker, tuner->tuning->name,
	    arena, &found, err);

	for (; ret >= 0 && found; found = found->next) {
		struct sage_trial *trial = trial_of(tuner, found);
		const struct job_place place = {
		    .name = found->name,
		    .region = tuner->sage.region,
		    .price = tuner->file.price,
		};

		if (!trial || trial->told)
			continue;
		ret = sagemaker_describe(tuner->service.sagemaker, found->name,
		    arena, &trial->job, err);
		if (ret <= 0 || !job_has_ended(&trial->job))
			continue;
		trial->told = true;
		trial->result.name = found->name;
		job_about(&trial->job, &place, arena, &trial->result);
		tuner->tuning->ended(tuner->tuning->context, trial);
	}
	return ret < 0 ? -1 : 0;
}

static int wait_for_end(struct tuner *tuner, struct mldv_error *err)
{
	double wait = FIRST_WAIT;

	for (;;) {
		size_t before = tuner->tuning->count;
		int ret = look(tuner, err);

		if (ret == 0)
			return err_set(err, MLDV_FAILED,
			    "there is no tuning job '%s' any more",
			    tuner->tuning->name);
		if (ret < 0 || look_at_trials(tuner, err) < 0)
			return -1;
		if (tuner->state.status != SAGEMAKER_RUNNING &&
		    tuner->state.status != SAGEMAKER_STOPPING)
			return 0;
		if (project_sleep(tuner->service.project, wait, err) < 0)
			return -1;
		wait = tuner->tuning->count > before ? FIRST_WAIT : wait * 1.5;
		if (wait > MOST_WAIT)
			wait = MOST_WAIT;
	}
}

static int run(struct tuner *tuner, struct mldv_error *err)
{
	struct sage_tuning *tuning = tuner->tuning;

	tuner->digits = digest_of(tuner);
	sage_fill(&tuner->sage, &tuner->file);
	if (start(tuner, err) < 0)
		return -1;
	if (wait_for_end(tuner, err) < 0) {
		job_say(&tuner->service,
		    "mldv: tuning job '%s' goes on, and costs: 'mldv tune %s' "
		    "joins it again",
		    tuning->name, tuning->tune->name);
		return -1;
	}
	qsort(tuning->trials, tuning->count, sizeof *tuning->trials, by_number);
	tuning->best = tuner->state.best;
	if (tuner->state.status != SAGEMAKER_COMPLETED)
		return err_set(err, MLDV_FAILED, "tuning job '%s': %s: %s",
		    tuning->name, tuner->state.status_text,
		    tuner->state.failure ? tuner->state.failure
		                         : "no reason is given");
	return 0;
}

int sage_tune(struct runner_job *job, struct sage_tuning *tuning,
    struct mldv_error *err)
{
	struct tuner tuner = {
	    .sage = {.job = job, .times = tuning->tune->jobs},
	    .tuning = tuning,
	};
	int ret = sage_prepare(&tuner.sage, err);

	tuning->count = 0;
	tuning->trials =
	    arena_array(job->arena, tuning->tune->jobs, sizeof *tuning->trials);
	if (ret == 0) {
		job_service_open(&tuner.service, job->project,
		    tuner.sage.region, tuner.sage.profile);
		tuner.service.say = tuning->say;
		tuner.service.context = tuning->context;
		ret = run(&tuner, err);
		job_service_close(&tuner.service);
	}
	sagemaker_request_release(&tuner.sage.request);
	remote_close(tuner.sage.remote);
	return ret;
}
