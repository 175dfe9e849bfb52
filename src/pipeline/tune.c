/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/tune.h"

#include <string.h>

#include "base/path.h"
#include "format/lines.h"
#include "format/run.h"
#include "format/tune.h"
#include "pipeline/group.h"
#include "pipeline/inputs.h"
#include "pipeline/tempdir.h"
#include "runner/sagetune.h"
#include "runner/setup.h"

struct tuner {
	const struct mldv_tune *options;
	struct plan plan;
	struct step *step;
	struct tune tune;
	struct arena arena;
	struct runner_job job;
	struct sage_tuning tuning;
	struct mldv_error failed; /* of a record */
	bool has_failed;
};

CHECKED static int read_section(struct tuner *tuner, struct mldv_error *err)
{
	struct plan *plan = &tuner->plan;
	struct buf text = {0};
	struct ini ini = {0};
	int ret = project_read_ini(plan->project, &text, err);

	if (ret == 0)
		ret = ini_parse(&ini, &plan->arena, plan->ini, buf_str(&text),
		    text.len, err);
	if (ret == 0)
		ret = tune_read(&tuner->tune, &plan->arena, &ini, &plan->stages,
		    tuner->options->name, err);
	buf_release(&text);
	return ret;
}

/* What the stage reads must be there, and be what repro would give it. */
CHECKED static int find_key(struct tuner *tuner, struct mldv_error *err)
{
	struct plan *plan = &tuner->plan;
	const char *name = tuner->tune.stage->name;
	struct strs targets = {0};
	struct step *step;
	int ret;

	tuner->step = plan_find(plan, name);
	step = tuner->step;
	strs_add(&targets, name);
	ret = plan_select(plan, &targets, true, err);
	for (size_t i = 0; ret == 0 && i < plan->count; i++) {
		if (plan->steps[plan->graph.order[i]].selected)
			ret =
			    plan_decide(plan, plan->graph.order[i], true, err);
	}
	strs_release(&targets);
	if (ret == 0 && !step->keyed)
		ret = err_set(err, MLDV_FAILED,
		    "stage '%s' %s; run 'mldv repro' for what is above it "
		    "first",
		    name, step->reason ? step->reason : "has no key yet");
	return ret == 0 ? inputs_bring(plan, step, err) : ret;
}

/* As a run of the stage would be prepared. */
CHECKED static int make_job(struct tuner *tuner, struct mldv_error *err)
{
	const struct step *step = tuner->step;
	struct plan *plan = &tuner->plan;
	struct arena *arena = &tuner->arena;
	struct runner_dep *deps =
	    arena_array(arena, step->stage->dep_count + 1, sizeof *deps);

	for (size_t i = 0; i < step->stage->dep_count; i++)
		deps[i] = (struct runner_dep){&step->stage->deps[i],
		    step->inputs[i].content};
	tuner->job = (struct runner_job){
	    .project = plan->project,
	    .stage = step->stage,
	    .shell = plan->stages.shell,
	    .deps = deps,
	    .key = &step->oid,
	    .facts = &step->key,
	    .arena = arena,
	    .dir = plan->project->root,
	};
	if (tempdir_make(arena,
	        path_join(arena, plan->project->home,
	            arena_printf(arena, "tune/%s", tuner->tune.name)),
	        NULL, &tuner->job.temp, err) < 0)
		return -1;
	return setup_job(&tuner->job, err);
}

/* --- a training as a run --- */

static const char *value_of(const struct sage_trial *trial, const char *name)
{
	const struct sagemaker_pairs *tuned = &trial->trial->tuned;

	for (size_t i = 0; i < tuned->count; i++) {
		if (strcmp(tuned->items[i].name, name) == 0)
			return tuned->items[i].value;
	}
	return NULL;
}

/* "param <type> <name> <value>" with the value that was tried; NULL: another
   line. */
static const char *param_line(struct tuner *tuner,
    const struct sage_trial *trial, const char *line)
{
	struct arena *arena = &tuner->arena;

	for (size_t i = 0; i < tuner->tune.range_count; i++) {
		const struct tune_range *range = &tuner->tune.ranges[i];
		const char *text = value_of(trial, range->hyper);
		struct mldv_error ignored;
		struct value value;
		struct slice rest = slice_of(line);
		struct slice words[3];
		const char *hyper =
		    arena_printf(arena, "hyper %s ", range->hyper);

		for (size_t k = 0; k < 3; k++)
			(void)slice_cut(&rest, ' ', &words[k]);
		if (text && strncmp(line, hyper, strlen(hyper)) == 0)
			return arena_printf(arena, "%s%s", hyper, text);
		if (text && slice_is(words[0], "param") &&
		    slice_is(words[2], range->param->name) &&
		    value_parse(&value, arena, text, &ignored) == 0)
			return arena_printf(arena, "param %s %s %s",
			    value_type_name(value.type), range->param->name,
			    value.canonical);
	}
	return NULL;
}

/*
 * The stage's key with what was tried, and with a salt: a record that has no
 * outputs must not take the place of one that has.
 */
static void make_key(struct tuner *tuner, const struct sage_trial *trial,
    struct key *out)
{
	const struct key *key = &tuner->step->key;
	struct arena *arena = &tuner->arena;
	const char *salt = "";

