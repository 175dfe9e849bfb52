/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_TOOLKIT_H
#define RUNNER_TOOLKIT_H

/*
 * What the training toolkit of AWS's framework images tells a script, on one
 * host: github.com/aws/sagemaker-training-toolkit, version 5, environment.py,
 * mapping.py and process.py. The tests compare it with the toolkit itself.
 */

#include "runner/training.h"

#define TOOLKIT_HOST "algo-1"

struct toolkit {
	struct arena *arena;
	const struct training *training;
	const char *base;     /* what is /opt/ml on SageMaker */
	const char *instance; /* what it says it runs on */
	unsigned gpus;
};

/* base/name, in the arena. */
const char *toolkit_path(const struct toolkit *toolkit, const char *name);

/* Append the files of input/config, without their final line feed. */
void toolkit_put_hyper(const struct toolkit *toolkit, struct buf *out);
void toolkit_put_channels(const struct toolkit *toolkit, struct buf *out);
void toolkit_put_resources(const struct toolkit *toolkit, struct buf *out);

/* --name value, and -n value for a name of one letter. */
void toolkit_arguments(const struct toolkit *toolkit, struct strs *out);
/* The command line: a script of Python by python3, any other by a shell. */
void toolkit_command(const struct toolkit *toolkit,
    const struct strs *arguments, struct strs *out);
/* SM_… variables as NAME=value. */
void toolkit_variables(const struct toolkit *toolkit,
    const struct strs *arguments, struct strs *out);

#endif
