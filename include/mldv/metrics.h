/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_METRICS_H
#define MLDV_METRICS_H

/*
 * Metrics: the numbers in outputs that mldv.ini marks kind=metrics.
 */

#include "mldv/project.h"

struct mldv_metric {
	const char *file; /* path from the root */
	const char *name; /* "test.accuracy" */
	const char *text; /* the value, as short as it can be exactly */
	bool number;
	double value;
};

/* At a Git revision, or in the work tree if it is NULL. */
MLDV_CHECKED int mldv_metrics(struct mldv_project *project,
    const char *revision,
    void (*visit)(void *context, const struct mldv_metric *metric),
    void *context, struct mldv_error *err);

/*
 * Visits the parameters of [params], and those that stages read from files, by
 * name, as metrics without a file.
 */
MLDV_CHECKED int mldv_params(struct mldv_project *project, const char *revision,
    void (*visit)(void *context, const struct mldv_metric *metric),
    void *context, struct mldv_error *err);

#endif
