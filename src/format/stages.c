/* SPDX-License-Identifier: Apache-2.0 */

/*
 * First [params] with what the command line sets, then [pipeline], then each
 * stage by itself (stageread.c), at last what only shows when all are there.
 */

#include "format/stages.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/utf8.h"
#include "format/items.h"
#include "format/overlap.h"
#include "format/stageinclude.h"
#include "format/stagekeys.h"
#include "format/stagematrix.h"
#include "format/stageouts.h"

static int by_name(const void *a, const void *b)
{
	const struct param *left = a;
	const struct param *right = b;

	return strcmp(left->name, right->name);
}

CHECKED static int read_param(struct param *out, struct arena *arena,
    const struct ini *ini, const struct ini_entry *entry,
    struct mldv_error *err)
{
	if (entry->line_count > 1)
		return ini_error(ini, entry->lines[1], err,
		    "parameter '%s' has one line; keys begin in the first "
		    "column",
		    entry->key);
	if (strncmp(entry->key, "matrix.", 7) == 0)
		return ini_error(ini, entry->line, err,
		    "'%s' belongs in a stage: 'matrix.' in front of a "
		    "parameter is kept for what varies there",
		    entry->key);
	out->name = entry->key;
	out->line = entry->line;
	if (value_parse(&out->value, arena, entry->value, err) < 0) {
		struct mldv_error cause = *err;

		return ini_error(ini, entry->line, err, "parameter '%s': %s",
		    entry->key, cause.text);
	}
	return 0;
}

CHECKED static int read_params(struct stages *stages, struct arena *arena,
    const struct ini *ini, struct mldv_error *err)
{
	const struct ini_section *section = ini_find(ini, "params");
	const struct ini_entry *e;
	size_t count = 0;

	for (e = section ? section->entries : NULL; e; e = e->next)
		count++;
	stages->params = arena_array(arena, count, sizeof *stages->params);
	for (e = section ? section->entries : NULL; e; e = e->next) {
		struct param *param = &stages->params[stages->param_count++];

		if (read_param(param, arena, ini, e, err) < 0)
			return -1;
	}
	if (count > 1)
		qsort(stages->params, count, sizeof *stages->params, by_name);
	return 0;
}

CHECKED static int override(struct stages *stages, struct arena *arena,
    const char *text, struct mldv_error *err)
{
	struct slice rest = slice_of(text);
	struct slice name;
	const struct param *found;
	struct param *param;

	if (!slice_cut(&rest, '=', &name))
		return err_set(err, MLDV_USAGE,
		    "'%s' sets no parameter; write name=value", text);
	name = slice_trim(name);
	found = param_find(stages, name);
	if (!found)
		return err_set(err, MLDV_USAGE, "cannot set '%s': %s", text,
		    param_missing(stages, arena, name));
	if (!utf8_valid(rest.data, rest.len))
		return err_set(err, MLDV_USAGE,
		    "cannot set '%s': the value is not UTF-8", found->name);
	param = &stages->params[found - stages->params];
	if (value_parse(&param->value, arena,
	        arena_strn(arena, rest.data, rest.len), err) < 0)
		return err_prefix(err, "cannot set '%s'", param->name);
	return 0;
}

static bool is_there(const struct stages *stages, const char *name)
{
	for (size_t i = 0; i < stages->count; i++) {
		if (stage_is_called(&stages->stages[i], name))
			return true;
	}
	return false;
}

/* [pipeline] default: names of stages, into an array that is there. */
CHECKED static int read_targets(struct stages *stages, struct arena *arena,
    const struct ini *ini, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct items items;
	struct item item;
	size_t room = strlen(entry->value) / 2 + 1;
	int more;

	stages->targets.items =
	    arena_array(arena, room, sizeof *stages->targets.items);
	items_start(&items, ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		const char *name =
		    arena_strn(arena, item.text.data, item.text.len);

		if (!is_there(stages, name)) {
			const char *nearest =
			    stage_nearest(stages, arena, name);

			return ini_error(ini, item.line, err,
			    "there is no stage '%s'%s%s%s", name,
			    NEAREST(nearest));
		}
		stages->targets.items[stages->targets.count++] = name;
	}
	return more;
}

static bool is_stage(const struct ini_section *section)
{
	return strncmp(section->name, "stage ", 6) == 0;
}

CHECKED static int read_variants(struct stage_reader *reader,
    const struct ini_section *section, const struct matrix *matrix,
    struct mldv_error *err)
{
	for (size_t i = 0; i < matrix->count; i++) {
		if (stage_read(reader, section, &matrix->variants[i], err) < 0)
			return -1;
	}
	return 0;
}

CHECKED static int read_stages(struct stage_reader *reader,
    struct mldv_error *err)
{
	const struct ini_section *s;
	struct stages *out = reader->stages;
	struct matrix *matrices;
	size_t sections = 0;
	size_t count = 0;

