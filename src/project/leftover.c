/* SPDX-License-Identifier: Apache-2.0 */
#include "project/leftover.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "project/usercache.h"
#include "project/worktree.h"

/* Unused for so long: seconds. */
#define OLD (30 * INT64_C(86400))

static void add_cache(struct leftover *leftover, const char *path,
    uint64_t bytes)
{
	strs_add(&leftover->caches, path);
	leftover->report(leftover->context, MLDV_GARBAGE_CACHE, path, bytes);
}

/* The names in a directory below .git/mldv that need not be there. */
static int list(const char *dir, struct strs *out, struct mldv_error *err)
{
	struct mldv_error why;

	if (file_list(dir, out, &why) == 0 || why.code == MLDV_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

static bool is_old(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec < (int64_t)time(NULL) - OLD;
}

/* Does any work tree have what the cache is of? */
static bool is_live(const struct leftover *leftover, const struct strs *roots,
    const char *file)
{
	struct mldv_error ignored;
	struct arena arena = {0};
	struct buf path = {0};
	struct buf expected = {0};
	bool live = false;

	if (statcache_path(file, &path)) {
		for (size_t i = 0; !live && i < roots->count; i++) {
			const char *full =
			    path_join(&arena, roots->items[i], buf_str(&path));

			buf_reset(&expected);
			worktree_cache_of(leftover->project->home,
			    roots->items[i], buf_str(&path), &expected);
			live = strcmp(buf_str(&expected), file) == 0 &&
			    file_exists(full, &ignored) != 0;
		}
	}
	buf_release(&path);
	buf_release(&expected);
	arena_release(&arena);
	return live;
}

/* A work tree's root as struct mldv_project has it. */
static void clean_roots(const struct strs *trees, struct strs *out)
{
	struct arena arena = {0};

	for (size_t i = 0; i < trees->count; i++)
		strs_add(out, path_clean(&arena, trees->items[i]));
	arena_release(&arena);
}

static int find_stat_caches(struct leftover *leftover, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs trees = {0};
	struct strs roots = {0};
	struct strs names = {0};
	const char *dir =
	    path_join(&arena, leftover->project->home, "state/stat");
	int ret = git_work_trees(leftover->project->git, &trees, err);

	clean_roots(&trees, &roots);
	if (ret == 0)
		ret = list(dir, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *file = path_join(&arena, dir, names.items[i]);
		struct stat st;

		if (lstat(file, &st) == 0 && !is_live(leftover, &roots, file))
			add_cache(leftover, file, (uint64_t)st.st_size);
	}
	strs_release(&trees);
	strs_release(&roots);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* What was read from a remote; whoever uses it touches it. */
static int find_indexes(struct leftover *leftover, const char *dir,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = list(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *file = path_join(&arena, dir, names.items[i]);
		struct stat st;

		if (lstat(file, &st) == 0 && is_old(&st))
			add_cache(leftover, file, (uint64_t)st.st_size);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

static int find_remote_caches(struct leftover *leftover, struct mldv_error *err)
{
	static const char *const kinds[] = {"packs", "trees", "manifests.dir",
	    "manifests.file", NULL};
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = path_join(&arena, leftover->project->home, "state");
	int ret = list(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		for (size_t k = 0; ret == 0 && kinds[k] &&
		     strncmp(names.items[i], "remote-", 7) == 0;
		     k++)
			ret = find_indexes(leftover,
			    arena_printf(&arena, "%s/%s/%s", dir,
			        names.items[i], kinds[k]),
			    err);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

static void add_kept(void *context, const char *path, uint64_t bytes)
{
	add_cache(context, path, bytes);
}

/* The same, of this user's gets. */
static int find_user_cache(struct leftover *leftover, struct mldv_error *err)
{
	const struct usercache_visit visit = {
	    .found = add_kept,
	    .context = leftover,
	    .most = USERCACHE_MOST,
	};
	struct arena arena = {0};
	const char *dir = usercache_dir(&arena);
	int ret = dir ? usercache_find(dir, &visit, err) : 0;

	arena_release(&arena);
	return ret;
}

/* Notes of large files that are gone. */
static int look_at_seen(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	struct leftover *leftover = context;
	struct buf path = {0};
	int there;

	store_file_path(leftover->project->store, &file->oid, &path);
	there = file_exists(buf_str(&path), err);
	if (there == 0)
		add_cache(leftover, file->path, file->bytes);
	buf_release(&path);
	return there < 0 ? -1 : 0;
}

/* The bytes of all files below, or of the file itself. */
static uint64_t bytes_below(const char *top)
{
	struct mldv_error ignored;
	struct arena arena = {0};
	struct strs todo = {0};
	uint64_t sum = 0;

	strs_add(&todo, top);
	for (size_t at = 0; at < todo.count; at++) {
		const char *path = todo.items[at];
		struct strs names = {0};
		struct stat st;

		if (lstat(path, &st) < 0)
			continue;
		if (!S_ISDIR(st.st_mode))
			sum += (uint64_t)st.st_size;
		else if (file_list(path, &names, &ignored) == 0)
			for (size_t i = 0; i < names.count; i++)
				strs_add(&todo,
				    path_join(&arena, path, names.items[i]));
		strs_release(&names);
	}
	strs_release(&todo);
	arena_release(&arena);
	return sum;
}

/* These are for people to look at, and to delete. */
static int find_aside(struct leftover *leftover, const char *dir,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = list(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *path = path_join(&arena, dir, names.items[i]);
		struct stat st;

		if (lstat(path, &st) == 0 && is_old(&st))
			leftover->report(leftover->context, MLDV_GARBAGE_ASIDE,
			    path, bytes_below(path));
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* failed/<stage>/<time> */
static int find_failed(struct leftover *leftover, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = path_join(&arena, leftover->project->home, "failed");
	int ret = list(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = find_aside(leftover,
		    path_join(&arena, dir, names.items[i]), err);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

int leftover_find(struct leftover *leftover, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = -1;

	if (find_stat_caches(leftover, err) == 0 &&
	    find_remote_caches(leftover, err) == 0 &&
	    find_user_cache(leftover, err) == 0 &&
	    store_each(leftover->project->store, "seen", look_at_seen, leftover,
	        err) == 0 &&
	    find_failed(leftover, err) == 0)
		ret = find_aside(leftover,
		    path_join(&arena, leftover->project->home, "quarantine"),
		    err);
	arena_release(&arena);
	return ret;
}

void leftover_release(struct leftover *leftover)
{
	strs_release(&leftover->caches);
}
