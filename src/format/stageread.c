/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stagekeys.h"
#include "format/stagematrix.h"
#include "format/stageouts.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/items.h"

/*
 * An indented "deps =" was meant as a key. In a command it may also be an
 * assignment, which has no space around its '='.
 */
CHECKED static int refuse_indented_key(const struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);

CHECKED static int read_cmd(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct value_lines lines = value_lines_of(entry);
	struct slice text;
	unsigned line;
	struct buf cmd = {0};
	int ret = -1;

	r->in.shell = true;
	while (value_lines_next(&lines, &text, &line)) {
		if (cmd.len > 0)
			buf_add_char(&cmd, '\n');
		if (slice_starts(text, "\\#")) {
			text.data++;
			text.len--;
		}
		if (interpolate(&r->in, line, text, &cmd, err) < 0)
			goto out;
	}
	r->stage->cmd = arena_str(r->arena, buf_str(&cmd));
	ret = 0;
out:
	buf_release(&cmd);
	return ret;
}

/* Declares every parameter that fits a pattern: were there any? */
static bool use_matching(struct stage_reader *r, const char *pattern)
{
	bool any = false;

	for (size_t i = 0; i < r->stages->param_count; i++) {
		const struct param *param = &r->stages->params[i];

		if (str_glob(pattern, param->name)) {
			interpolation_use(&r->in, param);
			any = true;
		}
	}
	return any;
}

CHECKED static int read_params(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct items items;
	struct item item;
	int more;

	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		const char *name =
		    arena_strn(r->arena, item.text.data, item.text.len);
		const struct param *param = param_find(r->stages, item.text);

		if (item.options.len > 0)
			return ini_error(r->ini, item.line, err,
			    "a parameter has no options");
		if (stage_is_file_param(item.text)) {
			if (stage_read_file_param(r, item.line, item.text,
			        err) < 0)
				return -1;
			continue;
		}
		if (param)
			interpolation_use(&r->in, param);
		else if (!strpbrk(name, "*?"))
			return ini_error(r->ini, item.line, err, "%s",
			    param_missing(r->stages, r->arena, item.text));
		else if (!use_matching(r, name))
			return ini_error(r->ini, item.line, err,
			    "[params] has nothing like '%s'", name);
	}
	return more;
}

CHECKED static int read_desc(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	(void)err;
	r->stage->desc = entry->value;
	return 0;
}

CHECKED static int read_cwd(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = -1;

	r->in.shell = false;
	if (interpolate(&r->in, entry->line, slice_of(entry->value), &text,
	        err) == 0)
		ret = items_path(r->ini, r->arena, entry->line, buf_str(&text),
		    &r->stage->cwd, err);
	buf_release(&text);
	return ret;
}

CHECKED static int read_frozen(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_yes(r, entry, &r->stage->frozen, err);
}

CHECKED static int read_always(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_yes(r, entry, &r->stage->always, err);
}

static const struct stage_key own_keys[] = {
    {"always", false, read_always},
    {"cmd", true, read_cmd},
    {"cwd", false, read_cwd},
    {"deps", true, stage_read_deps},
    {"desc", true, read_desc},
    {"frozen", false, read_frozen},
    {"outs", true, stage_read_outs},
    {"params", true, read_params},
    {NULL, false, NULL},
};

static const struct stage_key *find_key(struct slice word)
{
	for (const struct stage_key *key = own_keys; key->name; key++) {
		if (slice_is(word, key->name))
			return key;
	}
	for (const struct stage_key *key = stage_keys; key->name; key++) {
		if (slice_is(word, key->name))
			return key;
	}
	return NULL;
}

static const char *nearest_key(struct arena *arena, const char *word)
{
	const struct stage_key *tables[] = {own_keys, stage_keys};
	const char **names;
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		for (const struct stage_key *k = tables[i]; k->name; k++)
			count++;
	}
	names = arena_array(arena, count + 1, sizeof *names);
	count = 0;
	for (size_t i = 0; i < 2; i++) {
		for (const struct stage_key *k = tables[i]; k->name; k++)
			names[count++] = k->name;
	}
	return str_nearest(word, names);
}

static bool is_known(struct arena *arena, struct slice word)
{
	const char *key = arena_strn(arena, word.data, word.len);

	return find_key(word) || matrix_is_key(key) || stage_is_setting(key);
}

/* Its lines may look like keys. */
static bool is_free(const char *key)
{
	return strcmp(key, "cmd") == 0 || strcmp(key, "inject") == 0;
}

