/* SPDX-License-Identifier: Apache-2.0 */
#include "project/roots.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "format/lock.h"
#include "format/pointer.h"

#define DAY           INT64_C(86400)
#define DAYS_MOST     UINT64_C(36500)
#define JOURNAL_LIMIT (16 << 20)

static void add(struct roots *roots, const struct content *content)
{
	struct oid_set *set =
	    content->kind == KIND_DIR ? &roots->dirs : &roots->files;

	if (oid_equal(&content->oid, &oid_empty) ||
	    !oid_set_add(set, &content->oid))
		return;
	roots->list = xgrow(roots->list, roots->count, &roots->capacity,
	    sizeof(*roots->list));
	roots->list[roots->count++] = *content;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static void add_named(struct roots *roots, struct slice text)
{
	struct oid oid;
	size_t run;

	for (size_t i = 0; i < text.len; i += run + 1) {
		run = 0;
		while (i + run < text.len && is_hex(text.data[i + run]))
			run++;
		if (oid_parse(&oid, (struct slice){text.data + i, run}))
			(void)oid_set_add(&roots->named, &oid);
	}
}

/*
 * A text that a later version wrote says what this one cannot know. Anything
 * else that cannot be read is a conflict, or no file of ours.
 */
static int add_unread(struct roots *roots, const char *path, struct slice text,
    const struct mldv_error *why, struct mldv_error *err)
{
	const char *const begins[] = {"mldv-pointer ", "mldv-lock "};
	struct slice rest = text;
	struct slice line;

	(void)slice_cut(&rest, '\n', &line);
	for (size_t i = 0; i < 2; i++) {
		if (slice_starts(line, begins[i]) &&
		    !(line.len == strlen(begins[i]) + 1 &&
		        line.data[line.len - 1] == '1')) {
			*err = *why;
			return err_prefix(err,
			    "cannot tell what is needed: '%s'", path);
		}
	}
	add_named(roots, text);
	return 0;
}

static int add_lock(struct roots *roots, const char *path, struct slice text,
    struct mldv_error *err)
{
	struct lockfile lock = {0};
	struct mldv_error why;
	int ret = 0;

	if (lockfile_parse(&lock, text.data, text.len, &why) < 0)
		ret = add_unread(roots, path, text, &why, err);
	for (size_t i = 0; ret == 0 && i < lock.count; i++) {
		const struct lock_stage *stage = &lock.stages[i];

		(void)oid_set_add(&roots->keys, &stage->oid);
		(void)oid_set_add(&roots->keys, lock_stage_run(stage));
		for (size_t k = 0; k < stage->made_count; k++)
			add(roots, &stage->made[k].content);
	}
	lockfile_release(&lock);
	return ret;
}

static int add_text(void *context, const char *path, struct slice text,
    struct mldv_error *err)
{
	struct roots *roots = context;
	struct arena arena = {0};
	struct pointer pointer;
	struct mldv_error why;
	int ret = 0;

	if (strcmp(path_base(path), PROJECT_LOCK) == 0)
		ret = add_lock(roots, path, text, err);
	else if (text.len > POINTER_LIMIT)
		ret = 0; /* no pointer is that long */
	else if (pointer_parse(&pointer, &arena, text.data, text.len, &why) ==
	    0)
		add(roots, &pointer.content);
	else
		ret = add_unread(roots, path, text, &why, err);
	arena_release(&arena);
	return ret;
}

static struct git_search search_for(struct roots *roots)
{
	return (struct git_search){
	    .suffix = POINTER_SUFFIX,
	    .name = PROJECT_LOCK,
	    .limit = LOCKFILE_LIMIT,
	    .visit = add_text,
	    .context = roots,
	};
}

static int add_work_trees(struct mldv_project *project, struct roots *roots,
    struct mldv_error *err)
{
	const struct git_search search = search_for(roots);
	struct strs trees = {0};
	int ret = git_work_trees(project->git, &trees, err);

	for (size_t i = 0; ret == 0 && i < trees.count; i++) {
		struct git *git;

		ret = git_open(&git, trees.items[i], err);
		if (ret < 0)
			break;
		ret = git_search_here(git, &search, err);
		git_close(git);
	}
	strs_release(&trees);
	return ret;
}

/* Each work tree's journal names what a stage will make and made. */
static int add_journals(struct mldv_project *project, struct roots *roots,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = path_join(&arena, project->home, "journal");
	int ret = file_exists(dir, err);

	if (ret > 0)
		ret = file_list(dir, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *file =
		    arena_printf(&arena, "%s/%s/stage", dir, names.items[i]);
		struct mldv_error why;
		struct buf text = {0};

		if (file_read(file, JOURNAL_LIMIT, &text, &why) == 0)
			add_named(roots,
			    (struct slice){buf_str(&text), text.len});
		else if (why.code != MLDV_NOT_FOUND) {
			*err = why;
			ret = -1;
		}
		buf_release(&text);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

int64_t roots_runs_since(const struct mldv_project *project)
{
	const char *value = config_get(&project->config, "gc.runs");
	uint64_t days = 0;

	if (!slice_number(slice_of(value ? value : ""), &days) ||
	    days > DAYS_MOST)
		days = DAYS_MOST;
	return (int64_t)time(NULL) - (int64_t)days * DAY;
}

struct run_reading {
	struct mldv_project *project;
	struct roots *roots;
	int64_t since;
};

static int add_run(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	const struct run_reading *reading = context;
	struct arena arena = {0};
	struct mldv_error ignored;
	struct buf text = {0};
	struct run run = {0};
	bool recent = file->mtime >= reading->since;
	int ret = 0;

	/* What a lock tells of is kept with all that its record names. */
	if (!recent && !oid_set_has(&reading->roots->keys, &file->oid))
		return 0;
	ret = file_read(file->path, RUN_RECORD_LIMIT, &text, err);
	if (ret == 0 &&
	    run_parse(&run, &arena, &file->oid, buf_str(&text), text.len,
	        &ignored) < 0 &&
	    recent)
		add_named(reading->roots,
		    (struct slice){buf_str(&text), text.len});
	for (size_t i = 0; ret == 0 && recent && i < run.made_count; i++)
		add(reading->roots, &run.made[i].content);
	if (ret == 0 && run.dirty)
		add(reading->roots,
		    &(struct content){KIND_FILE, run.diff, run.diff_size, 1});
	run_release(&run);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int roots_here(struct mldv_project *project, struct roots *out,
    struct mldv_error *err)
{
	const struct git_search search = search_for(out);
	struct run_reading reading = {
	    .project = project,
	    .roots = out,
	    .since = roots_runs_since(project),
	};

	/*
	 * Git takes no lock of ours: a commit or a stash may move a pointer
	 * from a work tree to a ref, or back, while this goes on.
	 */
	if (add_work_trees(project, out, err) < 0 ||
	    git_search_kept(project->git, &search, err) < 0 ||
	    add_work_trees(project, out, err) < 0 ||
	    add_journals(project, out, err) < 0)
		return -1;
	return store_each(project->store, "runs", add_run, &reading, err);
}

int roots_servers(struct mldv_project *project, struct roots *out,
    struct mldv_error *err)
{
	const struct git_search search = search_for(out);
	struct strs dirs = {0};
	int ret = git_servers(project->git, &dirs, err);

	for (size_t i = 0; ret == 0 && i < dirs.count; i++)
		ret = git_search_server(dirs.items[i], &search, err);
	strs_release(&dirs);
	return ret;
}

bool roots_have(const struct roots *roots, const struct content *content)
{
	const struct oid_set *set =
	    content->kind == KIND_DIR ? &roots->dirs : &roots->files;

	return oid_equal(&content->oid, &oid_empty) ||
	    oid_set_has(set, &content->oid) ||
	    oid_set_has(&roots->named, &content->oid);
}

void roots_release(struct roots *roots)
{
	free(roots->list);
	oid_set_release(&roots->dirs);
	oid_set_release(&roots->files);
	oid_set_release(&roots->named);
	oid_set_release(&roots->keys);
	*roots = (struct roots){0};
}
