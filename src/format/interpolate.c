/* SPDX-License-Identifier: Apache-2.0 */
#include "format/interpolate.h"

#include <stdlib.h>
#include <string.h>

#include "format/stageouts.h"

/* What no shell gives a meaning to, wherever it stands. */
#define SAFE                         \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_@%+=:,./-"

const struct param *param_find(const struct stages *stages, struct slice name)
{
	size_t low = 0;
	size_t high = stages->param_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct param *param = &stages->params[middle];
		int order = slice_compare(slice_of(param->name), name);

		if (order == 0)
			return param;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *param_missing(const struct stages *stages, struct arena *arena,
    struct slice name)
{
	size_t count = stages->param_count;
	const char **names = arena_array(arena, count + 1, sizeof *names);
	const char *word = arena_strn(arena, name.data, name.len);
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++)
		names[i] = stages->params[i].name;
	if (name.len <= INI_NAME)
		nearest = str_nearest(word, names);
	if (nearest)
		return arena_printf(arena,
		    "[params] has no '%s'; did you mean '%s'?", word, nearest);
	return arena_printf(arena, "[params] has no '%s'", word);
}

void interpolation_use(struct interpolation *in, const struct param *param)
{
	in->used = xgrow(in->used, in->used_count, &in->used_capacity,
	    sizeof(const struct param *));
	in->used[in->used_count++] = param;
}

void interpolation_release(struct interpolation *in)
{
	free(in->used);
	free(in->used_outs);
	*in = (struct interpolation){0};
}

/* What stands between ${ and }, and its value. */
struct reference {
	struct slice name;     /* "params.lr" */
	struct slice modifier; /* "q"; data NULL: there is none */
	const char *value;
};

/* Puts the value in as the modifier behind the colon says. */
CHECKED static int add_value(struct interpolation *in, unsigned line,
    const struct reference *ref, struct buf *out, struct mldv_error *err)
{
	const char *text = ref->value;
	struct slice modifier = ref->modifier;
	int len = (int)ref->name.len;
	const char *name = ref->name.data;

	if (modifier.data && !in->shell)
		return ini_error(in->ini, line, err,
		    "'${%.*s:…}' is for cmd; elsewhere write '${%.*s}'", len,
		    name, len, name);
	if (modifier.data && slice_is(modifier, "q")) {
		str_quote(text, out);
		return 0;
	}
	if (modifier.data && !slice_is(modifier, "raw"))
		return ini_error(in->ini, line, err,
		    "'${%.*s:%.*s}': only :q and :raw are known", len, name,
		    (int)modifier.len, modifier.data);
	if (!modifier.data && in->shell &&
	    (text[0] == '\0' || text[strspn(text, SAFE)]))
		return ini_error(in->ini, line, err,
		    "a shell may misread the value of '${%.*s}'; write "
		    "'${%.*s:q}' to have it quoted, or '${%.*s:raw}'",
		    len, name, len, name, len, name);
	buf_add_str(out, text);
	return 0;
}

CHECKED static int unknown_reference(const struct interpolation *in,
    unsigned line, struct slice name, struct mldv_error *err)
{
	static const char *const known[] = {"env", "matrix", "params",
	    "pipeline", "stage", NULL};
	struct slice rest = name;
	struct slice space;
	const char *nearest = NULL;
	bool dotted = slice_cut(&rest, '.', &space);

	if (dotted && space.len < INI_NAME)
		nearest =
		    str_nearest(arena_strn(in->arena, space.data, space.len),
		        known);
	if (nearest)
		return ini_error(in->ini, line, err,
		    "unknown '${%.*s}'; did you mean '${%s.%.*s}'?",
		    (int)name.len, name.data, nearest, (int)rest.len,
		    rest.data);
	return ini_error(in->ini, line, err,
	    "unknown '${%.*s}'; a parameter is '${params.…}', and '${' for "
	    "the shell is written '$${'",
	    (int)name.len, name.data);
}

CHECKED static int find_param(struct interpolation *in, unsigned line,
    struct slice word, const char **out, struct mldv_error *err)
{
	const struct param *param = param_find(in->stages, word);

