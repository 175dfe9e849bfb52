/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/schedule.h"
#include "runner/runner.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/machine.h"
#include "pipeline/queue.h"
#include "pipeline/took.h"
#include "pipeline/waiting.h"

enum { WAKE_MS = 100 };

struct schedule {
	const struct carry *carry;
	struct plan *plan;
	struct queue *queue;
	struct machine machine;
	struct took took;
	struct job **jobs; /* in the order in which they began */
	size_t count;
	size_t capacity;
	struct waiting waiting;
	struct pollfd *fds; /* two of each job */
	size_t fd_capacity;
	bool *told; /* of each step: what it waits for */
	double woken;
	size_t failures;
	bool stopping;    /* nothing more is begun */
	bool interrupted; /* and what runs is stopped */
	struct mldv_error first;
};

static bool is_interruption(const struct mldv_error *err)
{
	return err->code == MLDV_INTERRUPTED || err->code == MLDV_TERMINATED;
}

static void note_failure(struct schedule *schedule, struct step *step,
    const struct mldv_error *err)
{
	const struct mldv_repro *options = schedule->carry->options;

	if (is_interruption(err)) {
		if (schedule->failures == 0 ||
		    !is_interruption(&schedule->first))
			schedule->first = *err;
		schedule->interrupted = true;
		schedule->stopping = true;
		schedule->failures++;
		return;
	}
	step->state = MLDV_STAGE_FAILED;
	step->reason = NULL;
	/* The first is told at the end, as the error that it is. */
	carry_tell(options, step, schedule->failures > 0 ? err->text : NULL, 0);
	if (schedule->failures == 0)
		schedule->first = *err;
	schedule->failures++;
	if (!options->keep_going ||
	    (options->failures > 0 && schedule->failures >= options->failures))
		schedule->stopping = true;
}

static void fail(struct schedule *schedule, size_t index,
    const struct mldv_error *err)
{
	note_failure(schedule, &schedule->plan->steps[index], err);
	queue_fail(schedule->queue, index);
}

static void fail_recorded(void *context, size_t index,
    const struct mldv_error *err)
{
	struct schedule *schedule = context;

	note_failure(schedule, &schedule->plan->steps[index], err);
}

static void record_ended(struct schedule *schedule, bool lock)
{
	size_t before = schedule->failures;
	struct mldv_error err;

	if (waiting_end(&schedule->waiting, lock, fail_recorded, schedule,
	        &err) == 0)
		return;
	schedule->stopping = true;
	if (schedule->failures > before)
		return;
	/* None waited, and yet mldv.lock could not be written. */
	if (before == 0)
		schedule->first = err;
	schedule->failures++;
}

static void take_job_out(struct schedule *schedule, size_t at)
{
	schedule->count--;
	memmove(&schedule->jobs[at], &schedule->jobs[at + 1],
	    (schedule->count - at) * sizeof(struct job *));
}

static void remove_job(struct schedule *schedule, size_t at)
{
	struct job *job = schedule->jobs[at];

	take_job_out(schedule, at);
	job_release(job);
}

CHECKED static int begin(struct schedule *schedule, struct job *job,
    struct mldv_error *err)
{
	struct step *step = &schedule->plan->steps[job->index];
	struct strs settings = {0};
	const struct run_how how = {
	    .plan = schedule->plan,
	    .step = step,
	    .options = schedule->carry->options,
	    .settings = &settings,
	    .spare = waiting_spare(&schedule->waiting),
	};
	int ret;

	machine_assign(&schedule->machine, &schedule->plan->stages, step->stage,
	    queue_got(schedule->queue, job->index), &settings);
	ret = run_begin(&job->running, &how, err);
	strs_release(&settings);
	return ret;
}

static void add_job(struct schedule *schedule, struct job *job)
{
	schedule->jobs = xgrow(schedule->jobs, schedule->count,
	    &schedule->capacity, sizeof(struct job *));
	schedule->jobs[schedule->count++] = job;
}

/* Another process has it, which is no reason not to go on with others. */
static void put_back(struct schedule *schedule, size_t index,
    const struct buf *holder)
{
	const struct mldv_project *project = schedule->plan->project;
	const char *name = schedule->plan->steps[index].stage->name;
	struct mldv_error err;

	if (project->no_wait) {
		(void)err_set(&err, MLDV_BUSY,
		    "stage '%s' is in use by %s; wait, or stop it", name,
		    buf_str(holder));
		fail(schedule, index, &err);
		return;
	}
	if (!schedule->told[index])
		project_warn(project, "stage '%s': waiting for %s", name,
		    buf_str(holder));
	schedule->told[index] = true;
	queue_put_back(schedule->queue, index);
}

/* What waits is recorded before a stage, if need be: may that begin still? */
static bool is_ready(struct schedule *schedule, const struct step *step)
{
	if (waiting_is_above(&schedule->waiting, step))
		record_ended(schedule, true);
	else if (waiting_is_due(&schedule->waiting, project_clock()))
		record_ended(schedule, false);
	return !schedule->stopping;
}