static int refuse_indented_key(const struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct value_lines lines = value_lines_of(entry);
	struct slice rest;
	struct slice word;
	unsigned line;

	while (value_lines_next(&lines, &rest, &line)) {
		bool spaced;

		if (line == entry->line || !slice_cut(&rest, '=', &word))
			continue;
		spaced = slice_trim(word).len < word.len || rest.len == 0 ||
		    rest.data[0] == ' ' || rest.data[0] == '\t';
		if (is_known(r->arena, slice_trim(word)) &&
		    (spaced || !is_free(entry->key)))
			return ini_error(r->ini, line, err,
			    "'%.*s =' is indented, so it would be part of "
			    "'%s'; keys begin in the first column",
			    (int)slice_trim(word).len, word.data, entry->key);
	}
	return 0;
}

CHECKED static int read_entry(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	const struct stage_key *key = find_key(slice_of(entry->key));
	const char *nearest;

	r->in.outs =
	    r->made_known && stage_knows_outs(entry->key) ? &r->made : NULL;
	if (key && entry->line_count > 1 && !key->many)
		return ini_error(r->ini, entry->lines[1], err,
		    "'%s' has one line; keys begin in the first column",
		    entry->key);
	if (key && refuse_indented_key(r, entry, err) < 0)
		return -1;
	if (key)
		return key->read(r, entry, err);
	if (stage_is_setting(entry->key))
		return stage_read_setting(r, entry, err);
	nearest = nearest_key(r->arena, entry->key);
	return ini_error(r->ini, entry->line, err,
	    "unknown key '%s' in [stage %s]%s%s%s", entry->key, r->stage->name,
	    NEAREST(nearest));
}

/* Refuses a dep that is an output, or lies in one; outs must be sorted. */
CHECKED static int check_deps(const struct stage_reader *r,
    const struct place *outs, size_t count, struct mldv_error *err)
{
	for (size_t i = 0; i < r->dep_count; i++) {
		const struct place *dep = &r->deps[i];
		const struct place *out = places_above(outs, count, dep->path);

		if (i > 0 && strcmp(dep[-1].path, dep->path) == 0)
			return ini_error(r->ini, dep->line, err,
			    "dep '%s' is there twice (%s)", dep->path,
			    ini_line(r->ini, r->arena, dep[-1].line));
		if (out)
			return ini_error(r->ini, dep->line, err,
			    "dep '%s' %s output '%s' of its own stage (%s)",
			    dep->path,
			    strcmp(dep->path, out->path) == 0 ? "is also"
			                                      : "lies in",
			    out->path, ini_line(r->ini, r->arena, out->line));
	}
	return 0;
}

/* Refuses what the stage would both read and make. */
CHECKED static int check_paths(struct stage_reader *r, struct mldv_error *err)
{
	size_t count = r->out_count - r->first_out;
	struct place *outs;

	places_sort(r->deps, r->dep_count);
	if (count == 0)
		return check_deps(r, NULL, 0, err);
	outs = r->outs + r->first_out;
	places_sort(outs, count);
	for (size_t i = 0; i < count; i++) {
		const struct place *dep =
		    places_above(r->deps, r->dep_count, outs[i].path);

		if (dep && strcmp(dep->path, outs[i].path) != 0)
			return ini_error(r->ini, outs[i].line, err,
			    "output '%s' lies in dep '%s' of its own stage "
			    "(%s)",
			    outs[i].path, dep->path,
			    ini_line(r->ini, r->arena, dep->line));
	}
	return check_deps(r, outs, count, err);
}

static int dep_by_path(const void *a, const void *b)
{
	const struct stage_dep *left = a;
	const struct stage_dep *right = b;

	return strcmp(left->path, right->path);
}

static int out_by_path(const void *a, const void *b)
{
	const struct stage_out *left = a;
	const struct stage_out *right = b;

	return strcmp(left->path, right->path);
}

