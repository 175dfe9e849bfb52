/* SPDX-License-Identifier: Apache-2.0 */

/*
 * If the temporary name of an old output is found nowhere, it was not moved
 * yet, or was moved back already: both mean that its path is to be left alone.
 * So undoing can itself be stopped anywhere, and done again.
 */

#include "pipeline/journal.h"

#include "base/path.h"
#include "pipeline/failed.h"
#include "pipeline/stagedir.h"

const char *journal_home(const struct mldv_project *project,
    struct arena *arena)
{
	return arena_printf(arena, "%s/journal/%s", project->home,
	    project->tree);
}

void journal_place(struct journal *journal, struct arena *arena,
    struct mldv_project *project, const char *name)
{
	journal->project = project;
	journal->dir = path_join(arena, journal_home(project, arena), name);
	journal->file = path_join(arena, journal->dir, "stage");
	journal->old = path_join(arena, journal->dir, "old");
}

const char *journal_running(const struct journal *journal, struct arena *arena)
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
	ret = journal->durable
	    ? file_replace(journal->file, text.data, text.len, err)
	    : file_replace_cache(journal->file, text.data, text.len, err);
	buf_release(&text);
	return ret;
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

CHECKED static int make_place(struct journal *journal, struct arena *arena,
    struct mldv_error *err)
{
	/* Others stand in it too, which are. */
	int ret = file_make_dirs(journal_home(journal->project, arena), err);

	if (ret == 0)
		ret = journal->durable
		    ? file_make_dirs(journal->old, err)
		    : file_make_dirs_cache(journal->old, err);
	return ret < 0
	    ? -1
	    : lock_take(&journal->running, journal_running(journal, arena),
	          LOCK_EXCLUSIVE, NULL, err);
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
	journal_place(journal, arena, project,
	    stage_dir_name(arena, stage->name));
	if (journal->count == 0)
		return 0;
	for (size_t i = 0; i < journal->count; i++) {
		struct journal_out *out = &journal->outs[i];
		int had;

		out->path = stage->outs[i].path;
		had = file_exists(project_absolute(project, arena, out->path),
		    err);
		if (had < 0)
			return -1;
		out->had = had > 0;
		journal->durable |= out->had;
		temp_name(out->aside);
	}
	if (make_place(journal, arena, err) < 0 || save(journal, err) < 0)
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

	if (ret == 0 && journal->durable)
		ret = file_sync_dir(journal->dir, err);
	if (ret == 0)
		ret = file_remove(journal_running(journal, &arena), err);
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
	return file_remove_tree(journal->dir, err);
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

	if (!journal->open)
		return 0;
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
		ret = file_remove_tree(journal->dir, err);
	arena_release(&arena);
	return ret;
}
