/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "format/keyfacts.h"
#include "mldv/lineage.h"
#include "pipeline/history.h"
#include "pipeline/records.h"
#include "project/item.h"

/* "lr=0.01", divided. */
struct condition {
	const char *name;
	const char *sign;
	const char *text;
	bool is_number;
	double number;
};

struct entry {
	struct mldv_run run;
	const struct record *record;
	size_t mark; /* of the last walk that came by */
};

struct runs {
	struct mldv_project *project;
	const struct mldv_runs *options;
	struct records records;
	struct arena arena;
	struct map commits; /* of keys, as 32 bytes: the first commit */
	struct condition *conditions;
	size_t condition_count;
	struct entry *entries;
	size_t count;
	struct map makers; /* entries, by the oids of what they made */
	struct entry **stack;
	size_t walks;
};

/* --- conditions --- */

/* The longer ones first. */
static const char *const signs[] = {"<=", ">=", "!=", "==", "=", "<", ">"};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Where the sign begins, and which it is; NULL: it is no condition. */
static const char *find_sign(const char *text, const char **sign)
{
	const char *at = text;

	while (is_name_char(*at))
		at++;
	for (size_t i = 0; at > text && i < sizeof signs / sizeof signs[0];
	     i++) {
		if (strncmp(at, signs[i], strlen(signs[i])) == 0 &&
		    at[strlen(signs[i])] != '\0') {
			*sign = signs[i];
			return at;
		}
	}
	return NULL;
}

bool mldv_is_condition(const char *text)
{
	const char *sign;

	return find_sign(text, &sign) != NULL;
}

CHECKED static int read_conditions(struct runs *runs, struct mldv_error *err)
{
	const struct strs *texts = runs->options->conditions;
	size_t count = texts ? texts->count : 0;

	runs->conditions =
	    arena_array(&runs->arena, count + 1, sizeof *runs->conditions);
	for (size_t i = 0; i < count; i++) {
		struct condition *out = &runs->conditions[i];
		const char *text = texts->items[i];
		const char *at = find_sign(text, &out->sign);

		if (!at)
			return err_set(err, MLDV_USAGE,
			    "'%s' is no condition such as 'accuracy>0.9'",
			    text);
		out->name = arena_strn(&runs->arena, text, (size_t)(at - text));
		out->text = arena_str(&runs->arena, at + strlen(out->sign));
		out->is_number = run_is_number(out->text, &out->number);
		runs->condition_count++;
	}
	return 0;
}

/* Is a value as the condition says? */
static bool satisfies(const struct condition *condition, const char *text)
{
	const char *sign = condition->sign;
	double number;
	int order;

	if (condition->is_number && run_is_number(text, &number)) {
		order =
		    (number > condition->number) - (number < condition->number);
	} else {
		if (sign[0] == '<' || sign[0] == '>')
			return false;
		order = strcmp(text, condition->text);
	}
	if (strcmp(sign, "!=") == 0)
		return order != 0;
	return (order == 0 && strchr(sign, '=')) ||
	    (order < 0 && sign[0] == '<') || (order > 0 && sign[0] == '>');
}

/* "accuracy" is also the name of "test.accuracy". */
static bool is_called(const char *name, const char *wanted)
{
	size_t len = strlen(name);
	size_t end = strlen(wanted);

	if (len > end && name[len - end - 1] == '.')
		name += len - end;
	return strcmp(name, wanted) == 0;
}

static bool any_satisfies(const struct condition *condition,
    const struct mldv_how_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_called(values[i].name, condition->name) &&
		    satisfies(condition, values[i].value))
			return true;
	}
	return false;
}

/* --- which runs there are --- */

CHECKED static int get(struct runs *runs, const struct oid *key,
    struct mldv_error *err)
{
	const struct record *record;

	return records_get(&runs->records, key, &record, err);
}

static int take_lock(void *context, const struct history_file *file,
    struct mldv_error *err)
{
	struct runs *runs = context;
	struct slice rest = file->text;
	struct slice value;
	struct oid key;

