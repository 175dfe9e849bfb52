/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/other.h"
#include "project/allowed.h"
#include "project/failures.h"
#include "project/listing.h"
#include "project/other.h"
#include "project/partial.h"
#include "project/pointers.h"
#include "project/worktree.h"

/*
 * The address in a pointer is "REPOSITORY#REVISION:PATH", after the manner of
 * Git; no revision has a colon in its name.
 */
#define ADDRESS_LIMIT 700 /* so that the pointer stays below its limit */

/* What import and update share. */
struct importing {
	struct mldv_project *project;
	struct pointers pointers;
	const char *temp; /* for clones; NULL: none was made */
	struct other other;
	struct mldv_place at; /* what other is of; all NULL: nothing */
	struct lock lock;     /* of the store */
	struct pointer begun; /* by an import that was stopped; zeroed: none */
	struct arena arena;
};

static int begin(struct importing *importing, struct mldv_error *err)
{
	return project_lock_store(importing->project, &importing->lock,
	    LOCK_SHARED, err);
}

static int leave(struct importing *importing, struct mldv_error *err)
{
	const char *temp = importing->temp;

	if (importing->other.project)
		other_close(&importing->other);
	importing->at = (struct mldv_place){0};
	importing->temp = NULL;
	return temp ? file_remove_tree(temp, err) : 0;
}

static void end(struct importing *importing)
{
	struct mldv_error none;

	(void)!leave(importing, &none);
	pointers_release(&importing->pointers);
	lock_release(&importing->lock);
	arena_release(&importing->arena);
}

