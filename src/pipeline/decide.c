/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pipeline/inputs.h"
#include "pipeline/plan.h"
#include "pipeline/record.h"
#include "project/worktree.h"

size_t plan_out_index(const struct stage *stage, const char *path)
{
	size_t i = 0;

	while (i < stage->out_count && strcmp(stage->outs[i].path, path) != 0)
		i++;
	return i;
}

int plan_is_there(struct plan *plan, const char *path,
    const struct content *content, bool *gone, struct mldv_error *err)
{
	struct mldv_error cause;
	struct content now;

	*gone = false;
	if (worktree_hash(plan->project, path, &now, NULL, &cause) == 0)
		return content_equal(&now, content);
	if (cause.code == MLDV_NOT_FOUND) {
		*gone = true;
		return 0;
	}
	*err = cause;
	return -1;
}

bool plan_is_stored(struct plan *plan, const char *path)
{
	struct mldv_error cause;
	struct content now;

	if (worktree_hash(plan->project, path, &now, NULL, &cause) < 0)
		return cause.code == MLDV_NOT_FOUND;
	return worktree_complete(plan->project, &now, NULL, &cause) > 0;
}

static void settle(struct step *step, enum mldv_stage_state state,
    const char *reason)
{
	step->state = state;
	step->reason = reason;
	step->decided = true;
}

bool plan_take_made(struct plan *plan, struct step *step,
    const struct made *made, size_t count)
{
	const struct stage *stage = step->stage;
	size_t found = 0;

	step->made =
	    arena_array(&plan->arena, stage->out_count, sizeof *step->made);
	for (size_t i = 0; i < count; i++) {
		size_t at = plan_out_index(stage, made[i].path);

		if (at == stage->out_count)
			continue;
		step->made[at] = made[i];
		step->made[at].path = stage->outs[at].path;
		found++;
	}
	if (found < stage->out_count)
		step->made = NULL;
	return step->made != NULL;
}

/* How the work tree's outputs differ from step->made. */
struct outs_state {
	bool missing;       /* all that differ are not there at all */
	bool changed;       /* one at least is, and is something else */
	bool complete;      /* what differs could be placed from the store */
	const char *reason; /* of the first one; NULL: none differs */
};

CHECKED static int look_at_outs(struct plan *plan, struct step *step,
    struct outs_state *state, struct mldv_error *err)
{
	const struct stage *stage = step->stage;

	*state = (struct outs_state){.complete = true};
	for (size_t i = 0; i < stage->out_count; i++) {
		const struct made *made = &step->made[i];
		bool gone;
		int same =
		    plan_is_there(plan, made->path, &made->content, &gone, err);
		int complete;

		if (same < 0)
			return -1;
		if (same > 0)
			continue;
		if (!state->reason)
			state->reason =
			    arena_printf(&plan->arena, "output %s is %s",
			        made->path, gone ? "missing" : "changed");
		state->missing |= gone;
		state->changed |= !gone;
		complete =
		    worktree_complete(plan->project, &made->content, NULL, err);
		if (complete < 0)
			return -1;
		state->complete &= complete > 0;
	}
	return 0;
}

/* The key is the lock's: fresh, to be restored, or to be made again. */
CHECKED static int decide_same_key(struct plan *plan, struct step *step,
    const struct lock_stage *locked, const char **stale, struct mldv_error *err)
{
	struct outs_state outs;

	if (!plan_take_made(plan, step, locked->made, locked->made_count)) {
		*stale = "no record of its outputs";
		return 0;
	}
	step->claim = locked->claim;
	step->claim_old = locked->old;
	step->claim_why =
	    locked->why ? arena_str(&plan->arena, locked->why) : NULL;
	if (look_at_outs(plan, step, &outs, err) < 0)
		return -1;
	if (!outs.reason) {
		step->placed = true;
		settle(step, MLDV_STAGE_FRESH, NULL);
	} else if (outs.complete || (plan->has_remote && outs.changed)) {
		settle(step, MLDV_STAGE_RESTORE, outs.reason);
	} else if (plan->has_remote) {
		/* Only what a stage that runs reads is worth fetching. */
		settle(step, MLDV_STAGE_FRESH,
		    arena_printf(&plan->arena,
		        "%s, but on a remote perhaps: 'mldv pull'",
		        outs.reason));
	} else {
		step->made = NULL;
		step->claim = CLAIM_NONE;
		*stale = outs.reason;
	}
	return 0;
}