	(void)err;
	while (file->is_lock && history_line(&rest, "key", &value)) {
		if (!oid_parse(&key, value) ||
		    map_get(&runs->commits, key.bytes, OID_SIZE))
			continue;
		(void)map_add(&runs->commits,
		    arena_copy(&runs->arena, key.bytes, OID_SIZE), OID_SIZE,
		    arena_str(&runs->arena, file->commit));
	}
	return 0;
}

CHECKED static int collect_all(struct runs *runs, struct mldv_error *err)
{
	const struct history history = {
	    .project = runs->project,
	    .reach = REACH_ALL,
	    .visit = take_lock,
	    .context = runs,
	};
	struct oid key;
	int ret = history_each(&history, err);

	for (size_t i = 0; ret == 0 && i < runs->commits.count; i++) {
		memcpy(key.bytes, runs->commits.entries[i].key, OID_SIZE);
		ret = get(runs, &key, err);
	}
	return ret;
}

CHECKED static int collect(struct runs *runs, struct mldv_error *err)
{
	struct lockfile lock = {0};
	int ret = records_here(&runs->records, err);

	if (ret == 0)
		ret = project_read_lock(runs->project, &lock, err);
	for (size_t i = 0; ret == 0 && i < lock.count; i++)
		ret = get(runs, lock_stage_run(&lock.stages[i]), err);
	if (ret == 0 && runs->options->all)
		ret = collect_all(runs, err);
	lockfile_release(&lock);
	return ret;
}

/* --- telling of them --- */

static void fill_params(struct runs *runs, const struct run *run,
    struct mldv_run *out)
{
	struct mldv_how_value *params;
	struct key_facts facts;

	key_facts(&run->key, &runs->arena, &facts);
	params = arena_array(&runs->arena, facts.count + 1, sizeof *params);
	for (size_t i = 0; i < facts.count; i++) {
		if (strcmp(facts.list[i].word, "param") == 0)
			params[out->param_count++] =
			    (struct mldv_how_value){"param", facts.list[i].name,
			        facts.list[i].value};
	}
	out->params = params;
}

/* What made the inputs of a run, as far as there are records of it. */
static size_t push_above(struct runs *runs, const struct entry *entry,
    size_t depth)
{
	struct key_facts facts;

	key_facts(&entry->record->run.key, &runs->arena, &facts);
	for (size_t i = 0; i < facts.count; i++) {
		struct entry *maker = facts.list[i].has_oid
		    ? map_get(&runs->makers, facts.list[i].oid.bytes, OID_SIZE)
		    : NULL;

		if (!maker || maker->mark == runs->walks)
			continue;
		maker->mark = runs->walks;
		runs->stack[depth++] = maker;
	}
	return depth;
}

/*
 * A model's accuracy is a metric of the stage that evaluates it, the learning
 * rate a parameter of the one that trained it.
 */
static bool holds(struct runs *runs, struct entry *entry,
    const struct condition *condition)
{
	size_t depth = 1;

	entry->mark = ++runs->walks;
	runs->stack[0] = entry;
	while (depth > 0) {
		const struct entry *top = runs->stack[--depth];
		const struct mldv_run *run = &top->run;

		if (any_satisfies(condition, run->params, run->param_count) ||
		    any_satisfies(condition, run->metrics, run->metric_count))
			return true;
		depth = push_above(runs, top, depth);
	}
	return false;
}

/* At least one of the conditions is about the run itself. */
static bool is_about(const struct runs *runs, const struct mldv_run *run)
{
	for (size_t i = 0; i < runs->condition_count; i++) {
		const struct condition *condition = &runs->conditions[i];

		if (any_satisfies(condition, run->params, run->param_count) ||
		    any_satisfies(condition, run->metrics, run->metric_count))
			return true;
	}
	return runs->condition_count == 0;
}

