/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The paths that a stage names: deps, outs and their options.
 */

#include <string.h>
#include <strings.h>

#include "format/items.h"
#include "format/stageread.h"

int stage_read_path(struct stage_reader *r, unsigned line, struct slice given,
    const char **out, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = -1;

	r->in.shell = false;
	if (interpolate(&r->in, line, given, &text, err) < 0 ||
	    items_path(r->ini, r->arena, line, buf_str(&text), out, err) < 0)
		goto out;
	if ((*out)[0] == '\0') {
		(void)ini_error(r->ini, line, err,
		    "'%.*s' is the whole repository", (int)given.len,
		    given.data);
		goto out;
	}
	ret = 0;
out:
	buf_release(&text);
	return ret;
}

/* The value of an option; quotes around it are not part of it. */
static const char *option_text(const struct stage_reader *r, struct slice value)
{
	return arena_strn(r->arena, value.data, value.len);
}

CHECKED static int read_dep_options(struct stage_reader *r,
    const struct items *items, struct item *item, struct stage_dep *out,
    struct mldv_error *err)
{
	struct slice key;
	struct slice value;
	int more;

	while ((more = items_option(items, item, &key, &value, err)) > 0) {
		if (!slice_is(key, "channel"))
			return ini_error(r->ini, item->line, err,
			    "unknown option '%.*s' of a dep; only channel= is "
			    "known",
			    (int)key.len, key.data);
		if (!ini_is_name(value))
			return ini_error(r->ini, item->line, err,
			    "'channel=%.*s' is not a name made of A-Z a-z 0-9 "
			    ". _ -",
			    (int)value.len, value.data);
		out->channel = option_text(r, value);
	}
	return more;
}

void stage_add_dep(struct stage_reader *r, const struct stage_dep *dep,
    unsigned line)
{
	r->deps =
	    xgrow(r->deps, r->dep_count, &r->dep_capacity, sizeof *r->deps);
	r->deps[r->dep_count++] =
	    (struct place){dep->path, r->stage->name, line};
	r->dep_options = xgrow(r->dep_options, r->dep_option_count,
	    &r->dep_option_capacity, sizeof *r->dep_options);
	r->dep_options[r->dep_option_count++] = *dep;
}

/* "stage:train@*", which is resolved when all stages are there. */
CHECKED static int add_ref(struct stage_reader *r, const struct items *items,
    struct item *item, struct mldv_error *err)
{
	struct slice pattern = {item->text.data + 6, item->text.len - 6};
	struct stage_dep dep = {0};
	struct buf text = {0};
	int ret;

	r->in.shell = false;
	ret = interpolate(&r->in, item->line, pattern, &text, err);
	if (ret == 0 && text.len == 0)
		ret = ini_error(r->ini, item->line, err,
		    "'stage:' needs the name of a stage");
	if (ret == 0)
		ret = read_dep_options(r, items, item, &dep, err);
	if (ret == 0) {
		r->refs = xgrow(r->refs, r->ref_count, &r->ref_capacity,
		    sizeof *r->refs);
		r->refs[r->ref_count++] = (struct stage_ref){
		    .stage = r->stages->count,
		    .pattern = arena_str(r->arena, buf_str(&text)),
		    .channel = dep.channel,
		    .line = item->line,
		};
	}
	buf_release(&text);
	return ret;
}

/* "python:pkg.mod" */
CHECKED static int add_module(struct stage_reader *r, const struct item *item,
    struct mldv_error *err)
{
	struct slice given = {item->text.data + 7, item->text.len - 7};
	struct stage *stage = r->stage;
	struct stage_module *list =
	    arena_array(r->arena, stage->module_count + 1, sizeof *list);
	struct buf text = {0};
	int ret;

	r->in.shell = false;
	ret = interpolate(&r->in, item->line, given, &text, err);
	if (ret == 0 && (text.len == 0 || item->options.len > 0))
		ret = ini_error(r->ini, item->line, err,
		    text.len == 0 ? "'python:' needs the name of a module"
		                  : "a dep 'python:…' has no options");
	if (ret == 0) {
		if (stage->module_count > 0)
			memcpy(list, stage->modules,
			    stage->module_count * sizeof *list);
		list[stage->module_count++] =
		    (struct stage_module){arena_str(r->arena, buf_str(&text)),
		        item->line};
		stage->modules = list;
	}
	buf_release(&text);
	return ret;
}

