/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the keys of a stage must be together, and the settings of runners.
 */

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/stagekeys.h"

static const char *const runner_names[RUNNERS] = {
    [RUN_SHELL] = "shell",
    [RUN_NOTEBOOK] = "notebook",
    [RUN_CONTAINER] = "container",
    [RUN_SAGEMAKER] = "sagemaker",
    [RUN_FARGATE] = "fargate",
    [RUN_BATCH] = "batch",
};

const char *runner_name(enum runner_kind kind)
{
	return runner_names[kind];
}

bool stage_runs_remotely(const struct stage *stage)
{
	return stage->run == RUN_BATCH || stage->run == RUN_FARGATE;
}

bool stage_is_setting(const char *key)
{
	for (size_t i = RUN_CONTAINER; i < RUNNERS; i++) {
		size_t len = strlen(runner_names[i]);

		if (strncmp(key, runner_names[i], len) == 0 &&
		    key[len] == '.' && key[len + 1])
			return true;
	}
	return false;
}

int stage_read_setting(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct stage *stage = r->stage;
	struct setting *list =
	    arena_array(r->arena, stage->setting_count + 1, sizeof *list);
	const char *value;

	if (stage_read_text(r, entry, &value, err) < 0)
		return -1;
	if (stage->setting_count > 0)
		memcpy(list, stage->settings,
		    stage->setting_count * sizeof *list);
	list[stage->setting_count++] =
	    (struct setting){entry->key, value, entry->line};
	stage->settings = list;
	return 0;
}

static int setting_by_key(const void *a, const void *b)
{
	const struct setting *left = a;
	const struct setting *right = b;

	return strcmp(left->key, right->key);
}

/* Refuses keys of a notebook where there is none. */
CHECKED static int check_notebook(const struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err)
{
	static const char *const keys[] = {"notebook", "kernel", "inject",
	    "allow_early_exit", "papermill", NULL};
	const struct stage *stage = r->stage;

	if (stage->run == RUN_NOTEBOOK && !stage->notebook)
		return ini_error(r->ini, section->line, err,
		    "stage '%s' has no 'notebook = PATH', which 'run = "
		    "notebook' needs",
		    stage->name);
	if (stage->run == RUN_NOTEBOOK && stage->cmd)
		return ini_error(r->ini, section->line, err,
		    "stage '%s' runs a notebook, so it has no cmd",
		    stage->name);
	for (size_t i = 0; stage->run == RUN_SHELL && keys[i]; i++) {
		const struct ini_entry *entry =
		    ini_entry_find(section, keys[i]);

		if (entry)
			return ini_error(r->ini, entry->line, err,
			    "'%s' needs 'run = notebook'", keys[i]);
	}
	return 0;
}

CHECKED static int check_command(const struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err)
{
	struct stage *stage = r->stage;
	bool remote = stage->run != RUN_SHELL && stage->run != RUN_NOTEBOOK;

	if (stage->entry && !remote)
		return ini_error(r->ini,
		    ini_entry_find(section, "entry_point")->line, err,
		    "'entry_point' is for jobs elsewhere, not for 'run = %s'",
		    runner_name(stage->run));
	if (stage->cmd && stage->cmd[0])
		return 0;
	if (stage->run != RUN_NOTEBOOK &&
	    !(remote && (stage->entry || stage->notebook)))
		return ini_error(r->ini, section->line, err,
		    "stage '%s' has no cmd", stage->name);
	stage->cmd = "";
	return 0;
}

/* Two sorted lists of variables; where both have one, it is the first's. */
static void merge_vars(struct arena *arena, struct stage_var **vars,
    size_t *count, const struct stage_var *more, size_t more_count)
{
	struct stage_var *all;
	size_t kept = 0;
	size_t i = 0;

	if (more_count == 0)
		return;
	all = arena_array(arena, *count + more_count, sizeof *all);
	for (size_t k = 0; k < more_count || i < *count;) {
		int order = k == more_count ? -1
		    : i == *count           ? 1
		                  : strcmp((*vars)[i].name, more[k].name);

		all[kept++] = order <= 0 ? (*vars)[i] : more[k];
		i += order <= 0;
		k += order >= 0;
	}
	*vars = all;
	*count = kept;
}

/* What [pipeline] says for all stages, where the stage does not. */
static void take_common(struct stage_reader *r,
    const struct ini_section *section)
{
	const struct stage *common = &r->common;
	struct stage *stage = r->stage;

	merge_vars(r->arena, &stage->env, &stage->env_count, common->env,
	    common->env_count);
	merge_vars(r->arena, &stage->pass, &stage->pass_count, common->pass,
	    common->pass_count);
	if (!ini_entry_find(section, "envlock"))
		stage->envlock = common->envlock;
	if (!ini_entry_find(section, "pool"))
		stage->pool = common->pool;
	if (!ini_entry_find(section, "papermill"))
		stage->papermill = common->papermill;
	if (!ini_entry_find(section, "environment"))
		stage->clean = common->clean;
}

int stage_end_keys(struct stage_reader *r, const struct ini_section *section,
    struct mldv_error *err)
{
	struct stage *stage = r->stage;

	if (stage->setting_count > 1)
		qsort(stage->settings, stage->setting_count,
		    sizeof *stage->settings, setting_by_key);
	take_common(r, section);
	for (size_t i = 0, k = 0; i < stage->env_count; i++) {
		while (k < stage->pass_count &&
		    strcmp(stage->pass[k].name, stage->env[i].name) < 0)
			k++;
		if (k < stage->pass_count &&
		    strcmp(stage->pass[k].name, stage->env[i].name) == 0)
			return ini_error(r->ini, stage->pass[k].line, err,
			    "'%s' is in 'env' (%s) and in 'env.pass'",
			    stage->env[i].name,
			    ini_line(r->ini, r->arena, stage->env[i].line));
	}
	if (check_notebook(r, section, err) < 0)
		return -1;
	return check_command(r, section, err);
}

static bool is_part(const struct stage *stage, const char *path)
{
	for (size_t i = 0; i < stage->dep_count; i++) {
		if (path_inside(path, stage->deps[i].path))
			return true;
	}
	for (size_t i = 0; i < stage->out_count; i++) {
		if (path_inside(path, stage->outs[i].path))
			return true;
	}
	return false;
}

static void find_path(const struct stage *stage, struct arena *arena,
    struct stage_inject *inject)
{
	const char *path;

	if (inject->value.type != VALUE_TEXT || inject->value.text[0] == '\0' ||
	    path_is_absolute(inject->value.text))
		return;
	path = path_clean(arena, inject->value.text);
	if (!path || !path[0] || !is_part(stage, path))
		return;
	inject->is_path = true;
	inject->value.text = path;
}

void stage_find_paths(struct stage *stage, struct arena *arena)
{
	for (size_t i = 0, k = 0; i < stage->inject_count; i++) {
		struct stage_inject *inject = &stage->inject[i];

		find_path(stage, arena, inject);
		/* It holds all of these, too. */
		while (k < stage->given_count &&
		    strcmp(stage->given[k].name, inject->name) != 0)
			k++;
		if (k < stage->given_count)
			stage->given[k] = *inject;
	}
}
