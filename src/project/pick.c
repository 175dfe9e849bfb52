/* SPDX-License-Identifier: Apache-2.0 */
#include "project/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

#define SKIP "pull.skip"

bool pick_is_whole(const struct pick *pick)
{
	return parts_at(&pick->parts, "") == PARTS_ALL;
}

static bool is_pointer_of(const char *path, const char *item)
{
	size_t len = strlen(item);

	return strncmp(path, item, len) == 0 &&
	    strcmp(path + len, POINTER_SUFFIX) == 0;
}

/* Which of the paths mean the item, and how: true if as a whole. */
static bool find_asked(struct pick *pick, const struct strs *paths)
{
	const char *item = pick->item->path;
	bool named = false;

	pick->by_default = true;
	for (size_t i = 0; paths && i < paths->count; i++) {
		const char *inner = path_inside(paths->items[i], item);

		if (!inner && !is_pointer_of(paths->items[i], item))
			continue;
		pick->by_default = false;
		if (inner && inner[0])
			strs_add(&pick->asked, inner);
		else
			named = true;
	}
	return named;
}

static int is_here(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_exists(project_absolute(project, &arena, path), err);

	arena_release(&arena);
	return ret;
}

static int load(struct mldv_project *project, struct pick *pick,
    const struct strs *paths, bool here, struct mldv_error *err)
{
	const struct item *item = pick->item;
	bool named = find_asked(pick, paths);
	bool divisible = item->content.kind == KIND_DIR && !item->stage;
	int there;

	pick->parts.rest = true;
	if (here) {
		int noted = partial_read(project, item, &pick->parts, err);

		if (noted < 0)
			return -1;
		pick->noted = noted > 0;
		there = is_here(project, item->path, err);
		if (there < 0)
			return -1;
		pick->here = there > 0;
	}
	if (named || !divisible) {
		parts_set(&pick->parts, "", true);
		return 0;
	}
	if (pick->asked.count == 0 || (pick->here && !pick->noted))
		return 0;
	if (!pick->noted)
		parts_set(&pick->parts, "", false);
	for (size_t i = 0; i < pick->asked.count; i++)
		parts_set(&pick->parts, pick->asked.items[i], true);
	return 0;
}

int picks_load(struct mldv_project *project, const struct items *items,
    const struct strs *paths, bool here, struct picks *out,
    struct mldv_error *err)
{
	*out = (struct picks){
	    .list = xcalloc(items->count + 1, sizeof *out->list),
	};
	for (size_t i = 0; i < items->count; i++) {
		struct pick *pick = &out->list[out->count++];

		pick->item = &items->list[i];
		if (load(project, pick, paths, here, err) < 0) {
			picks_release(out);
			return -1;
		}
	}
	return 0;
}

void picks_release(struct picks *picks)
{
	for (size_t i = 0; i < picks->count; i++) {
		parts_release(&picks->list[i].parts);
		strs_release(&picks->list[i].asked);
	}
	free(picks->list);
	*picks = (struct picks){0};
}

/* Does a name match the pattern's part of it? */
static bool match(struct slice pattern, struct slice name)
{
	struct arena arena = {0};
	bool ret = str_glob(arena_strn(&arena, pattern.data, pattern.len),
	    arena_strn(&arena, name.data, name.len));

	arena_release(&arena);
	return ret;
}

/*
 * Takes the path's names off a pattern: false if one does not match, or if the
 * pattern ends before; then *ended tells.
 */
static bool match_names(struct slice *pattern, const char *path, bool *ended)
{
	struct slice rest = slice_of(path);

	*ended = false;
	while (rest.len > 0) {
		struct slice part, name;

		if (pattern->len == 0) {
			*ended = true;
			return false;
		}
		(void)slice_cut(pattern, '/', &part);
		(void)slice_cut(&rest, '/', &name);
		if (!match(part, name))
			return false;
	}
	return true;
}

/* The patterns of the setting, clean. */
static void load_patterns(const struct mldv_project *project,
    struct arena *arena, struct strs *out)
{
	struct strs given = {0};

