/* SPDX-License-Identifier: Apache-2.0 */

/* mldv repro: run the stages that are stale. */

#include "base/str.h"
#include "command/command.h"
#include "command/interrupt.h"
#include "command/listing.h"
#include "command/notify.h"
#include "command/report.h"
#include "mldv/pipeline.h"

struct values {
	bool dry_run;
	bool force;
	bool check;
	unsigned jobs;
	bool keep_going;
	unsigned max_failures;
	unsigned retries;
	bool single;
	bool downstream;
	bool no_pull;
	bool no_run_cache;
	bool live;
	const char *on;
	struct strs set;
	bool json;
};

static const struct option options[] = {
    {'n', "dry-run", NULL, "say what would run and why; 3 if anything",
        FLAG(struct values, dry_run)},
    {'f', "force", NULL, "run the targets even if nothing changed",
        FLAG(struct values, force)},
    {0, "check", NULL, "run what is up to date, and compare; 4 if it differs",
        FLAG(struct values, check)},
    {'j', "jobs", "N", "run so many stages at once; else one a processor",
        NUMBER(struct values, jobs)},
    {'k', "keep-going", NULL, "after a failure, run what does not depend on it",
        FLAG(struct values, keep_going)},
    {0, "max-failures", "N", "the same, until so many stages failed",
        NUMBER(struct values, max_failures)},
    {0, "retries", "N", "run a stage that fails so many times more",
        NUMBER(struct values, retries)},
    {'s', "single", NULL, "run the targets, not what they depend on",
        FLAG(struct values, single)},
    {0, "downstream", NULL, "run the targets and what depends on them",
        FLAG(struct values, downstream)},
    {0, "no-pull", NULL, "fetch nothing; 5 if a stage needs it",
        FLAG(struct values, no_pull)},
    {0, "no-run-cache", NULL, "do not look for the result of an earlier run",
        FLAG(struct values, no_run_cache)},
    {0, "live", NULL, "show what is printed at once, each line with its stage",
        FLAG(struct values, live)},
    {0, "on", "WHERE", "run training jobs on sagemaker, local or local-process",
        TEXT(struct values, on)},
    {'S', "set", "NAME=VALUE", "use this value of a parameter",
        LIST(struct values, set)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	const struct context *context;
	const struct values *given;
	struct jsonout json;
	struct columns columns;
	unsigned changed; /* stages that were not fresh */
	struct notifying notifying;
};

static void stage_json(struct jsonout *json, const struct mldv_stage *stage)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "name", stage->name);
	jsonout_text(json, "state", stage_word(stage->state));
	jsonout_text(json, "reason", stage->reason);
	jsonout_number(json, "seconds", stage->seconds);
	jsonout_end(json, '}');
}

/* "running train: param lr 0.1 -> 0.05", "ran train (52 s)", … */
static void say_stage(const struct context *context, bool check,
    const struct mldv_stage *stage)
{
	static const char *const sentences[] = {
	    [MLDV_STAGE_RESTORE] = "restored the outputs of %s",
	    [MLDV_STAGE_CACHED] = "took the outputs of %s from an earlier run",
	    [MLDV_STAGE_STALE] = "running %s",
	    [MLDV_STAGE_ALWAYS] = "running %s",
	    [MLDV_STAGE_UNKNOWN] = "cannot tell about %s yet",
	    [MLDV_STAGE_BLOCKED] = "did not run %s",
	    [MLDV_STAGE_FAILED] = "%s failed",
	    [MLDV_STAGE_RAN] = "ran %s",
	    [MLDV_STAGE_SAME] = "%s is reproducible",
	    [MLDV_STAGE_DIFFERS] = "%s is not reproducible",
	};
	const char *sentence =
	    (size_t)stage->state < sizeof(sentences) / sizeof(sentences[0])
	    ? sentences[stage->state]
	    : NULL;
	struct buf line = {0};

	if (check && stage->state != MLDV_STAGE_FAILED &&
	    stage->state != MLDV_STAGE_SAME &&
	    stage->state != MLDV_STAGE_DIFFERS)
		sentence = "did not check %s";
	if (sentence == NULL)
		return;
	for (const char *c = sentence; *c != '\0'; c++) {
		if (*c != '%') {
			buf_add_char(&line, *c);
			continue;
		}
		show_text(stage->name, &line);
		c++;
	}
	if (stage->state == MLDV_STAGE_RAN || stage->state == MLDV_STAGE_SAME) {
		buf_add_str(&line, " (");
		show_seconds(stage->seconds, &line);
		buf_add_char(&line, ')');
	} else if (stage->reason != NULL) {
		buf_add_str(&line, ": ");
		show_text(stage->reason, &line);
	}
	term_say(context->term, "%s", buf_str(&line));
	buf_release(&line);
}