static int make_temp(struct importing *importing, struct mldv_error *err)
{
	struct arena *arena = &importing->arena;
	const char *state = path_join(arena, importing->project->home, "state");
	char name[TEMP_NAME];
	const char *temp;

	temp_name(name);
	temp = path_join(arena, state, name);
	if (file_make_dirs(state, err) < 0)
		return -1;
	if (mkdir(temp, 0700) < 0)
		return err_errno(err, "cannot make '%s'", temp);
	importing->temp = temp;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Several items often come from one repository, which is cloned once. */
static int enter(struct importing *importing, const struct mldv_place *place,
    struct mldv_error *err)
{
	struct other_options options = {
	    .repository = place->repository,
	    .revision = place->revision,
	    .home = importing->project->home,
	    .events = importing->project->events,
	};

	if (importing->other.project &&
	    same(importing->at.repository, place->repository) &&
	    same(importing->at.revision, place->revision))
		return 0;
	if (leave(importing, err) < 0 || make_temp(importing, err) < 0)
		return -1;
	options.temp = importing->temp;
	if (other_open(&importing->other, &options, err) < 0)
		return -1;
	importing->at = *place;
	return 0;
}

/* Durable before the pointer refers to it. */
static int take(struct importing *importing, const struct other_part *part,
    struct mldv_error *err)
{
	int ret = other_fetch(&importing->other, part,
	    importing->project->store, err);

	store_unload(importing->project->store);
	return ret;
}

/* --- import --- */

/* Does Git's index have the pointer? 1 or 0 */
static int is_staged(const struct importing *importing, const char *pointer,
    struct mldv_error *err)
{
	struct strs staged = {0};
	int ret = git_list(importing->project->git, ":0", POINTER_SUFFIX,
	    &staged, err);
	bool found = ret == 0 && strs_has(&staged, pointer);

	strs_release(&staged);
	return ret < 0 ? -1 : found;
}

/*
 * Was an import of this stopped? Then its pointer lies there, and the data or
 * Git's index lacks it: 1, and begun is that pointer. Else 0.
 */
static int find_begun(struct importing *importing, const char *out,
    struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	struct arena *arena = &importing->arena;
	struct pointer pointer = {0};
	int there = item_pointer(project, out, &pointer, arena, err);

	if (there <= 0 || !pointer.from_address)
		return there < 0 ? -1 : 0;
	there = file_exists(project_absolute(project, arena, out), err);
	if (there > 0)
		there = is_staged(importing,
		    arena_printf(arena, "%s%s", out, POINTER_SUFFIX), err);
	if (there < 0)
		return -1;
	if (!there)
		importing->begun = pointer;
	return !there;
}

static int refuse_item(struct importing *importing, const char *out,
    struct mldv_error *err)
{
	return err_set(err, MLDV_EXISTS,
	    "'%s' is an item already; 'mldv update' looks for changes of one "
	    "that was imported",
	    project_shown(importing->project, &importing->arena, out));
}

static int check_out(struct importing *importing, const char *out,
    struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	struct arena *arena = &importing->arena;
	struct items items = {0};
	int begun = find_begun(importing, out, err);
	int ret = begun < 0 ? -1 : items_load(project, &items, err);

	if (ret == 0 && !begun && items_find(&items, out))
		ret = refuse_item(importing, out, err);
	if (ret == 0)
		ret = allowed_check(project, out, &items, NULL, err);
	if (ret == 0 && !begun)
		ret = file_exists(project_absolute(project, arena, out), err);
	if (ret > 0)
		ret = err_set(err, MLDV_EXISTS,
		    "there is a '%s' already; name another place",
		    project_shown(project, arena, out));
	items_release(&items);
	return ret;
}

static int make_address(struct importing *importing,
    const struct mldv_place *from, const char **out, struct mldv_error *err)
{
	const struct other *other = &importing->other;
	const char *path = path_clean(&importing->arena, from->path);

	if (other->secret)
		return err_set(err, MLDV_USAGE,
		    "the password in '%s' would get into the pointer; leave it "
		    "out",
		    other->shown);
	if (strchr(other->address, '#'))
		return err_set(err, MLDV_USAGE,
		    "cannot import from '%s': it has a '#' in its name",
		    other->shown);
	*out = arena_printf(&importing->arena, "%s#%s:%s", other->address,
	    from->revision ? from->revision : "HEAD", path);
	if (strlen(*out) > ADDRESS_LIMIT)
		return err_set(err, MLDV_USAGE,
		    "the address '%s' is longer than %d bytes", *out,
		    ADDRESS_LIMIT);
	return 0;
}

/* The pointer comes first: if the rest fails, checkout or import does it. */
static int import_locked(struct importing *importing, const char *out,
    const struct pointer *pointer, struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	const char *full = project_absolute(project, &importing->arena, out);
	struct lock lock = {0};
	int ret = -1;

	if (file_make_parents(full, err) == 0 &&
	    project_lock_item(project, &lock, out, err) == 0 &&
	    partial_forget(project, out, err) == 0 &&
	    pointers_write(project, out, pointer, &importing->pointers, err) ==
	        0)
		ret = worktree_place(project, out, &pointer->content, false,
		    NULL, err);
	lock_release(&lock);
	return ret;
}

static int import_part(struct importing *importing,
    const struct mldv_place *from, const char *out, struct mldv_done *done,
    struct mldv_error *err)
{
	struct pointer pointer = {0};
	struct other_part part;

	if (enter(importing, from, err) < 0 ||
	    make_address(importing, from, &pointer.from_address, err) < 0 ||
	    other_find(&importing->other, from->path, &part, err) < 0)
		return -1;
	if (importing->begun.from_address &&
	    (strcmp(importing->begun.from_address, pointer.from_address) != 0 ||
	        !content_equal(&importing->begun.content, &part.content)))
		return refuse_item(importing, out, err);
	if (take(importing, &part, err) < 0)
		return -1;
	pointer.content = part.content;
	pointer.from_version = importing->other.commit;
	done->files = done->changed = part.content.files;
	done->bytes = part.content.size;
	return import_locked(importing, out, &pointer, err);
}

int mldv_import(struct mldv_project *project, const struct mldv_place *from,
    const char *out, struct mldv_done *done, struct strs *staged,
    struct mldv_error *err)
{
	struct importing importing = {.project = project};
	double began = project_clock();
	struct mldv_error second;
	int ret = -1;

	*done = (struct mldv_done){.path = out};
	if (begin(&importing, err) == 0 && check_out(&importing, out, err) == 0)
		ret = import_part(&importing, from, out, done, err);
	if (pointers_stage(project, &importing.pointers, staged,
	        ret == 0 ? err : &second) < 0)
		ret = -1;
	if (leave(&importing, ret == 0 ? err : &second) < 0)
		ret = -1;
	end(&importing);
	done->seconds = project_clock() - began;
	return ret;
}

/* --- update --- */

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

static int update_item(struct updating *updating, const struct item *item,
    struct pointer *pointer, const struct mldv_place *place,
    struct mldv_error *err)
{
	struct importing *importing = &updating->importing;
	struct mldv_updated updated = {
	    .path = item->path,
	    .repository = place->repository,
	    .old_commit = pointer->from_version,
	};
	struct other_part part;

	if (enter(importing, place, err) < 0 ||
	    other_find(&importing->other, place->path, &part, err) < 0)
		return -1;
	updated.new_commit = importing->other.commit;
	updated.changed = !content_equal(&part.content, &item->content);
	if (updated.changed && !updating->options->dry_run) {
		if (take(importing, &part, err) < 0 ||
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
	if (!there || !pointer.from_address ||
	    !parse_address(arena, pointer.from_address, &place)) {
		if (!named)
			return 0;
		return err_set(err, MLDV_USAGE,
		    "'%s' was not imported by 'mldv import'",
		    project_shown(project, arena, item->path));
	}
	if (update_item(updating, item, &pointer, &place, err) == 0)
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

	if (begin(&updating.importing, err) < 0 ||
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
	end(&updating.importing);
	return ret;
}
