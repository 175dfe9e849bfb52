/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_JOURNAL_H
#define PIPELINE_JOURNAL_H

/*
 * Old outputs moved aside while a stage runs, so that they come back if it
 * fails or if the machine does.
 *
 * There is one journal for each stage that runs, and whoever uses it holds the
 * locks of journal_lock. A stage may outlive a repro that is killed: it holds
 * a lock too, and nothing is put back before it has ended. Old outputs wait in
 * .git/mldv/journal/<work tree>/<stage>/old, or beside their place if that is
 * on another file system. A stage without outputs has no journal.
 *
 * Where nothing is moved aside the journal is not made durable: if a power cut
 * takes it, what a stage had begun to make is what the next run of it moves
 * aside; if one brings it back, what was made goes to where that of a failed
 * stage goes, and comes back from the store.
 */

#include "format/journal.h"
#include "format/stages.h"
#include "project/project.h"

struct journal {
	struct mldv_project *project;
	const char *dir;  /* absolute, as are the others, which lie in it */
	const char *file; /* the journal */
	const char *old;  /* a directory for what is moved aside */
	/* Passed on to what the stage runs, and so held as long as that lives.
	 */
	struct lock running;
	const char *stage;
	struct journal_out *outs;
	size_t count;
	bool open;
	bool durable; /* old outputs are, or were, aside */
};

/* The directory of all journals of this work tree, absolute, in the arena. */
const char *journal_home(const struct mldv_project *project,
    struct arena *arena);
/* Sets the paths of one; name is what stage_dir_name makes of a stage's. */
void journal_place(struct journal *journal, struct arena *arena,
    struct mldv_project *project, const char *name);
/* The file that is locked as long as the stage lives. */
const char *journal_running(const struct journal *journal, struct arena *arena);

/* Of a stage and of what it makes. */
struct journal_locks {
	struct lock *list; /* in the arena that was given */
	size_t count;
};
/*
 * Takes the locks of a stage without waiting, and puts right what a repro that
 * was killed left of it, and, once a second, of others: 1; or 0 if another
 * repro is at it, or a stage lives that outlived its own. holder gets in words
 * who that is.
 */
CHECKED int journal_lock(struct journal_locks *out, struct arena *arena,
    struct mldv_project *project, const struct stage *stage, struct buf *holder,
    struct mldv_error *err);
void journal_unlock(struct journal_locks *locks);
/* Absolute; held while the stage runs, in whichever repro. In the arena. */
const char *journal_lock_path(const struct mldv_project *project,
    struct arena *arena, const char *stage);
/*
 * Puts right what every repro that was killed left. Waits for what outlived
 * it; what another repro is at stays as it is.
 */
CHECKED int journal_recover(struct mldv_project *project,
    struct mldv_error *err);

/* Writes down what is going to be done, and moves the old outputs aside. */
CHECKED int journal_begin(struct journal *journal, struct arena *arena,
    struct mldv_project *project, const struct stage *stage,
    struct mldv_error *err);
/* Moves the new outputs below failed (absolute), and the old ones back. */
CHECKED int journal_undo(struct journal *journal, const char *failed,
    struct mldv_error *err);
/*
 * The new outputs are recorded: the old ones are deleted, and those to be
 * kept are moved below failed.
 */
CHECKED int journal_end(struct journal *journal, const char *failed,
    struct mldv_error *err);

#endif
