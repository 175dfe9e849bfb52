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
	const char *item;  /* the path of an item */
	const char *file;  /* where to look, from the root */
	unsigned line;     /* 0: not known */
	const char *what;  /* is wrong; NULL: nothing is */
};

struct mldv_verify {
	const char *revision; /* NULL: HEAD */
	const char *remote;   /* NULL: the default at that revision */
	bool packs; /* ask for every pack, too, not only for manifests */
	/* For each stage and item once if all is well, else for each thing. */
	void (*visit)(void *context, const struct mldv_verified *verified);
	void *context;
};

struct mldv_verify_sum {
	char commit[41];
	size_t stages;
	size_t items;
	size_t findings;
};

/*
 * 0, also with findings; -1 if it could not be found out. Afterwards the
 * project has the settings of that revision.
 */
MLDV_CHECKED int mldv_verify(struct mldv_project *project,
    const struct mldv_verify *options, struct mldv_verify_sum *sum,
    struct mldv_error *err);

#endif
