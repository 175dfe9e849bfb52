/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/runner.h"

#include "runner/training.h"

static const struct runner *const runners[RUNNERS] = {
    [RUN_SHELL] = &runner_shell,
    [RUN_NOTEBOOK] = &runner_notebook,
    [RUN_SAGEMAKER] = &runner_sagemaker,
};

const struct runner *runner_of(const struct stage *stage)
{
	if (stage->run == RUN_SAGEMAKER && training_is_process(stage))
		return &runner_local_process;
	return runners[stage->run];
}

int runner_check_result(struct runner_job *job,
    const struct proc_result *result, struct mldv_error *err)
{
	const char *name = job->stage->name;

	if (result->signal != 0)
		return err_set(err, MLDV_FAILED,
		    "stage '%s' was killed by signal %d", name, result->signal);
	if (result->status != 0)
		return err_set(err, MLDV_FAILED,
		    "stage '%s' failed with status %d", name, result->status);
	return 0;
}
