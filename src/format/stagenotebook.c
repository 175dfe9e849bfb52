/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What follows from a stage's notebook.
 */

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/items.h"
#include "format/stagekeys.h"

#define SUFFIX ".ipynb"

static bool is_notebook(const char *path)
{
	size_t len = strlen(path);

	return len > strlen(SUFFIX) &&
	    strcmp(path + len - strlen(SUFFIX), SUFFIX) == 0;
}

const char *stage_reports(const struct stage *stage, struct arena *arena)
{
	const char *base = path_base(stage->notebook);
	/* What is left of "..ipynb" would be no name. */
	bool cut = is_notebook(base) && base[0] != '.';
	size_t len = strlen(base) - (cut ? strlen(SUFFIX) : 0);

	return arena_printf(arena, "reports/%.*s", (int)len, base);
}

/* The dep that it is, if it was written down among them. */
static void add_dep(struct stage_reader *r, unsigned line)
{
	const struct stage_dep dep = {
	    .path = r->stage->notebook,
	    .notebook = true,
	};

	for (size_t i = 0; i < r->dep_option_count; i++) {
		if (strcmp(r->dep_options[i].path, dep.path) == 0) {
			r->dep_options[i].notebook = true;
			return;
		}
	}
	stage_add_dep(r, &dep, line);
}

/* The executed notebook is one of the outputs, or one more. */
CHECKED static int add_out(struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err)
{
	const struct ini_entry *outs = ini_entry_find(section, "outs");
	struct stage_out out = {.kind = OUT_NOTEBOOK};
	size_t count = 0;

	for (size_t i = 0; i < r->option_count; i++) {
		struct stage_out *given = &r->options[i];

		if (given->kind == OUT_PLAIN && is_notebook(given->path))
			given->kind = OUT_NOTEBOOK;
		count += given->kind == OUT_NOTEBOOK;
	}
	if (count > 1)
		return ini_error(r->ini, outs->line, err,
		    "stage '%s' runs one notebook, but %zu outputs are "
		    "notebooks; make the others kind=plain by another name",
		    r->stage->name, count);
	if (count == 1)
		return 0;
	out.path = arena_printf(r->arena, "%s/%s" SUFFIX,
	    stage_reports(r->stage, r->arena), r->stage->name);
	stage_add_out(r, &out, section->line);
	return 0;
}

int stage_take_notebook(struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err)
{
	struct stage *stage = r->stage;
	const struct ini_entry *entry = ini_entry_find(section, "notebook");

	if (!stage->notebook)
		return 0;
	add_dep(r, entry->line);
	if (stage->run != RUN_NOTEBOOK)
		return 0;
	if (!ini_entry_find(section, "cwd"))
		stage->cwd = path_parent(r->arena, stage->notebook);
	return add_out(r, section, err);
}

/* Does the text behind a key refer to it? */
static bool refers(const struct ini_section *section, const char *key,
    const struct param *param)
{
	const struct ini_entry *entry = ini_entry_find(section, key);
	struct buf reference = {0};
	bool found;

	buf_printf(&reference, "${%s", param->name);
	found = entry && strstr(entry->value, buf_str(&reference)) != NULL;
	buf_release(&reference);
	return found;
}

/*
 * Must the notebook take it: is it written down in params =, by its name or a
 * pattern? A value of the matrix must, unless it says what else the notebook
 * reads.
 */
CHECKED static int is_declared(const struct stage_reader *r,
    const struct ini_section *section, const struct param *param,
    struct mldv_error *err)
{
	const struct ini_entry *entry = ini_entry_find(section, "params");
	struct items items;
	struct item item;
	int more;

	if (strncmp(param->name, "matrix.", 7) == 0)
		return !refers(section, "inject", param) &&
		    !refers(section, "deps", param) &&
		    !refers(section, "notebook", param);
	if (!entry)
		return 0;
	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		const char *pattern =
		    arena_strn(r->arena, item.text.data, item.text.len);

		if (str_glob(pattern, param->name))
			return 1;
	}
	return more;
}

static const struct stage_inject *find_injected(const struct stage *stage,
    const struct param *param, const char *name)
{
	for (size_t i = 0; i < stage->inject_count; i++) {
		if (stage->inject[i].param == param ||
		    strcmp(stage->inject[i].name, name) == 0)
			return &stage->inject[i];
	}
	return NULL;
}

static struct stage_inject *find_given(const struct stage *stage,
    const char *name)
{
	for (size_t i = 0; i < stage->given_count; i++) {
		if (strcmp(stage->given[i].name, name) == 0)
			return &stage->given[i];
	}
	return NULL;
}

/* The parameter under the last part of its name, unless inject has it. */
CHECKED static int give_param(struct stage_reader *r,
    const struct ini_section *section, const struct param *param,
    struct mldv_error *err)
{
	struct stage *stage = r->stage;
	const struct ini_entry *entry = ini_entry_find(section, "params");
	const char *dot = strrchr(param->name, '.');
	const char *name = dot ? dot + 1 : param->name;
	int declared = is_declared(r, section, param, err);
	struct stage_inject *other = find_given(stage, name);

	if (declared < 0)
		return -1;
	if (find_injected(stage, param, name))
		return 0;
	if (declared && !stage_is_variable(slice_of(name)))
		return ini_error(r->ini, entry ? entry->line : stage->line, err,
		    "'%s' cannot be a name in a notebook; give it one in "
		    "'inject'",
		    param->name);
	if (declared && other && !other->optional)
		return ini_error(r->ini, entry ? entry->line : stage->line, err,
		    "'%s' and '%s' would both be '%s' in the notebook; say in "
		    "'inject' what they are to be called",
		    other->param->name, param->name, name);
	if (!stage_is_variable(slice_of(name)) || (other && !declared))
		return 0;
	if (!other)
		other = &stage->given[stage->given_count++];
	*other = (struct stage_inject){
	    .name = name,
	    .value = param->value,
	    .line = stage->line,
	    .param = param,
	    .optional = !declared,
	};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct stage_inject *left = a;
	const struct stage_inject *right = b;

	return strcmp(left->name, right->name);
}

int stage_give(struct stage_reader *r, const struct ini_section *section,
    struct mldv_error *err)
{
	struct stage *stage = r->stage;

	if (!stage->notebook)
		return 0;
	stage->given = arena_array(r->arena,
	    stage->inject_count + stage->param_count, sizeof *stage->given);
	for (size_t i = 0; i < stage->param_count; i++) {
		if (give_param(r, section, stage->params[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < stage->inject_count; i++)
		stage->given[stage->given_count++] = stage->inject[i];
	if (stage->given_count > 1)
		qsort(stage->given, stage->given_count, sizeof *stage->given,
		    by_name);
	return 0;
}