static bool is_chosen(struct runs *runs, struct entry *entry)
{
	const char *stage = runs->options->stage;
	const char *name = entry->run.stage;
	size_t len = stage ? strlen(stage) : 0;

	if (stage &&
	    (strncmp(name, stage, len) != 0 ||
	        (name[len] != '\0' && name[len] != '@')))
		return false;
	if (!is_about(runs, &entry->run))
		return false;
	for (size_t i = 0; i < runs->condition_count; i++) {
		if (!holds(runs, entry, &runs->conditions[i]))
			return false;
	}
	return true;
}

static void fill(struct runs *runs, const struct record *record,
    struct entry *out)
{
	const struct run *run = &record->run;
	char hex[OID_HEX + 1];

	oid_hex(&record->key, hex);
	out->record = record;
	out->run = (struct mldv_run){
	    .key = arena_str(&runs->arena, hex),
	    .stage = run->stage,
	    .started = run->started,
	    .seconds = (double)run->took / 1000,
	    .host = run->host,
	    .code_commit = run->commit,
	    .branch = run->branch,
	    .who = run->who,
	    .job = run->job,
	    .cost = run->cost,
	    .dirty = run->dirty,
	    .about = records_about(run, &runs->arena),
	    .about_count = run->about_count,
	    .metrics = records_metrics(run, &runs->arena),
	    .metric_count = run->metric_count,
	};
	fill_params(runs, run, &out->run);
}

static void fill_all(struct runs *runs)
{
	runs->entries = arena_array(&runs->arena, runs->records.map.count + 1,
	    sizeof *runs->entries);
	runs->stack = arena_array(&runs->arena, runs->records.map.count + 1,
	    sizeof(struct entry *));
	for (const struct record *r = runs->records.first; r; r = r->next) {
		struct entry *entry = &runs->entries[runs->count];

		if (!r->known)
			continue;
		runs->count++;
		fill(runs, r, entry);
		for (size_t i = 0; i < r->run.made_count; i++)
			(void)map_add(&runs->makers,
			    r->run.made[i].content.oid.bytes, OID_SIZE, entry);
	}
}

CHECKED static int fill_commit(struct runs *runs, struct entry *entry,
    struct mldv_error *err)
{
	const char *commit =
	    map_get(&runs->commits, entry->record->key.bytes, OID_SIZE);
	struct git_about about;

	if (!commit)
		return 0;
	if (git_about(runs->project->git, commit, &runs->arena, &about, err) <
	    0)
		return -1;
	entry->run.recorded = (struct mldv_commit){about.commit, about.time,
	    about.who, about.subject};
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct mldv_run *left = &(*(struct entry *const *)a)->run;
	const struct mldv_run *right = &(*(struct entry *const *)b)->run;

	if (left->started != right->started)
		return left->started > right->started ? -1 : 1;
	return strcmp(left->key, right->key);
}

CHECKED static int tell(struct runs *runs, struct mldv_error *err)
{
	size_t most = runs->options->most;
	struct entry **chosen;
	size_t count = 0;

	fill_all(runs);
	chosen =
	    arena_array(&runs->arena, runs->count + 1, sizeof(struct entry *));
	for (size_t i = 0; i < runs->count; i++) {
		if (is_chosen(runs, &runs->entries[i]))
			chosen[count++] = &runs->entries[i];
	}
	if (count > 1)
		qsort(chosen, count, sizeof(struct entry *), newest_first);
	for (size_t i = 0; i < count && (most == 0 || i < most); i++) {
		if (fill_commit(runs, chosen[i], err) < 0)
			return -1;
		runs->options->visit(runs->options->context, &chosen[i]->run);
	}
	return 0;
}

int mldv_runs(struct mldv_project *project, const struct mldv_runs *options,
    struct mldv_error *err)
{
	struct runs runs = {
	    .project = project,
	    .options = options,
	    .records.project = project,
	};
	int ret = read_conditions(&runs, err);

	if (ret == 0)
		ret = collect(&runs, err);
	if (ret == 0)
		ret = tell(&runs, err);
	records_release(&runs.records);
	map_release(&runs.commits);
	map_release(&runs.makers);
	arena_release(&runs.arena);
	return ret;
}
