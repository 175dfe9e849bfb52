/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "project/place.h"
#include "project/trees.h"
#include "project/worktree.h"

static void add_aside(struct place *place, const char *path,
    const char *original)
{
	place->asides = xgrow(place->asides, place->aside_count,
	    &place->aside_capacity, sizeof *place->asides);
	place->asides[place->aside_count++] = (struct aside){path, original};
}

/* The item is not there: built aside, then named. */
int place_new(struct place *place, struct mldv_error *err)
{
	int ret;

	if (place->target->dir_count == 0)
		return place_write_file(place, err);
	place->base = place->building;
	ret = place_write_tree(place, err);
	place->published = snapshot_now();
	if (ret == 0 &&
	    place_rename_new(place->parent, place->building, place->name) < 0)
		ret = err_errno(err, "cannot check out '%s'", place->path);
	if (ret < 0)
		add_aside(place,
		    path_join(&place->arena,
		        path_parent(&place->arena, place->path),
		        place->building),
		    NULL);
	place->base = place->name;
	return ret;
}

int place_set_aside(struct place *place, int fd, const char *name,
    const char *parent, const char *as, struct mldv_error *err)
{
	char temp[TEMP_NAME];

	if (as == NULL) {
		temp_name(temp);
		as = temp;
	}
	if (renameat(fd, name, fd, as) < 0)
		return err_errno(err, "cannot move '%s' aside", name);
	add_aside(place, path_join(&place->arena, parent, as),
	    path_join(&place->arena, parent, name));
	return 0;
}

/* A temporary name that only this item has. */
static void name_beside(const char *path, const char *what, char out[TEMP_NAME])
{
	struct hasher *hasher = hasher_open();
	char hex[OID_HEX + 1];
	struct oid oid;

	hasher_start(hasher);
	hasher_add(hasher, what, strlen(what) + 1);
	hasher_add(hasher, path, strlen(path));
	hasher_end(hasher, &oid);
	hasher_close(hasher);
	oid_hex(&oid, hex);
	(void)snprintf(out, TEMP_NAME, TEMP_PREFIX "%.16s", hex);
}

/* Removes what a crash left. */
static int clear_beside(struct place *place, struct mldv_error *err)
{
	const char *names[] = {place->building, place->replaced};
	const char *above = path_parent(&place->arena, place->path);

	name_beside(place->path, "building", place->building);
	name_beside(place->path, "replaced", place->replaced);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (file_remove_tree(
		        project_absolute(place->project, &place->arena,
		            path_join(&place->arena, above, names[i])),
		        err) < 0)
			return -1;
	return 0;
}

/* Is every object of the target here? Nothing is touched if one is not. */
static int check_objects(struct place *place, struct mldv_error *err)
{
	const struct snapshot *target = place->target;
	struct store *store = place->project->store;
	int there = 1;

	if (store_load(store, err) < 0)
		return -1;
	if (target->dir_count == 0)
		there =
		    store_has(store, &target->root.oid, target->root.size, err);
	for (size_t i = 0; there == 1 && i < target->dir_count; i++) {
		const struct snapshot_dir *dir = &target->dirs[i];

		for (size_t j = 0; there == 1 && j < dir->count; j++) {
			const struct snapshot_entry *entry = &dir->entries[j];

			if (entry->kind != KIND_DIR)
				there = store_has(store, &entry->oid,
				    entry->size, err);
		}
	}
	if (there == 0)
		return err_set(err, MLDV_MISSING,
		    "the data of '%s' is not in the store; run 'mldv pull %s'",
		    place->path, place->path);
	return there < 0 ? -1 : 0;
}

/* What was written just now is racy, unless nobody could see it till now. */
static void settle(const struct place *place, struct snapshot_entry *entry)
{
	if (entry->racy == PLACE_WRITTEN)
		snapshot_set_oid(entry, &entry->oid, place->published);
}

/* If nothing was done, the look at what is there has kept the cache. */
static bool is_changed(const struct place *place)
{
	if (place->written > 0 || place->aside_count > 0)
		return true;
	for (size_t i = 0; i < place->target->dir_count; i++) {
		if (!place->existed[i])
			return true;
	}
	return false;
}

static void save_cache(struct place *place)
{
	struct snapshot *target = place->target;
	struct mldv_error ignored;
	struct buf file = {0};

	settle(place, &target->root);
	for (size_t i = 0; i < target->dir_count; i++)
		for (size_t j = 0; j < target->dirs[i].count; j++)
			settle(place, &target->dirs[i].entries[j]);
	worktree_cache_path(place->project, place->path, &file);
	(void)!statcache_save(target, buf_str(&file), place->path, &ignored);
	buf_release(&file);
}

/* After a failure, what was moved aside comes back where it can. */
static void put_back(struct place *place)
{
	int root = place->project->root_fd;

	for (size_t i = place->aside_count; i-- > 0;) {
		struct aside *aside = &place->asides[i];

		if (aside->original != NULL &&
		    place_rename_new(root, aside->path, aside->original) == 0)
			aside->path = NULL;
	}
}

