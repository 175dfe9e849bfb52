/* SPDX-License-Identifier: Apache-2.0 */
#include "project/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

static enum config_layer layer_of(enum mldv_layer layer)
{
	switch (layer) {
	case MLDV_USER:
		return CONFIG_USER;
	case MLDV_PROJECT:
		return CONFIG_PROJECT;
	case MLDV_CLONE:
		break;
	}
	return CONFIG_CLONE;
}

/* The file of a layer; NULL: this user has no home. */
static const char *layer_path(const struct mldv_project *project,
    struct arena *arena, enum mldv_layer layer)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (layer == MLDV_PROJECT)
		return project_absolute(project, arena, PROJECT_INI);
	if (layer == MLDV_CLONE)
		return path_join(arena, project->home, "config");
	if (config && path_is_absolute(config))
		return path_join(arena, config, "mldv/config");
	if (home && path_is_absolute(home))
		return path_join(arena, home, ".config/mldv/config");
	return NULL;
}

/* How messages call the file of a layer. */
static const char *layer_shown(const struct mldv_project *project,
    struct arena *arena, enum mldv_layer layer, const char *path)
{
	return layer == MLDV_PROJECT
	    ? project_shown(project, arena, PROJECT_INI)
	    : path;
}

/* The text of a layer: 1, or 0 if there is none. */
static int read_layer(struct mldv_project *project, enum mldv_layer layer,
    const char *path, const char *revision, struct buf *out,
    struct mldv_error *err)
{
	if (layer == MLDV_PROJECT && revision)
		return git_read(project->git, revision, PROJECT_INI, INI_LIMIT,
		    out, err);
	if (!path)
		return 0;
	if (file_read(path, INI_LIMIT, out, err) == 0)
		return 1;
	return err->code == MLDV_NOT_FOUND ? 0 : -1;
}

static int load_layer(struct mldv_project *project, enum mldv_layer layer,
    const char *revision, struct ini *out, struct mldv_error *err)
{
	struct arena *arena = &project->arena;
	const char *path = layer_path(project, arena, layer);
	struct buf text = {0};
	int ret = read_layer(project, layer, path, revision, &text, err);

	if (ret <= 0)
		goto out;
	ret = -1;
	if (ini_parse(out, arena, layer_shown(project, arena, layer, path),
	        buf_str(&text), text.len, err) == 0)
		ret = config_check(out, layer_of(layer), err);
out:
	buf_release(&text);
	return ret;
}

int settings_load_at(struct mldv_project *project, const char *revision,
    struct mldv_error *err)
{
	static const enum mldv_layer all[] = {MLDV_USER, MLDV_PROJECT,
	    MLDV_CLONE};
	struct config config = {0};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (load_layer(project, all[i], revision,
		        &config.layers[layer_of(all[i])], err) < 0)
			return -1;
	}
	project->config = config;
	return 0;
}

int settings_load(struct mldv_project *project, struct mldv_error *err)
{
	return settings_load_at(project, NULL, err);
}

int settings_edit_begin(struct settings_edit *edit,
    struct mldv_project *project, enum mldv_layer layer, struct mldv_error *err)
{
	const char *path = layer_path(project, &project->arena, layer);

	*edit = (struct settings_edit){.project = project, .layer = layer};
	if (!path)
		return err_set(err, MLDV_FAILED,
		    "cannot find your settings: HOME is not set");
	if (project_lock(project, &edit->lock, "settings", LOCK_EXCLUSIVE,
	        err) < 0)
		return -1;
	if (file_read(path, INI_LIMIT, &edit->text, err) < 0 &&
	    err->code != MLDV_NOT_FOUND)
		return -1;
	return 0;
}

int settings_edit_set(struct settings_edit *edit, const char *section,
    const char *key, const char *value, struct mldv_error *err)
{
	struct buf out = {0};
	int ret;

	if (value)
		ret = ini_set(buf_str(&edit->text), edit->text.len, section,
		    key, value, &out, err);
	else
		ret = ini_unset(buf_str(&edit->text), edit->text.len, section,
		    key, &out, err);
	if (ret < 0 || (!value && ret == 0)) {
		buf_release(&out);
		return ret;
	}
	buf_release(&edit->text);
	edit->text = out;
	return 1;
}

/* Refuses what could not be read again. */
static int check_text(const struct settings_edit *edit, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct ini ini = {0};
	int ret = -1;

	if (ini_parse(&ini, &arena, path, buf_str(&edit->text), edit->text.len,
	        err) == 0)
		ret = config_check(&ini, layer_of(edit->layer), err);
	arena_release(&arena);
	return ret;
}

int settings_edit_end(struct settings_edit *edit, struct strs *staged,
    struct mldv_error *err)
{
	struct mldv_project *project = edit->project;
	struct arena arena = {0};
	const char *path = layer_path(project, &arena, edit->layer);
	int ret = -1;

