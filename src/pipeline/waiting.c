/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/waiting.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "pipeline/record.h"

#define SECONDS_LEAST 0.1
#define SECONDS_MOST  1.0

enum {
	COST = 10,
	FILES_MOST = 400,
	FILES_OF_EACH = 3, /* with that of its run record in the end */
	FILES_SHARE = 2,   /* of what may be open, one in so many */
};

void job_release(struct job *job)
{
	journal_unlock(&job->locks);
	arena_release(&job->arena);
	free(job);
}

static size_t files_most(void)
{
	struct rlimit limit;
	rlim_t share = FILES_MOST;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		share = limit.rlim_cur / FILES_SHARE;
	return share < FILES_MOST ? (size_t)share : FILES_MOST;
}

void waiting_open(struct waiting *waiting, const struct carry *carry)
{
	*waiting = (struct waiting){.carry = carry,
	    .seconds = SECONDS_LEAST,
	    .files_most = files_most()};
	group_open(&waiting->group, carry->plan);
}

void waiting_close(struct waiting *waiting)
{
	group_close(&waiting->group);
	free(waiting->list);
}

void waiting_add(struct waiting *waiting, struct job *job, double took)
{
	waiting->hurry |= took >= waiting->seconds * COST;
	waiting->list = xgrow(waiting->list, waiting->count, &waiting->capacity,
	    sizeof(struct job *));
	if (waiting->count == 0)
		waiting->first = project_clock();
	waiting->list[waiting->count++] = job;
	waiting->files += FILES_OF_EACH + job->locks.count;
}

const char *waiting_spare(struct waiting *waiting)
{
	const char *spare = NULL;

	for (size_t i = waiting->count; i > 0 && !spare; i--)
		spare = run_spare(waiting->list[i - 1]->running);
	return spare;
}

int waiting_patience(const struct waiting *waiting, double now, int ms)
{
	double left = waiting->first + waiting->seconds - now;

	if (waiting->count == 0 || left >= ms / 1000.0)
		return ms;
	return left > 0 ? (int)(left * 1000) + 1 : 0;
}

bool waiting_is_due(const struct waiting *waiting, double now)
{
	const struct group *group = &waiting->group;

	/* Of a stage that failed, the group may hold the lock of the store. */
	if (waiting->count == 0 && group->store.path)
		return true;
	return waiting->hurry || group->failed ||
	    waiting->files >= waiting->files_most ||
	    (waiting->count > 0 && now - waiting->first >= waiting->seconds) ||
	    record_is_due(waiting->carry->plan);
}

bool waiting_is_above(const struct waiting *waiting, const struct step *step)
{
	const struct plan *plan = waiting->carry->plan;
	size_t below = 0;

	if (waiting->count == 0 && plan->noted_count == 0)
		return false;
	for (size_t i = 0; below == 0 && i < step->stage->dep_count; i++)
		(void)graph_outputs_below(&plan->graph,
		    step->stage->deps[i].path, &below);
	return below > 0;
}

/* For how long the next ones wait. */
static void set_seconds(struct waiting *waiting, double cost)
{
	waiting->seconds = cost * COST;
	if (waiting->seconds < SECONDS_LEAST)
		waiting->seconds = SECONDS_LEAST;
	if (waiting->seconds > SECONDS_MOST)
		waiting->seconds = SECONDS_MOST;
}

int waiting_end(struct waiting *waiting, bool lock,
    void (*failed)(void *context, size_t index, const struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct plan *plan = waiting->carry->plan;
	double began = project_clock();
	int ret = group_commit(&waiting->group, err);

	for (size_t i = 0; ret == 0 && i < waiting->count; i++)
		record_note(plan, &plan->steps[waiting->list[i]->index]);
	if (ret == 0)
		ret = record_flush(plan, lock, waiting->carry->staged, err);
	for (size_t i = 0; i < waiting->count; i++) {
		struct job *job = waiting->list[i];
		struct mldv_error own;

		if (ret == 0) {
			run_settle(job->running);
		} else {
			own = *err;
			run_revoke(job->running, &own);
			failed(context, job->index, &own);
		}
		job_release(job);
	}
	waiting->count = waiting->files = 0;
	waiting->hurry = false;
	if (ret < 0) {
		group_reset(&waiting->group);
		/* Not again at once. */
		plan->flushed_at = began;
	}
	set_seconds(waiting, project_clock() - began);
	return ret;
}
