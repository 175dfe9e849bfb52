/* SPDX-License-Identifier: Apache-2.0 */

/*
 * If the temporary name of an old output is found nowhere, it was not moved
 * yet, or was moved back already: both mean that its path is to be left alone.
 * So undoing can itself be stopped anywhere, and done again.
 */

#include "pipeline/journal.h"

#include "base/path.h"
#include "pipeline/failed.h"
#include "project/sweep.h"

static void set_paths(struct journal *journal, struct arena *arena,
    struct mldv_project *project)
{
	journal->project = project;
	journal->dir =
	    arena_printf(arena, "%s/journal/%s", project->home, project->tree);
	journal->file = path_join(arena, journal->dir, "stage");
	journal->old = path_join(arena, journal->dir, "old");
}

static const char *running_path(const struct journal *journal,
    struct arena *arena)
{
	return path_join(arena, journal->dir, "running");
}

CHECKED static int save(const struct journal *journal, struct mldv_error *err)
{
	const struct journal_text written = {journal->stage, journal->outs,
	    journal->count};
	struct buf text = {0};
	int ret;

	journal_format(&written, &text);
	ret = file_replace(journal->file, text.data, text.len, err);
	buf_release(&text);
	return ret;
}

CHECKED static int parse(struct journal *journal, struct arena *arena,
    const struct buf *text, struct mldv_error *err)
{
	struct journal_text read;

	if (journal_parse(&read, arena, buf_str(text), text->len, err) < 0)
		return -1;
	journal->stage = read.stage;
	journal->outs = read.outs;
	journal->count = read.count;
	return 0;
}

/* The two places where an old output may wait. */
struct asides {
	const char *old;
	const char *beside;
};

static struct asides asides_of(const struct journal *journal,
    struct arena *arena, const struct journal_out *out)
{
	const char *path = project_absolute(journal->project, arena, out->path);

	return (struct asides){
	    .old = path_join(arena, journal->old, out->aside),
	    .beside = path_join(arena, path_parent(arena, path), out->aside),
	};
}

/* Where the old output waits: 1 and *aside, or 0. */
CHECKED static int find_aside(const struct journal *journal,
    struct arena *arena, const struct journal_out *out, const char **aside,
    struct mldv_error *err)
{
	struct asides asides = asides_of(journal, arena, out);
	int found;

	*aside = asides.old;
	found = file_exists(*aside, err);
	if (found != 0)
		return found;
	*aside = asides.beside;
	return file_exists(*aside, err);
}

CHECKED static int move_aside(const struct journal *journal,
    const struct journal_out *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct asides asides = asides_of(journal, &arena, out);
	const char *from =
	    project_absolute(journal->project, &arena, out->path);
	struct mldv_error cause;
	struct lock lock = {0};
	int ret = project_lock_item(journal->project, &lock, out->path, err);

	/* If it is on another file system, say; beside it always goes. */
	if (ret == 0 && file_rename(from, asides.old, &cause) < 0) {
		ret = file_exists(from, err);
		if (ret > 0) {
			ret = file_rename(from, asides.beside, err);
		} else if (ret == 0) {
			/* It was moved, but perhaps not durably. */
			*err = cause;
			ret = -1;
		}
	}
	lock_release(&lock);
	arena_release(&arena);
	return ret;
}

