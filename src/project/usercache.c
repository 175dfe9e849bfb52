/* SPDX-License-Identifier: Apache-2.0 */
#include "project/usercache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"

/* Its time says when it was done last. */
#define MARK "pruned"

enum { DAY = 86400 };

struct kept {
	const char *path;
	int64_t used;
	uint64_t bytes;
};

struct search {
	struct arena arena;
	struct kept *list;
	size_t count;
	size_t capacity;
};

const char *usercache_dir(struct arena *arena)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (cache && *cache == '/')
		return path_join(arena, cache, "mldv");
	if (home && *home == '/')
		return path_join(arena, home, ".cache/mldv");
	return NULL;
}

static int list_names(const char *dir, struct strs *out, struct mldv_error *err)
{
	struct mldv_error why;

	if (file_list(dir, out, &why) == 0 || why.code == MLDV_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

static int take_files(struct search *search, const char *dir,
    struct mldv_error *err)
{
	struct strs names = {0};
	int ret = list_names(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *path =
		    path_join(&search->arena, dir, names.items[i]);
		struct stat st;

		/* Others delete, too. */
		if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		search->list = xgrow(search->list, search->count,
		    &search->capacity, sizeof(*search->list));
		search->list[search->count++] = (struct kept){
		    .path = path,
		    .used = st.st_mtim.tv_sec,
		    .bytes = (uint64_t)st.st_size,
		};
	}
	strs_release(&names);
	return ret;
}

/* state/remote-<id>/<kind>/<oid> */
static int take_all(struct search *search, const char *dir,
    struct mldv_error *err)
{
	static const char *const kinds[] = {"packs", "trees", "manifests.dir",
	    "manifests.file", "pushes"};
	const char *state = path_join(&search->arena, dir, "state");
	struct strs names = {0};
	int ret = list_names(state, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		for (size_t k = 0;
		     ret == 0 && k < sizeof kinds / sizeof kinds[0]; k++)
			ret = take_files(search,
			    arena_printf(&search->arena, "%s/%s/%s", state,
			        names.items[i], kinds[k]),
			    err);
	}
	strs_release(&names);
	return ret;
}

static int newest_first(const void *a, const void *b)
{
	const struct kept *left = a;
	const struct kept *right = b;

	if (left->used != right->used)
		return left->used > right->used ? -1 : 1;
	return strcmp(left->path, right->path);
}

int usercache_find(const char *dir, const struct usercache_visit *visit,
    struct mldv_error *err)
{
	struct search search = {0};
	int64_t old = (int64_t)time(NULL) - USERCACHE_OLD;
	uint64_t sum = 0;
	int ret = take_all(&search, dir, err);

	if (ret == 0 && search.count > 0)
		qsort(search.list, search.count, sizeof(*search.list),
		    newest_first);
	for (size_t i = 0; ret == 0 && i < search.count; i++) {
		const struct kept *kept = &search.list[i];

		sum += kept->bytes;
		if (kept->used < old || sum > visit->most)
			visit->found(visit->context, kept->path, kept->bytes);
	}
	free(search.list);
	arena_release(&search.arena);
	return ret;
}

static void delete_one(void *context, const char *path, uint64_t bytes)
{
	struct mldv_error ignored;

	(void)context;
	(void)bytes;
	(void)!file_remove(path, &ignored);
}

static bool is_due(const char *mark)
{
	int64_t now = (int64_t)time(NULL);
	struct stat st;

	return stat(mark, &st) < 0 || st.st_mtim.tv_sec > now ||
	    st.st_mtim.tv_sec < now - DAY;
}

void usercache_prune(const char *dir)
{
	const struct usercache_visit visit = {
	    .found = delete_one,
	    .most = USERCACHE_MOST,
	};
	struct arena arena = {0};
	struct mldv_error ignored;
	const char *mark = path_join(&arena, dir, MARK);

	if (is_due(mark) && usercache_find(dir, &visit, &ignored) == 0)
		(void)!file_replace(mark, "", 0, &ignored);
	arena_release(&arena);
}
