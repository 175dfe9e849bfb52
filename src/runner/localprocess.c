/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A training job as a process here: sagemaker.instance_type = local-process.
 * The directory of a job, its files, its variables and arguments are those
 * that the training toolkit of AWS's framework images makes; what is /opt/ml
 * there is a directory of SAGEMAKER_BASE_DIR here. Read from:
 * github.com/aws/sagemaker-training-toolkit, README.md and "Reference", and
 * compared with the toolkit itself by the tests.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/copying.h"
#include "runner/toolkit.h"

enum { COPY_LIMIT = 256 << 20, FAILURE_LIMIT = 1024 };

struct local {
	struct runner_job *job;
	struct training training;
	struct toolkit toolkit;
	const char *code;
};

static const char *below(const struct local *local, const char *name)
{
	return toolkit_path(&local->toolkit, name);
}

static int make_dirs(const struct local *local, struct mldv_error *err)
{
	static const char *const names[] = {"input/config", "input/data",
	    "model", "output/data", "output/intermediate", "checkpoints",
	    "code"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (file_make_dirs(below(local, names[i]), err) < 0)
			return -1;
	}
	return 0;
}

static int write_file(const char *path, mode_t mode, const void *data,
    size_t size, struct mldv_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot make '%s'", path);
	ret = file_write(fd, path, data, size, err);
	if (close(fd) < 0 && ret == 0)
		ret = err_errno(err, "cannot write '%s'", path);
	return ret;
}

/* Puts a file of the code where the job finds it. */
static int copy_code(void *context, const struct training_file *file,
    struct mldv_error *err)
{
	const struct local *local = context;
	struct arena *arena = local->job->arena;
	const char *to = path_join(arena, local->code, file->path);
	const char *from =
	    project_absolute(local->job->project, arena, file->path);
	struct buf text = {0};
	int ret = file_make_parents(to, err);

	if (ret < 0)
		return -1;
	if (file->kind == KIND_LINK)
		return copy_link(from, to, err);
	if (file->text)
		buf_add_str(&text, file->text);
	else
		ret = file_read(from, COPY_LIMIT, &text, err);
	if (ret == 0)
		ret = write_file(to, file->kind == KIND_EXEC ? 0777 : 0666,
		    buf_str(&text), text.len, err);
	buf_release(&text);
	return ret;
}

/* A channel is a directory, also of a single file. */
static int link_channel(const struct local *local,
    const struct training_channel *channel, struct mldv_error *err)
{
	struct arena *arena = local->job->arena;
	const char *path = channel->dep->dep->path;
	const char *from = project_absolute(local->job->project, arena, path);
	const char *to =
	    path_join(arena, below(local, "input/data"), channel->name);

	if (channel->dep->content.kind != KIND_DIR) {
		if (file_make_dirs(to, err) < 0)
			return -1;
		to = path_join(arena, to, path_base(path));
	}
	if (symlink(from, to) < 0)
		return err_errno(err, "cannot make link '%s'", to);
	return 0;
}

static int write_config(const struct local *local, const char *name,
    const struct buf *text, struct mldv_error *err)
{
	const char *path =
	    path_join(local->job->arena, below(local, "input/config"), name);

	return write_file(path, 0666, buf_str(text), text->len, err);
}

static int write_configs(const struct local *local, struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	toolkit_put_hyper(&local->toolkit, &text);
	ret = write_config(local, "hyperparameters.json", &text, err);
	buf_reset(&text);
	toolkit_put_channels(&local->toolkit, &text);
	if (ret == 0)
		ret = write_config(local, "inputdataconfig.json", &text, err);
	buf_reset(&text);
	toolkit_put_resources(&text);
	if (ret == 0)
		ret = write_config(local, "resourceconfig.json", &text, err);
	buf_release(&text);
	return ret;
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
	local->toolkit = (struct toolkit){
	    .arena = job->arena,
	    .training = &local->training,
	    .base = path_join(job->arena, job->temp, "ml"),
	    .gpus = job->stage->gpus,
	};
	local->code = below(local, "code");
	if (training_read(job, &local->training, err) < 0 ||
	    make_dirs(local, err) < 0 ||
	    training_each_file(job, &local->training, copy_code, local, err) <
	        0)
		return -1;
	for (size_t i = 0; i < local->training.channel_count; i++) {
		if (link_channel(local, &local->training.channels[i], err) < 0)
			return -1;
	}
	if (write_configs(local, err) < 0)
		return -1;
	if (chmod(path_join(job->arena, local->code, local->training.program),
	        0777) < 0)
		return err_errno(err, "cannot find '%s' among the code",
		    local->training.program);
	toolkit_arguments(&local->toolkit, &args);
	toolkit_variables(&local->toolkit, &args, &job->environment);
	add_own_variables(local);
	toolkit_command(&local->toolkit, &args, &job->argv);
	job->dir = local->code;
	strs_release(&args);
	return 0;
}

/* What the script left to say why it failed, or NULL; one line. */
static const char *read_failure(const struct local *local)
{
	struct buf text = {0};
	struct mldv_error ignored;
	const char *out = NULL;

	if (file_read(below(local, "output/failure"), FAILURE_LIMIT * 64, &text,
	        &ignored) == 0 &&
	    text.len > 0) {
		char *line = arena_strn(local->job->arena, buf_str(&text),
		    text.len < FAILURE_LIMIT ? text.len : FAILURE_LIMIT);

		for (char *c = line; *c; c++)
			*c = (unsigned char)*c < ' ' ? ' ' : *c;
		out = line;
	}
	buf_release(&text);
	return out;
}

static int take_result(const struct local *local,
    const struct training_result *result, struct mldv_error *err)
{
	struct runner_job *job = local->job;
	const char *dir = result->model ? "model" : "output/data";
	const char *from =
	    path_join(job->arena, below(local, dir), result->inner);
	const char *to =
	    project_absolute(job->project, job->arena, result->out);
	int there = file_exists(from, err);

	if (there < 0)
		return -1;
	if (!there)
		return err_set(err, MLDV_FAILED,
		    "stage '%s' did not make '%s' in $%s, where its output "
		    "'%s' is to come from (%s:%u)",
		    job->stage->name, result->inner,
		    result->model ? "SM_MODEL_DIR" : "SM_OUTPUT_DATA_DIR",
		    result->out, job->stage->file, job->stage->line);
	return copy_tree(job->arena, from, to, err);
}

static int finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	const struct local *local = job->state;
	const char *why;

	if (runner_check_result(job, result, err) < 0) {
		why = read_failure(local);
		if (why)
			return err_set(err, MLDV_FAILED,
			    "stage '%s' failed: %s", job->stage->name, why);
		return -1;
	}
	for (size_t i = 0; i < job->stage->out_count; i++) {
		if (take_result(local, &local->training.results[i], err) < 0)
			return -1;
	}
	return 0;
}

const struct runner runner_local_process = {
    .name = "sagemaker",
    .version = 1,
    .add_to_key = training_add_to_key,
    .prepare = prepare,
    .finish = finish,
};
