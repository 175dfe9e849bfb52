/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A training job on SageMaker, as the process that runs the pipeline sees it:
 * what is asked for, what it may cost, and how it ended. runner/jobrun.c does
 * the rest, in a process of its own.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "net/client.h"
#include "project/remotes.h"
#include "runner/awsprice.h"
#include "runner/jobfile.h"
#include "runner/sage.h"
#include "store/tarball.h"

static int find_region(struct sage *sage, struct mldv_error *err)
{
	const struct net_options none = {0};
	struct aws_json_options options = {
	    .service = &sagemaker_service,
	    .net = net_open(&none),
	    .profile = sage->profile,
	    .region = sage->region,
	};
	struct aws_json *json = aws_json_open(&options);
	int ret = aws_json_region(json, &sage->region, err);

	if (ret == 0)
		sage->region = arena_str(sage->job->arena, sage->region);
	aws_json_close(json);
	net_close(options.net);
	return ret;
}

static int find_place(struct sage *sage, struct mldv_error *err)
{
	struct mldv_project *project = sage->job->project;
	struct arena *arena = sage->job->arena;
	const char *ignored;

	if (remotes_choose(project, NULL, arena, &sage->remote_name, err) < 0)
		return -1;
	sage->region = config_get(&project->config,
	    arena_printf(arena, "remote.%s.region", sage->remote_name));
	sage->profile = config_get(&project->config,
	    arena_printf(arena, "remote.%s.profile", sage->remote_name));
	if (remotes_open(project, sage->remote_name, &sage->remote, err) < 0 ||
	    remote_plain_url(sage->remote, "", arena, &ignored, err) < 0)
		return -1;
	return find_region(sage, err);
}

/* Refuses what could cost more than it may. */
static int check_cost(struct sage *sage, struct mldv_error *err)
{
	struct sage_settings *settings = &sage->settings;
	double cost;

	if (settings->price <= 0)
		settings->price =
		    aws_price(sage->region, settings->instance_type);
	if (settings->max_cost <= 0)
		return 0;
	if (settings->price <= 0)
		return sage_wrong(sage, err,
		    arena_printf(sage->job->arena,
		        "has a 'sagemaker.max_cost', but the price of %s in "
		        "%s is not in the table of " AWS_TABLES "; look it "
		        "up, and add 'sagemaker.price = PRICE USD', that of "
		        "an hour",
		        settings->instance_type, sage->region));
	cost = settings->price * (double)settings->instance_count *
	    (double)settings->max_runtime / 3600;
	if (sage->times > 0)
		cost *= (double)sage->times;
	if (cost <= settings->max_cost)
		return 0;
	return sage_wrong(sage, err,
	    arena_printf(sage->job->arena,
	        "could cost %.2f USD, which is more than "
	        "'sagemaker.max_cost', %.2f USD: %" PRIu64 " x %s for %" PRIu64
	        " s at %.4f USD an hour; give it a shorter 'timeout'",
	        cost, settings->max_cost, settings->instance_count,
	        settings->instance_type, settings->max_runtime,
	        settings->price));
}

struct adding {
	const struct sage *sage;
	struct tarball *tarball;
};

static int add_code(void *context, const struct training_file *file,
    struct mldv_error *err)
{
	const struct adding *adding = context;
	const struct runner_job *job = adding->sage->job;

	return tarball_add(adding->tarball, file->path, file->kind,
	    project_absolute(job->project, job->arena, file->path), file->text,
	    err);
}

/* The code, of which the same gives the same bytes. */
static int pack_code(const struct sage *sage, int fd, struct mldv_error *err)
{
	struct adding adding = {.sage = sage};
	int ret = tarball_create(&adding.tarball, fd, err);

	if (ret == 0)
		ret = training_each_file(sage->job, &sage->training, add_code,
		    &adding, err);
	if (ret == 0)
		ret = tarball_end(adding.tarball, err);
	tarball_close(adding.tarball);
	return ret;
}

