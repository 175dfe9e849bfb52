/* SPDX-License-Identifier: Apache-2.0 */
#include "project/item.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "format/stages.h"
#include "format/tree.h"
#include "project/inifiles.h"
#include "project/sweep.h"
#include "project/unstaged.h"

#define ITEM_NAME_MAX 250 /* so that the pointer's name has 255 bytes */

const char *item_refused(const char *path)
{
	const char *base = path_base(path);
	struct slice rest = slice_of(path);
	struct slice name;
	const char *why;
	bool more;

	if (path[0] == '\0')
		return "is the root of the repository";
	if (path_is_absolute(path))
		return "is outside the repository";
	do {
		more = slice_cut(&rest, '/', &name);
		if (name.len == 4 && strncasecmp(name.data, ".git", 4) == 0)
			return "is inside .git";
		why = tree_name_refused(name);
		if (why)
			return why;
	} while (more);
	if (strcmp(path, PROJECT_INI) == 0 || strcmp(path, PROJECT_LOCK) == 0)
		return "is mldv's own file";
	if (str_ends(base, POINTER_SUFFIX))
		return "is named like a pointer, by its .mldv";
	if (strncasecmp(base, ".git", 4) == 0)
		return "is named like Git's own files";
	if (strlen(base) > ITEM_NAME_MAX)
		return "has a name of more than 250 bytes, which leaves no room "
		       "for that of its pointer; add the directory it lies in";
	return NULL;
}

/* What loading gathers. */
struct loading {
	struct mldv_project *project;
	const char *revision; /* NULL: the work tree */
	struct items *out;
	size_t capacity;
};

/* The text of a file there: 1, or 0 if there is none. */
static int read_text(const struct loading *loading, const char *path,
    size_t limit, struct buf *out, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret;

	if (loading->revision)
		return git_read(loading->project->git, loading->revision, path,
		    limit, out, err);
	ret = file_read(project_absolute(loading->project, &arena, path), limit,
	    out, err);
	if (ret < 0 && err->code == MLDV_NOT_FOUND)
		ret = 0;
	else if (ret == 0)
		ret = 1;
	arena_release(&arena);
	return ret;
}

static struct item *add_item(struct loading *loading, const char *path,
    const struct content *content)
{
	struct items *out = loading->out;
	struct item *item;

	out->list =
	    xgrow(out->list, out->count, &loading->capacity, sizeof *out->list);
	item = &out->list[out->count++];
	*item = (struct item){
	    .path = arena_str(&out->arena, path),
	    .content = *content,
	};
	return item;
}

/* A file of Git's that cannot be parsed: which, and how to get it back. */
static void refuse_text(const struct loading *loading, const char *file,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *shown = project_shown(loading->project, &arena, file);

	if (loading->revision || strstr(err->text, "; run '"))
		(void)err_prefix(err, "'%s'", shown);
	else
		(void)err_prefix(err,
		    "cannot read '%s'; 'git checkout %s' brings back what Git "
		    "has",
		    shown, shown);
	arena_release(&arena);
}

static int parse_lock(const struct loading *loading, struct lockfile *out,
    const struct buf *text, struct mldv_error *err)
{
	int ret = lockfile_parse(out, buf_str(text), text->len, err);

	if (ret < 0)
		refuse_text(loading, PROJECT_LOCK, err);
	return ret;
}

static int refuse_pointer(const struct loading *loading, const char *path,
    const char *why, struct mldv_error *err)
{
	struct arena arena = {0};

	(void)err_set(err, MLDV_CORRUPT,
	    "pointer '%s' cannot be followed: its item %s",
	    project_shown(loading->project, &arena, path), why);
	arena_release(&arena);
	return -1;
}

