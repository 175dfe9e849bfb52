/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_SAGESETTINGS_H
#define RUNNER_SAGESETTINGS_H

/*
 * The settings sagemaker.… of a stage: mldv-runners(7).
 */

#include "runner/training.h"

struct sage_settings {
	const char *role;
	const char *image; /* NULL: of the framework */
	const char *framework;
	const char *instance_type;
	uint64_t instance_count;
	uint64_t volume_gb;
	bool spot;
	bool checkpoints;
	uint64_t max_runtime; /* seconds */
	uint64_t max_wait;
	uint64_t keep_alive;
	double max_cost; /* USD; 0: no limit */
	double price;    /* USD an hour and instance; 0: of the table */
	const char *kms_key;
	bool isolated;
	struct strs subnets; /* in the arena */
	struct strs security_groups;
	struct sagemaker_pairs metrics;
	struct sagemaker_pairs tags;
	struct sagemaker_pairs variables;
};

/*
 * Reads them. MLDV_USAGE, with the line in mldv.ini, for one that is not
 * known, or cannot have its value, or is needed and missing.
 */
CHECKED int sage_read(const struct stage *stage, struct arena *arena,
    struct sage_settings *out, struct mldv_error *err);

#endif