static void look_at(struct schedule *schedule, size_t index)
{
	struct step *step = &schedule->plan->steps[index];
	struct job *job = xcalloc(1, sizeof *job);
	struct carried how = {.locks = &job->locks, .arena = &job->arena};
	struct mldv_error err;
	int ret;

	job->index = index;
	ret = carry_out(schedule->carry, step, &how, &err);
	if (ret == 0 && how.what == CARRIED_RUN) {
		machine_warn(&schedule->machine, schedule->plan->project,
		    step->stage);
		ret = begin(schedule, job, &err);
	}
	if (ret == 0 && how.what == CARRIED_RUN) {
		add_job(schedule, job);
	} else {
		job_release(job);
		if (ret < 0)
			fail(schedule, index, &err);
		else if (how.what == CARRIED_BUSY)
			put_back(schedule, index, &how.holder);
		else
			queue_done(schedule->queue, index);
	}
	buf_release(&how.holder);
}

/* Of its own, or of all stages that have none. */
static unsigned retries_of(const struct schedule *schedule,
    const struct stage *stage)
{
	if (runner_of(stage)->elsewhere)
		return 0;
	return stage->retries ? stage->retries
	                      : schedule->carry->options->retries;
}

/* Has it been started once more? */
static bool try_again(struct schedule *schedule, struct job *job,
    const struct mldv_error *why)
{
	const struct step *step = &schedule->plan->steps[job->index];
	unsigned retries = retries_of(schedule, step->stage);
	struct mldv_error err;

	if (job->tries >= retries || schedule->stopping)
		return false;
	job->tries++;
	project_warn(schedule->plan->project, "%s; trying again (%u of %u)",
	    why->text, job->tries, retries);
	if (begin(schedule, job, &err) == 0)
		return true;
	fail(schedule, job->index, &err);
	return true;
}

/* Its process has ended: true if it is gone from the jobs. */
static bool end_job(struct schedule *schedule, size_t at)
{
	struct job *job = schedule->jobs[at];
	struct step *step = &schedule->plan->steps[job->index];
	struct mldv_error err;
	double seconds;
	bool failed;

	if (run_end(&job->running, &seconds, &failed, &err) == 0) {
		step->state = !schedule->carry->options->check ? MLDV_STAGE_RAN
		    : step->differs ? MLDV_STAGE_DIFFERS
		                    : MLDV_STAGE_SAME;
		step->reason = step->differs;
		carry_tell(schedule->carry->options, step, step->reason,
		    seconds);
		took_note(&schedule->took, job->index, seconds);
		queue_done(schedule->queue, job->index);
		if (!job->running) {
			remove_job(schedule, at);
			return true;
		}
		take_job_out(schedule, at);
		waiting_add(&schedule->waiting, job, seconds);
		return true;
	}
	if (!failed || !try_again(schedule, job, &err))
		fail(schedule, job->index, &err);
	if (job->running)
		return false;
	remove_job(schedule, at);
	return true;
}

static void abandon(struct schedule *schedule, size_t at,
    const struct mldv_error *why)
{
	struct job *job = schedule->jobs[at];
	struct mldv_error ignored;
	double seconds;
	bool failed;

	proc_close(run_proc(job->running));
	/* Of a process of which nothing is known it undoes everything. */
	run_proc(job->running)->result.status = 1;
	if (run_end(&job->running, &seconds, &failed, &ignored) == 0 &&
	    job->running)
		run_revoke(job->running, &ignored);
	fail(schedule, job->index, why);
	remove_job(schedule, at);
}

static bool is_urged(const struct schedule *schedule)
{
	const struct mldv_repro *options = schedule->carry->options;

	return options->urged && options->urged(options->context);
}

/* One job: what it prints, whether it has ended or must. */
static bool serve(struct schedule *schedule, size_t at, double now)
{
	struct running *running = schedule->jobs[at]->running;
	struct proc *proc = run_proc(running);
	double deadline = run_deadline(running);
	struct mldv_error err;
	int ended;

	if (schedule->interrupted && is_urged(schedule))
		proc_kill(proc);
	else if (schedule->interrupted)
		run_stop(running, false);
	else if (deadline > 0 && now >= deadline)
		run_stop(running, true);
	if (proc_read(proc, output_take, run_output(running), &err) < 0) {
		abandon(schedule, at, &err);
		return true;
	}
	ended = proc_look(proc, &err);
	if (ended < 0) {
		abandon(schedule, at, &err);
		return true;
	}
	while (ended > 0 && proc->output >= 0 &&
	    proc_read(proc, output_take, run_output(running), &err) > 0)
		continue;
	return ended > 0 && end_job(schedule, at);
}

static int patience(const struct schedule *schedule, double now)
{
	int ms = WAKE_MS;

	for (size_t i = 0; i < schedule->count; i++) {
		struct running *running = schedule->jobs[i]->running;
		double deadline = run_deadline(running);
		int own = proc_patience(run_proc(running));

		if (own < ms)
			ms = own;
		if (deadline > now && (deadline - now) * 1000 < ms)
			ms = (int)((deadline - now) * 1000) + 1;
	}
	return waiting_patience(&schedule->waiting, now, ms);
}