	if (edit->layer == MLDV_PROJECT)
		ret = project_write_ini(project, &edit->text, staged, err);
	else if (check_text(edit, path, err) == 0 &&
	    file_make_parents(path, err) == 0 &&
	    file_replace(path, buf_str(&edit->text), edit->text.len, err) == 0)
		ret = settings_load(project, err);
	arena_release(&arena);
	return ret;
}

void settings_edit_release(struct settings_edit *edit)
{
	buf_release(&edit->text);
	lock_release(&edit->lock);
}

/* NULL if it is not set, or the text cannot be read. */
static const char *value_in(const struct buf *text, struct arena *arena,
    const char *section, const char *key)
{
	const struct ini_section *found;
	const struct ini_entry *entry = NULL;
	struct mldv_error ignored;
	struct ini ini = {0};

	if (ini_parse(&ini, arena, PROJECT_INI, buf_str(text), text->len,
	        &ignored) < 0)
		return NULL;
	found = ini_find(&ini, section);
	if (found)
		entry = ini_entry_find(found, key);
	return entry ? entry->value : NULL;
}

int settings_restage(struct mldv_project *project, const char *section,
    const char *key, struct strs *staged, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs paths = {0};
	struct buf index = {0};
	struct buf now = {0};
	const char *in_index;
	const char *here;
	int ret = -1;

	if (!config_yes(&project->config, "git.stage"))
		return 0;
	if (git_read(project->git, ":0", PROJECT_INI, INI_LIMIT, &index, err) <
	        0 ||
	    project_read_ini(project, &now, err) < 0)
		goto out;
	in_index = value_in(&index, &arena, section, key);
	here = value_in(&now, &arena, section, key);
	if (here && in_index ? strcmp(here, in_index) == 0 : here == in_index) {
		ret = 0;
		goto out;
	}
	strs_add(&paths, PROJECT_INI);
	ret = project_stage(project, &paths, staged, err) < 0 ? -1 : 1;
out:
	buf_release(&index);
	buf_release(&now);
	strs_release(&paths);
	arena_release(&arena);
	return ret;
}

const char *mldv_setting(struct mldv_project *project, const char *name)
{
	return config_get(&project->config, name);
}

/* The stages' sections are the pipeline's, not settings. */
static bool is_pipeline(const struct ini_section *section)
{
	return strcmp(section->name, "params") == 0 ||
	    strcmp(section->name, "pipeline") == 0 ||
	    strncmp(section->name, "pool ", 5) == 0 ||
	    strncmp(section->name, "stage ", 6) == 0;
}

void mldv_settings_each(struct mldv_project *project,
    void (*visit)(void *context, enum mldv_layer layer, const char *name,
        const char *value),
    void *context)
{
	static const enum mldv_layer all[] = {MLDV_USER, MLDV_PROJECT,
	    MLDV_CLONE};
	struct buf name = {0};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct ini *ini =
		    &project->config.layers[layer_of(all[i])];

		for (const struct ini_section *s = ini->sections; s;
		     s = s->next) {
			const struct ini_entry *e = s->entries;
			size_t first = strcspn(s->name, " ");

			for (; e && !is_pipeline(s); e = e->next) {
				buf_reset(&name);
				buf_printf(&name, "%s.%s", s->name, e->key);
				if (s->name[first])
					name.data[first] = '.';
				visit(context, all[i], name.data, e->value);
			}
		}
	}
	buf_release(&name);
}

void mldv_settings_known(void (*visit)(void *context, const char *name,
                             const char *preset, const char *meaning),
    void *context)
{
	for (const struct config_key *key = config_keys; key->name; key++)
		visit(context, key->name, key->preset, key->meaning);
}

int mldv_setting_set(struct mldv_project *project, enum mldv_layer layer,
    const char *name, const char *value, struct strs *staged,
    struct mldv_error *err)
{
	struct settings_edit edit = {0};
	struct arena arena = {0};
	const char *section;
	const char *key;
	int ret = -1;

	if (config_split(name, &arena, &section, &key, err) < 0 ||
	    settings_edit_begin(&edit, project, layer, err) < 0)
		goto out;
	ret = settings_edit_set(&edit, section, key, value, err);
	if (ret == 1) {
		ret = settings_edit_end(&edit, staged, err);
		goto out;
	}
	if (ret == 0 && layer == MLDV_PROJECT)
		ret = settings_restage(project, section, key, staged, err);
	if (ret == 0)
		(void)err_set(err, MLDV_NO, "'%s' is not set there", name);
	ret = ret == 1 ? 0 : -1;
out:
	settings_edit_release(&edit);
	arena_release(&arena);
	return ret;
}
