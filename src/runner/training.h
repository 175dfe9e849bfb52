/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_TRAINING_H
#define RUNNER_TRAINING_H

/*
 * A stage as a training job: which deps are channels of data and which are
 * code, what hyperparameters the script gets, and where the outs come from.
 * The same for a job of SageMaker and for a process here.
 *
 * A dep with channel=NAME is a channel; so is a dep that is data (an item, or
 * an output that Git does not keep), which may go without the option if it is
 * the only one: then the channel is "training". All other deps are code.
 */

#include "aws/sagemaker.h"
#include "project/item.h"
#include "runner/runner.h"

#define TRAINING_MODEL  "model.tar.gz"
#define TRAINING_OUTPUT "output.tar.gz"
/* The command of a stage without entry_point, among the code. */
#define TRAINING_SCRIPT "mldv-entry.sh"
/* The declared parameters, among the code; MLDV_PARAMS names it. */
#define TRAINING_PARAMS "mldv-params.json"

struct training_channel {
	const char *name;
	const struct runner_dep *dep;
};

/* Where an output comes from. */
struct training_result {
	const char *out;   /* path from the root */
	bool model;        /* of the model directory, not of output/data */
	const char *inner; /* clean path in there; "" for all of it */
};

/* Everything lives in the job's arena. */
struct training {
	struct training_channel *channels; /* sorted by name */
	size_t channel_count;
	const struct runner_dep **code; /* sorted by path */
	size_t code_count;
	const char *program; /* entry_point, or TRAINING_SCRIPT */
	const char *script;  /* the text of TRAINING_SCRIPT, or NULL */
	/* Sorted by name; values are JSON, as AWS's SDK sends them. */
	struct sagemaker_pairs hyper;
	struct training_result *results; /* as many as the stage has outs */
};

/* MLDV_USAGE, with the line in mldv.ini, if the stage is no such job. */
CHECKED int training_read(const struct runner_job *job, struct training *out,
    struct mldv_error *err);

/* Adds "channel", "from", "hyper" and "image" lines. */
CHECKED int training_add_to_key(const struct runner_job *job,
    struct strs *lines, struct mldv_error *err);

/*
 * Visits the files of the code in a fixed order: the deps' files, the script,
 * the parameters' file. text: the content of what is not in the work tree, or
 * NULL.
 */
struct training_file {
	const char *path; /* from the source directory, and from the root */
	enum kind kind;
	const char *text;
};
CHECKED int training_each_file(const struct runner_job *job,
    const struct training *training,
    int (*visit)(void *context, const struct training_file *file,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/* The setting sagemaker.<name>, or NULL. */
const char *training_setting(const struct stage *stage, const char *name);
/* Is the stage to run as a process here? */
bool training_is_process(const struct stage *stage);
/* Is it to run in its image here, by podman or docker? */
bool training_is_container(const struct stage *stage);
/*
 * Does its image have the training toolkit, so that it knows what to start?
 */
bool training_has_toolkit(const struct stage *stage);
/*
 * Pairs of the settings "sagemaker.<name>.KEY = VALUE", sorted by KEY; in the
 * arena.
 */
struct sagemaker_pairs training_named(const struct stage *stage,
    const char *name, struct arena *arena);

#endif
