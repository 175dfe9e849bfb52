/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/training.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/lines.h"
#include "runner/localcontainer.h"
#include "runner/pyvalue.h"
#include "runner/sageimage.h"

#define PREFIX "sagemaker."

const char *training_setting(const struct stage *stage, const char *name)
{
	for (size_t i = 0; i < stage->setting_count; i++) {
		const char *key = stage->settings[i].key;

		if (strncmp(key, PREFIX, strlen(PREFIX)) == 0 &&
		    strcmp(key + strlen(PREFIX), name) == 0)
			return stage->settings[i].value;
	}
	return NULL;
}

bool training_is_process(const struct stage *stage)
{
	const char *type = training_setting(stage, "instance_type");

	return type && strcmp(type, "local-process") == 0;
}

bool training_is_container(const struct stage *stage)
{
	const char *type = training_setting(stage, "instance_type");

	return type &&
	    (strcmp(type, "local") == 0 || strcmp(type, "local_gpu") == 0);
}

bool training_has_toolkit(const struct stage *stage)
{
	return training_setting(stage, "framework") || stage->entry;
}

static int pair_by_name(const void *a, const void *b)
{
	return strcmp(((const struct sagemaker_pair *)a)->name,
	    ((const struct sagemaker_pair *)b)->name);
}

static void sort_pairs(struct sagemaker_pairs *pairs)
{
	if (pairs->count > 0)
		qsort(pairs->items, pairs->count, sizeof *pairs->items,
		    pair_by_name);
}

struct sagemaker_pairs training_named(const struct stage *stage,
    const char *name, struct arena *arena)
{
	const char *begin = arena_printf(arena, PREFIX "%s.", name);
	struct sagemaker_pairs out = {
	    .items =
	        arena_array(arena, stage->setting_count + 1, sizeof *out.items),
	};

	for (size_t i = 0; i < stage->setting_count; i++) {
		const struct setting *setting = &stage->settings[i];

		if (strncmp(setting->key, begin, strlen(begin)) == 0)
			out.items[out.count++] = (struct sagemaker_pair){
			    setting->key + strlen(begin), setting->value};
	}
	sort_pairs(&out);
	return out;
}

static int wrong(const struct runner_job *job, struct mldv_error *err,
    const char *text)
{
	return err_set(err, MLDV_USAGE, "%s:%u: stage '%s': %s",
	    job->stage->file, job->stage->line, job->stage->name, text);
}

/* Botocore's model: ChannelName. */
static bool is_channel(const char *name)
{
	size_t len = strspn(name,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-_");

	return len > 0 && len <= 64 && name[len] == '\0';
}

/* Is there an item that path is, lies in, or has below it? */
static bool is_data(const struct items *items, const char *path)
{
	const struct item *around = items_around(items, path, NULL);
	size_t from = items_from(items, path);

	if (around)
		return !around->git;
	return from < items->count &&
	    path_inside(items->list[from].path, path) != NULL &&
	    !items->list[from].git;
}

static int add_channel(const struct runner_job *job, struct training *out,
    const struct runner_dep *dep, const char *name, struct mldv_error *err)
{
	for (size_t i = 0; i < out->channel_count; i++) {
		if (strcmp(out->channels[i].name, name) != 0)
			continue;
		return wrong(job, err,
		    arena_printf(job->arena,
		        "deps '%s' and '%s' are both channel '%s'; give each "
		        "its own channel=NAME",
		        out->channels[i].dep->dep->path, dep->dep->path, name));
	}
	if (!is_channel(name))
		return wrong(job, err,
		    arena_printf(job->arena,
		        "'%s' cannot name a channel: letters, digits, '.', "
		        "'-' and '_', at most 64",
		        name));
	out->channels[out->channel_count++] =
	    (struct training_channel){name, dep};
	return 0;
}

static int channel_by_name(const void *a, const void *b)
{
	return strcmp(((const struct training_channel *)a)->name,
	    ((const struct training_channel *)b)->name);
}

/* While the key is being made, what they are does not matter. */
static const struct runner_dep *deps_of(const struct runner_job *job)
{
	struct runner_dep *out;

	if (job->deps)
		return job->deps;
	out = arena_array(job->arena, job->stage->dep_count, sizeof *out);
	for (size_t i = 0; i < job->stage->dep_count; i++)
		out[i].dep = &job->stage->deps[i];
	return out;
}

static int sort_deps(const struct runner_job *job, const struct items *items,
    struct training *out, struct mldv_error *err)
{
	const struct runner_dep *deps = deps_of(job);

	for (size_t i = 0; i < job->stage->dep_count; i++) {
		const struct runner_dep *dep = &deps[i];
		const char *name = dep->dep->channel;

		if (!name && !is_data(items, dep->dep->path)) {
			out->code[out->code_count++] = dep;
			continue;
		}
		if (add_channel(job, out, dep, name ? name : "training", err) <
		    0)
			return -1;
	}
	if (out->channel_count > SAGEMAKER_CHANNELS)
		return wrong(job, err, "it has more than 20 channels");
	qsort(out->channels, out->channel_count, sizeof *out->channels,
	    channel_by_name);
	return 0;
}

static int find_deps(const struct runner_job *job, struct training *out,
    struct mldv_error *err)
{
	size_t count = job->stage->dep_count + 1;
	struct items items = {0};
	int ret = job->items ? 0 : items_load(job->project, &items, err);

	out->channels = arena_array(job->arena, count, sizeof *out->channels);
	out->code = arena_array(job->arena, count, sizeof(void *));
	if (ret == 0)
		ret =
		    sort_deps(job, job->items ? job->items : &items, out, err);
	items_release(&items);
	return ret;
}

/* The name after the last dot: "train.lr" is --lr. */
static const char *last_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static const struct sagemaker_pair *
find_pair(const struct sagemaker_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].name, name) == 0)
			return &pairs->items[i];
	}
	return NULL;
}

