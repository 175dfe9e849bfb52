/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tune.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Limits of CreateHyperParameterTuningJob: botocore 1.44's model. */
enum { RANGES = 30, VALUES = 30, JOBS = 750, PARALLEL = 100 };

struct reader {
	const struct ini *ini;
	struct arena *arena;
	struct tune *out;
};

static int read_count(const struct reader *r, const struct ini_entry *entry,
    uint64_t most, uint64_t *out, struct mldv_error *err)
{
	if (slice_number(slice_of(entry->value), out) && *out > 0 &&
	    *out <= most)
		return 0;
	return ini_error(r->ini, entry->line, err,
	    "'%s' cannot be '%s', only a number from 1 to %llu", entry->key,
	    entry->value, (unsigned long long)most);
}

/* "maximize acc" */
static int read_objective(const struct reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct slice metric = slice_of(entry->value);
	struct slice word;

	(void)slice_cut(&metric, ' ', &word);
	metric = slice_trim(metric);
	r->out->maximize = slice_is(word, "maximize");
	if ((!r->out->maximize && !slice_is(word, "minimize")) ||
	    metric.len == 0)
		return ini_error(r->ini, entry->line, err,
		    "'objective' cannot be '%s'; write 'maximize NAME' or "
		    "'minimize NAME', a metric of the stage",
		    entry->value);
	r->out->metric = arena_strn(r->arena, metric.data, metric.len);
	return 0;
}

static int read_strategy(const struct reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	static const char *const names[][2] = {{"bayesian", "Bayesian"},
	    {"random", "Random"}, {"grid", "Grid"}, {"hyperband", "Hyperband"}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(entry->value, names[i][0]) == 0) {
			r->out->strategy = names[i][1];
			return 0;
		}
	}
	return ini_error(r->ini, entry->line, err,
	    "'strategy' cannot be '%s', only bayesian, random, grid or "
	    "hyperband",
	    entry->value);
}

static bool is_number(const char *text, enum value_type *type,
    struct arena *arena)
{
	struct mldv_error ignored;
	struct value value;

	if (value_parse(&value, arena, text, &ignored) < 0)
		return false;
	*type = value.type;
	return value.type == VALUE_INT || value.type == VALUE_FLOAT;
}

/* " .. MOST [log]" */
static bool read_interval(const struct reader *r, const char *text,
    const char *dots, struct tune_range *out)
{
	struct slice least =
	    slice_trim((struct slice){text, (size_t)(dots - text)});
	struct slice rest = slice_trim(slice_of(dots + 2));
	struct slice most;
	enum value_type types[2];

	(void)slice_cut(&rest, ' ', &most);
	rest = slice_trim(rest);
	out->scaling = rest.len == 0       ? "Auto"
	    : slice_is(rest, "linear")     ? "Linear"
	    : slice_is(rest, "log")        ? "Logarithmic"
	    : slice_is(rest, "reverselog") ? "ReverseLogarithmic"
	                                   : NULL;
	out->least = arena_strn(r->arena, least.data, least.len);
	out->most = arena_strn(r->arena, most.data, most.len);
	if (!out->scaling || !is_number(out->least, &types[0], r->arena) ||
	    !is_number(out->most, &types[1], r->arena) ||
	    strtod(out->least, NULL) >= strtod(out->most, NULL))
		return false;
	out->kind = types[0] == VALUE_INT && types[1] == VALUE_INT
	    ? TUNE_INTEGER
	    : TUNE_CONTINUOUS;
	return true;
}

/* "a | b" */
static bool read_categories(const struct reader *r, const char *text,
    struct tune_range *out)
{
	struct slice rest = slice_of(text);
	bool more = true;

	out->kind = TUNE_CATEGORICAL;
	out->values = arena_array(r->arena, VALUES, sizeof *out->values);
	while (more) {
		struct slice word;

		more = slice_cut(&rest, '|', &word);
		word = slice_trim(word);
		if (word.len == 0 || out->value_count == VALUES)
			return false;
		out->values[out->value_count++] =
		    arena_strn(r->arena, word.data, word.len);
	}
	return out->value_count > 1;
}

