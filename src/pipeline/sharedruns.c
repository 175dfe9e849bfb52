/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sharedruns.h"

#include <string.h>
#include <sys/utsname.h>

#include "format/run.h"
#include "pipeline/origin.h"
#include "project/remotes.h"
#include "project/worktree.h"
#include "remote/confirm.h"

static bool is_off(const struct plan *plan, struct arena *arena,
    const char *name)
{
	const char *value = config_get(&plan->project->config,
	    arena_printf(arena, "remote.%s.runs", name));

	return value && strcmp(value, "off") == 0;
}

static void close_remote(struct plan *plan)
{
	if (plan->remote)
		remote_close(plan->remote);
	plan->remote = NULL;
}

CHECKED static int open_remote(struct plan *plan, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *name;
	int ret = remotes_choose(plan->project, NULL, &arena, &name, err);

	if (ret == 0 && !is_off(plan, &arena, name))
		ret = remotes_open(plan->project, name, &plan->remote, err);
	if (ret == 0 && plan->remote) {
		ret = remote_exists(plan->remote, err);
		/* Nothing was pushed to it yet. */
		if (ret == 0)
			close_remote(plan);
	}
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/* Is there anyone to ask? That there is not is said once. */
static bool has_remote(struct plan *plan)
{
	struct mldv_error cause;

	if (!plan->has_remote || plan->no_pull)
		return false;
	if (!plan->remote_tried) {
		plan->remote_tried = true;
		if (open_remote(plan, &cause) < 0) {
			project_warn(plan->project,
			    "no use of others' results: %s", cause.text);
			close_remote(plan);
		}
	}
	return plan->remote != NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Would it have been made like that here? */
static bool is_trusted(struct plan *plan, const struct step *step,
    const struct run *run)
{
	const struct stage *stage = step->stage;
	const char *trust = config_get(&plan->project->config, "runs.trust");
	struct arena arena = {0};
	struct utsname name = {0};
	bool same;

	if (stage->image || stage->envlock.count > 0 ||
	    stage->probe.count > 0 || (trust && strcmp(trust, "any") == 0))
		return true;
	if (uname(&name) < 0)
		return false;
	same = same_text(run->platform,
	    arena_printf(&arena, "%s %s", name.sysname, name.machine));
	arena_release(&arena);
	return same &&
	    same_text(run->interpreter, origin_interpreter(plan, stage));
}

/* 1 if each output is in the store, or its manifest on the remote. */
CHECKED static int is_to_be_had(struct plan *plan, const struct step *step,
    const struct run *run, struct mldv_error *err)
{
	int ret = 1;

	for (size_t i = 0; ret > 0 && i < step->stage->out_count; i++) {
		const struct content *content = &step->made[i].content;
		bool gone;

		ret = worktree_complete(plan->project, content, NULL, err);
		if (ret == 0 && run_enclosed(run, &content->oid))
			ret = 1;
		/* Of what Git keeps no push sends anything else. */
		else if (ret == 0 && step->stage->outs[i].git)
			ret = plan_is_there(plan, step->made[i].path, content,
			    &gone, err);
		else if (ret == 0)
			ret = remote_has(plan->remote, content, err);
	}
	return ret;
}

CHECKED static int take(struct plan *plan, struct step *step,
    const struct buf *text, struct mldv_error *err)
{
	struct run run = {0};
	int ret = run_parse(&run, &plan->arena, &step->oid, buf_str(text),
	    text->len, err);

	if (ret == 0 && is_trusted(plan, step, &run) &&
	    plan_take_made(plan, step, run.made, run.made_count))
		ret = is_to_be_had(plan, step, &run, err);
	if (ret > 0) {
		step->enclosed = run.enclosed;
		step->enclosed_count = run.enclosed_count;
	}
	run_release(&run);
	return ret;
}

int shared_find(struct plan *plan, struct step *step, struct mldv_error *err)
{
	struct mldv_error cause;
	struct buf text = {0};
	int found;

	if (!has_remote(plan))
		return 0;
	found = remote_run_get(plan->remote, &step->oid, &text, &cause);
	if (found > 0)
		found = take(plan, step, &text, &cause);
	buf_release(&text);
	if (found <= 0)
		step->made = NULL;
	if (found < 0 && cause.code == MLDV_INTERRUPTED) {
		*err = cause;
		return -1;
	}
	if (found < 0)
		project_warn(plan->project,
		    "stage '%s': no use of another's result: %s",
		    step->stage->name, cause.text);
	return found > 0;
}
