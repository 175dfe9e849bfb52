/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"

/*
 * Git notes ids in many files: reflogs, pseudo-refs, what a rebase or a
 * bisection has to remember; new versions invent more. All of them are text,
 * so every id in them is taken, whatever it means there.
 */

#define NOTE_LIMIT ((size_t)1 << 30) /* bytes of a file: a reflog may grow */

static const char *const places[] = {"refs", "logs", "rebase-merge",
    "rebase-apply", "sequencer"};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static void take_ids(const struct buf *text, struct git_ids *out)
{
	const char *data = buf_str(text);
	git_oid id;
	size_t run;

	for (size_t i = 0; i < text->len; i += run + 1) {
		run = 0;
		while (i + run < text->len && is_hex(data[i + run]))
			run++;
		if (run != GIT_OID_HEXSZ ||
		    git_oid_fromstrn(&id, data + i, run) < 0 ||
		    git_oid_is_zero(&id))
			continue;
		/* In a reflog the same id ends a line and begins the next. */
		if (out->count > 0 &&
		    git_oid_equal(&out->list[out->count - 1], &id))
			continue;
		out->list = xgrow(out->list, out->count, &out->capacity,
		    sizeof(*out->list));
		git_oid_cpy(&out->list[out->count++], &id);
	}
}

/* What is gone meanwhile was not needed. */
static int take_file(const char *path, struct git_ids *out,
    struct mldv_error *err)
{
	struct mldv_error why;
	struct buf text = {0};
	int ret = file_read(path, NOTE_LIMIT, &text, &why);

	if (ret == 0)
		take_ids(&text, out);
	else if (why.code == MLDV_NOT_FOUND)
		ret = 0;
	else
		*err = why;
	buf_release(&text);
	return ret;
}

static int list(const char *dir, struct strs *out, struct mldv_error *err)
{
	struct mldv_error why;

	if (file_list(dir, out, &why) == 0 || why.code == MLDV_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

/* All files below a directory. */
static int take_below(const char *top, struct git_ids *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs dirs = {0};
	int ret = 0;

	strs_add(&dirs, top);
	for (size_t at = 0; ret == 0 && at < dirs.count; at++) {
		const char *dir = dirs.items[at];
		struct strs names = {0};
		struct stat st;

		ret = list(dir, &names, err);
		for (size_t i = 0; ret == 0 && i < names.count; i++) {
			const char *path =
			    path_join(&arena, dir, names.items[i]);

			if (lstat(path, &st) < 0)
				continue;
			if (S_ISDIR(st.st_mode))
				strs_add(&dirs, path);
			else if (S_ISREG(st.st_mode))
				ret = take_file(path, out, err);
		}
		strs_release(&names);
	}
	strs_release(&dirs);
	arena_release(&arena);
	return ret;
}

/* HEAD, ORIG_HEAD, AUTO_MERGE, BISECT_START … */
static bool is_pseudo_ref(const char *name)
{
	return name[0] != '\0' &&
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(name);
}

/* What one .git, or one of .git/worktrees/, notes. */
static int take_dir(const char *dir, struct git_ids *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret = list(dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *path = path_join(&arena, dir, names.items[i]);
		struct stat st;

		if (is_pseudo_ref(names.items[i]) && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode))
			ret = take_file(path, out, err);
	}
	for (size_t i = 0; ret == 0 && i < sizeof(places) / sizeof(*places);
	     i++)
		ret = take_below(path_join(&arena, dir, places[i]), out, err);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

static int compare_ids(const void *a, const void *b)
{
	return git_oid_cmp(a, b);
}

static void sort_ids(struct git_ids *ids)
{
	size_t kept = 0;

	if (ids->count == 0)
		return;
	qsort(ids->list, ids->count, sizeof(*ids->list), compare_ids);
	for (size_t i = 0; i < ids->count; i++)
		if (kept == 0 ||
		    !git_oid_equal(&ids->list[kept - 1], &ids->list[i]))
			ids->list[kept++] = ids->list[i];
	ids->count = kept;
}

int git_noted_ids(struct git *git, struct git_ids *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *trees = path_join(&arena, git->common, "worktrees");
	int ret = take_dir(git->common, out, err);

	if (ret == 0)
		ret = list(trees, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = take_dir(path_join(&arena, trees, names.items[i]), out,
		    err);
	sort_ids(out);
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

void git_ids_release(struct git_ids *ids)
{
	free(ids->list);
	*ids = (struct git_ids){0};
}