	config_list(&project->config, SKIP, &given);
	for (size_t i = 0; i < given.count; i++) {
		const char *clean = path_clean(arena, given.items[i]);

		if (clean && clean[0])
			strs_add(out, clean);
	}
	strs_release(&given);
}

bool pick_is_skipped(const struct mldv_project *project,
    const struct item *item)
{
	struct arena arena = {0};
	struct strs patterns = {0};
	bool ret = false;

	load_patterns(project, &arena, &patterns);
	for (size_t i = 0; !ret && i < patterns.count; i++) {
		struct slice pattern = slice_of(patterns.items[i]);
		bool ended;

		ret = match_names(&pattern, item->path, &ended)
		    ? pattern.len == 0
		    : ended;
	}
	strs_release(&patterns);
	arena_release(&arena);
	return ret;
}

/* Directories in the item that the pattern has matched so far. */
struct found {
	const char *path;
	struct content content;
};
struct finding {
	const struct trees *trees;
	struct found *list;
	size_t count;
	size_t capacity;
	struct arena arena;
};

/* Goes one name down: from what was found to what in it matches. */
static int descend(struct finding *finding, struct slice pattern,
    struct mldv_error *err)
{
	struct found *above = finding->list;
	size_t count = finding->count;
	size_t capacity = 0;
	int ret = 0;

	finding->list = NULL;
	finding->count = 0;
	for (size_t i = 0; ret == 0 && i < count; i++) {
		struct tree tree = {0};

		if (above[i].content.kind == KIND_DIR)
			ret = trees_read(finding->trees, &above[i].content,
			    &finding->arena, &tree, err);
		for (size_t k = 0; ret == 0 && k < tree.count; k++) {
			if (!match(pattern, tree.entries[k].name))
				continue;
			finding->list = xgrow(finding->list, finding->count,
			    &capacity, sizeof *finding->list);
			finding->list[finding->count++] = (struct found){
			    path_join(&finding->arena, above[i].path,
			        tree.entries[k].name.data),
			    tree.entries[k].content,
			};
		}
	}
	free(above);
	return ret;
}

/* What lies there already stays wanted. */
static int leave_out(struct mldv_project *project, struct pick *pick,
    const char *inner, struct mldv_error *err)
{
	struct arena arena = {0};
	int there;

	if (parts_at(&pick->parts, inner) != PARTS_ALL)
		return 0;
	there =
	    is_here(project, path_join(&arena, pick->item->path, inner), err);
	if (there == 0)
		parts_set(&pick->parts, inner, false);
	arena_release(&arena);
	return there < 0 ? -1 : 0;
}

static int skip_pattern(struct mldv_project *project, struct pick *pick,
    const struct trees *trees, struct slice pattern, struct mldv_error *err)
{
	struct finding finding = {.trees = trees};
	int ret = 0;

	finding.list = xcalloc(1, sizeof *finding.list);
	finding.list[finding.count++] = (struct found){"", pick->item->content};
	while (ret == 0 && pattern.len > 0) {
		struct slice part;

		(void)slice_cut(&pattern, '/', &part);
		ret = descend(&finding, part, err);
	}
	for (size_t i = 0; ret == 0 && i < finding.count; i++)
		ret = leave_out(project, pick, finding.list[i].path, err);
	free(finding.list);
	arena_release(&finding.arena);
	return ret;
}

int pick_skip_inside(struct mldv_project *project, struct pick *pick,
    const struct trees *trees, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs patterns = {0};
	int ret = 0;

	load_patterns(project, &arena, &patterns);
	for (size_t i = 0; ret == 0 && i < patterns.count; i++) {
		struct slice pattern = slice_of(patterns.items[i]);
		bool ended;

		if (match_names(&pattern, pick->item->path, &ended) &&
		    pattern.len > 0)
			ret = skip_pattern(project, pick, trees, pattern, err);
	}
	strs_release(&patterns);
	arena_release(&arena);
	return ret;
}
