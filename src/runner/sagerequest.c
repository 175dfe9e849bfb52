/* SPDX-License-Identifier: Apache-2.0 */

/* What is asked of SageMaker for a stage. */

#include <stdlib.h>
#include <string.h>

#include "aws/caller.h"
#include "base/jsonout.h"
#include "base/path.h"
#include "runner/awsprice.h"
#include "runner/sage.h"
#include "runner/sageimage.h"

enum { STAGE_LETTERS = 20, KEY_DIGITS = 16, TAG_LETTERS = 256, OWN_TAGS = 5 };

#define OPT_ML      "/opt/ml"
#define OWN_CHANNEL "mldv" /* of the code, for an image without the toolkit */

/* Starts the command in an image that need not have the training toolkit. */
#define OWN_ENTRY                                                       \
	"cd \"${SAGEMAKER_BASE_DIR:-" OPT_ML "}\" && mkdir -p code && " \
	"cd code && tar xzf ../input/data/" OWN_CHANNEL "/" SAGE_SOURCE \
	" && exec ./" TRAINING_SCRIPT

int sage_wrong(const struct sage *sage, struct mldv_error *err,
    const char *what)
{
	return err_set(err, MLDV_USAGE, "%s:%u: stage '%s' %s",
	    sage->job->stage->file, sage->job->stage->line,
	    sage->job->stage->name, what);
}

static void add_pair(struct sagemaker_pairs *pairs, const char *name,
    const char *value)
{
	pairs->items[pairs->count++] = (struct sagemaker_pair){name, value};
}

static const char *quoted(struct arena *arena, const char *text)
{
	struct buf json = {0};
	const char *out;

	jsonout_quote(&json, text);
	out = arena_str(arena, buf_str(&json));
	buf_release(&json);
	return out;
}

/* Does the image start the script itself, by the toolkit? */
static bool has_toolkit(const struct sage *sage)
{
	return training_has_toolkit(sage->job->stage);
}

/* What is too large, or too much, is in the file of the parameters only. */
static int add_hyper(struct sage *sage, struct mldv_error *err)
{
	const struct sagemaker_pairs *all = &sage->training.hyper;
	struct sagemaker_pairs *out = &sage->request.hyper;
	struct arena *arena = sage->job->arena;
	const char *url;

	out->items = arena_array(arena, all->count + 4, sizeof *out->items);
	for (size_t i = 0; i < all->count; i++) {
		if (out->count < SAGEMAKER_PAIRS - 4 &&
		    strlen(all->items[i].name) <= SAGEMAKER_VALUE &&
		    strlen(all->items[i].value) <= SAGEMAKER_VALUE)
			out->items[out->count++] = all->items[i];
		else
			project_warn(sage->job->project,
			    "stage '%s': hyperparameter '%.40s' is too much "
			    "for SageMaker; its script finds it in the file "
			    "that $MLDV_PARAMS names",
			    sage->job->stage->name, all->items[i].name);
	}
	if (!has_toolkit(sage))
		return 0;
	if (remote_plain_url(sage->remote, sage->source_name, arena, &url,
	        err) < 0)
		return -1;
	add_pair(out, "sagemaker_container_log_level", "20");
	add_pair(out, "sagemaker_program",
	    quoted(arena, sage->training.program));
	add_pair(out, "sagemaker_region", quoted(arena, sage->region));
	add_pair(out, "sagemaker_submit_directory", quoted(arena, url));
	return 0;
}

