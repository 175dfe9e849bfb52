/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/sagesettings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define PREFIX "sagemaker."

enum {
	DAY = 24 * 3600,
	VOLUME_GB = 30,
	LIST = 16, /* subnets, and security groups: VpcConfig */
};

struct reader {
	struct arena *arena;
	const struct stage *stage;
	const struct setting *setting;
	struct sage_settings *out;
};

static int wrong(const struct reader *r, struct mldv_error *err,
    const char *what)
{
	return err_set(err, MLDV_USAGE, "%s:%u: '%s' cannot be '%s'; %s",
	    r->stage->file, r->setting->line, r->setting->key,
	    r->setting->value, what);
}

static int read_count(const struct reader *r, uint64_t most, uint64_t *out,
    struct mldv_error *err)
{
	if (slice_number(slice_of(r->setting->value), out) && *out > 0 &&
	    *out <= most)
		return 0;
	return wrong(r, err, "write a number");
}

static int read_yes(const struct reader *r, bool *out, struct mldv_error *err)
{
	*out = strcmp(r->setting->value, "yes") == 0;
	if (*out || strcmp(r->setting->value, "no") == 0)
		return 0;
	return wrong(r, err, "only yes or no");
}

static int read_duration(const struct reader *r, uint64_t most, uint64_t *out,
    struct mldv_error *err)
{
	if (slice_seconds(slice_of(r->setting->value), out) && *out > 0 &&
	    *out <= most)
		return 0;
	return wrong(r, err,
	    "write 90s, 15m, 4h or 2d, not longer than AWS lets");
}

/* "12.50 USD", or just the number. */
static int read_money(const struct reader *r, double *out,
    struct mldv_error *err)
{
	const char *text = r->setting->value;
	size_t len = strspn(text, "0123456789.");
	char *end = NULL;

	*out = strtod(text, &end);
	if (len > 0 && end == text + len && *out > 0 &&
	    (strcmp(end, " USD") == 0 || *end == '\0'))
		return 0;
	return wrong(r, err, "write an amount, as in '12.50 USD'");
}

/* "a, b" */
static int read_list(const struct reader *r, struct strs *out,
    struct mldv_error *err)
{
	struct slice rest = slice_of(r->setting->value);
	const char **items = arena_array(r->arena, LIST, sizeof *items);
	bool more = true;

	*out = (struct strs){.items = items};
	while (more) {
		struct slice word;

		more = slice_cut(&rest, ',', &word);
		word = slice_trim(word);
		if (word.len == 0 || out->count == LIST)
			return wrong(r, err, "write at most 16 names");
		items[out->count++] = arena_strn(r->arena, word.data, word.len);
	}
	return 0;
}

enum kind_of_setting {
	TEXT,
	COUNT,
	YES,
	DURATION,
	MONEY,
	WORDS,
};

struct known {
	const char *name;
	enum kind_of_setting kind;
	size_t offset;
	uint64_t most;
};

#define AT(member) offsetof(struct sage_settings, member)
static const struct known known[] = {
    {"checkpoints", YES, AT(checkpoints), 0},
    {"framework", TEXT, AT(framework), 0},
    {"image", TEXT, AT(image), 0},
    {"instance_count", COUNT, AT(instance_count), 1000},
    {"instance_type", TEXT, AT(instance_type), 0},
    {"isolated", YES, AT(isolated), 0},
    {"kms_key", TEXT, AT(kms_key), 0},
    {"max_cost", MONEY, AT(max_cost), 0},
    {"max_wait", DURATION, AT(max_wait), SAGEMAKER_RUNTIME},
    {"price", MONEY, AT(price), 0},
    {"role", TEXT, AT(role), 0},
    {"security_groups", WORDS, AT(security_groups), 0},
    {"spot", YES, AT(spot), 0},
    {"subnets", WORDS, AT(subnets), 0},
    {"volume_gb", COUNT, AT(volume_gb), 16384},
    {"warm", DURATION, AT(keep_alive), SAGEMAKER_WARM},
};
#define KNOWN (sizeof known / sizeof known[0])

static int read_known(const struct reader *r, const struct known *what,
    struct mldv_error *err)
{
	void *at = (char *)r->out + what->offset;