	if (!param)
		return ini_error(in->ini, line, err, "%s",
		    param_missing(in->stages, in->arena, word));
	interpolation_use(in, param);
	*out = param->value.text;
	return 0;
}

CHECKED static int find_matrix(const struct interpolation *in, unsigned line,
    struct slice name, const char **out, struct mldv_error *err)
{
	const char **names =
	    arena_array(in->arena, in->matrix_count + 1, sizeof *names);
	const char *nearest = NULL;

	for (size_t i = 0; i < in->matrix_count; i++) {
		names[i] = in->matrix[i].name;
		if (slice_is(name, names[i])) {
			*out = in->matrix[i].value.text;
			return 0;
		}
	}
	if (name.len <= INI_NAME)
		nearest =
		    str_nearest(arena_strn(in->arena, name.data, name.len),
		        names);
	if (nearest)
		return ini_error(in->ini, line, err,
		    "the stage has no '%.*s'; did you mean '%s'?",
		    (int)name.len, name.data, nearest);
	return ini_error(in->ini, line, err, "the stage has no '%.*s'",
	    (int)name.len, name.data);
}

static const struct stage_var *find_var(const struct stage *stage,
    struct slice name)
{
	for (size_t i = 0; stage && i < stage->env_count; i++) {
		if (slice_is(name, stage->env[i].name))
			return &stage->env[i];
	}
	return NULL;
}

CHECKED static int find_env(const struct interpolation *in, unsigned line,
    struct slice name, const char **out, struct mldv_error *err)
{
	const struct stage_var *var = find_var(in->env, name);

	if (!var)
		var = find_var(in->common, name);
	if (!var)
		return ini_error(in->ini, line, err,
		    "'env' has no '%.*s'; what '${env.…}' refers to must be "
		    "listed there",
		    (int)name.len, name.data);
	if (!var->value)
		return ini_error(in->ini, line, err,
		    "'%.*s' has its value from outside, so '${env.%.*s}' is "
		    "not known here; write '$%.*s' for the shell",
		    (int)name.len, name.data, (int)name.len, name.data,
		    (int)name.len, name.data);
	*out = var->value;
	return 0;
}

/* text is what stands between ${ and }. */
CHECKED static int add_reference(struct interpolation *in, unsigned line,
    struct slice text, struct buf *out, struct mldv_error *err)
{
	struct reference ref = {0};
	struct slice rest = text;
	struct slice space;
	int ret;

	if (slice_cut(&rest, ':', &ref.name))
		ref.modifier = rest;
	rest = ref.name;
	if (slice_is(ref.name, "pipeline.name")) {
		if (!in->pipeline)
			return ini_error(in->ini, line, err,
			    "[pipeline] has no 'name'");
		buf_add_str(out, in->pipeline);
		return 0;
	}
	if (!slice_cut(&rest, '.', &space))
		return unknown_reference(in, line, text, err);
	if (slice_is(space, "params"))
		ret = find_param(in, line, rest, &ref.value, err);
	else if (slice_is(space, "matrix"))
		ret = find_matrix(in, line, ref.name, &ref.value, err);
	else if (slice_is(space, "env"))
		ret = find_env(in, line, rest, &ref.value, err);
	else if (slice_is(space, "stage"))
		ret = stage_out_find(in, line, rest, &ref.value, err);
	else
		ret = unknown_reference(in, line, text, err);
	return ret < 0 ? -1 : add_value(in, line, &ref, out, err);
}

int interpolate(struct interpolation *in, unsigned line, struct slice text,
    struct buf *out, struct mldv_error *err)
{
	size_t at = 0;

	while (at < text.len) {
		struct slice rest = {text.data + at, text.len - at};
		struct slice name;

		if (slice_starts(rest, "$${")) {
			buf_add_str(out, "${");
			at += 3;
			continue;
		}
		if (!slice_starts(rest, "${")) {
			buf_add_char(out, text.data[at++]);
			continue;
		}
		rest.data += 2;
		rest.len -= 2;
		if (!slice_cut(&rest, '}', &name))
			return ini_error(in->ini, line, err,
			    "'${' without '}'; for the shell write '$${'");
		if (add_reference(in, line, name, out, err) < 0)
			return -1;
		at += name.len + 3;
	}
	return 0;
}