	for (s = reader->ini->sections; s; s = s->next)
		sections += is_stage(s);
	matrices = arena_array(reader->arena, sections, sizeof *matrices);
	sections = 0;
	for (s = reader->ini->sections; s; s = s->next) {
		if (!is_stage(s))
			continue;
		if (matrix_read(reader, s, &matrices[sections], err) < 0)
			return -1;
		count += matrices[sections++].count;
		if (count > STAGES_MAX)
			return ini_error(reader->ini, s->line, err,
			    "there are more than %d stages, variants included",
			    STAGES_MAX);
	}
	out->stages = arena_array(reader->arena, count, sizeof *out->stages);
	if (stages_read_outs(reader, matrices, err) < 0)
		return -1;
	sections = 0;
	for (s = reader->ini->sections; s; s = s->next) {
		if (is_stage(s) &&
		    read_variants(reader, s, &matrices[sections++], err) < 0)
			return -1;
	}
	return 0;
}

CHECKED static int check_outputs(struct stage_reader *reader,
    struct mldv_error *err)
{
	struct place *places = reader->outs;
	const struct place *inner = places_overlap(places, reader->out_count);
	const struct place *late;
	const struct place *early;

	if (!inner)
		return 0;
	late = inner;
	early = inner - 1;
	if (late->line < early->line) {
		late = inner - 1;
		early = inner;
	}
	if (late->line == early->line && strchr(late->stage, '@'))
		return ini_error(reader->ini, late->line, err,
		    "stages '%s' and '%s' both make '%s'; put '${matrix.…}' "
		    "into its path",
		    early->stage, late->stage, late->path);
	return ini_error(reader->ini, late->line, err,
	    "output '%s' of stage '%s' %s output '%s' of stage '%s' (%s)",
	    late->path, late->stage,
	    strcmp(late->path, early->path) == 0 ? "is also"
	        : late == inner                  ? "lies in"
	                                         : "contains",
	    early->path, early->stage,
	    ini_line(reader->ini, reader->arena, early->line));
}

/* Says which file each stage is in, and has lines without that from here on. */
static void end_lines(const struct stage_reader *reader)
{
	for (size_t i = 0; i < reader->stages->count; i++) {
		struct stage *stage = &reader->stages->stages[i];

		stage->file = ini_line_path(reader->ini, stage->line);
		stage->line = INI_LINE(stage->line);
		for (size_t k = 0; k < stage->module_count; k++)
			stage->modules[k].line =
			    INI_LINE(stage->modules[k].line);
		for (size_t k = 0; k < stage->setting_count; k++)
			stage->settings[k].line =
			    INI_LINE(stage->settings[k].line);
	}
}

CHECKED static int parse_whole(struct stages *out, struct arena *arena,
    const struct ini *ini, const struct strs *overrides, struct mldv_error *err)
{
	const struct ini_section *pipeline = ini_find(ini, "pipeline");
	const struct ini_entry *targets =
	    pipeline ? ini_entry_find(pipeline, "default") : NULL;
	struct stages stages = {0};
	struct stage_reader reader = {
	    .ini = ini,
	    .arena = arena,
	    .stages = &stages,
	};
	int ret = -1;

	if (read_params(&stages, arena, ini, err) < 0)
		goto out;
	for (size_t i = 0; overrides && i < overrides->count; i++) {
		if (override(&stages, arena, overrides->items[i], err) < 0)
			goto out;
	}
	if (stages_read_pipeline(&reader, err) < 0 ||
	    read_stages(&reader, err) < 0 || check_outputs(&reader, err) < 0 ||
	    stages_check_files(&reader, err) < 0 ||
	    stages_resolve(&reader, err) < 0 ||
	    (targets && read_targets(&stages, arena, ini, targets, err) < 0))
		goto out;
	end_lines(&reader);
	*out = stages;
	ret = 0;
out:
	stage_reader_release(&reader);
	return ret;
}

int stages_parse(struct stages *out, struct arena *arena, const struct ini *ini,
    const struct strs *overrides, struct mldv_error *err)
{
	struct ini whole;

	if (stages_include(&whole, arena, ini, err) < 0)
		return -1;
	return parse_whole(out, arena, &whole, overrides, err);
}

const struct stage *stages_find(const struct stages *stages, const char *name)
{
	for (size_t i = 0; i < stages->count; i++) {
		if (strcmp(stages->stages[i].name, name) == 0)
			return &stages->stages[i];
	}
	return NULL;
}

const struct stage *stages_maker(const struct stages *stages, const char *path)
{
	for (size_t i = 0; i < stages->count; i++) {
		const struct stage *stage = &stages->stages[i];

		for (size_t j = 0; j < stage->out_count; j++) {
			const char *out = stage->outs[j].path;

			if (path_inside(path, out) || path_inside(out, path))
				return stage;
		}
	}
	return NULL;
}
