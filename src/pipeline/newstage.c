/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/pipeline.h"

#include <string.h>

#include "format/ini.h"
#include "pipeline/graph.h"
#include "pipeline/newnotebook.h"
#include "project/inifiles.h"
#include "project/project.h"
#include "project/settings.h"

/* mldv.ini while keys are being set in it. */
struct edit {
	struct buf text;
	const char *section;
	struct strs kept; /* the keys that the stage has now */
};

CHECKED static int set_in(struct edit *edit, const char *section,
    const char *key, const char *value, struct mldv_error *err)
{
	struct buf out = {0};
	int ret = ini_set(buf_str(&edit->text), edit->text.len, section, key,
	    value, &out, err);

	if (ret < 0) {
		buf_release(&out);
		return -1;
	}
	buf_release(&edit->text);
	edit->text = out;
	return 0;
}

CHECKED static int set(struct edit *edit, const char *key, const char *value,
    struct mldv_error *err)
{
	strs_add(&edit->kept, key);
	return set_in(edit, edit->section, key, value, err);
}

CHECKED static int unset(struct edit *edit, const char *key,
    struct mldv_error *err)
{
	struct buf out = {0};

	if (ini_unset(buf_str(&edit->text), edit->text.len, edit->section, key,
	        &out, err) < 0) {
		buf_release(&out);
		return -1;
	}
	buf_release(&edit->text);
	edit->text = out;
	return 0;
}

static void add_items(struct strs *lines, const struct strs *items,
    const char *options)
{
	struct buf line = {0};

	for (size_t i = 0; items && i < items->count; i++) {
		buf_reset(&line);
		buf_add_str(&line, items->items[i]);
		buf_add_str(&line, options);
		strs_add(lines, buf_str(&line));
	}
	buf_release(&line);
}

/* One item on the line of the key, more of them on lines of their own. */
CHECKED static int set_list(struct edit *edit, const char *key,
    const struct strs *lines, struct mldv_error *err)
{
	struct buf value = {0};
	int ret = 0;

	for (size_t i = 0; i < lines->count; i++) {
		if (i > 0)
			buf_add_char(&value, '\n');
		buf_add_str(&value, lines->items[i]);
	}
	if (lines->count > 0)
		ret = set(edit, key, buf_str(&value), err);
	buf_release(&value);
	return ret;
}

/* An output named twice has what both ways of naming it say. */
static void add_outs(struct strs *lines, const struct mldv_new_stage *stage)
{
	struct strs both = {0};
	struct strs metrics = {0};
	struct strs git = {0};

	for (size_t i = 0; stage->metrics && i < stage->metrics->count; i++) {
		const char *path = stage->metrics->items[i];

		strs_add(stage->git_outs && strs_has(stage->git_outs, path)
		        ? &both
		        : &metrics,
		    path);
	}
	for (size_t i = 0; stage->git_outs && i < stage->git_outs->count; i++) {
		if (!strs_has(&both, stage->git_outs->items[i]))
			strs_add(&git, stage->git_outs->items[i]);
	}
	for (size_t i = 0; stage->outs && i < stage->outs->count; i++) {
		const char *path = stage->outs->items[i];

		if (!strs_has(&both, path) && !strs_has(&metrics, path) &&
		    !strs_has(&git, path))
			strs_add(lines, path);
	}
	add_items(lines, &metrics, "  kind=metrics");
	add_items(lines, &git, "  git=yes");
	add_items(lines, &both, "  kind=metrics  git=yes");
	strs_release(&both);
	strs_release(&metrics);
	strs_release(&git);
}