static int drop_asides(struct place *place, struct mldv_error *err)
{
	for (size_t i = 0; i < place->aside_count; i++) {
		const char *path = place->asides[i].path;

		if (path != NULL &&
		    file_remove_tree(project_absolute(place->project,
		                         &place->arena, path),
		        err) < 0)
			return -1;
	}
	return 0;
}

static int place_item(struct place *place, struct mldv_error *err)
{
	struct stat st;
	int there;

	there = fstatat(place->parent, place->name, &st, AT_SYMLINK_NOFOLLOW);
	if (there < 0 && errno != ENOENT)
		return err_errno(err, "cannot look at '%s'", place->path);
	return there < 0 ? place_new(place, err) : place_update(place, err);
}

static void choose_links(struct place *place)
{
	struct strs kinds = {0};

	config_list(&place->project->config, "store.link", &kinds);
	place->reflink = strs_has(&kinds, "reflink");
	/* Root may write to what is read-only, and so damage the store. */
	place->hardlink = strs_has(&kinds, "hardlink") && geteuid() != 0;
	strs_release(&kinds);
}

/* Opens the directory that the item lies in, making it if need be. */
static int open_parent(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice rest = slice_of(path_parent(&arena, path)), name;
	int fd = file_open_below(project->root_fd, ".", err);

	while (fd >= 0 && rest.len > 0) {
		const char *part;
		int next = -1;

		(void)slice_cut(&rest, '/', &name);
		part = arena_strn(&arena, name.data, name.len);
		if (mkdirat(fd, part, 0777) < 0 && errno != EEXIST)
			(void)err_errno(err, "cannot create '%s'", part);
		else
			next = file_open_below(fd, part, err);
		(void)close(fd);
		fd = next;
	}
	if (fd < 0)
		(void)err_prefix(err, "cannot check out '%s'", path);
	arena_release(&arena);
	return fd;
}

/* How many files there are to be, and how many were written. */
static void count_files(const struct place *place, struct worktree_count *out)
{
	const struct snapshot *target = place->target;

	out->read = place->written;
	if (target->dir_count == 0) {
		out->files = 1;
		out->bytes = target->root.size;
	}
	for (size_t i = 0; i < target->dir_count; i++) {
		const struct snapshot_dir *dir = &target->dirs[i];

		for (size_t k = 0; k < dir->count; k++) {
			if (dir->entries[k].kind == KIND_DIR)
				continue;
			out->files++;
			out->bytes += dir->entries[k].size;
		}
	}
}

/*
 * A directory that is there is changed file by file, so that a failure leaves
 * some of each version.
 */
static void warn_of_both(const struct place *place,
    const struct mldv_error *why)
{
	unsigned long long written = place->written;

	if (written == 0 || !place->existed[0] || why->code == MLDV_INTERRUPTED)
		return;
	project_warn(place->project,
	    "'%s' was left half changed: %llu of %llu files were written "
	    "before it failed; once the cause is gone, run the same command "
	    "again",
	    place->path, written, (unsigned long long)place->total);
}

static int place_target(struct place *place, struct mldv_error *err)
{
	int ret = check_objects(place, err);

	if (ret == 0) {
		place->parent = open_parent(place->project, place->path, err);
		ret = place->parent < 0 ? -1 : clear_beside(place, err);
	}
	return ret == 0 ? place_item(place, err) : -1;
}

int worktree_place_parts(struct mldv_project *project,
    const struct placing *placing, struct worktree_count *count,
    struct mldv_error *err)
{
	struct snapshot target;
	struct mldv_error ignored;
	struct place place = {.project = project,
	    .path = placing->path,
	    .name = path_base(placing->path),
	    .parent = -1,
	    .target = &target,
	    .force = placing->force};
	int ret;

	if (trees_expand_parts(project->store, placing->content, placing->parts,
	        &target, err) < 0)
		return err_prefix(err, "cannot check out '%s'", placing->path);
	place.base = place.name;
	place.existed = xcalloc(target.dir_count + 1, sizeof *place.existed);
	choose_links(&place);
	ret = place_target(&place, err);
	if (ret == 0) {
		if (is_changed(&place))
			save_cache(&place);
		ret = drop_asides(&place, err);
		if (count != NULL)
			count_files(&place, count);
	} else {
		warn_of_both(&place, err);
		put_back(&place);
		(void)!drop_asides(&place, &ignored);
	}
	if (place.parent >= 0)
		(void)close(place.parent);
	free(place.asides);
	free(place.existed);
	arena_release(&place.arena);
	snapshot_release(&target);
	return ret;
}

int worktree_place(struct mldv_project *project, const char *path,
    const struct content *content, bool force, struct worktree_count *count,
    struct mldv_error *err)
{
	const struct placing placing = {.path = path,
	    .content = content,
	    .force = force};

	return worktree_place_parts(project, &placing, count, err);
}
