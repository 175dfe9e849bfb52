/* SPDX-License-Identifier: Apache-2.0 */
#include "project/immutable.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

/* A directory that both have, or one that there was. */
struct pair {
	const char *path; /* from the root */
	struct content was;
	struct content is;
	bool gone;
};

struct comparing {
	const struct immutable *item;
	const struct rule_dirs *dirs;
	struct immutable_lost *lost;
	struct pair *pairs; /* to be looked at */
	size_t count;
	size_t capacity;
	struct arena paths;
};

static void note(struct comparing *comparing, const char *path, size_t *count)
{
	++*count;
	if (comparing->lost->first.len == 0)
		buf_add_str(&comparing->lost->first, path);
}

static bool is_above(const struct rule_dirs *dirs, const char *path)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (path_inside(dirs->paths[i], path))
			return true;
	}
	return false;
}

bool immutable_is_about(const struct rule_dirs *dirs, const char *path)
{
	return rule_dir_of(dirs, path) || is_above(dirs, path);
}

/* One name that there was; is is NULL if it is gone. */
static void compare_name(struct comparing *comparing, const char *path,
    const struct content *was, const struct content *is)
{
	bool inside = rule_dir_of(comparing->dirs, path) != NULL;
	bool dirs = was->kind == KIND_DIR && (!is || is->kind == KIND_DIR);

	if ((is && content_equal(was, is)) ||
	    (!inside && !is_above(comparing->dirs, path)))
		return;
	if (dirs) {
		comparing->pairs = xgrow(comparing->pairs, comparing->count,
		    &comparing->capacity, sizeof *comparing->pairs);
		comparing->pairs[comparing->count++] = (struct pair){
		    .path = path,
		    .was = *was,
		    .is = is ? *is : (struct content){0},
		    .gone = !is,
		};
	} else if (inside && is) {
		note(comparing, path, &comparing->lost->changed);
	} else if (inside) {
		note(comparing, path, &comparing->lost->removed);
	}
}

static const struct tree_entry *find(const struct tree *tree, struct slice name,
    size_t *at)
{
	while (*at < tree->count &&
	    slice_compare(tree->entries[*at].name, name) < 0)
		++*at;
	if (*at < tree->count &&
	    slice_compare(tree->entries[*at].name, name) == 0)
		return &tree->entries[*at];
	return NULL;
}

CHECKED static int compare_pair(struct comparing *comparing,
    const struct pair *pair, struct mldv_error *err)
{
	const struct immutable *item = comparing->item;
	struct arena arena = {0};
	struct tree was = {0};
	struct tree is = {0};
	size_t at = 0;
	int ret = trees_read(&item->was_trees, &pair->was, &arena, &was, err);

	if (ret == 0 && !pair->gone)
		ret = trees_read(&item->is_trees, &pair->is, &arena, &is, err);
	for (size_t i = 0; ret == 0 && i < was.count; i++) {
		const struct tree_entry *old = &was.entries[i];
		const struct tree_entry *now = find(&is, old->name, &at);

		compare_name(comparing,
		    arena_printf(&comparing->paths, "%s/%.*s", pair->path,
		        (int)old->name.len, old->name.data),
		    &old->content, now ? &now->content : NULL);
	}
	arena_release(&arena);
	return ret;
}

int immutable_compare(const struct immutable *item,
    const struct rule_dirs *dirs, struct immutable_lost *out,
    struct mldv_error *err)
{
	struct comparing comparing = {
	    .item = item,
	    .dirs = dirs,
	    .lost = out,
	};
	int ret = 0;

	compare_name(&comparing, item->path, item->was, item->is);
	while (ret == 0 && comparing.count > 0) {
		const struct pair pair = comparing.pairs[--comparing.count];

		ret = compare_pair(&comparing, &pair, err);
	}
	free(comparing.pairs);
	arena_release(&comparing.paths);
	return ret;
}

void immutable_say(const struct immutable_lost *lost, struct buf *out)
{
	if (lost->removed > 0) {
		str_count(lost->removed, out);
		buf_add_str(out,
		    lost->removed == 1 ? " file is gone" : " files are gone");
	}
	if (lost->removed > 0 && lost->changed > 0)
		buf_add_str(out, " and ");
	if (lost->changed > 0) {
		str_count(lost->changed, out);
		buf_add_str(out,
		    lost->changed == 1 ? " file is another"
		                       : " files are others");
	}
	buf_printf(out, "%s '%s'",
	    lost->removed + lost->changed == 1 ? "," : ", as",
	    buf_str(&lost->first));
}

void immutable_lost_release(struct immutable_lost *lost)
{
	buf_release(&lost->first);
}

/* What HEAD's pointer says: 1, or 0 if HEAD has none. */
CHECKED static int pointer_of_head(struct mldv_project *project,
    const char *path, struct content *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct pointer pointer;
	int ret = git_head(project->git, &text, err);

	buf_reset(&text);
	if (ret > 0)
		ret = git_read(project->git, "HEAD",
		    arena_printf(&arena, "%s" POINTER_SUFFIX, path),
		    POINTER_LIMIT, &text, err);
	if (ret > 0 &&
	    pointer_parse(&pointer, &arena, buf_str(&text), text.len, err) < 0)
		ret = err_prefix(err, "pointer of '%s' in HEAD", path);
	if (ret > 0)
		*out = pointer.content;
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

CHECKED static int refuse_lost(const struct mldv_project *project,
    const struct immutable_lost *lost, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf what = {0};
	const char *first =
	    project_shown(project, &arena, buf_str(&lost->first));

	immutable_say(lost, &what);
	(void)err_set(err, MLDV_NO,
	    "'%s' is in a directory that [rules] calls immutable, which may "
	    "only gain files, but %s; bring that back with 'mldv checkout', or "
	    "say why it has to be: --force --note TEXT",
	    first, buf_str(&what));
	buf_release(&what);
	arena_release(&arena);
	return -1;
}

int immutable_check(struct mldv_project *project, const struct rule_dirs *dirs,
    const char *path, const struct content *is, struct mldv_error *err)
{
	struct immutable_lost lost = {0};
	struct content was;
	struct immutable item = {.path = path, .was = &was, .is = is};
	struct store_reader *reader;
	int ret;

	if (!immutable_is_about(dirs, path))
		return 0;
	ret = pointer_of_head(project, path, &was, err);
	if (ret <= 0 || content_equal(&was, is))
		return ret < 0 ? -1 : 0;
	reader = store_reader_open(project->store);
	item.was_trees = trees_of(reader);
	item.is_trees = trees_of(reader);
	ret = immutable_compare(&item, dirs, &lost, err);
	if (ret == 0 && lost.removed + lost.changed > 0)
		ret = refuse_lost(project, &lost, err);
	store_reader_close(reader);
	immutable_lost_release(&lost);
	return ret;
}