static int add_param(const struct runner_job *job, struct training *out,
    const struct param *param, struct mldv_error *err)
{
	const char *name = last_name(param->name);
	struct buf text = {0};

	if (find_pair(&out->hyper, name))
		return wrong(job, err,
		    arena_printf(job->arena,
		        "two parameters end in '%s', the name of a "
		        "hyperparameter; give one another name with "
		        "'sagemaker.hyper.NAME = ${params.%s}'",
		        name, param->name));
	py_json(&param->value, &text);
	out->hyper.items[out->hyper.count++] = (struct sagemaker_pair){name,
	    arena_str(job->arena, buf_str(&text))};
	buf_release(&text);
	return 0;
}

/* A setting's value: what reads as a parameter is one, with its type. */
static const char *explicit_value(const struct runner_job *job,
    const char *text)
{
	struct mldv_error ignored;
	struct value value;
	struct buf json = {0};
	const char *out;

	if (text[0] != '{' &&
	    value_parse(&value, job->arena, text, &ignored) == 0)
		py_json(&value, &json);
	else
		buf_add_str(&json, text);
	out = arena_str(job->arena, buf_str(&json));
	buf_release(&json);
	return out;
}

static int find_hyper(const struct runner_job *job, struct training *out,
    struct mldv_error *err)
{
	const struct stage *stage = job->stage;
	struct sagemaker_pairs given =
	    training_named(stage, "hyper", job->arena);

	out->hyper.items = arena_array(job->arena,
	    stage->param_count + given.count + 1, sizeof *out->hyper.items);
	for (size_t i = 0; i < given.count; i++)
		out->hyper.items[out->hyper.count++] =
		    (struct sagemaker_pair){given.items[i].name,
		        explicit_value(job, given.items[i].value)};
	for (size_t i = 0; i < stage->param_count; i++) {
		/* What is given by its name is not given twice. */
		if (find_pair(&given, last_name(stage->params[i]->name)))
			continue;
		if (add_param(job, out, stage->params[i], err) < 0)
			return -1;
	}
	sort_pairs(&out->hyper);
	for (size_t i = 0; i < out->hyper.count; i++) {
		const struct sagemaker_pair *pair = &out->hyper.items[i];

		if (strncmp(pair->name, "sagemaker_", 10) == 0)
			return wrong(job, err,
			    "a hyperparameter's name may not begin with "
			    "'sagemaker_'");
		if (!py_is_flat(pair->value))
			return wrong(job, err,
			    arena_printf(job->arena,
			        "hyperparameter '%s' is a list of lists",
			        pair->name));
	}
	return 0;
}

static int read_from(const struct runner_job *job, const struct stage_out *out,
    struct training_result *result, struct mldv_error *err)
{
	const char *from = out->from ? out->from : TRAINING_MODEL;
	const char *colon = strchr(from, ':');
	struct slice archive = {from, strcspn(from, ":")};
	const char *inner = "";

	result->out = out->path;
	result->model = slice_is(archive, TRAINING_MODEL);
	if (!out->from)
		inner = path_base(out->path);
	else if (colon)
		inner = path_clean(job->arena, colon + 1);
	if ((!result->model && !slice_is(archive, TRAINING_OUTPUT)) || !inner ||
	    path_is_absolute(inner))
		return wrong(job, err,
		    arena_printf(job->arena,
		        "output '%s' cannot come from '%s'; say "
		        "from=" TRAINING_MODEL ":PATH or "
		        "from=" TRAINING_OUTPUT ":PATH",
		        out->path, from));
	result->inner = inner;
	return 0;
}

