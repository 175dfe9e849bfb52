/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_HISTORY_H
#define PIPELINE_HISTORY_H

/*
 * The versions of mldv.lock and of pointers in Git's history: each is visited
 * where a commit brought it, so that a commit costs what it changed.
 */

#include "project/project.h"

struct history_file {
	const char *commit; /* full id */
	const char *path;
	bool is_lock; /* else a pointer */
	struct slice text;
};

struct history {
	struct mldv_project *project;
	const char *revision; /* what it reaches; NULL: as reach says */
	enum git_reach reach;
	int (*visit)(void *context, const struct history_file *file,
	    struct mldv_error *err);
	void *context;
};

/* Parents before children. Without a commit there is nothing to visit. */
CHECKED int history_each(const struct history *history, struct mldv_error *err);

/*
 * What follows the word and a space in the next line of text that begins so;
 * false: there is no such line any more. Quicker than parsing the text.
 */
bool history_line(struct slice *text, const char *word, struct slice *value);

#endif
