/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PROJECT_H
#define PROJECT_PROJECT_H

/*
 * An open project, as the project and pipeline floors see it.
 */

#include "base/lock.h"
#include "base/mem.h"
#include "base/strs.h"
#include "format/config.h"
#include "git/git.h"
#include "mldv/project.h"
#include "store/store.h"

#define PROJECT_INI  "mldv.ini"
#define PROJECT_LOCK "mldv.lock"

struct mldv_project {
	struct arena arena;
	struct git *git;
	struct store *store;
	struct config config;
	const char *root;   /* absolute */
	const char *prefix; /* the user's directory from the root; "" */
	const char *home;   /* "<git common dir>/mldv" */
	const char *tree;   /* this work tree among the clone's: "main" */
	int root_fd;        /* the root, O_PATH or O_RDONLY */
	struct lock work;   /* of the work tree: see sweep.h */
	struct strs ignore; /* [add] ignore */
	const struct mldv_events *events; /* never NULL */
	double recovered_at;              /* see journal_lock; 0: never */
	bool no_wait;
	unsigned jobs; /* requests to a remote at once; 0: as many as help */
};

/* Forwards to the events, if there is anyone to hear. */
void project_progress(const struct mldv_project *project,
    const struct mldv_progress *progress);
void project_warn(const struct mldv_project *project, const char *fmt, ...)
    PRINTF(2, 3);
/* 0, or -1 with MLDV_INTERRUPTED if the user wants to stop. */
CHECKED int project_check(const struct mldv_project *project,
    struct mldv_error *err);

/* Seconds since some moment that stays the same: for durations. */
double project_clock(void);
/* So long, or until the user wants to stop: -1 with MLDV_INTERRUPTED. */
CHECKED int project_sleep(const struct mldv_project *project, double seconds,
    struct mldv_error *err);

/*
 * Locks. The store's is shared by whoever relies on its content until the
 * pointer or lock that refers to it is durable; an item's is exclusive while
 * its work files or pointer change. Order: store, items sorted by path.
 */
CHECKED int project_lock_store(struct mldv_project *project, struct lock *lock,
    enum lock_mode mode, struct mldv_error *err);
CHECKED int project_lock_item(struct mldv_project *project, struct lock *lock,
    const char *path, struct mldv_error *err);
/* Any other name below locks/: "repro". */
CHECKED int project_lock(struct mldv_project *project, struct lock *lock,
    const char *name, enum lock_mode mode, struct mldv_error *err);

/*
 * The same if it is free: 1; else 0, and who holds it is appended to holder.
 */
CHECKED int project_try_lock(struct mldv_project *project, struct lock *lock,
    const char *name, struct buf *holder, struct mldv_error *err);

/* How the user calls a path from the root, for messages; in the arena. */
const char *project_shown(const struct mldv_project *project,
    struct arena *arena, const char *path);
/* root/path, absolute, in the arena. */
char *project_absolute(const struct mldv_project *project, struct arena *arena,
    const char *path);
/* Where the settings say that the store is. */
char *project_store_dir(const struct mldv_project *project,
    struct arena *arena);
/* Reads mldv.ini anew into text; it must be there. */
CHECKED int project_read_ini(struct mldv_project *project, struct buf *text,
    struct mldv_error *err);
/* Replaces mldv.ini, checked first; stages it and says so in staged. */
CHECKED int project_write_ini(struct mldv_project *project,
    const struct buf *text, struct strs *staged, struct mldv_error *err);

/*
 * Stages paths as git_stage does, unless [git] stage = no, and adds them to
 * staged. That Git's index is busy is no error: it warns with what to type.
 */
CHECKED int project_stage(struct mldv_project *project,
    const struct strs *paths, struct strs *staged, struct mldv_error *err);
/*
 * After git_stage or git_stage_lines failed: that the index is busy becomes a
 * warning, and 0.
 */
CHECKED int project_not_staged(const struct mldv_project *project,
    struct mldv_error *err);
/*
 * Adds (or takes away) the .gitignore line of a path and stages just that.
 */
CHECKED int project_ignore(struct mldv_project *project, const char *path,
    bool add, struct strs *staged, struct mldv_error *err);

#endif
