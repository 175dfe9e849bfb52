/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A training job as a process here: sagemaker.instance_type = local-process.
 * The directory of a job, its files, its variables and arguments are those
 * that the training toolkit of AWS's framework images makes; what is /opt/ml
 * there is a directory of SAGEMAKER_BASE_DIR here. Read from:
 * github.com/aws/sagemaker-training-toolkit, README.md and "Reference", and
 * compared with the toolkit itself by the tests.
 */

#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/locallayout.h"

/* A channel is a directory, also of a single file. */
static int link_channel(const struct local *local,
    const struct training_channel *channel, struct mldv_error *err)
{
	struct arena *arena = local->job->arena;
	const char *path = channel->dep->dep->path;
	const char *from = project_absolute(local->job->project, arena, path);
	const char *to =
	    path_join(arena, local_path(local, "input/data"), channel->name);

	if (channel->dep->content.kind != KIND_DIR) {
		if (file_make_dirs(to, err) < 0)
			return -1;
		to = path_join(arena, to, path_base(path));
	}
	if (symlink(from, to) < 0)
		return err_errno(err, "cannot make link '%s'", to);
	return 0;
}

static void add_own_variables(struct local *local)
{
	struct runner_job *job = local->job;
	struct arena *arena = job->arena;

	strs_add(&job->environment,
	    arena_printf(arena, "SAGEMAKER_BASE_DIR=%s", local->toolkit.base));
	strs_add(&job->environment,
	    arena_printf(arena, "TRAINING_JOB_NAME=mldv-local-%s",
	        job->stage->name));
	/* Those of a job that no job of AWS is. */
	strs_add(&job->environment, "SAGEMAKER_JOB_NAME=");
	strs_add(&job->environment, "SAGEMAKER_REGION=");
	strs_add(&job->environment,
	    arena_printf(arena, "PYTHONPATH=%s", local->code));
	strs_add(&job->environment,
	    arena_printf(arena, "MLDV_PARAMS=%s",
	        path_join(arena, local->code, TRAINING_PARAMS)));
}

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	struct local *local = arena_alloc(job->arena, sizeof *local);
	struct strs args = {0};

	job->state = local;
	local->job = job;
	local->dir = path_join(job->arena, job->temp, "ml");
	local->toolkit = (struct toolkit){
	    .base = local->dir,
	    .instance = "local-process",
	    .gpus = job->stage->gpus,
	};
	if (local_lay_out(local, err) < 0)
		return -1;
	for (size_t i = 0; i < local->training.channel_count; i++) {
		if (link_channel(local, &local->training.channels[i], err) < 0)
			return -1;
	}
	toolkit_arguments(&local->toolkit, &args);
	toolkit_variables(&local->toolkit, &args, &job->environment);
	add_own_variables(local);
	toolkit_command(&local->toolkit, &args, &job->argv);
	job->dir = local->code;
	strs_release(&args);
	return 0;
}

static int finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	const struct local *local = job->state;
	const char *why;

	if (runner_check_result(job, result, err) < 0) {
		why = local_failure(local);
		if (why)
			return err_set(err, MLDV_FAILED,
			    "stage '%s' failed: %s", job->stage->name, why);
		return -1;
	}
	return local_take_results(local, err);
}

const struct runner runner_local_process = {
    .name = "sagemaker",
    .version = 1,
    .add_to_key = training_add_to_key,
    .prepare = prepare,
    .finish = finish,
};