int stage_read_deps(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct items items;
	struct item item;
	int more;

	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		struct stage_dep dep = {0};

		if (slice_starts(item.text, "stage:")) {
			if (add_ref(r, &items, &item, err) < 0)
				return -1;
			continue;
		}
		if (slice_starts(item.text, "python:")) {
			if (add_module(r, &item, err) < 0)
				return -1;
			continue;
		}
		if (stage_read_path(r, item.line, item.text, &dep.path, err) <
		        0 ||
		    read_dep_options(r, &items, &item, &dep, err) < 0)
			return -1;
		stage_add_dep(r, &dep, item.line);
	}
	return more;
}

int stage_check_out(const struct stage_reader *r, unsigned line,
    const char *path, struct mldv_error *err)
{
	if (strcmp(path, "mldv.ini") == 0 || strcmp(path, "mldv.lock") == 0 ||
	    str_ends(path, ".mldv") || strstr(path, ".mldv-tmp.") ||
	    strncasecmp(path, ".git", 4) == 0)
		return ini_error(r->ini, line, err,
		    "'%s' cannot be an output: the name is mldv's or Git's "
		    "own",
		    path);
	return 0;
}

/* The options whose value is any text. */
static const char **text_option(struct stage_out *out, struct slice key)
{
	if (slice_is(key, "from"))
		return &out->from;
	if (slice_is(key, "x"))
		return &out->x;
	if (slice_is(key, "y"))
		return &out->y;
	if (slice_is(key, "layout"))
		return &out->layout;
	if (slice_is(key, "title"))
		return &out->title;
	return NULL;
}

static bool read_kind(struct slice value, enum out_kind *out)
{
	static const char *const kinds[] = {
	    [OUT_PLAIN] = "plain",
	    [OUT_METRICS] = "metrics",
	    [OUT_PLOT] = "plot",
	    [OUT_NOTEBOOK] = "notebook",
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (slice_is(value, kinds[i])) {
			*out = (enum out_kind)i;
			return true;
		}
	}
	return false;
}

CHECKED static int unknown_option(const struct stage_reader *r, unsigned line,
    struct slice key, struct mldv_error *err)
{
	static const char *const known[] = {"from", "git", "kind", "layout",
	    "title", "x", "y", NULL};
	const char *word = arena_strn(r->arena, key.data, key.len);
	const char *nearest =
	    key.len < INI_NAME ? str_nearest(word, known) : NULL;

	return ini_error(r->ini, line, err, "unknown option '%s'%s%s%s", word,
	    NEAREST(nearest));
}

CHECKED static int read_option(const struct stage_reader *r, unsigned line,
    struct slice key, struct slice value, struct stage_out *out,
    struct mldv_error *err)
{
	const char **text = text_option(out, key);

	if (text && value.len > 0) {
		*text = option_text(r, value);
		return 0;
	}
	if (slice_is(key, "git") &&
	    (slice_is(value, "yes") || slice_is(value, "no"))) {
		out->git = slice_is(value, "yes");
		return 0;
	}
	if (slice_is(key, "kind") && read_kind(value, &out->kind))
		return 0;
	if (text || slice_is(key, "kind") || slice_is(key, "git"))
		return ini_error(r->ini, line, err, "'%.*s=%.*s': %s",
		    (int)key.len, key.data, (int)value.len, value.data,
		    text ? "it is empty"
		        : slice_is(key, "git")
		        ? "it can be yes or no"
		        : "it can be metrics, plot, notebook or plain");
	return unknown_option(r, line, key, err);
}

CHECKED static int check_options(const struct stage_reader *r, unsigned line,
    const struct stage_out *out, struct mldv_error *err)
{
	if (out->kind != OUT_PLOT &&
	    (out->x || out->y || out->layout || out->title))
		return ini_error(r->ini, line, err,
		    "x=, y=, layout= and title= need kind=plot");
	return 0;
}

void stage_add_out(struct stage_reader *r, const struct stage_out *out,
    unsigned line)
{
	r->outs =
	    xgrow(r->outs, r->out_count, &r->out_capacity, sizeof *r->outs);
	r->outs[r->out_count++] =
	    (struct place){out->path, r->stage->name, line};
	r->options = xgrow(r->options, r->option_count, &r->option_capacity,
	    sizeof *r->options);
	r->options[r->option_count++] = *out;
}

int stage_read_outs(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct items items;
	struct item item;
	struct slice key;
	struct slice value;
	int more;

	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		struct stage_out out = {0};
		unsigned line = item.line;
		int option;

		if (stage_read_path(r, line, item.text, &out.path, err) < 0 ||
		    stage_check_out(r, line, out.path, err) < 0)
			return -1;
		while ((option = items_option(&items, &item, &key, &value,
		            err)) > 0) {
			if (read_option(r, line, key, value, &out, err) < 0)
				return -1;
		}
		if (option < 0 || check_options(r, line, &out, err) < 0)
			return -1;
		stage_add_out(r, &out, line);
	}
	return more;
}
