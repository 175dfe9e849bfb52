/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/runner.h"

#include <string.h>

#include "runner/training.h"

#define INSTANCE "sagemaker.instance_type"

static const struct runner *const runners[RUNNERS] = {
    [RUN_SHELL] = &runner_shell,
    [RUN_NOTEBOOK] = &runner_notebook,
    [RUN_CONTAINER] = &runner_container,
    [RUN_SAGEMAKER] = &runner_sagemaker,
    [RUN_FARGATE] = &runner_fargate,
    [RUN_BATCH] = &runner_batch,
};

const struct runner *runner_of(const struct stage *stage)
{
	if (stage->run == RUN_SAGEMAKER && training_is_process(stage))
		return &runner_local_process;
	if (stage->run == RUN_SAGEMAKER && training_is_container(stage))
		return &runner_local_container;
	return runners[stage->run];
}

/* A stage's own copy of its settings, with another instance. */
static void move_here(struct stage *stage, struct arena *arena, const char *on)
{
	struct setting *list =
	    arena_array(arena, stage->setting_count + 1, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i < stage->setting_count; i++) {
		if (strcmp(stage->settings[i].key, INSTANCE) != 0)
			list[count++] = stage->settings[i];
	}
	list[count++] = (struct setting){INSTANCE, on, stage->line};
	stage->settings = list;
	stage->setting_count = count;
}

int runner_choose(struct stages *stages, struct arena *arena, const char *on,
    struct mldv_error *err)
{
	bool process = strcmp(on, "local-process") == 0;
	bool container = strcmp(on, "local") == 0;

	if (!process && !container && strcmp(on, "sagemaker") != 0)
		return err_set(err, MLDV_USAGE,
		    "training jobs run on 'sagemaker', 'local' or "
		    "'local-process', not on '%s'",
		    on);
	for (size_t i = 0; i < stages->count; i++) {
		struct stage *stage = &stages->stages[i];

		if (stage->run != RUN_SAGEMAKER)
			continue;
		if (process || container)
			move_here(stage, arena,
			    container && stage->gpus > 0 ? "local_gpu" : on);
		else if (training_is_process(stage) ||
		    training_is_container(stage))
			return err_set(err, MLDV_USAGE,
			    "stage '%s' has no instance of SageMaker to run "
			    "on; give 'sagemaker.instance_type', as in "
			    "ml.m5.xlarge",
			    stage->name);
	}
	return 0;
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