/* The command, for a shell that starts in the directory of the code. */
static const char *make_script(const struct runner_job *job)
{
	struct buf text = {0};
	const char *out;

	buf_printf(&text, "#!%s\n", job->shell);
	if (job->stage->cwd[0]) {
		buf_add_str(&text, "cd -- ");
		buf_add_char(&text, '\'');
		for (const char *c = job->stage->cwd; *c; c++) {
			if (*c == '\'')
				buf_add_str(&text, "'\\'");
			buf_add_char(&text, *c);
		}
		buf_add_str(&text, "'\n");
	}
	buf_printf(&text, "%s\n", job->stage->cmd);
	out = arena_str(job->arena, buf_str(&text));
	buf_release(&text);
	return out;
}

static int find_program(const struct runner_job *job, struct training *out,
    struct mldv_error *err)
{
	const char *entry = job->stage->entry;

	if (!entry) {
		out->program = TRAINING_SCRIPT;
		out->script = make_script(job);
		return 0;
	}
	out->program = path_clean(job->arena, entry);
	for (size_t i = 0; i < out->code_count && out->program; i++) {
		if (path_inside(out->program, out->code[i]->dep->path))
			return 0;
	}
	return wrong(job, err,
	    arena_printf(job->arena,
	        "entry_point '%s' is in none of its deps; add 'deps = %s'",
	        entry, entry));
}

/* A file of an archive goes to one place. */
static int check_results(const struct runner_job *job,
    const struct training *training, struct mldv_error *err)
{
	for (size_t i = 0; i < job->stage->out_count; i++) {
		const struct training_result *a = &training->results[i];

		for (size_t j = 0; j < job->stage->out_count; j++) {
			const struct training_result *b = &training->results[j];

			if (i != j && a->model == b->model &&
			    path_inside(a->inner, b->inner))
				return wrong(job, err,
				    arena_printf(job->arena,
				        "outputs '%s' and '%s' come from the "
				        "same files; give each its own "
				        "'from='",
				        b->out, a->out));
		}
	}
	return 0;
}

int training_read(const struct runner_job *job, struct training *out,
    struct mldv_error *err)
{
	const struct stage *stage = job->stage;

	*out = (struct training){0};
	if (find_deps(job, out, err) < 0 || find_hyper(job, out, err) < 0 ||
	    find_program(job, out, err) < 0)
		return -1;
	out->results =
	    arena_array(job->arena, stage->out_count, sizeof *out->results);
	for (size_t i = 0; i < stage->out_count; i++) {
		if (read_from(job, &stage->outs[i], &out->results[i], err) < 0)
			return -1;
	}
	return check_results(job, out, err);
}

static void add_line(struct strs *lines, struct buf *line, const char *last)
{
	lines_add_path(line, last, strlen(last));
	strs_add(lines, buf_str(line));
	buf_reset(line);
}

/* The image as the settings say it; what is none is a process here. */
static const char *image_of(const struct stage *stage)
{
	const char *image = training_setting(stage, "image");

	/* A result without an image is never served for one with. */
	if (training_is_process(stage))
		return "none";
	if (!image)
		image = stage->image;
	return image ? image : training_setting(stage, "framework");
}

static bool is_framework(const struct stage *stage, const char *image)
{
	return image == training_setting(stage, "framework");
}

static int add_image(const struct runner_job *job, const char *image,
    struct strs *lines, struct mldv_error *err)
{
	const struct stage *stage = job->stage;
	struct buf line = {0};

	/* AWS's own images stand as they are written, wherever it runs. */
	if (training_is_container(stage) && !is_framework(stage, image))
		return local_container_add_image(job, image, lines, err);
	if (stage->run == RUN_SAGEMAKER && !training_is_process(stage) &&
	    !training_is_container(stage) &&
	    sage_image_resolve(job, image, &image, err) < 0)
		return -1;
	buf_add_str(&line, "image ");
	add_line(lines, &line, image);
	buf_release(&line);
	return 0;
}

int training_add_to_key(const struct runner_job *job, struct strs *lines,
    struct mldv_error *err)
{
	const char *image = image_of(job->stage);
	struct training training;
	struct buf line = {0};

	if (training_read(job, &training, err) < 0)
		return -1;
	if (!image)
		return wrong(job, err,
		    "it has no image; give 'sagemaker.image' or "
		    "'sagemaker.framework'");
	if (add_image(job, image, lines, err) < 0)
		return -1;
	for (size_t i = 0; i < training.channel_count; i++) {
		buf_printf(&line, "channel %s ", training.channels[i].name);
		add_line(lines, &line, training.channels[i].dep->dep->path);
	}
	for (size_t i = 0; i < training.hyper.count; i++) {
		buf_printf(&line, "hyper %s ", training.hyper.items[i].name);
		add_line(lines, &line, training.hyper.items[i].value);
	}
	for (size_t i = 0; i < job->stage->out_count; i++) {
		const struct training_result *result = &training.results[i];

		buf_printf(&line, "from %s:%s ",
		    result->model ? TRAINING_MODEL : TRAINING_OUTPUT,
		    result->inner);
		add_line(lines, &line, result->out);
	}
	buf_release(&line);
	return 0;
}
