/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "pipeline/rules.h"
#include "project/immutable.h"

/* The note of an item's pointer then, or now (revision NULL); or NULL. */
CHECKED static int note_of(struct ruled *ruled, const char *revision,
    const char *path, const char **out, struct mldv_error *err)
{
	struct mldv_project *project = ruled->ruling.project;
	struct arena *arena = &ruled->ruling.arena;
	struct pointer pointer = {0};
	struct buf text = {0};
	int ret;

	if (!revision) {
		ret = item_pointer(project, path, &pointer, arena, err);
	} else {
		ret = git_read(project->git, revision,
		    arena_printf(arena, "%s" POINTER_SUFFIX, path),
		    POINTER_LIMIT, &text, err);
		if (ret > 0)
			ret = pointer_parse(&pointer, arena, buf_str(&text),
			    text.len, err);
	}
	buf_release(&text);
	*out = pointer.note;
	return ret < 0 ? -1 : 0;
}

/* Somebody said, with this change, why it had to be. */
CHECKED static int is_excused(struct ruled *ruled, const char *base,
    const char *path, struct mldv_error *err)
{
	const char *was;
	const char *is;

	if (note_of(ruled, base, path, &was, err) < 0 ||
	    note_of(ruled, ruled->revision, path, &is, err) < 0)
		return -1;
	return is && is[0] && (!was || strcmp(was, is) != 0);
}

/* An item may be renamed, for then nothing is lost. */
static bool is_elsewhere(const struct ruled *ruled, const struct item *was)
{
	const struct rule_dirs *dirs = &ruled->ruling.rules.immutable;

	for (size_t i = 0; i < ruled->items->count; i++) {
		const struct item *item = &ruled->items->list[i];

		if (rule_dir_of(dirs, item->path) &&
		    content_equal(&item->content, &was->content))
			return true;
	}
	return false;
}

static struct mldv_broken about(const struct ruled *ruled, const char *path)
{
	return (struct mldv_broken){
	    .rule = "immutable",
	    .path = path,
	    .item = true,
	    .line = ruled->ruling.rules.immutable.line,
	};
}

CHECKED static int compare(struct ruled *ruled, struct source *source,
    const struct item *was, const struct item *is, struct mldv_error *err)
{
	const struct mldv_broken broken = about(ruled, was->path);
	const struct immutable item = {
	    .path = was->path,
	    .was = &was->content,
	    .is = &is->content,
	    .was_trees = source_trees(source),
	    .is_trees = source_trees(ruled->source),
	};
	struct immutable_lost lost = {0};
	struct buf what = {0};
	int ret;

	source_enter(source, &was->content);
	source_enter(ruled->source, &is->content);
	ret = immutable_compare(&item, &ruled->ruling.rules.immutable, &lost,
	    err);
	if (ret == 0 && lost.removed + lost.changed > 0) {
		immutable_say(&lost, &what);
		ruling_tell(&ruled->ruling, &broken,
		    "may only gain files, but %s; bring that back, or say why "
		    "with 'mldv add --force --note'",
		    buf_str(&what));
	} else if (ret < 0 && err->code == MLDV_MISSING) {
		ruling_tell(&ruled->ruling, &broken,
		    "may only gain files, but what it lost cannot be told: %s",
		    err->text);
		ret = 0;
	}
	buf_release(&what);
	immutable_lost_release(&lost);
	return ret;
}

CHECKED static int check_item(struct ruled *ruled, struct source *source,
    const char *base, const struct item *was, struct mldv_error *err)
{
	const struct rule_dirs *dirs = &ruled->ruling.rules.immutable;
	const struct item *is = items_find(ruled->items, was->path);
	const struct mldv_broken broken = about(ruled, was->path);
	int excused;

	if (was->git || !immutable_is_about(dirs, was->path) ||
	    (is && content_equal(&was->content, &is->content)))
		return 0;
	if (!is) {
		if (rule_dir_of(dirs, was->path) && !is_elsewhere(ruled, was))
			ruling_tell(&ruled->ruling, &broken,
			    "is gone, although '%s' may only gain files",
			    rule_dir_of(dirs, was->path));
		return 0;
	}
	excused = is_excused(ruled, base, was->path, err);
	if (excused != 0)
		return excused < 0 ? -1 : 0;
	return compare(ruled, source, was, is, err);
}

int ruled_since(struct ruled *ruled, const char *base, struct mldv_error *err)
{
	struct source source = {
	    .store = ruled->source->store,
	    .remote = ruled->source->remote,
	};
	struct items was = {0};
	int ret;

	if (ruled->ruling.rules.immutable.count == 0)
		return 0;
	if (items_load_at(ruled->ruling.project, base, &was, err) < 0)
		return -1;
	ret = source_open(&source, err);
	for (size_t i = 0; ret == 0 && i < was.count; i++)
		ret = check_item(ruled, &source, base, &was.list[i], err);
	source_close(&source);
	items_release(&was);
	return ret;
}