static const char *difference(struct plan *plan, const struct step *step,
    const struct lock_stage *locked)
{
	struct buf text = {0};
	const char *out = "no record";

	if (locked && key_difference(&locked->key, &step->key, &text))
		out = arena_str(&plan->arena, buf_str(&text));
	else if (locked)
		out = "the key changed";
	buf_release(&text);
	return out;
}

CHECKED static int decide_by_key(struct plan *plan, struct step *step,
    struct mldv_error *err)
{
	const struct lock_stage *locked =
	    lockfile_find(&plan->lock, step->stage->name);
	const char *stale = NULL;
	int hit;

	if (locked && oid_equal(&locked->oid, &step->oid)) {
		if (decide_same_key(plan, step, locked, &stale, err) < 0)
			return -1;
		if (step->decided)
			return 0;
	} else {
		stale = difference(plan, step, locked);
	}
	hit = plan->no_run_cache ? 0 : record_find(plan, step, err);
	if (hit < 0)
		return -1;
	settle(step, hit ? MLDV_STAGE_CACHED : MLDV_STAGE_STALE, stale);
	return 0;
}

/* Its outputs are whatever the lock says, or, if it says nothing, lies there.
 */
CHECKED static int decide_frozen(struct plan *plan, struct step *step,
    bool looking, struct mldv_error *err)
{
	const struct stage *stage = step->stage;
	const struct lock_stage *locked =
	    lockfile_find(&plan->lock, stage->name);
	struct outs_state outs;

	settle(step, MLDV_STAGE_FROZEN, NULL);
	if (!locked ||
	    !plan_take_made(plan, step, locked->made, locked->made_count))
		return 0;
	if (look_at_outs(plan, step, &outs, err) < 0)
		return -1;
	step->placed = outs.reason == NULL;
	step->reason = outs.reason;
	if (outs.changed && !looking)
		return err_set(err, MLDV_FAILED,
		    "stage '%s' is frozen, but its %s; run 'mldv checkout', or "
		    "take 'frozen' out of %s:%u",
		    stage->name, outs.reason, stage->file, stage->line);
	return 0;
}

/* Failed or blocked: the first stage above that is; else NULL. */
static const struct step *blocking(const struct plan *plan, size_t index)
{
	const struct graph_node *node = &plan->graph.nodes[index];

	for (size_t i = 0; i < node->above_count; i++) {
		const struct step *above = &plan->steps[node->above[i]];

		if (above->state == MLDV_STAGE_FAILED ||
		    above->state == MLDV_STAGE_BLOCKED)
			return above;
	}
	return NULL;
}

static void reset(struct step *step)
{
	key_release(&step->key);
	step->key = (struct key){0};
	step->keyed = false;
	step->made = NULL;
	step->claim = CLAIM_NONE;
	step->placed = false;
	step->decided = false;
	step->reason = NULL;
}

CHECKED static int decide_by_inputs(struct plan *plan, struct step *step,
    bool looking, struct mldv_error *err)
{
	struct obstacle obstacle = {0};
	int found = inputs_find(plan, step, looking, &obstacle, err);

	if (found < 0)
		return -1;
	if (!found && obstacle.gone && !looking)
		return err_set(err, MLDV_NOT_FOUND, "%s:%u: stage '%s': %s",
		    step->stage->file, step->stage->line, step->stage->name,
		    obstacle.reason);
	if (!found)
		settle(step,
		    obstacle.gone ? MLDV_STAGE_STALE : MLDV_STAGE_UNKNOWN,
		    obstacle.reason);
	else if (step->forced)
		settle(step, MLDV_STAGE_STALE, "forced");
	else if (step->stage->always)
		settle(step, MLDV_STAGE_ALWAYS, "it always runs");
	else
		return decide_by_key(plan, step, err);
	return 0;
}

int plan_decide(struct plan *plan, size_t index, bool looking,
    struct mldv_error *err)
{
	struct step *step = &plan->steps[index];
	const struct step *above = blocking(plan, index);

	reset(step);
	if (step->stage->frozen)
		return decide_frozen(plan, step, looking, err);
	if (above) {
		settle(step, MLDV_STAGE_BLOCKED,
		    arena_printf(&plan->arena, "stage %s did not run",
		        above->stage->name));
		return 0;
	}
	return decide_by_inputs(plan, step, looking, err);
}

bool plan_would_run(const struct step *step)
{
	return step->state == MLDV_STAGE_STALE ||
	    step->state == MLDV_STAGE_ALWAYS ||
	    step->state == MLDV_STAGE_UNKNOWN;
}
