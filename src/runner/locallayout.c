/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/locallayout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/copying.h"

enum { COPY_LIMIT = 256 << 20, FAILURE_LIMIT = 1024 };

const char *local_path(const struct local *local, const char *name)
{
	return path_join(local->job->arena, local->dir, name);
}

static int make_dirs(const struct local *local, struct mldv_error *err)
{
	static const char *const names[] = {"input/config", "input/data",
	    "model", "output/data", "output/intermediate", "checkpoints",
	    "code"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (file_make_dirs(local_path(local, names[i]), err) < 0)
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

static int write_config(const struct local *local, const char *name,
    const struct buf *text, struct mldv_error *err)
{
	const char *path = path_join(local->job->arena,
	    local_path(local, "input/config"), name);

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
	toolkit_put_resources(&local->toolkit, &text);
	if (ret == 0)
		ret = write_config(local, "resourceconfig.json", &text, err);
	buf_release(&text);
	return ret;
}

int local_lay_out(struct local *local, struct mldv_error *err)
{
	struct runner_job *job = local->job;

	local->toolkit.arena = job->arena;
	local->toolkit.training = &local->training;
	local->code = local_path(local, "code");
	if (training_read(job, &local->training, err) < 0 ||
	    make_dirs(local, err) < 0 ||
	    training_each_file(job, &local->training, copy_code, local, err) <
	        0 ||
	    write_configs(local, err) < 0)
		return -1;
	if (chmod(path_join(job->arena, local->code, local->training.program),
	        0777) < 0)
		return err_errno(err, "cannot find '%s' among the code",
		    local->training.program);
	return 0;
}

const char *local_failure(const struct local *local)
{
	struct buf text = {0};
	struct mldv_error ignored;
	const char *out = NULL;

	if (file_read(local_path(local, "output/failure"), FAILURE_LIMIT * 64,
	        &text, &ignored) == 0 &&
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
	    path_join(job->arena, local_path(local, dir), result->inner);
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

int local_take_results(const struct local *local, struct mldv_error *err)
{
	for (size_t i = 0; i < local->job->stage->out_count; i++) {
		if (take_result(local, &local->training.results[i], err) < 0)
			return -1;
	}
	return 0;
}
