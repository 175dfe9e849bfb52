/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/carry.h"

#include "pipeline/enclosed.h"
#include "pipeline/inputs.h"
#include "pipeline/record.h"
#include "pipeline/sharedruns.h"
#include "runner/runner.h"

void carry_tell(const struct mldv_repro *options, const struct step *step,
    const char *reason, double seconds)
{
	const struct mldv_stage stage = {
	    .name = step->stage->name,
	    .state = step->state,
	    .reason = reason,
	    .seconds = seconds,
	    .claim = step->claim == CLAIM_ACCEPTED ? "accepted"
	        : step->claim == CLAIM_ASSERTED    ? "asserted"
	                                           : NULL,
	    .claim_why = step->claim_why,
	    .key = step->keyed ? &step->oid : NULL,
	};

	if (options->stage)
		options->stage(options->context, &stage);
}

static void tell(const struct carry *carry, const struct step *step)
{
	carry_tell(carry->options, step, step->reason, 0);
}

CHECKED static int place_outputs(const struct carry *carry, struct step *step,
    struct mldv_error *err)
{
	struct plan *plan = carry->plan;

	for (size_t i = 0; i < step->stage->out_count; i++) {
		const struct made *made = &step->made[i];
		bool gone;
		int same =
		    plan_is_there(plan, made->path, &made->content, &gone, err);

		if (same < 0)
			return -1;
		if (!same &&
		    inputs_place(plan, step->stage, made->path, &made->content,
		        err) < 0)
			return -1;
	}
	step->placed = true;
	return 0;
}

CHECKED static int use_earlier(const struct carry *carry, struct step *step,
    struct mldv_error *err)
{
	struct lock store = {0};
	int ret =
	    project_lock_store(carry->plan->project, &store, LOCK_SHARED, err);

	if (ret == 0)
		ret = place_outputs(carry, step, err);
	if (ret == 0) {
		record_note(carry->plan, step);
		ret = record_flush(carry->plan, false, carry->staged, err);
	}
	lock_release(&store);
	return ret;
}

/*
 * What somebody else made is on the remote. It is fetched only if it was asked
 * for, if a stage that runs reads it, or if something else lies in its place;
 * mldv.lock says what it is, so it is there before.
 */
CHECKED static int place_shared(const struct carry *carry, struct step *step,
    struct mldv_error *err)
{
	struct plan *plan = carry->plan;
	bool all = true;

	if (enclosed_keep(plan->project, step->enclosed, step->enclosed_count,
	        err) < 0)
		return -1;
	record_note(plan, step);
	if (record_flush(plan, true, carry->staged, err) < 0)
		return -1;
	if ((carry->named && step->target) || step->stage->out_count == 0)
		return place_outputs(carry, step, err);
	for (size_t i = 0; i < step->stage->out_count; i++) {
		const struct made *made = &step->made[i];
		bool gone;
		int same =
		    plan_is_there(plan, made->path, &made->content, &gone, err);

		if (same < 0)
			return -1;
		if (!same && (!gone || step->stage->outs[i].git) &&
		    inputs_place(plan, step->stage, made->path, &made->content,
		        err) < 0)
			return -1;
		all &= same || !gone || step->stage->outs[i].git;
	}
	step->placed = all;
	return 0;
}

CHECKED static int use_shared(const struct carry *carry, struct step *step,
    struct mldv_error *err)
{
	struct lock store = {0};
	int ret =
	    project_lock_store(carry->plan->project, &store, LOCK_SHARED, err);

	if (ret == 0)
		ret = place_shared(carry, step, err);
	lock_release(&store);
	return ret;
}

/* With the locks held, and the state decided under them. */
CHECKED static int carry_on(const struct carry *carry, struct step *step,
    struct carried *out, struct mldv_error *err)
{
	int ret = 0;

	out->what = CARRIED_DONE;
	switch (step->state) {
	case MLDV_STAGE_STALE:
	case MLDV_STAGE_ALWAYS:
		out->what = CARRIED_RUN;
		return 0;
	case MLDV_STAGE_CACHED:
		ret = step->shared ? use_shared(carry, step, err)
		                   : use_earlier(carry, step, err);
		break;
	case MLDV_STAGE_RESTORE:
		ret = place_outputs(carry, step, err);
		if (ret == 0)
			ret = record_git(carry->plan, step, carry->staged, err);
		break;
	case MLDV_STAGE_FROZEN:
		if (step->made)
			ret = place_outputs(carry, step, err);
		break;
	case MLDV_STAGE_UNKNOWN:
		ret = err_set(err, MLDV_FAILED, "stage '%s' %s",
		    step->stage->name, step->reason);
		break;
	case MLDV_STAGE_FRESH:
	case MLDV_STAGE_BLOCKED:
	case MLDV_STAGE_FAILED:
	case MLDV_STAGE_RAN:
	case MLDV_STAGE_SAME:
	case MLDV_STAGE_DIFFERS:
		break;
	}
	if (ret == 0)
		tell(carry, step);
	return ret;
}