/* Waits for something to happen, at most so long, and sees to it. */
static void wait_for_jobs(struct schedule *schedule, bool wait)
{
	double now = project_clock();
	int ms = wait ? patience(schedule, now) : 0;

	while (schedule->fd_capacity < 2 * schedule->count)
		schedule->fds = xgrow(schedule->fds, schedule->fd_capacity,
		    &schedule->fd_capacity, sizeof *schedule->fds);
	for (size_t i = 0; i < schedule->count; i++) {
		const struct proc *proc = run_proc(schedule->jobs[i]->running);

		schedule->fds[2 * i] = (struct pollfd){proc->output, POLLIN, 0};
		schedule->fds[2 * i + 1] =
		    (struct pollfd){proc->ended, POLLIN, 0};
	}
	/* Whatever it says, each job is looked at. */
	(void)poll(schedule->fds, 2 * schedule->count, ms);
	now = project_clock();
	for (size_t i = 0; i < schedule->count;)
		i += !serve(schedule, i, now);
	if (now - schedule->woken >= WAKE_MS / 1000.0) {
		schedule->woken = now;
		queue_wake(schedule->queue);
	}
	if (waiting_is_due(&schedule->waiting, now))
		record_ended(schedule, false);
}

static void check_interrupted(struct schedule *schedule)
{
	struct mldv_error err;

	if (schedule->interrupted ||
	    project_check(schedule->plan->project, &err) == 0)
		return;
	schedule->interrupted = true;
	schedule->stopping = true;
	/* A job that it ends has more to say. */
	if (schedule->count == 0) {
		schedule->first = err;
		schedule->failures++;
	}
}

/* One that runs alone is shown as it goes. */
static void set_live(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->count; i++)
		output_set_live(run_output(schedule->jobs[i]->running),
		    schedule->count == 1);
}

static void loop(struct schedule *schedule)
{
	for (;;) {
		size_t index;
		bool found;

		check_interrupted(schedule);
		found =
		    !schedule->stopping && queue_take(schedule->queue, &index);
		if (found && is_ready(schedule, &schedule->plan->steps[index]))
			look_at(schedule, index);
		else if (found)
			queue_put_back(schedule->queue, index);
		else if (schedule->count == 0 &&
		    (schedule->stopping || queue_asleep(schedule->queue) == 0))
			break;
		if (!found)
			set_live(schedule);
		if (!found || schedule->count > 0)
			wait_for_jobs(schedule, !found);
	}
	record_ended(schedule, false);
}

/* What stands below a stage that failed is named; the rest just stays. */
static void tell_blocked(struct schedule *schedule)
{
	struct plan *plan = schedule->plan;
	struct mldv_error ignored;

	for (size_t i = 0; i < plan->count; i++) {
		size_t index = plan->graph.order[i];
		struct step *step = &plan->steps[index];
		const struct graph_node *node = &plan->graph.nodes[index];
		bool blocked = false;

		for (size_t j = 0; j < node->above_count; j++) {
			const struct step *above = &plan->steps[node->above[j]];

			blocked |= above->selected &&
			    (above->state == MLDV_STAGE_FAILED ||
			        above->state == MLDV_STAGE_BLOCKED);
		}
		if (blocked && step->selected && !step->stage->frozen &&
		    plan_decide(plan, index, true, &ignored) == 0)
			carry_tell(schedule->carry->options, step, step->reason,
			    0);
	}
}

static bool *selected(const struct plan *plan, struct arena *arena)
{
	bool *out = arena_array(arena, plan->count, sizeof *out);

	for (size_t i = 0; i < plan->count; i++)
		out[i] = plan->steps[i].selected;
	return out;
}

int schedule_run(const struct carry *carry, struct mldv_error *err)
{
	struct plan *plan = carry->plan;
	struct schedule schedule = {.carry = carry, .plan = plan};
	struct queue_options options = {.graph = &plan->graph};
	struct arena arena = {0};

	machine_look(&schedule.machine, carry->options->jobs);
	took_read(&schedule.took, plan);
	schedule.told = arena_array(&arena, plan->count, sizeof(bool));
	options.selected = selected(plan, &arena);
	options.took = schedule.took.list;
	options.jobs = schedule.machine.jobs;
	options.gpus = (unsigned)schedule.machine.gpus.count;
	schedule.queue = queue_open(&options);
	waiting_open(&schedule.waiting, carry);
	loop(&schedule);
	waiting_close(&schedule.waiting);
	if (schedule.failures > 0 && !schedule.interrupted)
		tell_blocked(&schedule);
	took_write(&schedule.took, plan);
	queue_close(schedule.queue);
	took_release(&schedule.took);
	machine_release(&schedule.machine);
	arena_release(&arena);
	free(schedule.jobs);
	free(schedule.fds);
	if (schedule.failures == 0)
		return 0;
	*err = schedule.first;
	return -1;
}