static int make_source(struct sage *sage, struct mldv_error *err)
{
	struct arena *arena = sage->job->arena;
	const char *path = path_join(arena, sage->job->temp, SAGE_SOURCE);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct buf bytes = {0};
	char hex[OID_HEX + 1];
	struct oid oid;
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot make '%s'", path);
	ret = pack_code(sage, fd, err);
	if (close(fd) < 0 && ret == 0)
		ret = err_errno(err, "cannot write '%s'", path);
	if (ret == 0)
		ret = file_read(path, (size_t)1 << 30, &bytes, err);
	if (ret == 0) {
		oid_of(bytes.data, bytes.len, &oid);
		oid_hex(&oid, hex);
		sage->source_name =
		    arena_printf(arena, "export/source/%s/" SAGE_SOURCE, hex);
	}
	buf_release(&bytes);
	return ret;
}

void sage_fill(const struct sage *sage, struct jobfile *out)
{
	const struct training *training = &sage->training;
	const struct runner_job *job = sage->job;
	struct arena *arena = job->arena;

	*out = (struct jobfile){
	    .stage = job->stage->name,
	    .key = sage->key,
	    .name = sage->request.name,
	    .remote = sage->remote_name,
	    .region = sage->region,
	    .profile = sage->profile,
	    .source = path_join(arena, job->temp, SAGE_SOURCE),
	    .source_name = sage->source_name,
	    .channel_count = training->channel_count,
	    .out_count = job->stage->out_count,
	    .retries = job->stage->retries,
	    .instances = sage->settings.instance_count,
	    .result = sage->result,
	};
	out->channels =
	    arena_array(arena, out->channel_count + 1, sizeof *out->channels);
	for (size_t i = 0; i < out->channel_count; i++)
		out->channels[i] =
		    (struct job_channel){training->channels[i].dep->dep->path,
		        training->channels[i].dep->content.oid};
	out->outs = arena_array(arena, out->out_count + 1, sizeof *out->outs);
	for (size_t i = 0; i < out->out_count; i++)
		out->outs[i] = (struct job_out){training->results[i].out,
		    training->results[i].model, training->results[i].inner};
	if (sage->settings.price > 0)
		out->price = arena_printf(arena, "%.6f", sage->settings.price);
}

static int write_job(const struct sage *sage, const char *path,
    struct mldv_error *err)
{
	struct buf request = {0};
	struct buf text = {0};
	struct jobfile file;
	int ret;

	sage_fill(sage, &file);
	sagemaker_format(&sage->request, &request);
	file.request = buf_str(&request);
	jobfile_format(&file, &text);
	ret = file_replace(path, text.data, text.len, err);
	buf_release(&request);
	buf_release(&text);
	return ret;
}

int sage_prepare(struct sage *sage, struct mldv_error *err)
{
	struct runner_job *job = sage->job;

	oid_hex(job->key, sage->key);
	if (sage_read(job->stage, job->arena, &sage->settings, err) < 0 ||
	    training_read(job, &sage->training, err) < 0 ||
	    find_place(sage, err) < 0 || check_cost(sage, err) < 0 ||
	    make_source(sage, err) < 0)
		return -1;
	return sage_request(sage, err);
}

static int prepare_all(struct sage *sage, struct mldv_error *err)
{
	struct runner_job *job = sage->job;
	const char *path = path_join(job->arena, job->temp, "job");

	if (sage_prepare(sage, err) < 0 || write_job(sage, path, err) < 0)
		return -1;
	strs_add(&job->argv, "/proc/self/exe");
	strs_add(&job->argv, "-C");
	strs_add(&job->argv, job->project->root);
	strs_add(&job->argv, "run-job");
	strs_add(&job->argv, path);
	job->dir = job->project->root;
	/* The service keeps to it, and here there is only waiting. */
	job->timeout = 0;
	return 0;
}

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	struct sage *sage = arena_alloc(job->arena, sizeof *sage);
	int ret;

	job->state = sage;
	sage->job = job;
	sage->result = path_join(job->arena, job->temp, "result");
	ret = prepare_all(sage, err);
	sagemaker_request_release(&sage->request);
	remote_close(sage->remote);
	sage->remote = NULL;
	return ret;
}

static int finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	const struct sage *sage = job->state;

	return job_result_take(job, sage->result, result, err);
}

const struct runner runner_sagemaker = {
    .name = "sagemaker",
    .version = 1,
    .elsewhere = true,
    .add_to_key = training_add_to_key,
    .prepare = prepare,
    .finish = finish,
};