static int add_channels(struct sage *sage, struct mldv_error *err)
{
	const struct training *training = &sage->training;
	struct sagemaker_pairs *out = &sage->request.channels;
	struct arena *arena = sage->job->arena;

	out->items =
	    arena_array(arena, training->channel_count + 1, sizeof *out->items);
	for (size_t i = 0; i < training->channel_count; i++) {
		const struct training_channel *channel = &training->channels[i];
		char hex[OID_HEX + 1];
		const char *url;

		oid_hex(&channel->dep->content.oid, hex);
		if (remote_plain_url(sage->remote,
		        arena_printf(arena, "export/%s/", hex), arena, &url,
		        err) < 0)
			return -1;
		add_pair(out, channel->name, url);
	}
	if (!has_toolkit(sage)) {
		const char *url;

		if (remote_plain_url(sage->remote,
		        path_parent(arena, sage->source_name), arena, &url,
		        err) < 0)
			return -1;
		add_pair(out, OWN_CHANNEL, arena_printf(arena, "%s/", url));
		strs_add(&sage->request.entrypoint, "/bin/sh");
		strs_add(&sage->request.entrypoint, "-c");
		strs_add(&sage->request.entrypoint, OWN_ENTRY);
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

static void add_stage_variables(struct sage *sage)
{
	const struct stage *stage = sage->job->stage;
	struct sagemaker_pairs *out = &sage->request.environment;

	for (size_t i = 0; i < stage->env_count + stage->pass_count; i++) {
		const struct stage_var *var = i < stage->env_count
		    ? &stage->env[i]
		    : &stage->pass[i - stage->env_count];
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
		const char *value = var->value ? var->value : getenv(var->name);

		if (value)
			add_pair(out, var->name, value);
	}
}

static int add_variables(struct sage *sage, struct mldv_error *err)
{
	const struct training *training = &sage->training;
	const struct sage_settings *settings = &sage->settings;
	struct sagemaker_pairs *out = &sage->request.environment;
	const struct stage *stage = sage->job->stage;
	struct arena *arena = sage->job->arena;
	size_t most = training->channel_count + settings->variables.count +
	    stage->env_count + stage->pass_count + 6;

	out->items = arena_array(arena, most, sizeof *out->items);
	add_pair(out, "MLDV_KEY", sage->key);
	add_pair(out, "MLDV_STAGE", stage->name);
	add_pair(out, "MLDV_PARAMS", OPT_ML "/code/" TRAINING_PARAMS);
	add_pair(out, "PYTHONUNBUFFERED", "1");
	/* With the toolkit, it sets these. */
	for (size_t i = 0; i < training->channel_count && !has_toolkit(sage);
	     i++) {
		const char *name = training->channels[i].name;

		add_pair(out,
		    arena_printf(arena, "SM_CHANNEL_%s", upper(arena, name)),
		    arena_printf(arena, OPT_ML "/input/data/%s", name));
	}
	if (!has_toolkit(sage)) {
		add_pair(out, "SM_MODEL_DIR", OPT_ML "/model");
		add_pair(out, "SM_OUTPUT_DATA_DIR", OPT_ML "/output/data");
	}
	add_stage_variables(sage);
	for (size_t i = 0; i < settings->variables.count; i++)
		out->items[out->count++] = settings->variables.items[i];
	for (size_t i = 0; i < out->count; i++) {
		if (strlen(out->items[i].value) > SAGEMAKER_VARIABLE)
			return sage_wrong(sage, err,
			    arena_printf(arena,
			        "has a variable '%s' of more than %d "
			        "characters",
			        out->items[i].name, SAGEMAKER_VARIABLE));
	}
	return 0;
}

/* Tags hold letters, digits and a few marks. */
static const char *clean_tag(struct arena *arena, const char *text)
{
	char *out = arena_strn(arena, text,
	    strlen(text) < TAG_LETTERS ? strlen(text) : TAG_LETTERS);

	for (char *c = out; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte >= 0x80 || strchr("\"'<>()[]{}|\\^`~!#$%&*;?,", *c))
			*c = '_';
	}
	return out;
}

static void add_tag(struct sage *sage, const char *name, const struct buf *text)
{
	if (text->len > 0)
		add_pair(&sage->request.tags, name,
		    clean_tag(sage->job->arena, buf_str(text)));
}

static void add_tags(struct sage *sage)
{
	struct sagemaker_pairs *out = &sage->request.tags;
	const struct sagemaker_pairs *own = &sage->settings.tags;
	struct mldv_project *project = sage->job->project;
	struct buf text = {0};
	struct mldv_error ignored;

	out->items = arena_array(sage->job->arena, own->count + OWN_TAGS,
	    sizeof *out->items);
	for (size_t i = 0; i < own->count && i < SAGEMAKER_TAGS - OWN_TAGS; i++)
		out->items[out->count++] = own->items[i];
	buf_add_str(&text, sage->job->stage->name);
	add_tag(sage, "mldv:stage", &text);
	add_pair(out, "mldv:key", sage->key);
	add_pair(out, "mldv:project",
	    config_get(&project->config, "project.id"));
	buf_reset(&text);
	if (git_head(project->git, &text, &ignored) > 0)
		add_tag(sage, "mldv:commit", &text);
	buf_reset(&text);
	if (git_who(project->git, &text, &ignored) > 0)
		add_tag(sage, "mldv:owner", &text);
	buf_release(&text);
}

/* mldv-<stage>-<key>: letters, digits and hyphens. */
static const char *job_name(const struct sage *sage)
{
	char stage[STAGE_LETTERS + 1] = "";
	const char *name = sage->job->stage->name;

	for (size_t i = 0; i < STAGE_LETTERS && name[i]; i++) {
		char c = name[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9');

		stage[i] = '-';
		if (good)
			stage[i] = c;
	}
	return arena_printf(sage->job->arena, "mldv-%s-%.*s", stage, KEY_DIGITS,
	    sage->key);
}

/* On an instance of AWS or in a container there: the one that it has. */
static int own_role(struct sage *sage, const char **out, struct mldv_error *err)
{
	const struct mldv_events *events = sage->job->project->events;
	const struct net_options net = {.events = events};
	const struct aws_caller caller = {
	    .net = net_open(&net),
	    .events = events,
	    .profile = sage->profile,
	    .region = sage->region,
	};
	int ret = aws_machine_role(&caller, sage->job->arena, out, err);

	net_close(caller.net);
	return ret < 0 ? -1 : 0;
}

static int find_role(struct sage *sage, struct mldv_error *err)
{
	const char *role = sage->settings.role;

	if (!role)
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
		role = getenv("MLDV_SAGEMAKER_ROLE");
	if (!role && own_role(sage, &role, err) < 0)
		return -1;
	if (!role || strncmp(role, "arn:", 4) != 0)
		return sage_wrong(sage, err,
		    role
		        ? "has a role that is no ARN, as in "
		          "arn:aws:iam::123456789012:role/mldv-sagemaker"
		        : "needs a role that its job may take on; set "
		          "'sagemaker.role' or MLDV_SAGEMAKER_ROLE to its ARN");
	sage->request.role = role;
	return 0;
}

static int find_image(struct sage *sage, struct mldv_error *err)
{
	const struct sage_settings *settings = &sage->settings;

	if (settings->image) {
		sage->request.image =
		    sage_image_pinned(sage->job, settings->image);
		return 0;
	}
	if (!settings->framework)
		return sage_wrong(sage, err,
		    "has no image; give 'sagemaker.image' or "
		    "'sagemaker.framework'");
	return aws_image(settings->framework, sage->region,
	    settings->instance_type, sage->job->arena, &sage->request.image,
	    err);
}

int sage_request(struct sage *sage, struct mldv_error *err)
{
	const struct sage_settings *settings = &sage->settings;
	struct sagemaker_request *request = &sage->request;
	struct arena *arena = sage->job->arena;

	*request = (struct sagemaker_request){
	    .name = job_name(sage),
	    .metrics = settings->metrics,
	    .kms_key = settings->kms_key,
	    .instance_type = settings->instance_type,
	    .instance_count = settings->instance_count,
	    .volume_gb = settings->volume_gb,
	    .keep_alive = settings->keep_alive,
	    .max_runtime = settings->max_runtime,
	    .spot = settings->spot,
	    .max_wait = settings->max_wait,
	    .isolated = settings->isolated,
	};
	for (size_t i = 0; i < settings->subnets.count; i++)
		strs_add(&request->subnets, settings->subnets.items[i]);
	for (size_t i = 0; i < settings->security_groups.count; i++)
		strs_add(&request->security_groups,
		    settings->security_groups.items[i]);
	if (find_role(sage, err) < 0 || find_image(sage, err) < 0 ||
	    add_hyper(sage, err) < 0 || add_channels(sage, err) < 0 ||
	    add_variables(sage, err) < 0 ||
	    remote_plain_url(sage->remote, "jobs", arena, &request->output,
	        err) < 0)
		return -1;
	if (settings->checkpoints &&
	    remote_plain_url(sage->remote,
	        arena_printf(arena, "checkpoints/%s/", sage->key), arena,
	        &request->checkpoints, err) < 0)
		return -1;
	add_tags(sage);
	return 0;
}