/* Only a pointer, of which the lock knows nothing, can name such a path. */
static int check_pointer(const struct loading *loading, const char *pointer,
    const char *path, struct mldv_error *err)
{
	const char *why = item_refused(path);
	int tracked;

	if (why)
		return refuse_pointer(loading, pointer, why, err);
	if (loading->revision)
		return 0;
	tracked = git_is_tracked(loading->project->git, path, err);
	if (tracked == 1)
		return refuse_pointer(loading, pointer,
		    "is tracked by Git; run 'git rm -r --cached' with it", err);
	return tracked;
}

static int load_pointer(struct loading *loading, const char *file,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct pointer pointer;
	const char *path =
	    arena_strn(&arena, file, strlen(file) - strlen(POINTER_SUFFIX));
	int ret = read_text(loading, file, POINTER_LIMIT, &text, err);

	if (ret <= 0)
		goto out;
	ret = -1;
	if (pointer_parse(&pointer, &arena, buf_str(&text), text.len, err) <
	    0) {
		refuse_text(loading, file, err);
		goto out;
	}
	if (check_pointer(loading, file, path, err) < 0)
		goto out;
	(void)add_item(loading, path, &pointer.content);
	ret = 0;
out:
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

static int load_pointers(struct loading *loading, struct mldv_error *err)
{
	struct strs files = {0};
	int ret = -1;

	if (git_list(loading->project->git,
	        loading->revision ? loading->revision : ":0", POINTER_SUFFIX,
	        &files, err) < 0)
		goto out;
	if (!loading->revision &&
	    unstaged_list(loading->project, &files, err) < 0)
		goto out;
	strs_unique(&files);
	for (size_t i = 0; i < files.count; i++) {
		/* A file named just ".mldv" stands for nothing. */
		if (strcmp(path_base(files.items[i]), POINTER_SUFFIX) == 0)
			continue;
		if (load_pointer(loading, files.items[i], err) < 0)
			goto out;
	}
	ret = 0;
out:
	strs_release(&files);
	return ret;
}

/* The stages there; a revision without mldv.ini has none. */
static int load_stages(const struct loading *loading, struct arena *arena,
    struct stages *out, struct mldv_error *err)
{
	struct strs none = {0};
	struct buf text = {0};
	struct ini_files files;
	struct ini ini = {0};
	int ret = read_text(loading, PROJECT_INI, INI_LIMIT, &text, err);

	if (ret == 1) {
		ret = -1;
		if (ini_parse(&ini, arena,
		        project_shown(loading->project, arena, PROJECT_INI),
		        buf_str(&text), text.len, err) == 0) {
			ini_files_set(&files, loading->project,
			    loading->revision, &ini);
			ret = stages_parse(out, arena, &ini, &none, err);
		}
	}
	buf_release(&text);
	return ret;
}

static bool is_in_git(const struct stages *stages, const char *path)
{
	const struct stage *stage = stages_maker(stages, path);

	for (size_t i = 0; stage && i < stage->out_count; i++) {
		if (strcmp(stage->outs[i].path, path) == 0)
			return stage->outs[i].git;
	}
	return false;
}

static int load_output(struct loading *loading, const struct stages *stages,
    const struct lock_stage *stage, const struct made *made,
    struct mldv_error *err)
{
	const char *why = item_refused(made->path);
	struct item *item;

	if (why)
		return err_set(err, MLDV_CORRUPT,
		    "stage '%s' in " PROJECT_LOCK
		    " cannot have made '%s': it %s",
		    stage->name, made->path, why);
	item = add_item(loading, made->path, &made->content);
	item->stage = arena_str(&loading->out->arena, stage->name);
	item->git = is_in_git(stages, made->path);
	return 0;
}

static int load_outputs(struct loading *loading, struct mldv_error *err)
{
	struct lockfile lock = {0};
	struct stages stages = {0};
	struct arena arena = {0};
	struct buf text = {0};
	int ret = read_text(loading, PROJECT_LOCK, LOCKFILE_LIMIT, &text, err);

	if (ret <= 0)
		goto out;
	ret = -1;
	if (parse_lock(loading, &lock, &text, err) < 0 ||
	    load_stages(loading, &arena, &stages, err) < 0)
		goto out;
	for (size_t i = 0; i < lock.count; i++) {
		const struct lock_stage *stage = &lock.stages[i];

		for (size_t j = 0; j < stage->made_count; j++) {
			if (load_output(loading, &stages, stage,
			        &stage->made[j], err) < 0)
				goto out;
		}
	}
	ret = 0;
out:
	lockfile_release(&lock);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

/* By path, of the same path the stage's first. */
static int compare_items(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;
	int order = strcmp(left->path, right->path);

	return order != 0 ? order : !left->stage - !right->stage;
}

/* A path that a pointer and the lock name is the stage's. */
static void sort_items(struct loading *loading)
{
	struct items *out = loading->out;
	size_t kept = 0;

	if (out->count > 1)
		qsort(out->list, out->count, sizeof *out->list, compare_items);
	for (size_t i = 0; i < out->count; i++) {
		struct item item = out->list[i];

		if (kept > 0 &&
		    strcmp(out->list[kept - 1].path, item.path) == 0)
			project_warn(loading->project,
			    "'%s' is an output of stage '%s' and has a pointer "
			    "too; run 'git rm --cached' with the pointer and "
			    "delete it",
			    item.path,
			    out->list[kept - 1].stage
			        ? out->list[kept - 1].stage
			        : "?");
		else
			out->list[kept++] = item;
	}
	out->count = kept;
}

int items_load_at(struct mldv_project *project, const char *revision,
    struct items *out, struct mldv_error *err)
{
	struct loading loading = {project, revision, out, 0};

	*out = (struct items){0};
	if (load_pointers(&loading, err) < 0 ||
	    load_outputs(&loading, err) < 0) {
		items_release(out);
		return -1;
	}
	sort_items(&loading);
	return 0;
}

int items_load(struct mldv_project *project, struct items *out,
    struct mldv_error *err)
{
	return items_load_at(project, NULL, out, err);
}

int items_load_some(struct mldv_project *project, const char *revision,
    const struct strs *files, struct items *out, struct mldv_error *err)
{
	struct loading loading = {project, revision, out, 0};
	int ret = 0;

	*out = (struct items){0};
	for (size_t i = 0; ret == 0 && i < files->count; i++) {
		const char *file = files->items[i];

		if (strcmp(file, PROJECT_LOCK) == 0)
			ret = load_outputs(&loading, err);
		else if (strcmp(path_base(file), POINTER_SUFFIX) != 0)
			ret = load_pointer(&loading, file, err);
	}
	if (ret < 0)
		items_release(out);
	else
		sort_items(&loading);
	return ret;
}

void items_release(struct items *items)
{
	free(items->list);
	arena_release(&items->arena);
	*items = (struct items){0};
}

int item_pointer(struct mldv_project *project, const char *path,
    struct pointer *out, struct arena *arena, struct mldv_error *err)
{
	const char *file = arena_printf(arena, "%s" POINTER_SUFFIX, path);
	const struct loading here = {.project = project};
	struct buf text = {0};
	int ret = read_text(&here, file, POINTER_LIMIT, &text, err);

	if (ret == 1 &&
	    pointer_parse(out, arena, buf_str(&text), text.len, err) < 0) {
		refuse_text(&here, file, err);
		ret = -1;
	}
	buf_release(&text);
	return ret;
}

int project_read_lock(struct mldv_project *project, struct lockfile *out,
    struct mldv_error *err)
{
	const struct loading here = {.project = project};
	struct buf text = {0};
	int ret = read_text(&here, PROJECT_LOCK, LOCKFILE_LIMIT, &text, err);

	if (ret == 1)
		ret = parse_lock(&here, out, &text, err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

int project_write_lock(struct mldv_project *project,
    const struct lockfile *lock, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	int ret;

	lockfile_format(lock, &text);
	ret = sweep_begin(project, PROJECT_LOCK, err);
	if (ret == 0)
		ret = file_replace(project_absolute(project, &arena,
		                       PROJECT_LOCK),
		    text.data, text.len, err);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}