static void visit_stage(void *context, const struct mldv_stage *stage)
{
	struct visit *visit = context;
	struct buf reason = {0};

	notify_stage(&visit->notifying, visit->context, stage);
	if (stage->state != MLDV_STAGE_FRESH &&
	    stage->state != MLDV_STAGE_FROZEN)
		visit->changed++;
	if (visit->given->json) {
		/* A stage about to run is told of again when it has. */
		if (visit->given->dry_run ||
		    (stage->state != MLDV_STAGE_STALE &&
		        stage->state != MLDV_STAGE_ALWAYS))
			stage_json(&visit->json, stage);
		return;
	}
	if (!visit->given->dry_run) {
		say_stage(visit->context, visit->given->check, stage);
		return;
	}
	if (stage->reason != NULL)
		show_text(stage->reason, &reason);
	columns_row(&visit->columns,
	    (const char *[]){stage_word(stage->state), stage->name,
	        buf_str(&reason)});
	buf_release(&reason);
}

static void pass_output(void *context, const char *data, size_t size)
{
	struct visit *visit = context;

	if (visit->given->json)
		term_pass_aside(visit->context->term, data, size);
	else
		term_pass(visit->context->term, data, size);
}

/* The output of one of several that ran at once. */
static void say_block(void *context, const char *stage)
{
	struct visit *visit = context;
	struct buf line = {0};

	if (visit->given->json)
		return;
	show_text(stage, &line);
	term_say(visit->context->term, "output of %s:", buf_str(&line));
	buf_release(&line);
}

static void say_absent(void *context, uint64_t outputs, uint64_t bytes)
{
	struct visit *visit = context;
	struct buf line = {0};

	if (visit->given->json)
		return;
	show_count(outputs, "output", &line);
	buf_add_str(&line, ", ");
	str_bytes(bytes, &line);
	term_say(visit->context->term, "%s, not here: 'mldv pull'",
	    buf_str(&line));
	buf_release(&line);
}

static void say_sum(const struct visit *visit, const struct strs *staged)
{
	if (visit->given->json || visit->given->dry_run || visit->given->check)
		return;
	if (staged->count > 0)
		say_wrote(visit->context, "", staged);
	else if (visit->changed == 0)
		term_say(visit->context->term, "everything is up to date");
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct visit visit = {.context = context,
	    .given = values,
	    .json.style = JSONOUT_LINES,
	    .columns.count = 3};
	const struct values *given = values;
	const struct mldv_repro how = {.dry_run = given->dry_run,
	    .force = given->force,
	    .check = given->check,
	    .single = given->single,
	    .downstream = given->downstream,
	    .no_pull = given->no_pull,
	    .no_run_cache = given->no_run_cache,
	    .keep_going = given->keep_going || given->max_failures > 0,
	    .failures = given->max_failures,
	    .jobs = given->jobs,
	    .retries = given->retries,
	    .live = given->live,
	    .on = given->on,
	    .overrides = &given->set,
	    .stage = visit_stage,
	    .output = pass_output,
	    .block = say_block,
	    .absent = say_absent,
	    .urged = interrupt_came_twice,
	    .context = &visit};
	struct strs targets = {0};
	struct strs staged = {0};
	int ret;

	if (given->check &&
	    (given->force || given->dry_run || given->set.count > 0))
		return err_set(err, MLDV_USAGE,
		    "'--check' goes with none of -n, -f and -S");
	for (size_t i = 0; i < context->words->count; i++)
		strs_add(&targets, context->words->items[i]);
	jsonout_begin(&visit.json, NULL, '[');
	notify_begin(&visit.notifying);
	interrupt_let_end();
	ret = mldv_repro(context->project, &targets, &how, &staged, err);
	notify_end(&visit.notifying, context, ret < 0 ? err->text : NULL);
	jsonout_end(&visit.json, ']');
	if (visit.given->json)
		json_print(&visit.json, context->term);
	else if (visit.given->dry_run)
		columns_write(&visit.columns, context->term);
	if (ret == 0)
		say_sum(&visit, &staged);
	columns_release(&visit.columns);
	jsonout_release(&visit.json);
	strs_release(&targets);
	strs_release(&staged);
	return ret;
}

const struct command command_repro = {
    .name = "repro",
    .summary = "run the stages that are stale, and record what they made",
    .arguments = "[TARGET...]",
    .group = GROUP_DAILY,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
