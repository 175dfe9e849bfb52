/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_TUNING_H
#define AWS_TUNING_H

/*
 * Hyperparameter tuning jobs of SageMaker, which start training jobs: names and
 * limits are those of botocore 1.44's service model.
 */

#include "aws/sagemaker.h"
#include "format/tune.h"

#define TUNING_NAME 32 /* letters of a tuning job's name, at most */

/* Appends the arguments of CreateHyperParameterTuningJob. The hyperparameters
   of job that are tuned are left out. */
void tuning_format(const char *name, const struct tune *tune,
    const struct sagemaker_request *job, struct buf *out);
/* 1; or 0, as there is, or ever was, one of that name. */
CHECKED int tuning_create(struct aws_json *json, const char *name,
    const struct buf *arguments, struct mldv_error *err);

struct tuning {
	enum sagemaker_status status;
	const char *status_text;
	const char *failure; /* or NULL */
	const char *best;    /* name of a training job, or NULL */
};
/* 1, or 0 if there is no such. */
CHECKED int tuning_describe(struct aws_json *json, const char *name,
    struct arena *arena, struct tuning *out, struct mldv_error *err);

struct tuning_trial {
	const char *name; /* of the training job */
	uint64_t created; /* seconds since 1970 */
	struct sagemaker_pairs tuned;
	struct tuning_trial *next;
};
/* All it has started, in the order in which they were created. */
CHECKED int tuning_trials(struct aws_json *json, const char *name,
    struct arena *arena, struct tuning_trial **out, struct mldv_error *err);

#endif