static int read_range(const struct reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct tune_range *range = &r->out->ranges[r->out->range_count++];
	const char *name = entry->key + strlen("range.");
	const struct stage *stage = r->out->stage;
	const char *dots = strstr(entry->value, "..");

	for (size_t i = 0; i < stage->param_count; i++) {
		if (strcmp(stage->params[i]->name, name) == 0)
			range->param = stage->params[i];
	}
	if (!range->param)
		return ini_error(r->ini, entry->line, err,
		    "stage '%s' has no parameter '%s'", stage->name, name);
	range->hyper =
	    strrchr(name, '.') ? strrchr(name, '.') + 1 : range->param->name;
	if (dots ? read_interval(r, entry->value, dots, range)
	         : read_categories(r, entry->value, range))
		return 0;
	return ini_error(r->ini, entry->line, err,
	    "'%s' cannot be '%s'; write 'LEAST .. MOST', perhaps with 'log', "
	    "or 'THIS | THAT'",
	    entry->key, entry->value);
}

static int read_entry(const struct reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	if (strcmp(entry->key, "stage") == 0)
		return 0;
	if (strcmp(entry->key, "objective") == 0)
		return read_objective(r, entry, err);
	if (strcmp(entry->key, "strategy") == 0)
		return read_strategy(r, entry, err);
	if (strcmp(entry->key, "max_jobs") == 0)
		return read_count(r, entry, JOBS, &r->out->jobs, err);
	if (strcmp(entry->key, "parallel") == 0)
		return read_count(r, entry, PARALLEL, &r->out->parallel, err);
	if (strncmp(entry->key, "range.", 6) != 0)
		return ini_error(r->ini, entry->line, err,
		    "unknown key '%s' in [tune %s]", entry->key, r->out->name);
	if (r->out->range_count == RANGES)
		return ini_error(r->ini, entry->line, err,
		    "there are more than %d ranges", RANGES);
	return read_range(r, entry, err);
}

static int find_stage(const struct reader *r, const struct ini_section *section,
    const struct stages *stages, struct mldv_error *err)
{
	const struct ini_entry *entry = ini_entry_find(section, "stage");
	const struct stage *stage =
	    entry ? stages_find(stages, entry->value) : NULL;

	if (!stage)
		return ini_error(r->ini, entry ? entry->line : section->line,
		    err, "[tune %s] needs 'stage', the name of a training job",
		    r->out->name);
	if (stage->run != RUN_SAGEMAKER || !stage->entry)
		return ini_error(r->ini, entry->line, err,
		    "stage '%s' cannot be tuned: that takes 'run = sagemaker' "
		    "and an 'entry_point'",
		    stage->name);
	r->out->stage = stage;
	return 0;
}

static bool has_metric(const struct tune *tune, struct arena *arena)
{
	const char *key =
	    arena_printf(arena, "sagemaker.metric.%s", tune->metric);

	for (size_t i = 0; i < tune->stage->setting_count; i++) {
		if (strcmp(tune->stage->settings[i].key, key) == 0)
			return true;
	}
	return false;
}

int tune_read(struct tune *out, struct arena *arena, const struct ini *ini,
    const struct stages *stages, const char *name, struct mldv_error *err)
{
	const struct ini_section *section =
	    ini_find(ini, arena_printf(arena, "tune %s", name));
	const struct reader r = {.ini = ini, .arena = arena, .out = out};

	*out = (struct tune){
	    .name = name,
	    .strategy = "Bayesian",
	    .jobs = 10,
	    .parallel = 1,
	    .ranges = arena_array(arena, RANGES, sizeof *out->ranges),
	};
	if (!section)
		return err_set(err, MLDV_USAGE, "there is no [tune %s] in '%s'",
		    name, ini->path);
	out->line = section->line;
	if (find_stage(&r, section, stages, err) < 0)
		return -1;
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		if (read_entry(&r, e, err) < 0)
			return -1;
	}
	if (!out->metric || out->range_count == 0)
		return ini_error(ini, section->line, err,
		    "[tune %s] needs 'objective' and at least one 'range.NAME'",
		    name);
	if (!has_metric(out, arena))
		return ini_error(ini, section->line, err,
		    "stage '%s' has no 'sagemaker.metric.%s', the objective "
		    "of [tune %s]",
		    out->stage->name, out->metric, name);
	return 0;
}
