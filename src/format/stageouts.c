/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stageouts.h"

#include <string.h>

#include "base/map.h"
#include "base/path.h"

/* What a stage makes, in the order of its section. */
struct made_outs {
	const char **paths;
	size_t count;
};

bool stage_knows_outs(const char *key)
{
	static const char *const without[] = {"cwd", "env", "env.pass",
	    "notebook", "outs", "run"};

	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
		if (strcmp(key, without[i]) == 0)
			return false;
	}
	return true;
}

static bool is_stage(const struct ini_section *section)
{
	return strncmp(section->name, "stage ", 6) == 0;
}

static bool any_refers(const struct ini *ini)
{
	for (const struct ini_section *s = ini->sections; s; s = s->next) {
		for (const struct ini_entry *e = s->entries; e; e = e->next) {
			if (strstr(e->value, "${stage."))
				return true;
		}
	}
	return false;
}

CHECKED static int read_variant(struct stage_reader *r,
    const struct ini_section *section, const struct variant *variant,
    struct mldv_error *err)
{
	struct made_outs *outs = arena_alloc(r->arena, sizeof *outs);

	if (stage_read_only_outs(r, section, variant, err) < 0)
		return -1;
	outs->paths =
	    arena_array(r->arena, r->option_count, sizeof *outs->paths);
	for (size_t i = 0; i < r->option_count; i++)
		outs->paths[outs->count++] = r->options[i].path;
	(void)map_add_str(&r->made, variant->name, outs);
	/* They are read once more, with the rest of the stage. */
	r->out_count = r->first_out;
	return 0;
}

int stages_read_outs(struct stage_reader *r, const struct matrix *matrices,
    struct mldv_error *err)
{
	if (!any_refers(r->ini))
		return 0;
	for (const struct ini_section *s = r->ini->sections; s; s = s->next) {
		if (!is_stage(s))
			continue;
		for (size_t i = 0; i < matrices->count; i++) {
			if (read_variant(r, s, &matrices->variants[i], err) < 0)
				return -1;
		}
		matrices++;
	}
	r->made_known = true;
	return 0;
}

/* Cuts "train.out.2" into the stage's name and the number; 0: there is none. */
static bool cut_name(struct slice text, struct slice *name, uint64_t *number)
{
	static const char end[] = ".out";
	size_t len = sizeof end - 1;
	size_t at = text.len;

	*number = 0;
	while (at > 0 && text.data[at - 1] >= '0' && text.data[at - 1] <= '9')
		at--;
	if (at < text.len && at > 0 && text.data[at - 1] == '.') {
		struct slice digits = {text.data + at, text.len - at};

		if (!slice_number(digits, number) || *number == 0)
			return false;
		text.len = at - 1;
	}
	if (text.len <= len ||
	    memcmp(text.data + text.len - len, end, len) != 0)
		return false;
	*name = (struct slice){text.data, text.len - len};
	return true;
}

CHECKED static int no_stage(const struct interpolation *in, unsigned line,
    const char *name, struct mldv_error *err)
{
	size_t count = in->outs->count;
	const char **names = arena_array(in->arena, count + 1, sizeof *names);
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *other = in->outs->entries[i].key;
		size_t len = strcspn(other, "@");

		names[i] = other;
		if (other[len] == '@' && strlen(name) == len &&
		    memcmp(other, name, len) == 0)
			return ini_error(in->ini, line, err,
			    "stage '%s' has variants; write '${stage.%s.out}' "
			    "for one of them, or 'stage:%s' in deps for all",
			    name, other, name);
	}
	if (strlen(name) < INI_NAME)
		nearest = str_nearest(name, names);
	return ini_error(in->ini, line, err, "there is no stage '%s'%s%s%s",
	    name, NEAREST(nearest));
}

CHECKED static int choose(const struct interpolation *in, unsigned line,
    const char *name, uint64_t number, const char **out, struct mldv_error *err)
{
	const struct made_outs *outs = map_get_str(in->outs, name);

	if (!outs)
		return no_stage(in, line, name, err);
	if (number > outs->count || outs->count == 0)
		return ini_error(in->ini, line, err,
		    "stage '%s' has %s%zu "
		    "output%s",
		    name, outs->count == 0 ? "" : "only ", outs->count,
		    outs->count == 1 ? "" : "s");
	if (number == 0 && outs->count > 1)
		return ini_error(in->ini, line, err,
		    "stage '%s' has %zu outputs; write '${stage.%s.out.1}' for "
		    "the first",
		    name, outs->count, name);
	*out = outs->paths[number > 0 ? number - 1 : 0];
	return 0;
}

int stage_out_find(struct interpolation *in, unsigned line, struct slice text,
    const char **out, struct mldv_error *err)
{
	const struct stage *stage = in->env;
	struct slice slice;
	const char *name;
	uint64_t number;

	if (!in->outs || !stage)
		return ini_error(in->ini, line, err,
		    "'${stage.…}' cannot be in env, cwd, notebook and outs");
	if (!cut_name(text, &slice, &number))
		return ini_error(in->ini, line, err,
		    "unknown '${stage.%.*s}'; write '${stage.NAME.out}', or "
		    "'${stage.NAME.out.2}' for the second output",
		    (int)text.len, text.data);
	name = arena_strn(in->arena, slice.data, slice.len);
	if (strcmp(name, stage->base) == 0)
		name = stage->name;
	if (choose(in, line, name, number, out, err) < 0)
		return -1;
	if (strcmp(name, stage->name) != 0) {
		in->used_outs = xgrow(in->used_outs, in->used_out_count,
		    &in->used_out_capacity, sizeof *in->used_outs);
		in->used_outs[in->used_out_count++] =
		    (struct used_out){*out, line};
	}
	if (in->shell)
		*out = path_from(in->arena, *out, stage->cwd);
	return 0;
}