int journal_begin(struct journal *journal, struct arena *arena,
    struct mldv_project *project, const struct stage *stage,
    struct mldv_error *err)
{
	*journal = (struct journal){
	    .stage = stage->name,
	    .outs = arena_array(arena, stage->out_count, sizeof *journal->outs),
	    .count = stage->out_count,
	};
	set_paths(journal, arena, project);
	if (file_make_dirs(journal->old, err) < 0 ||
	    lock_take(&journal->running, running_path(journal, arena),
	        LOCK_EXCLUSIVE, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < journal->count; i++) {
		struct journal_out *out = &journal->outs[i];
		int had;

		out->path = stage->outs[i].path;
		had = file_exists(project_absolute(project, arena, out->path),
		    err);
		if (had < 0)
			return -1;
		out->had = had > 0;
		temp_name(out->aside);
	}
	if (save(journal, err) < 0)
		return -1;
	journal->open = true;
	for (size_t i = 0; i < journal->count; i++) {
		if (journal->outs[i].had &&
		    move_aside(journal, &journal->outs[i], err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The file goes durably before what it speaks of is deleted. Who still holds
 * the lock, a server that the stage left behind, holds it on a file without a
 * name.
 */
CHECKED static int forget(struct journal *journal, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_remove(journal->file, err);

	if (ret == 0)
		ret = file_sync_dir(journal->dir, err);
	if (ret == 0)
		ret = file_remove(running_path(journal, &arena), err);
	lock_release(&journal->running);
	arena_release(&arena);
	return ret;
}

CHECKED static int undo_out(const struct journal *journal,
    const struct journal_out *out, const char *failed, struct mldv_error *err)
{
	struct arena arena = {0};
	struct lock lock = {0};
	const char *aside = NULL;
	int found = 0;
	int ret = project_lock_item(journal->project, &lock, out->path, err);

	if (ret == 0 && out->had)
		found = find_aside(journal, &arena, out, &aside, err);
	if (found < 0)
		ret = -1;
	if (ret == 0 && (found || !out->had) &&
	    failed_keep(journal->project, out->path, failed, err) < 0)
		ret = -1;
	if (ret == 0 && found)
		ret = file_rename(aside,
		    project_absolute(journal->project, &arena, out->path), err);
	lock_release(&lock);
	arena_release(&arena);
	return ret;
}

int journal_undo(struct journal *journal, const char *failed,
    struct mldv_error *err)
{
	for (size_t i = 0; i < journal->count; i++) {
		if (undo_out(journal, &journal->outs[i], failed, err) < 0)
			return -1;
	}
	journal->open = false;
	if (forget(journal, err) < 0)
		return -1;
	return file_remove_tree(journal->old, err);
}

/* Says where. A kill after this finds the new output, and leaves it. */
CHECKED static int keep_aside(const struct journal *journal,
    struct arena *arena, const struct journal_out *out, const char *failed,
    struct mldv_error *err)
{
	struct asides asides = asides_of(journal, arena, out);
	const char *beside =
	    path_join(arena, path_parent(arena, out->path), out->aside);
	int ret = failed_keep_as(journal->project, asides.old, out->path,
	    failed, err);

	if (ret == 0)
		ret = failed_keep_as(journal->project, beside, out->path,
		    failed, err);
	if (ret > 0)
		project_warn(journal->project,
		    "what lay at '%s' is in no store; it is kept as "
		    "'%s/outputs/%s'",
		    project_shown(journal->project, arena, out->path),
		    failed_show(journal->project, failed), out->path);
	return ret < 0 ? -1 : 0;
}

int journal_end(struct journal *journal, const char *failed,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < journal->count; i++) {
		if (journal->outs[i].keep)
			ret = keep_aside(journal, &arena, &journal->outs[i],
			    failed, err);
	}
	if (ret == 0)
		ret = forget(journal, err);
	journal->open = false;
	for (size_t i = 0; ret == 0 && i < journal->count; i++)
		ret = file_remove_tree(
		    asides_of(journal, &arena, &journal->outs[i]).beside, err);
	if (ret == 0)
		ret = file_remove_tree(journal->old, err);
	arena_release(&arena);
	return ret;
}

struct waiting {
	const struct mldv_project *project;
	const char *stage;
};

static void say_waiting(void *context, const char *holder)
{
	const struct waiting *waiting = context;

	(void)holder;
	project_warn(waiting->project,
	    "waiting for what is left of stage '%s', whose repro was killed",
	    waiting->stage);
}

static bool is_cancelled(void *context)
{
	const struct waiting *waiting = context;
	struct mldv_error ignored;

	return project_check(waiting->project, &ignored) < 0;
}

CHECKED static int wait_for_orphans(struct journal *journal,
    struct arena *arena, struct mldv_error *err)
{
	struct waiting waiting = {journal->project, journal->stage};
	const struct lock_options options = {
	    .no_wait = journal->project->no_wait,
	    .waiting = say_waiting,
	    .cancelled = is_cancelled,
	    .context = &waiting,
	};

	return lock_take(&journal->running, running_path(journal, arena),
	    LOCK_EXCLUSIVE, &options, err);
}

/* What is left of a stage that was recorded, or put back, to the end. */
CHECKED static int remove_rest(const struct journal *journal,
    struct arena *arena, struct mldv_error *err)
{
	if (file_remove(running_path(journal, arena), err) < 0)
		return -1;
	return file_remove_tree(journal->old, err);
}

CHECKED static int recover(struct mldv_project *project, struct arena *arena,
    struct mldv_error *err)
{
	struct journal journal = {0};
	struct buf text = {0};
	const char *failed;
	int ret;

	set_paths(&journal, arena, project);
	ret = file_exists(journal.dir, err);
	if (ret > 0)
		ret = file_sweep(journal.dir, err) < 0
		    ? -1
		    : file_exists(journal.file, err);
	if (ret == 0)
		return remove_rest(&journal, arena, err);
	if (ret > 0)
		ret = file_read(journal.file, JOURNAL_LIMIT, &text, err);
	if (ret == 0 && parse(&journal, arena, &text, err) < 0)
		ret = err_prefix(err, "'%s'", journal.file);
	buf_release(&text);
	if (ret == 0)
		ret = wait_for_orphans(&journal, arena, err);
	if (ret == 0)
		ret = failed_dir(project, arena, journal.stage, &failed, err);
	if (ret == 0)
		ret = journal_undo(&journal, failed, err);
	lock_release(&journal.running);
	if (ret < 0)
		return -1;
	project_warn(project,
	    "stage '%s' was cut short by the last repro; its outputs are put "
	    "back as they were before",
	    journal.stage);
	return 0;
}

CHECKED static int lock_and_recover(struct mldv_project *project,
    struct lock *lock, bool no_wait, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *name = arena_printf(&arena, "repro-%s", project->tree);
	bool before = project->no_wait;
	int ret;

	project->no_wait = no_wait;
	ret = project_lock(project, lock, name, LOCK_EXCLUSIVE, err);
	project->no_wait = before;
	if (ret == 0 && recover(project, &arena, err) < 0) {
		lock_release(lock);
		ret = -1;
	}
	arena_release(&arena);
	return ret;
}

int journal_lock(struct mldv_project *project, struct lock *lock,
    struct mldv_error *err)
{
	return lock_and_recover(project, lock, project->no_wait, err);
}

int journal_recover(struct mldv_project *project, struct mldv_error *err)
{
	struct arena arena = {0};
	struct journal journal = {0};
	struct mldv_error cause;
	struct lock lock = {0};
	int ret;

	set_paths(&journal, &arena, project);
	ret = file_exists(journal.file, err);
	if (ret == 0)
		ret = file_exists(journal.old, err);
	if (ret == 0)
		ret = file_exists(running_path(&journal, &arena), err);
	arena_release(&arena);
	if (ret <= 0)
		return ret;
	ret = lock_and_recover(project, &lock, true, &cause);
	lock_release(&lock);
	/* It could not be swept as long as there was a journal. */
	sweep_end(project);
	/* Also if it is the stage that lives, and waiting was not wanted. */
	if (ret == 0 || (cause.code == MLDV_BUSY && !project->no_wait))
		return 0;
	*err = cause;
	return -1;
}
