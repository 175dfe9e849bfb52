/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "mldv/other.h"
#include "project/failures.h"
#include "project/importing.h"
#include "project/listing.h"
#include "project/partial.h"
#include "project/worktree.h"
#include "remote/outside.h"

/* How many signs of a version tell it from others, for people. */
enum { SHOWN_COMMIT = 7, SHOWN = 20 };

struct updating {
	struct importing importing;
	const struct mldv_update *options;
	struct failures failures;
};

/* Takes an address apart; false if it is none that import wrote. */
static bool parse_address(struct arena *arena, const char *address,
    struct mldv_place *out)
{
	const char *hash = strchr(address, '#');
	const char *colon = hash ? strchr(hash, ':') : NULL;

	if (!colon || hash == address || colon[1] == '\0')
		return false;
	out->repository = arena_strn(arena, address, (size_t)(hash - address));
	out->revision = arena_strn(arena, hash + 1, (size_t)(colon - hash - 1));
	out->path = arena_str(arena, colon + 1);
	return out->revision[0] != '\0';
}

static void count_change(void *context, const struct listed *old,
    const struct listed *new)
{
	struct mldv_updated *updated = context;

	updated->added += !old;
	updated->removed += !new;
	updated->modified += old && new;
}

/* How much changed; not known if a list of files is not here. */
static int count_changes(struct mldv_project *project,
    const struct content *from, const struct content *to,
    struct mldv_updated *out, struct mldv_error *err)
{
	struct listing old = {0};
	struct listing new = {0};
	int ret = listing_add_content(&old, project, "", from, err);

	if (ret == 0)
		ret = listing_add_content(&new, project, "", to, err);
	if (ret == 0) {
		listing_compare(&old, &new, count_change, out);
		out->counted = true;
	} else if (err->code == MLDV_MISSING) {
		ret = 0;
	}
	listing_release(&old);
	listing_release(&new);
	return ret;
}

/* The data comes first: a pointer to what could not be placed helps nobody. */
static int take_new(struct updating *updating, const char *path,
    const struct pointer *pointer, struct mldv_error *err)
{
	struct mldv_project *project = updating->importing.project;
	const struct item item = {.path = path, .content = pointer->content};
	struct parts parts = {0};
	const struct placing placing = {
	    .path = path,
	    .content = &pointer->content,
	    .parts = &parts,
	    .force = updating->options->force,
	};
	struct lock lock = {0};
	int ret = -1;

	if (project_lock_item(project, &lock, path, err) == 0 &&
	    partial_read(project, &item, &parts, err) >= 0 &&
	    worktree_place_parts(project, &placing, NULL, err) == 0)
		ret = pointers_write(project, path, pointer,
		    &updating->importing.pointers, err);
	parts_release(&parts);
	lock_release(&lock);
	return ret;
}

/* An earlier run may have been stopped before it could stage the pointer. */
static int restage(struct importing *importing, const char *path,
    const struct pointer *pointer, struct mldv_error *err)
{
	struct lock lock = {0};
	int ret = project_lock_item(importing->project, &lock, path, err);

	if (ret == 0)
		ret = pointers_write(importing->project, path, pointer,
		    &importing->pointers, err);
	lock_release(&lock);
	return ret;
}

/* Data that lies at an address. */
static int update_address(struct updating *updating, const struct item *item,
    struct pointer *pointer, struct mldv_error *err)
{
	struct importing *importing = &updating->importing;
	const struct mldv_update *options = updating->options;
	struct mldv_updated updated = {
	    .path = item->path,
	    .repository = pointer->from_address,
	    .old_version = pointer->from_version,
	    .shown = SHOWN,
	};
	bool same;