	for (size_t i = 0; i < key->lines.count; i++) {
		const char *line = key->lines.items[i];
		const char *other = param_line(tuner, trial, line);

		if (strncmp(line, "salt ", 5) == 0)
			salt = line + 4;
		else
			strs_add(&out->lines, other ? other : line);
	}
	strs_add(&out->lines,
	    arena_printf(arena, "salt %s%s", trial->trial->name, salt));
}

static const char *variant_of(struct tuner *tuner,
    const struct sage_trial *trial)
{
	const char *name = tuner->step->stage->name;

	return arena_printf(&tuner->arena, "%s%stune%03u", name,
	    strchr(name, '@') ? "-" : "@", trial->number);
}

CHECKED static int keep(struct tuner *tuner, const struct sage_trial *trial,
    struct mldv_error *err)
{
	const struct sagemaker_job *job = &trial->job;
	struct plan *plan = &tuner->plan;
	struct group group;
	struct buf text = {0};
	struct oid oid;
	struct run run = {
	    .stage = variant_of(tuner, trial),
	    .started = trial->trial->created,
	    .took = job->training_seconds * 1000,
	    .job = trial->result.name,
	    .cost = trial->result.cost,
	    .about = trial->result.about,
	    .about_count = trial->result.about_count,
	};
	int ret;

	make_key(tuner, trial, &run.key);
	key_end(&run.key, NULL, &oid);
	group_open(&group, plan);
	ret = group_begin(&group, err);
	if (ret == 0) {
		origin_fill(plan, tuner->step->stage, &tuner->arena, &run);
		run.host =
		    job->instance_type ? job->instance_type : "SageMaker";
		run.platform = "SageMaker";
		/* The files that lie here are of another run. */
		run.metrics = trial->result.metrics;
		run.metric_count = trial->result.metric_count;
		run_format(&run, &text);
		store_run_keep(plan->project->store, &oid, &text);
		group_end(&group);
		ret = group_commit(&group, err);
	}
	group_close(&group);
	buf_release(&text);
	run_release(&run);
	return ret;
}

static void on_line(void *context, const char *line)
{
	struct tuner *tuner = context;

	tuner->options->say(tuner->options->context, line);
}

static void on_end(void *context, const struct sage_trial *trial)
{
	struct tuner *tuner = context;

	on_line(tuner,
	    arena_printf(&tuner->arena, "mldv: %s: %s",
	        variant_of(tuner, trial),
	        trial->job.secondary ? trial->job.secondary : "ended"));
	if (trial->job.status == SAGEMAKER_COMPLETED && !tuner->has_failed)
		tuner->has_failed = keep(tuner, trial, &tuner->failed) < 0;
}

/* --- telling --- */

static const char *show_params(struct tuner *tuner,
    const struct sage_trial *trial)
{
	struct buf text = {0};
	const char *out;

	for (size_t i = 0; i < tuner->tune.range_count; i++) {
		const struct tune_range *range = &tuner->tune.ranges[i];
		const char *value = value_of(trial, range->hyper);

		buf_printf(&text, "%s%s = %s", i > 0 ? ", " : "",
		    range->param->name, value ? value : "?");
	}
	out = arena_str(&tuner->arena, buf_str(&text));
	buf_release(&text);
	return out;
}

static void tell(struct tuner *tuner)
{
	for (size_t i = 0; i < tuner->tuning.count; i++) {
		const struct sage_trial *trial = &tuner->tuning.trials[i];
		struct mldv_trial out = {
		    .stage = variant_of(tuner, trial),
		    .job = trial->trial->name,
		    .state = trial->job.secondary,
		    .why = trial->job.failure,
		    .params = show_params(tuner, trial),
		    .metric = tuner->tune.metric,
		    .cost = trial->result.cost,
		    .best = tuner->tuning.best &&
		        strcmp(trial->trial->name, tuner->tuning.best) == 0,
		};

		for (size_t k = 0; k < trial->result.metric_count; k++) {
			if (strcmp(trial->result.metrics[k].name,
			        tuner->tune.metric) == 0)
				out.value = trial->result.metrics[k].text;
		}
		tuner->options->visit(tuner->options->context, &out);
	}
}

int mldv_tune(struct mldv_project *project, const struct mldv_tune *options,
    struct mldv_error *err)
{
	struct tuner tuner = {.options = options};
	int ret = plan_load(&tuner.plan, project, NULL, err);

	tuner.plan.may_probe = true;
	if (ret == 0)
		ret = read_section(&tuner, err);
	if (ret == 0)
		ret = find_key(&tuner, err);
	if (ret == 0)
		ret = make_job(&tuner, err);
	tuner.tuning = (struct sage_tuning){
	    .tune = &tuner.tune,
	    .say = on_line,
	    .ended = on_end,
	    .context = &tuner,
	};
	if (ret == 0)
		ret = sage_tune(&tuner.job, &tuner.tuning, err);
	if (ret == 0 && tuner.has_failed) {
		*err = tuner.failed;
		ret = -1;
	}
	if (ret == 0)
		tell(&tuner);
	tempdir_remove(tuner.job.temp);
	strs_release(&tuner.job.argv);
	strs_release(&tuner.job.environment);
	plan_release(&tuner.plan);
	arena_release(&tuner.arena);
	return ret;
}
