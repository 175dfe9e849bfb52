/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_WAITING_H
#define PIPELINE_WAITING_H

/*
 * Stages that ended well, and wait to be recorded together: see group.h.
 *
 * That is 100 ms after the first of them ended, or ten times as long as it took
 * the last time, a second at most; or when their locks and logs are so many
 * open files (400, or half of what the process may open); or when
 * something is looked for that they may have. And at once when one of them ran
 * for ten times as long as they would wait: what comes next may take long, and
 * what a kill would take away then is no trifle.
 */

#include "pipeline/carry.h"
#include "pipeline/group.h"
#include "pipeline/run.h"

/* A stage that runs, or waits. */
struct job {
	size_t index;
	struct running *running;
	struct journal_locks locks;
	struct arena arena;
	unsigned tries;
};
/* What run_end, run_settle or run_revoke left of it. */
void job_release(struct job *job);

struct waiting {
	const struct carry *carry;
	struct group group;
	struct job **list;
	size_t count;
	size_t capacity;
	size_t files; /* how many they keep open */
	size_t files_most;
	bool hurry;     /* they are not to wait any longer */
	double first;   /* when the first of them ended, by project_clock() */
	double seconds; /* for how long they wait */
};

void waiting_open(struct waiting *waiting, const struct carry *carry);
/* Nobody waits any more. */
void waiting_close(struct waiting *waiting);
/* Takes over one that run_end said has ended well, after so many seconds. */
void waiting_add(struct waiting *waiting, struct job *job, double took);
/* The TMPDIR of one of them, for run_how.spare; or NULL. */
const char *waiting_spare(struct waiting *waiting);

/* In how many of these milliseconds waiting_end is to be called, at most. */
int waiting_patience(const struct waiting *waiting, double now, int ms);
bool waiting_is_due(const struct waiting *waiting, double now);
/*
 * Has a stage a directory as a dep in which mldv.lock or .gitignore may be
 * still to be written, or that is not in the store yet?
 */
bool waiting_is_above(const struct waiting *waiting, const struct step *step);
/*
 * Makes everything durable, and lets mldv.lock know, at once if lock is true.
 * On failure all that waited is as it was before, and failed is called for
 * each, with the error.
 */
CHECKED int waiting_end(struct waiting *waiting, bool lock,
    void (*failed)(void *context, size_t index, const struct mldv_error *err),
    void *context, struct mldv_error *err);

#endif