/* "lr=0.1" gives the parameter its value; the stage's list has the name. */
CHECKED static int set_params(struct edit *edit, const struct strs *given,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = 0;

	for (size_t i = 0; given && ret == 0 && i < given->count; i++) {
		struct slice rest = slice_of(given->items[i]);
		struct slice name;

		if (slice_cut(&rest, '=', &name))
			ret = set_in(edit, "params",
			    arena_strn(&arena, name.data, name.len), rest.data,
			    err);
		strs_add_n(&names, name.data, name.len);
	}
	if (ret == 0)
		ret = set_list(edit, "params", &names, err);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

CHECKED static int set_what_runs(struct edit *edit,
    const struct mldv_new_stage *stage, struct mldv_error *err)
{
	if (!stage->notebook)
		return set(edit, "cmd", stage->cmd, err);
	if (set(edit, "run", "notebook", err) < 0 ||
	    set(edit, "notebook", stage->notebook, err) < 0)
		return -1;
	return stage->kernel ? set(edit, "kernel", stage->kernel, err) : 0;
}

/* Its paths reach the notebook under names of their own. */
CHECKED static int set_injected(struct edit *edit,
    const struct mldv_new_stage *stage, struct mldv_error *err)
{
	const struct strs *const lists[] = {stage->deps, stage->outs,
	    stage->metrics, stage->git_outs};
	struct strs lines = {0};
	int ret;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		newnotebook_inject(lists[i], &lines);
	strs_unique(&lines);
	ret = set_list(edit, "inject", &lines, err);
	strs_release(&lines);
	return ret;
}

CHECKED static int set_all(struct edit *edit,
    const struct mldv_new_stage *stage, struct mldv_error *err)
{
	struct strs deps = {0};
	struct strs outs = {0};
	int ret = 0;

	add_items(&deps, stage->deps, "");
	add_outs(&outs, stage);
	if (stage->desc)
		ret = set(edit, "desc", stage->desc, err);
	if (ret == 0)
		ret = set_what_runs(edit, stage, err);
	if (ret == 0 && stage->cwd)
		ret = set(edit, "cwd", stage->cwd, err);
	if (ret == 0)
		ret = set_list(edit, "deps", &deps, err);
	if (ret == 0)
		ret = set_params(edit, stage->params, err);
	if (ret == 0 && stage->notebook)
		ret = set_injected(edit, stage, err);
	if (ret == 0)
		ret = set_list(edit, "outs", &outs, err);
	strs_release(&deps);
	strs_release(&outs);
	return ret;
}

/* What the stage that is replaced had, and the new one has not. */
CHECKED static int drop_others(struct edit *edit, const struct ini_section *old,
    struct mldv_error *err)
{
	for (const struct ini_entry *entry = old ? old->entries : NULL; entry;
	     entry = entry->next) {
		if (!strs_has(&edit->kept, entry->key) &&
		    unset(edit, entry->key, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The file with the new stage must be one that repro takes. Then the stage's
 * notebook is written, if it has one.
 */
CHECKED static int check_text(struct mldv_project *project, const char *path,
    const struct buf *text, const char *name, struct mldv_error *err)
{
	struct arena arena = {0};
	struct stages stages = {0};
	struct graph graph = {0};
	struct ini_files files;
	struct ini ini = {0};
	int ret = ini_parse(&ini, &arena, path, buf_str(text), text->len, err);

	ini_files_set(&files, project, NULL, &ini);
	if (ret == 0)
		ret = stages_parse(&stages, &arena, &ini, NULL, err);
	if (ret == 0)
		ret = graph_build(&graph, &arena, &stages, err);
	if (ret == 0)
		ret =
		    newnotebook_write(project, stages_find(&stages, name), err);
	graph_release(&graph);
	arena_release(&arena);
	return ret;
}

CHECKED static int check_name(const struct mldv_new_stage *stage,
    struct mldv_error *err)
{
	if (ini_is_name(slice_of(stage->name)))
		return 0;
	return err_set(err, MLDV_USAGE,
	    "'%s' cannot be a stage's name: letters, digits, and _ . - are "
	    "allowed",
	    stage->name);
}

/* mldv.ini as it is. */
struct present {
	const char *path; /* for messages */
	struct buf text;
	struct ini ini;
};

/*
 * There is such a stage, which may not be replaced: refused, unless it is
 * this very stage, and only had to be staged.
 */
CHECKED static int finish(struct mldv_project *project,
    const struct mldv_new_stage *stage, const struct edit *edit,
    const struct present *present, struct strs *staged, struct mldv_error *err)
{
	int ret = 0;

	if (edit->text.len == present->text.len &&
	    memcmp(edit->text.data, present->text.data, edit->text.len) == 0)
		ret = settings_restage(project, edit->section,
		    stage->notebook ? "notebook" : "cmd", staged, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	return err_set(err, MLDV_USAGE,
	    "%s:%u: stage '%s' is there already; replace it with --force, or "
	    "choose another name",
	    present->path, ini_find(&present->ini, edit->section)->line,
	    stage->name);
}

CHECKED static int edit_text(struct edit *edit,
    const struct mldv_new_stage *stage, const struct present *present,
    struct mldv_error *err)
{
	buf_add(&edit->text, buf_str(&present->text), present->text.len);
	if (set_all(edit, stage, err) < 0)
		return -1;
	return drop_others(edit, ini_find(&present->ini, edit->section), err);
}

int mldv_stage_new(struct mldv_project *project,
    const struct mldv_new_stage *stage, struct strs *staged,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct present present = {
	    .path = project_shown(project, &arena, PROJECT_INI),
	};
	struct edit edit = {
	    .section = arena_printf(&arena, "stage %s", stage->name),
	};
	struct lock lock = {0};
	int ret = -1;

	if (check_name(stage, err) < 0 ||
	    project_lock(project, &lock, "settings", LOCK_EXCLUSIVE, err) < 0 ||
	    project_read_ini(project, &present.text, err) < 0 ||
	    ini_parse(&present.ini, &arena, present.path,
	        buf_str(&present.text), present.text.len, err) < 0 ||
	    edit_text(&edit, stage, &present, err) < 0)
		goto out;
	if (ini_find(&present.ini, edit.section) && !stage->replace)
		ret = finish(project, stage, &edit, &present, staged, err);
	else if (check_text(project, present.path, &edit.text, stage->name,
	             err) == 0)
		ret = project_write_ini(project, &edit.text, staged, err);
out:
	lock_release(&lock);
	strs_release(&edit.kept);
	buf_release(&edit.text);
	buf_release(&present.text);
	arena_release(&arena);
	return ret;
}