/* Has anything come to light since it was decided without the locks? */
CHECKED static int decide_again(struct plan *plan, struct step *step,
    struct mldv_error *err)
{
	int other = plan_refresh_lock(plan, err);
	int found;

	if (other < 0)
		return -1;
	if ((other || !step->keyed) &&
	    plan_decide(plan, (size_t)(step - plan->steps), false, err) < 0)
		return -1;
	if (step->state != MLDV_STAGE_STALE || !step->keyed || step->forced ||
	    plan->no_run_cache)
		return 0;
	/* Who had the locks may have done it, and not written its lock yet. */
	found = record_find(plan, step, err);
	if (found == 0) {
		found = shared_find(plan, step, err);
		step->shared = found > 0;
	}
	if (found > 0)
		step->state = MLDV_STAGE_CACHED;
	return found < 0 ? -1 : 0;
}

static bool can_be_checked(const struct step *step)
{
	return step->made && !runner_of(step->stage)->elsewhere &&
	    !step->stage->always &&
	    (step->state == MLDV_STAGE_FRESH ||
	        step->state == MLDV_STAGE_RESTORE ||
	        step->state == MLDV_STAGE_CACHED);
}

/* For a check: what has a result is run again, and nothing else. */
CHECKED static int carry_check(const struct carry *carry, struct step *step,
    struct carried *out, struct mldv_error *err)
{
	struct plan *plan = carry->plan;
	size_t index = (size_t)(step - plan->steps);
	int ret;

	out->what = CARRIED_DONE;
	if (plan_decide(plan, index, true, err) < 0)
		return -1;
	if (!can_be_checked(step)) {
		if (step->made && runner_of(step->stage)->elsewhere)
			project_warn(plan->project,
			    "stage '%s' runs elsewhere, so it is not checked",
			    step->stage->name);
		tell(carry, step);
		return 0;
	}
	ret = journal_lock(out->locks, out->arena, plan->project, step->stage,
	    &out->holder, err);
	if (ret == 0) {
		out->what = CARRIED_BUSY;
		return 0;
	}
	ret = ret < 0 ? -1 : plan_decide(plan, index, false, err);
	if (ret == 0 && can_be_checked(step) && step->keyed) {
		out->what = CARRIED_RUN;
		ret = inputs_bring(plan, step, err);
	}
	if (ret < 0 || out->what != CARRIED_RUN)
		journal_unlock(out->locks);
	return ret;
}

/* Most stages are fresh, and for that nobody need hold a lock. */
int carry_out(const struct carry *carry, struct step *step, struct carried *out,
    struct mldv_error *err)
{
	struct plan *plan = carry->plan;
	int ret;

	if (carry->options->check)
		return carry_check(carry, step, out, err);
	out->what = CARRIED_DONE;
	if (plan_decide(plan, (size_t)(step - plan->steps), true, err) < 0)
		return -1;
	if (step->state == MLDV_STAGE_FRESH && !step->placed && carry->named &&
	    step->target)
		step->state = MLDV_STAGE_RESTORE;
	if (step->state == MLDV_STAGE_FRESH ||
	    step->state == MLDV_STAGE_BLOCKED ||
	    (step->state == MLDV_STAGE_FROZEN && !step->reason)) {
		tell(carry, step);
		return step->state == MLDV_STAGE_FRESH
		    ? record_git(plan, step, carry->staged, err)
		    : 0;
	}
	ret = journal_lock(out->locks, out->arena, plan->project, step->stage,
	    &out->holder, err);
	if (ret == 0) {
		out->what = CARRIED_BUSY;
		return 0;
	}
	ret = ret < 0 ? -1 : decide_again(plan, step, err);
	if (ret == 0)
		ret = carry_on(carry, step, out, err);
	if (ret == 0 && out->what == CARRIED_RUN) {
		tell(carry, step);
		ret = inputs_bring(plan, step, err);
	}
	if (ret < 0 || out->what != CARRIED_RUN)
		journal_unlock(out->locks);
	return ret;
}
