/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_HOOKS_H
#define MLDV_HOOKS_H

/*
 * What Git's hooks do, and installing them.
 */

#include "mldv/remote.h"

/* What Git tells a pre-push hook. */
struct mldv_pre_push {
	const char *remote; /* Git's remote, or its URL; NULL: not told */
	const char *url;    /* NULL: not told */
	/* "<local ref> <id> <remote ref> <id>" and LF, for each ref. */
	const char *refs;
	size_t size;
	mldv_done_fn *done;
	void *context;
	const struct mldv_events *events;
};
struct mldv_pre_pushed {
	bool refs;      /* there was something to push; else HEAD was taken: */
	bool guessed;   /* the refs were not told */
	size_t changed; /* versions of items that the pushed commits bring */
	struct mldv_transferred sum;
};
/*
 * Sends what the commits to be pushed need and the commits that are there
 * already did not, with the settings of those commits, and confirms that all
 * of it is on the remote of theirs. Whatever is checked out does not matter.
 */
MLDV_CHECKED int mldv_pre_push(const struct mldv_pre_push *push,
    struct mldv_pre_pushed *out, struct mldv_error *err);

enum mldv_hook_state {
	MLDV_HOOK_INSTALLED,
	MLDV_HOOK_MISSING,
	MLDV_HOOK_FOREIGN, /* another one is in its place */
	MLDV_HOOK_OLD,     /* another version of mldv wrote it */
};
struct mldv_hook {
	const char *name; /* "pre-push", or "merge driver" */
	const char *path; /* its file, or NULL */
	enum mldv_hook_state state;
	bool chained; /* the one that was there before runs first */
};
typedef void mldv_hook_fn(void *context, const struct mldv_hook *hook);

/*
 * Puts mldv's hooks where Git, or husky, looks for them, and tells Git of the
 * merge driver. A hook that is there is kept and runs first. Visits those
 * that were changed; staged gets what was staged.
 */
MLDV_CHECKED int mldv_hooks_install(struct mldv_project *project,
    mldv_hook_fn *visit, void *context, struct strs *staged,
    struct mldv_error *err);
/* Takes them away, and puts back what was there before. */
MLDV_CHECKED int mldv_hooks_uninstall(struct mldv_project *project,
    mldv_hook_fn *visit, void *context, struct mldv_error *err);
/* Visits all of them; *all: each one is installed. */
MLDV_CHECKED int mldv_hooks_status(struct mldv_project *project,
    mldv_hook_fn *visit, void *context, bool *all, struct mldv_error *err);

/*
 * After Git went from one commit to another (NULL, or zeros: from none): the
 * items that differ are visited, and checked out if [hooks] checkout says so;
 * *placed: they were. Data that is not here is no error, but *missing.
 */
struct mldv_after {
	const char *from, *to;
	void (*visit)(void *context, const char *item);
	mldv_done_fn *done;
	void *context;
};
MLDV_CHECKED int mldv_after_checkout(struct mldv_project *project,
    const struct mldv_after *after, bool *placed, bool *missing,
    struct mldv_error *err);

/* What Git tells a merge driver: three files, and what they are versions of. */
struct mldv_merge {
	const char *ancestor; /* empty: there is none */
	const char *ours;     /* gets the result */
	const char *theirs;
	const char *path; /* "data/raw.mldv", "mldv.lock" */
	/* Something that both changed, and what to do about it. */
	void (*conflict)(void *context, const char *what);
	void *context;
};
/*
 * Merges pointers, of directories file by file, and locks, stage by stage. Not
 * clean: the result has the lines of both between markers. Without a project
 * (NULL) there are no lists of files to look at.
 */
MLDV_CHECKED int mldv_merge(struct mldv_project *project,
    const struct mldv_merge *options, bool *clean, struct mldv_error *err);

#endif
