/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A training job in its image here. /opt/ml is the directory that
 * locallayout.h describes, with the channels mounted in it, read-only; the
 * image is started as SageMaker starts it, with the argument "train", or with
 * the stage's command where the image has no training toolkit.
 */

#include "runner/localcontainer.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/awsprice.h"
#include "runner/container.h"
#include "runner/containerimage.h"
#include "runner/locallayout.h"

#define OPT_ML "/opt/ml"
#define INSTEAD                                                            \
	"; 'mldv repro --on local-process' runs it as a process, without " \
	"its image"

struct local_container {
	struct local local;
	struct container container;
};

int local_container_add_image(const struct runner_job *job,
    const char *reference, struct strs *lines, struct mldv_error *err)
{
	struct mldv_error cause;

	if (image_check(reference, err) < 0)
		return err_prefix(err, "stage '%s'", job->stage->name);
	if (image_add_to_key(job, reference, lines, &cause) < 0)
		return err_set(err, cause.code, "stage '%s': %s" INSTEAD,
		    job->stage->name, cause.text);
	return 0;
}

static const char *variable(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	return getenv(name);
}

/* The address of one of AWS's own images: each region has them. */
static int find_framework(struct local_container *own, const char *framework,
    struct mldv_error *err)
{
	struct runner_job *job = own->local.job;
	const char *region = variable("AWS_REGION");
	bool gpu = strcmp(own->local.toolkit.instance, "local_gpu") == 0;

	if (!region)
		region = variable("AWS_DEFAULT_REGION");
	if (!region)
		return err_set(err, MLDV_USAGE,
		    "cannot tell where to get the image '%s' from; set "
		    "AWS_REGION, or give 'sagemaker.image'",
		    framework);
	return aws_image(framework, region,
	    gpu ? "ml.g5.xlarge" : "ml.m5.xlarge", job->arena,
	    &own->container.image, err);
}

static int open_container(struct local_container *own, struct mldv_error *err)
{
	const struct stage *stage = own->local.job->stage;
	const char *framework = training_setting(stage, "framework");
	struct mldv_error cause;

	if (container_open(&own->container, own->local.job, &cause) < 0)
		return err_set(err, cause.code, "%s" INSTEAD, cause.text);
	if (!framework || training_setting(stage, "image") || stage->image)
		return 0;
	return find_framework(own, framework, err);
}

/* A channel is a directory, also of a single file. */
static int mount_channel(struct local_container *own,
    const struct training_channel *channel, struct mldv_error *err)
{
	struct runner_job *job = own->local.job;
	const char *path = channel->dep->dep->path;
	const char *name = path_join(job->arena, "input/data", channel->name);
	bool is_dir = channel->dep->content.kind == KIND_DIR;
	const char *at;

	if (!is_dir)
		name = path_join(job->arena, name, path_base(path));
	at = local_path(&own->local, name);
	if ((is_dir ? file_make_dirs(at, err) : file_make_parents(at, err)) <
	        0 ||
	    (!is_dir && file_replace(at, "", 0, err) < 0))
		return -1;
	container_add_mount(&own->container,
	    project_absolute(job->project, job->arena, path),
	    path_join(job->arena, OPT_ML, name), false);
	return 0;
}

static int add_mounts(struct local_container *own, struct mldv_error *err)
{
	struct runner_job *job = own->local.job;
	const struct training *training = &own->local.training;
	const char *temp = path_join(job->arena, job->temp, "temp");

	if (file_make_dirs(temp, err) < 0)
		return -1;
	container_add_mount(&own->container, temp, CONTAINER_TEMP, true);
	container_add_mount(&own->container, own->local.dir, OPT_ML, true);
	for (size_t i = 0; i < training->channel_count; i++) {
		if (mount_channel(own, &training->channels[i], err) < 0)
			return -1;
	}
	return 0;
}

static const char *upper(struct arena *arena, const char *name)
{
	char *out = arena_str(arena, name);

	for (char *c = out; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	return out;
}

static void set(struct local_container *own, const char *name,
    const char *value)
{
	strs_add(&own->container.environment,
	    arena_printf(own->local.job->arena, "%s=%s", name, value));
}

/* What a job on SageMaker has, too; see sagerequest.c. */
static void set_environment(struct local_container *own)
{
	struct runner_job *job = own->local.job;
	const struct training *training = &own->local.training;
	struct sagemaker_pairs own_names =
	    training_named(job->stage, "env", job->arena);
	char key[OID_HEX + 1];

	container_take_environment(&own->container);
	oid_hex(job->key, key);
	set(own, "TMPDIR", CONTAINER_TEMP);
	set(own, "MLDV_KEY", key);
	set(own, "MLDV_ROOT", OPT_ML "/code");
	set(own, "MLDV_PARAMS", OPT_ML "/code/" TRAINING_PARAMS);
	set(own, "TRAINING_JOB_NAME",
	    arena_printf(job->arena, "mldv-local-%s", job->stage->name));
	for (size_t i = 0;
	     !training_has_toolkit(job->stage) && i < training->channel_count;
	     i++) {
		const char *name = training->channels[i].name;

		set(own,
		    arena_printf(job->arena, "SM_CHANNEL_%s",
		        upper(job->arena, name)),
		    path_join(job->arena, OPT_ML "/input/data", name));
	}
	if (!training_has_toolkit(job->stage)) {
		set(own, "SM_MODEL_DIR", OPT_ML "/model");
		set(own, "SM_OUTPUT_DATA_DIR", OPT_ML "/output/data");
	}
	for (size_t i = 0; i < own_names.count; i++)
		set(own, own_names.items[i].name, own_names.items[i].value);
}

static void set_command(struct local_container *own)
{
	static const char *const train[] = {"train", NULL};
	static const char *const script[] = {"/bin/sh", "-c",
	    "cd " OPT_ML "/code && exec ./" TRAINING_SCRIPT, NULL};

	if (training_has_toolkit(own->local.job->stage))
		own->container.arguments = train;
	else
		own->container.entrypoint = script;
}

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	struct local_container *own = arena_alloc(job->arena, sizeof *own);

	job->state = own;
	own->local.job = job;
	own->local.dir = path_join(job->arena, job->temp, "ml");
	own->local.toolkit = (struct toolkit){
	    .base = OPT_ML,
	    .instance = training_setting(job->stage, "instance_type"),
	    .gpus = job->stage->gpus,
	};
	if (open_container(own, err) < 0 ||
	    local_lay_out(&own->local, err) < 0 || add_mounts(own, err) < 0)
		return -1;
	set_environment(own);
	set_command(own);
	if (strcmp(own->local.toolkit.instance, "local_gpu") == 0)
		own->container.all_gpus = true;
	container_start(&own->container);
	container_release(&own->container);
	return 0;
}

static int finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	const struct local_container *own = job->state;
	const char *why;

	if (container_check(&own->container, result, err) < 0) {
		why = local_failure(&own->local);
		if (why)
			return err_set(err, MLDV_FAILED,
			    "stage '%s' failed: %s", job->stage->name, why);
		return -1;
	}
	return local_take_results(&own->local, err);
}

static void stopped(struct runner_job *job)
{
	const struct local_container *own = job->state;

	container_stopped(&own->container);
}

const struct runner runner_local_container = {
    .name = "sagemaker",
    .version = 1,
    .add_to_key = training_add_to_key,
    .prepare = prepare,
    .finish = finish,
    .stopped = stopped,
};