static int param_by_name(const void *a, const void *b)
{
	const struct param *const *left = a;
	const struct param *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static bool is_named(const struct stage_reader *r, const char *path)
{
	for (size_t i = 0; i < r->dep_option_count; i++) {
		if (strcmp(r->dep_options[i].path, path) == 0)
			return true;
	}
	return false;
}

/* What holds for all stages does not for the one that makes it. */
static bool is_made_here(const struct stage_reader *r, const char *path)
{
	if (r->stage->envlock.items != r->common.envlock.items)
		return false;
	for (size_t i = 0; i < r->option_count; i++) {
		if (path_inside(path, r->options[i].path))
			return true;
	}
	return false;
}

/* A file that says what the environment is, is read like any dep. */
static void add_envlocks(struct stage_reader *r)
{
	for (size_t i = 0; i < r->stage->envlock.count; i++) {
		const struct stage_dep dep = {
		    .path = r->stage->envlock.items[i],
		    .envlock = true,
		};

		if (!is_named(r, dep.path) && !is_made_here(r, dep.path))
			stage_add_dep(r, &dep, r->stage->line);
	}
}

/* Copies what was gathered into the stage. */
static void fill_stage(struct stage_reader *r)
{
	struct stage *stage = r->stage;
	struct interpolation *in = &r->in;

	stage->deps =
	    arena_array(r->arena, r->dep_option_count, sizeof *stage->deps);
	for (size_t i = 0; i < r->dep_option_count; i++)
		stage->deps[stage->dep_count++] = r->dep_options[i];
	if (stage->dep_count > 1)
		qsort(stage->deps, stage->dep_count, sizeof *stage->deps,
		    dep_by_path);
	stage->outs =
	    arena_array(r->arena, r->option_count, sizeof *stage->outs);
	for (size_t i = 0; i < r->option_count; i++)
		stage->outs[stage->out_count++] = r->options[i];
	if (stage->out_count > 1)
		qsort(stage->outs, stage->out_count, sizeof *stage->outs,
		    out_by_path);
	if (in->used_count > 1)
		qsort(in->used, in->used_count, sizeof(const struct param *),
		    param_by_name);
	stage->params =
	    arena_array(r->arena, in->used_count, sizeof(const struct param *));
	for (size_t i = 0; i < in->used_count; i++) {
		if (i == 0 || in->used[i] != in->used[i - 1])
			stage->params[stage->param_count++] = in->used[i];
	}
}

static void start_stage(struct stage_reader *r,
    const struct ini_section *section, const struct variant *variant)
{
	r->stage = &r->stages->stages[r->stages->count];
	*r->stage = (struct stage){
	    .name = variant->name,
	    .base = strchr(section->name, ' ') + 1,
	    .variant = variant->label,
	    .line = section->line,
	    .cwd = "",
	    .cpus = 1,
	};
	r->dep_count = 0;
	r->dep_option_count = 0;
	r->option_count = 0;
	r->first_out = r->out_count;
	r->in.used_count = 0;
	r->in.used_out_count = 0;
	r->in.matrix = variant->params;
	r->in.matrix_count = variant->param_count;
	for (size_t i = 0; i < variant->param_count; i++)
		interpolation_use(&r->in, &variant->params[i]);
	/* Others may refer to it. */
	r->in.env = r->stage;
	r->in.common = &r->common;
}

CHECKED static int read_some(struct stage_reader *r,
    const struct ini_section *section, const char *const *keys,
    struct mldv_error *err)
{
	for (; *keys; keys++) {
		const struct ini_entry *entry = ini_entry_find(section, *keys);

		if (entry && read_entry(r, entry, err) < 0)
			return -1;
	}
	return 0;
}

int stage_read_only_outs(struct stage_reader *r,
    const struct ini_section *section, const struct variant *variant,
    struct mldv_error *err)
{
	static const char *const keys[] = {"env", "cwd", "run", "notebook",
	    "outs", NULL};

	start_stage(r, section, variant);
	if (read_some(r, section, keys, err) < 0)
		return -1;
	return stage_take_notebook(r, section, err);
}

/* What a command refers to, it reads. */
static void add_used_outs(struct stage_reader *r)
{
	for (size_t i = 0; i < r->in.used_out_count; i++) {
		const struct used_out *used = &r->in.used_outs[i];
		const struct stage_dep dep = {.path = used->path};

		if (!is_named(r, dep.path))
			stage_add_dep(r, &dep, used->line);
	}
}

int stage_read(struct stage_reader *r, const struct ini_section *section,
    const struct variant *variant, struct mldv_error *err)
{
	/* What others refer to comes first. */
	static const char *const first[] = {"env", "cwd", NULL};

	start_stage(r, section, variant);
	if (read_some(r, section, first, err) < 0)
		return -1;
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		if (strcmp(e->key, first[0]) != 0 &&
		    strcmp(e->key, first[1]) != 0 && !matrix_is_key(e->key) &&
		    read_entry(r, e, err) < 0)
			return -1;
	}
	if (stage_end_keys(r, section, err) < 0)
		return -1;
	if (r->stage->frozen && r->stage->always)
		return ini_error(r->ini, section->line, err,
		    "stage '%s' is both frozen, never to run, and always to "
		    "run",
		    r->stage->name);
	add_used_outs(r);
	add_envlocks(r);
	if (stage_take_notebook(r, section, err) < 0 || check_paths(r, err) < 0)
		return -1;
	fill_stage(r);
	stage_find_paths(r->stage, r->arena);
	if (stage_give(r, section, err) < 0)
		return -1;
	r->stages->count++;
	return 0;
}

void stage_reader_release(struct stage_reader *r)
{
	free(r->outs);
	free(r->deps);
	free(r->dep_options);
	free(r->options);
	free(r->refs);
	map_release(&r->made);
	interpolation_release(&r->in);
}

const char *stage_nearest(const struct stages *stages, struct arena *arena,
    const char *name)
{
	const char **names =
	    arena_array(arena, stages->count + 1, sizeof *names);

	for (size_t i = 0; i < stages->count; i++)
		names[i] = stages->stages[i].name;
	return strlen(name) <= INI_NAME ? str_nearest(name, names) : NULL;
}
