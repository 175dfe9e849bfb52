/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_JOURNAL_H
#define PIPELINE_JOURNAL_H

/*
 * Old outputs moved aside while a stage runs, so that they come back if it
 * fails or if the machine does.
 *
 * There is one journal for each work tree, and whoever uses it holds the lock
 * of journal_lock. A stage may outlive a repro that is killed: it holds a lock
 * too, and nothing is put back before it has ended. Old outputs wait in
 * .git/mldv/journal, or beside their place if that is on another file system.
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
};

/*
 * Waits until no other repro has a stage of this work tree in flux, and puts
 * right what one that was killed left.
 */
CHECKED int journal_lock(struct mldv_project *project, struct lock *lock,
    struct mldv_error *err);
/* Puts that right, unless a repro is at work: then there is nothing to do. */
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
