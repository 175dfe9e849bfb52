/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_TUNE_H
#define MLDV_TUNE_H

/*
 * Tuning: a training job many times, with parameters that SageMaker chooses.
 */

#include "mldv/jobs.h"

/* One training. */
struct mldv_trial {
	const char *stage; /* "train@tune003", as which it is recorded */
	const char *job;
	const char *state;  /* "Completed" */
	const char *why;    /* why it failed, or NULL */
	const char *params; /* "train.lr = 0.03, train.depth = 4" */
	const char *metric; /* of the objective, */
	const char *value;  /* or NULL: it said none */
	const char *cost;   /* or NULL */
	bool best;
};

struct mldv_tune {
	const char *name; /* of [tune NAME] */
	mldv_line_fn *say;
	/* At the end, in the order in which they were started. */
	void (*visit)(void *context, const struct mldv_trial *trial);
	void *context;
};

/*
 * Starts the tuning job, or joins the one that is at the same, and waits until
 * it has ended. Each training is recorded as a run of a variant of its stage,
 * of which nothing is kept but parameters, metrics, time and cost. When
 * interrupted, it goes on: MLDV_INTERRUPTED.
 */
MLDV_CHECKED int mldv_tune(struct mldv_project *project,
    const struct mldv_tune *options, struct mldv_error *err);

#endif
