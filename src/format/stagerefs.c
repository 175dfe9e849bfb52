/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stages by name: a stage, all variants of one, or a pattern; and deps that
 * are the outputs of stages so named.
 */

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "format/stagekeys.h"
#include "format/stagematrix.h"

bool stage_is_name(struct slice name)
{
	struct slice rest = name;
	struct slice base;

	if (!slice_cut(&rest, '@', &base))
		return ini_is_name(name);
	return name.len <= STAGE_NAME && ini_is_name(base) && ini_is_name(rest);
}

bool stage_is_called(const struct stage *stage, const char *word)
{
	return strcmp(stage->name, word) == 0 ||
	    strcmp(stage->base, word) == 0 ||
	    (strpbrk(word, "*?") && str_glob(word, stage->name));
}

/* The stages of a name and its variants: they stand together. */
struct family {
	size_t first;
	size_t count;
};

static void find_families(struct stage_reader *r, struct map *out)
{
	struct stages *stages = r->stages;

	for (size_t i = 0; i < stages->count; i++) {
		const char *base = stages->stages[i].base;
		struct family *family = map_get_str(out, base);

		if (!family) {
			family = arena_alloc(r->arena, sizeof *family);
			family->first = i;
			(void)map_add_str(out, base, family);
		}
		family->count++;
	}
}

/* Those that a pattern can name at all. */
static struct family candidates(const struct stage_reader *r,
    const struct map *families, const char *pattern)
{
	size_t len = strcspn(pattern, "@");
	const struct family *family = map_get(families, pattern, len);

	if (family)
		return *family;
	/* Only what stands before the '@' can be a name without one. */
	if (strcspn(pattern, "*?") > len)
		return (struct family){0, 0};
	return (struct family){0, r->stages->count};
}

/* Deps by path, as far as they are there. */
static void add_deps(struct stage_reader *r, struct stage *stage,
    const struct stage *from, const struct stage_ref *ref)
{
	struct stage_dep *all = arena_array(r->arena,
	    stage->dep_count + from->out_count, sizeof *all);
	size_t count = 0;
	size_t i = 0;

	for (size_t k = 0; k < from->out_count || i < stage->dep_count;) {
		int order = k == from->out_count ? -1
		    : i == stage->dep_count
		    ? 1
		    : strcmp(stage->deps[i].path, from->outs[k].path);

		if (order <= 0)
			all[count++] = stage->deps[i];
		else
			all[count++] = (struct stage_dep){
			    .path = from->outs[k].path,
			    .channel = ref->channel,
			};
		i += order <= 0;
		k += order >= 0;
	}
	stage->deps = all;
	stage->dep_count = count;
}

CHECKED static int nothing_named(const struct stage_reader *r,
    const struct stage_ref *ref, struct mldv_error *err)
{
	const char *nearest = stage_nearest(r->stages, r->arena, ref->pattern);

	return ini_error(r->ini, ref->line, err, "there is no stage '%s'%s%s%s",
	    ref->pattern, NEAREST(nearest));
}

CHECKED static int resolve(struct stage_reader *r, const struct map *families,
    const struct stage_ref *ref, struct mldv_error *err)
{
	struct stage *stage = &r->stages->stages[ref->stage];
	struct family among = candidates(r, families, ref->pattern);
	bool any = false;

	for (size_t i = among.first; i < among.first + among.count; i++) {
		const struct stage *from = &r->stages->stages[i];

		if (!stage_is_called(from, ref->pattern))
			continue;
		if (from == stage)
			return ini_error(r->ini, ref->line, err,
			    "stage '%s' cannot depend on itself by "
			    "'stage:%s'",
			    stage->name, ref->pattern);
		if (from->out_count == 0)
			return ini_error(r->ini, ref->line, err,
			    "stage '%s' has no outputs to depend on",
			    from->name);
		add_deps(r, stage, from, ref);
		any = true;
	}
	return any ? 0 : nothing_named(r, ref, err);
}

int stages_resolve(struct stage_reader *r, struct mldv_error *err)
{
	struct map families = {0};
	int ret = 0;

	if (r->ref_count > 0)
		find_families(r, &families);
	for (size_t i = 0; ret == 0 && i < r->ref_count; i++)
		ret = resolve(r, &families, &r->refs[i], err);
	map_release(&families);
	/* Now that they have more deps. */
	for (size_t i = 0; ret == 0 && i < r->ref_count; i++)
		stage_find_paths(&r->stages->stages[r->refs[i].stage],
		    r->arena);
	return ret;
}
