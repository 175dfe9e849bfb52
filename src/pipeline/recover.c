/* SPDX-License-Identifier: Apache-2.0 */

/* The locks of stages that run, and what a repro that was killed left. */

#include <string.h>

#include "format/oid.h"
#include "pipeline/failed.h"
#include "pipeline/journal.h"
#include "pipeline/stagedir.h"
#include "project/sweep.h"

enum { RECOVER_SECONDS = 1 };

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

/* 1 once none lives; 0 if one does and it is not to be waited for. */
CHECKED static int wait_for_orphans(struct journal *journal,
    struct arena *arena, struct buf *holder, struct mldv_error *err)
{
	struct waiting waiting = {journal->project, journal->stage};
	const struct lock_options options = {
	    .no_wait = journal->project->no_wait,
	    .waiting = say_waiting,
	    .cancelled = is_cancelled,
	    .context = &waiting,
	};
	const char *path = journal_running(journal, arena);
	int ret;

	if (!holder)
		return lock_take(&journal->running, path, LOCK_EXCLUSIVE,
		           &options, err) < 0
		    ? -1
		    : 1;
	ret = lock_try(&journal->running, path, LOCK_EXCLUSIVE, NULL, err);
	if (ret == 0)
		buf_printf(holder,
		    "what is left of stage '%s', whose repro was killed",
		    journal->stage);
	return ret;
}

CHECKED static int parse(struct journal *journal, struct arena *arena,
    const struct buf *text, struct mldv_error *err)
{
	struct journal_text read;

	if (journal_parse(&read, arena, buf_str(text), text->len, err) < 0)
		return -1;
	journal->stage = read.stage;
	journal->durable = true;
	journal->outs = read.outs;
	journal->count = read.count;
	return 0;
}

CHECKED static int read_journal(struct journal *journal, struct arena *arena,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = file_read(journal->file, JOURNAL_LIMIT, &text, err);

	if (ret == 0 && parse(journal, arena, &text, err) < 0)
		ret = err_prefix(err, "'%s'", journal->file);
	buf_release(&text);
	return ret;
}

/*
 * A journal that need not be durable may have a name and no bytes after a
 * power cut. Nothing was aside then, and what the stage had begun to make is
 * what its next run moves aside.
 */
CHECKED static int is_blank(const struct journal *journal,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = file_read(journal->file, JOURNAL_LIMIT, &text, err);
	size_t i = 0;

	while (ret == 0 && i < text.len && text.data[i] == '\0')
		i++;
	if (ret == 0)
		ret = i == text.len;
	buf_release(&text);
	return ret;
}

/* Is there something to be put back? */
CHECKED static int is_open(const struct journal *journal,
    struct mldv_error *err)
{
	int ret = file_exists(journal->file, err);

	if (ret > 0) {
		ret = is_blank(journal, err);
		ret = ret < 0 ? -1 : !ret;
	}
	return ret;
}

/*
 * With the lock of the stage. 1, or 0 if what outlived its repro is not to be
 * waited for: holder says what; without one, it is waited for.
 */
CHECKED static int recover(struct mldv_project *project, struct arena *arena,
    const char *name, struct buf *holder, struct mldv_error *err)
{
	struct journal journal = {0};
	const char *failed;
	int ret;

	journal_place(&journal, arena, project, name);
	ret = file_sweep(journal.dir, err) < 0 ? -1 : is_open(&journal, err);
	/* It was recorded, or put back, to the end. */
	if (ret == 0)
		return file_remove_tree(journal.dir, err) < 0 ? -1 : 1;
	if (ret < 0 || read_journal(&journal, arena, err) < 0)
		return -1;
	ret = wait_for_orphans(&journal, arena, holder, err);
	if (ret <= 0)
		return ret;
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
	return 1;
}

static const char *stage_lock(const struct mldv_project *project,
    struct arena *arena, const char *name)
{
	char hex[OID_HEX + 1];
	struct oid oid;
	const char *full =
	    arena_printf(arena, "%s/%s", journal_home(project, arena), name);