	switch (what->kind) {
	case TEXT:
		*(const char **)at = r->setting->value;
		return 0;
	case COUNT:
		return read_count(r, what->most, at, err);
	case YES:
		return read_yes(r, at, err);
	case DURATION:
		return read_duration(r, what->most, at, err);
	case MONEY:
		return read_money(r, at, err);
	case WORDS:
		return read_list(r, at, err);
	}
	return 0;
}

static bool is_named(const char *name)
{
	static const char *const groups[] = {"hyper.", "metric.", "tag.",
	    "env."};

	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		size_t len = strlen(groups[i]);

		if (strncmp(name, groups[i], len) == 0 && name[len])
			return true;
	}
	return false;
}

static int unknown(const struct reader *r, const char *name,
    struct mldv_error *err)
{
	const char *names[KNOWN + 1];
	const char *nearest;

	for (size_t i = 0; i < KNOWN; i++)
		names[i] = known[i].name;
	names[KNOWN] = NULL;
	nearest = str_nearest(name, names);
	return err_set(err, MLDV_USAGE, "%s:%u: there is no setting '%s'%s%s%s",
	    r->stage->file, r->setting->line, r->setting->key,
	    nearest ? "; did you mean '" PREFIX : "", nearest ? nearest : "",
	    nearest ? "'?" : "");
}

static int read_setting(const struct reader *r, struct mldv_error *err)
{
	const char *name = r->setting->key;

	/* Those of other runners do not matter here. */
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	name += strlen(PREFIX);
	if (is_named(name))
		return 0;
	for (size_t i = 0; i < KNOWN; i++) {
		if (strcmp(known[i].name, name) == 0)
			return read_known(r, &known[i], err);
	}
	return unknown(r, name, err);
}

static int missing(const struct stage *stage, struct mldv_error *err,
    const char *what)
{
	return err_set(err, MLDV_USAGE, "%s:%u: stage '%s' %s", stage->file,
	    stage->line, stage->name, what);
}

static int check(const struct stage *stage, struct sage_settings *out,
    struct mldv_error *err)
{
	if (!out->instance_type)
		return missing(stage, err,
		    "needs 'sagemaker.instance_type', as in ml.m5.xlarge, or "
		    "local-process");
	if (out->framework && out->image)
		return missing(stage, err,
		    "has both 'sagemaker.framework' and 'sagemaker.image'");
	if ((out->subnets.count > 0) != (out->security_groups.count > 0))
		return missing(stage, err,
		    "needs both 'sagemaker.subnets' and "
		    "'sagemaker.security_groups', or neither");
	if (out->max_wait > 0 && !out->spot)
		return missing(stage, err,
		    "has 'sagemaker.max_wait' without 'sagemaker.spot = yes'");
	if (out->spot && out->max_wait < out->max_runtime) {
		if (out->max_wait > 0)
			return missing(stage, err,
			    "waits less than it may run: "
			    "'sagemaker.max_wait' is below 'timeout'");
		out->max_wait = 2 * out->max_runtime;
	}
	if (out->max_runtime > SAGEMAKER_RUNTIME)
		return missing(stage, err,
		    "has a timeout of more than 28 days");
	if (out->metrics.count > SAGEMAKER_METRICS)
		return missing(stage, err, "has more than 40 metrics");
	return 0;
}

int sage_read(const struct stage *stage, struct arena *arena,
    struct sage_settings *out, struct mldv_error *err)
{
	struct reader r = {.arena = arena, .stage = stage, .out = out};

	*out = (struct sage_settings){
	    .image = stage->image,
	    .instance_count = 1,
	    .volume_gb = VOLUME_GB,
	    .max_runtime = stage->timeout ? stage->timeout : DAY,
	};
	for (size_t i = 0; i < stage->setting_count; i++) {
		r.setting = &stage->settings[i];
		if (read_setting(&r, err) < 0)
			return -1;
	}
	out->metrics = training_named(stage, "metric", arena);
	out->tags = training_named(stage, "tag", arena);
	out->variables = training_named(stage, "env", arena);
	return check(stage, out, err);
}
