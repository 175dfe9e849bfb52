/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_SAGEMAKER_H
#define AWS_SAGEMAKER_H

/*
 * Training jobs of SageMaker: "Amazon SageMaker API Reference", version
 * 2017-07-24; names and limits are those of botocore 1.43's service model.
 */

#include "aws/jsoncall.h"
#include "base/strs.h"

extern const struct aws_json_service sagemaker_service;

/* Limits of CreateTrainingJob. */
enum {
	SAGEMAKER_NAME = 63,
	SAGEMAKER_PAIRS = 100, /* hyperparameters, and variables */
	SAGEMAKER_VALUE = 256, /* of a hyperparameter, in the first model */
	SAGEMAKER_VARIABLE = 512,
	SAGEMAKER_CHANNELS = 20,
	SAGEMAKER_METRICS = 40,
	SAGEMAKER_TAGS = 50,
	SAGEMAKER_ARGUMENT = 256,
	SAGEMAKER_RUNTIME = 28 * 24 * 3600, /* seconds */
	SAGEMAKER_STEPS = 1000,             /* so many of a job are looked at */
	SAGEMAKER_WARM = 6 * 3600 - 1,      /* seconds; less than 21,600 */
};

struct sagemaker_pair {
	const char *name;
	const char *value;
};

struct sagemaker_pairs {
	struct sagemaker_pair *items;
	size_t count;
};

/* What CreateTrainingJob takes. NULL, 0, false and empty: not sent. */
struct sagemaker_request {
	const char *name;
	const char *image;
	struct strs entrypoint;
	struct strs arguments;
	struct sagemaker_pairs metrics; /* name, regular expression */
	const char *role;
	struct sagemaker_pairs hyper;
	struct sagemaker_pairs environment;
	struct sagemaker_pairs channels; /* name, s3://bucket/prefix/ */
	const char *output;              /* s3://bucket/prefix */
	const char *kms_key;             /* of output and volume */
	const char *instance_type;
	uint64_t instance_count;
	uint64_t volume_gb;
	uint64_t keep_alive;  /* seconds, of a warm pool */
	uint64_t max_runtime; /* seconds */
	bool spot;
	uint64_t max_wait;       /* seconds; with spot */
	const char *checkpoints; /* s3://bucket/prefix, or NULL */
	struct strs subnets;
	struct strs security_groups;
	bool isolated; /* no network */
	struct sagemaker_pairs tags;
};
/* Appends the JSON. */
void sagemaker_format(const struct sagemaker_request *request, struct buf *out);
/* The parts of it: all but name and tags, with hyperparameters by that name. */
struct jsonout;
void sagemaker_put_job(struct jsonout *json,
    const struct sagemaker_request *request, const char *hyper);
void sagemaker_put_tags(struct jsonout *json,
    const struct sagemaker_pairs *tags);
/* Releases the lists; the pairs are the caller's. */
void sagemaker_request_release(struct sagemaker_request *request);

/*
 * Starts a job of that name with arguments as sagemaker_format makes them: 1
 * and its ARN; or 0, as there is, or ever was, a job of that name.
 */
CHECKED int sagemaker_create(struct aws_json *json, const char *name,
    const struct buf *arguments, struct buf *arn, struct mldv_error *err);

enum sagemaker_status {
	SAGEMAKER_RUNNING, /* or anything that is not known */
	SAGEMAKER_COMPLETED,
	SAGEMAKER_FAILED,
	SAGEMAKER_STOPPING,
	SAGEMAKER_STOPPED,
};

/* "Completed", of any kind of job. */
enum sagemaker_status sagemaker_status_of(const char *text);
/* Did the last call say that there is no such job? */
bool sagemaker_is_absent(const struct aws_json *json);

/* What is said of a job; texts in the arena, NULL if there are none. */
struct sagemaker_job {
	enum sagemaker_status status;
	const char *status_text; /* "InProgress" */
	const char *secondary;   /* "Downloading" */
	/* All states so far, the oldest first, and what is said of each. */
	struct sagemaker_pairs steps;
	const char *arn;
	const char *failure; /* "AlgorithmError: …" */
	const char *model;   /* s3://…/model.tar.gz */
	const char *output;  /* OutputDataConfig's path */
	const char *image;
	const char *instance_type;
	uint64_t instance_count;
	uint64_t training_seconds; /* 0: not said */
	uint64_t billable_seconds;
	const char *key; /* the variable MLDV_KEY of its environment */
	struct sagemaker_pairs metrics; /* last values, as the JSON has them */
};

/* Where people look at it, in the arena. */
const char *sagemaker_console(const char *region, const char *name,
    struct arena *arena);
/* 1, or 0 if there is no such job. */
CHECKED int sagemaker_describe(struct aws_json *json, const char *name,
    struct arena *arena, struct sagemaker_job *out, struct mldv_error *err);
/* 1, or 0 if there is no such job, or it has ended. */
CHECKED int sagemaker_stop(struct aws_json *json, const char *name,
    struct mldv_error *err);

#endif