	oid_of(full, strlen(full), &oid);
	oid_hex(&oid, hex);
	return arena_printf(arena, "stage-%.16s", hex);
}

const char *journal_lock_path(const struct mldv_project *project,
    struct arena *arena, const char *stage)
{
	return arena_printf(arena, "%s/locks/%s", project->home,
	    stage_lock(project, arena, stage_dir_name(arena, stage)));
}

/* Another than that of the item, which is held for moments only. */
static const char *output_lock(const struct mldv_project *project,
    struct arena *arena, const char *path)
{
	const char *full = project_absolute(project, arena, path);
	char hex[OID_HEX + 1];
	struct oid oid;

	oid_of(full, strlen(full), &oid);
	oid_hex(&oid, hex);
	return arena_printf(arena, "output-%.16s", hex);
}

/*
 * Of every stage that has a journal, other than mine, unless a repro is at it:
 * 1, or 0 as above.
 */
CHECKED static int recover_others(struct mldv_project *project,
    const char *mine, struct buf *holder, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = journal_home(project, &arena);
	int ret = file_exists(dir, err);

	if (ret > 0 && file_list(dir, &names, err) < 0)
		ret = -1;
	if (ret == 0)
		ret = 1;
	for (size_t i = 0; ret > 0 && i < names.count; i++) {
		const char *name = names.items[i];
		struct lock lock = {0};

		if (mine && strcmp(mine, name) == 0)
			continue;
		ret = project_try_lock(project, &lock,
		    stage_lock(project, &arena, name), NULL, err);
		if (ret > 0)
			ret = recover(project, &arena, name, holder, err);
		else if (ret == 0)
			ret = 1;
		lock_release(&lock);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

void journal_unlock(struct journal_locks *locks)
{
	for (size_t i = 0; i < locks->count; i++)
		lock_release(&locks->list[i]);
	locks->count = 0;
}

/* Outputs are sorted by path, but as nobody waits here that is no matter. */
CHECKED static int take_locks(struct journal_locks *out, struct arena *arena,
    struct mldv_project *project, const struct stage *stage, struct buf *holder,
    struct mldv_error *err)
{
	const char *name = stage_dir_name(arena, stage->name);
	int ret = project_try_lock(project, &out->list[0],
	    stage_lock(project, arena, name), holder, err);

	out->count = ret > 0;
	for (size_t i = 0; ret > 0 && i < stage->out_count; i++) {
		ret = project_try_lock(project, &out->list[out->count],
		    output_lock(project, arena, stage->outs[i].path), holder,
		    err);
		out->count += ret > 0;
	}
	return ret;
}

int journal_lock(struct journal_locks *out, struct arena *arena,
    struct mldv_project *project, const struct stage *stage, struct buf *holder,
    struct mldv_error *err)
{
	struct journal journal = {0};
	const char *name = stage_dir_name(arena, stage->name);
	int ret;

	*out = (struct journal_locks){
	    .list = arena_array(arena, stage->out_count + 1, sizeof *out->list),
	};
	ret = take_locks(out, arena, project, stage, holder, err);
	if (ret > 0) {
		journal_place(&journal, arena, project, name);
		ret = file_exists(journal.dir, err);
		if (ret > 0)
			ret = recover(project, arena, name, holder, err);
		else if (ret == 0)
			ret = 1;
	}
	/* Those that wait to be recorded have journals too, and are many. */
	if (ret > 0 &&
	    project_clock() - project->recovered_at >= RECOVER_SECONDS) {
		ret = recover_others(project, name, holder, err);
		if (ret > 0)
			project->recovered_at = project_clock();
	}
	if (ret <= 0)
		journal_unlock(out);
	return ret;
}

int journal_recover(struct mldv_project *project, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = journal_home(project, &arena);
	int ret = file_exists(dir, err);

	if (ret > 0 && file_list(dir, &names, err) < 0)
		ret = -1;
	if (ret > 0 && names.count > 0) {
		ret = recover_others(project, NULL, NULL, err);
		/* It could not be swept as long as there was a journal. */
		if (ret >= 0)
			sweep_end(project);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}
