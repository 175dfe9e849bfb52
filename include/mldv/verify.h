/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_VERIFY_H
#define MLDV_VERIFY_H

/*
 * Is a commit whole: does what it says it made follow from what is in it, and
 * is all its data on the remote? Found out without any of that data.
 */

#include "mldv/project.h"

struct mldv_verified {
	const char *stage; /* a stage's name, or NULL: */
	const char *item;  /* the path of an item, or of a file in Git */
	const char *file;  /* where to look, from the root */
	unsigned line;     /* 0: not known */
	const char *what;  /* is wrong; NULL: nothing is */
	const char *rule;  /* of [rules] that it breaks, or NULL */
	bool warning;      /* that rule is not enforced on this branch */
};

struct mldv_verify {
	const char *revision; /* NULL: HEAD */
	const char *remote;   /* NULL: the default at that revision */
	bool packs;     /* ask for every pack, too, not only for manifests */
	bool no_remote; /* leave out what only the remote can say */
	/* Where the commit is, or is to go: see [rules] enforce. NULL: what is
	 * checked out. */
	const char *branch;
	const char *base; /* what it was before; NULL: its first parent */
	/* For each stage and item once if all is well, else for each thing. */
	void (*visit)(void *context, const struct mldv_verified *verified);
	void *context;
};

struct mldv_verify_sum {
	char commit[41];
	size_t stages;
	size_t items;
	size_t findings;
	size_t warnings;
	size_t unchecked; /* deps that only the remote knows */
};

/*
 * 0, also with findings; -1 if it could not be found out. Afterwards the
 * project has the settings of that revision.
 */
MLDV_CHECKED int mldv_verify(struct mldv_project *project,
    const struct mldv_verify *options, struct mldv_verify_sum *sum,
    struct mldv_error *err);

#endif