	if (importing_look(importing, pointer->from_address,
	        &updated.new_version, err) < 0)
		return -1;
	same = strcmp(updated.old_version, updated.new_version) == 0 &&
	    strcmp(updated.old_version, OUTSIDE_UNKNOWN) != 0;
	updated.changed = !same;
	if (!same && !options->dry_run) {
		if (importing_download(importing, pointer, err) < 0)
			return -1;
		updated.new_version = pointer->from_version;
		updated.changed =
		    !content_equal(&pointer->content, &item->content);
		if (updated.changed &&
		    (count_changes(importing->project, &item->content,
		         &pointer->content, &updated, err) < 0 ||
		        take_new(updating, item->path, pointer, err) < 0))
			return -1;
	}
	/* Its version may be another, although its bytes are the same. */
	if (!updated.changed && !options->dry_run &&
	    restage(importing, item->path, pointer, err) < 0)
		return -1;
	options->visit(options->context, &updated);
	return 0;
}

static int update_item(struct updating *updating, const struct item *item,
    struct pointer *pointer, const struct mldv_place *place,
    struct mldv_error *err)
{
	struct importing *importing = &updating->importing;
	struct mldv_updated updated = {
	    .path = item->path,
	    .repository = place->repository,
	    .old_version = pointer->from_version,
	    .shown = SHOWN_COMMIT,
	};
	struct other_part part;

	if (importing_enter(importing, place, err) < 0 ||
	    other_find(&importing->other, place->path, &part, err) < 0)
		return -1;
	updated.new_version = importing->other.commit;
	updated.changed = !content_equal(&part.content, &item->content);
	if (updated.changed && !updating->options->dry_run) {
		if (importing_take(importing, &part, err) < 0 ||
		    count_changes(importing->project, &item->content,
		        &part.content, &updated, err) < 0)
			return -1;
		pointer->content = part.content;
		pointer->from_version = importing->other.commit;
		if (take_new(updating, item->path, pointer, err) < 0)
			return -1;
	}
	if (!updated.changed && !updating->options->dry_run &&
	    restage(importing, item->path, pointer, err) < 0)
		return -1;
	updating->options->visit(updating->options->context, &updated);
	return 0;
}

/* named: the user asked for just this item. */
static int update_one(struct updating *updating, const struct item *item,
    bool named, struct mldv_error *err)
{
	struct mldv_project *project = updating->importing.project;
	struct arena *arena = &updating->importing.arena;
	struct pointer pointer = {0};
	struct mldv_place place = {0};
	int there = item->stage
	    ? 0
	    : item_pointer(project, item->path, &pointer, arena, err);

	if (there < 0 || project_check(project, err) < 0)
		return -1;
	if (there && pointer.from_address)
		there = parse_address(arena, pointer.from_address, &place) ||
		    outside_is_address(pointer.from_address);
	if (!there || !pointer.from_address) {
		if (!named)
			return 0;
		return err_set(err, MLDV_USAGE,
		    "'%s' was not imported by 'mldv import'",
		    project_shown(project, arena, item->path));
	}
	if (place.repository)
		there = update_item(updating, item, &pointer, &place, err);
	else
		there = update_address(updating, item, &pointer, err);
	if (there == 0)
		return 0;
	return err_prefix(err, "cannot update '%s'",
	    project_shown(project, arena, item->path));
}

int mldv_update(struct mldv_project *project, const struct strs *paths,
    const struct mldv_update *options, struct strs *staged,
    struct mldv_error *err)
{
	struct updating updating = {.importing.project = project,
	    .options = options};
	struct mldv_error second;
	struct items items = {0};
	int ret = -1;

	if (importing_begin(&updating.importing, err) < 0 ||
	    items_load(project, &items, err) < 0 ||
	    items_select(&items, paths, err) < 0)
		goto out;
	for (size_t i = 0; i < items.count; i++) {
		if (update_one(&updating, &items.list[i],
		        strs_has(paths, items.list[i].path), err) < 0 &&
		    failures_add(&updating.failures, project, err) < 0)
			break;
	}
	ret = failures_end(&updating.failures, err);
	/* What was updated before a failure is whole. */
	if (pointers_stage(project, &updating.importing.pointers, staged,
	        ret == 0 ? err : &second) < 0)
		ret = -1;
out:
	items_release(&items);
	importing_end(&updating.importing);
	return ret;
}
