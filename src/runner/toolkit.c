/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/toolkit.h"

#include <string.h>
#include <unistd.h>

#include "base/jsonout.h"
#include "base/path.h"
#include "runner/pyvalue.h"

#define GROUP "homogeneousCluster"
#define HOSTS "[\"" TOOLKIT_HOST "\"]"

const char *toolkit_path(const struct toolkit *toolkit, const char *name)
{
	return path_join(toolkit->arena, toolkit->base, name);
}

static void put_group(const struct toolkit *toolkit, struct jsonout *json,
    const char *name)
{
	jsonout_begin(json, name, '{');
	jsonout_raw(json, "hosts", HOSTS);
	jsonout_text(json, "instance_group_name", GROUP);
	jsonout_text(json, "instance_type", toolkit->instance);
	jsonout_end(json, '}');
}

/* resourceconfig.json, its names sorted. */
void toolkit_put_resources(const struct toolkit *toolkit, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "current_group_name", GROUP);
	jsonout_text(&json, "current_host", TOOLKIT_HOST);
	jsonout_text(&json, "current_instance_type", toolkit->instance);
	jsonout_raw(&json, "hosts", HOSTS);
	jsonout_begin(&json, "instance_groups", '[');
	put_group(toolkit, &json, NULL);
	jsonout_end(&json, ']');
	jsonout_text(&json, "network_interface_name", "eth0");
	jsonout_end(&json, '}');
}

/* inputdataconfig.json */
void toolkit_put_channels(const struct toolkit *toolkit, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	for (size_t i = 0; i < toolkit->training->channel_count; i++) {
		jsonout_begin(&json, toolkit->training->channels[i].name, '{');
		jsonout_text(&json, "RecordWrapperType", "None");
		jsonout_text(&json, "S3DistributionType", "FullyReplicated");
		jsonout_text(&json, "TrainingInputMode", "File");
		jsonout_end(&json, '}');
	}
	jsonout_end(&json, '}');
}

/* hyperparameters.json: the values are JSON, in texts. */
void toolkit_put_hyper(const struct toolkit *toolkit, struct buf *out)
{
	const struct sagemaker_pairs *hyper = &toolkit->training->hyper;
	struct jsonout json = {.out = out};
	struct buf text = {0};

	jsonout_begin(&json, NULL, '{');
	for (size_t i = 0; i < hyper->count; i++)
		jsonout_text(&json, hyper->items[i].name,
		    hyper->items[i].value);
	jsonout_quote(&text, toolkit->training->program);
	jsonout_text(&json, "sagemaker_program", buf_str(&text));
	buf_reset(&text);
	jsonout_quote(&text, toolkit_path(toolkit, "code"));
	jsonout_text(&json, "sagemaker_submit_directory", buf_str(&text));
	jsonout_end(&json, '}');
	buf_release(&text);
}

/* --name value, and -n value for a name of one letter. */
void toolkit_arguments(const struct toolkit *toolkit, struct strs *out)
{
	const struct sagemaker_pairs *hyper = &toolkit->training->hyper;
	struct buf text = {0};

	for (size_t i = 0; i < hyper->count; i++) {
		const char *name = hyper->items[i].name;

		buf_reset(&text);
		buf_printf(&text, "%s%s", name[1] ? "--" : "-", name);
		strs_add(out, buf_str(&text));
		buf_reset(&text);
		py_argument(hyper->items[i].value, &text);
		strs_add(out, buf_str(&text));
	}
	buf_release(&text);
}

static void add_quoted(struct buf *out, const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_@%+=:,./-";

	if (*word && word[strspn(word, plain)] == '\0') {
		buf_add_str(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_add_str(out, "'\"'\"'");
		else
			buf_add_char(out, *word);
	}
	buf_add_char(out, '\'');
}

static bool is_python(const char *program)
{
	size_t len = strlen(program);

	return len > 3 && strcmp(program + len - 3, ".py") == 0;
}

void toolkit_command(const struct toolkit *toolkit,
    const struct strs *arguments, struct strs *out)
{
	const char *program = toolkit->training->program;
	struct buf line = {0};

	if (is_python(program)) {
		strs_add(out, "python3");
		strs_add(out, "--");
		strs_add(out, program);
		for (size_t i = 0; i < arguments->count; i++)
			strs_add(out, arguments->items[i]);
		return;
	}
	buf_add_str(&line, "./");
	add_quoted(&line, program);
	for (size_t i = 0; i < arguments->count; i++) {
		buf_add_char(&line, ' ');
		add_quoted(&line, arguments->items[i]);
	}
	strs_add(out, "/bin/sh");
	strs_add(out, "-c");
	strs_add(out, buf_str(&line));
	buf_release(&line);
}

/* What is said twice: as a variable, and in SM_TRAINING_ENV. */
struct facts {
	const struct toolkit *toolkit;
	struct strs *out;
	struct buf all; /* of SM_TRAINING_ENV, in the order of its names */
	struct jsonout json;
};

static void add_variable(struct facts *facts, const char *name,
    const char *value)
{
	struct buf line = {0};

	buf_add_str(&line, "SM_");
	for (; *name; name++)
		buf_add_char(&line,
		    (char)(*name >= 'a' && *name <= 'z' ? *name - 32 : *name));
	buf_printf(&line, "=%s", value);
	strs_add(facts->out, buf_str(&line));
	buf_release(&line);
}

static void say_text(struct facts *facts, const char *name, const char *value)
{
	add_variable(facts, name, value);
	jsonout_text(&facts->json, name, value);
}

static void say_json(struct facts *facts, const char *name, const char *value)
{
	add_variable(facts, name, value);
	jsonout_raw(&facts->json, name, value);
}

static void say_path(struct facts *facts, const char *name, const char *path)
{
	say_text(facts, name, toolkit_path(facts->toolkit, path));
}

static const char *finished(const struct facts *facts, struct buf *text)
{
	const char *out = arena_str(facts->toolkit->arena, buf_str(text));

	buf_release(text);
	return out;
}

static const char *channels_json(const struct facts *facts)
{
	struct buf text = {0};

	toolkit_put_channels(facts->toolkit, &text);
	return finished(facts, &text);
}

static const char *resources_json(const struct facts *facts)
{
	struct buf text = {0};

	toolkit_put_resources(facts->toolkit, &text);
	return finished(facts, &text);
}

static const char *hyper_json(const struct facts *facts)
{
	const struct sagemaker_pairs *hyper = &facts->toolkit->training->hyper;
	struct buf all = {0};
	struct buf text = {0};
	struct jsonout json = {.out = &all};

	jsonout_begin(&json, NULL, '{');
	for (size_t i = 0; i < hyper->count; i++) {
		buf_reset(&text);
		py_compact(hyper->items[i].value, &text);
		jsonout_raw(&json, hyper->items[i].name, buf_str(&text));
	}
	jsonout_end(&json, '}');
	buf_release(&text);
	return finished(facts, &all);
}

static const char *groups_json(const struct facts *facts)
{
	struct buf text = {0};
	struct jsonout json = {.out = &text};

	jsonout_begin(&json, NULL, '{');
	put_group(facts->toolkit, &json, GROUP);
	jsonout_end(&json, '}');
	return finished(facts, &text);
}

static const char *dirs_json(const struct facts *facts)
{
	const struct training *training = facts->toolkit->training;
	const char *dir = toolkit_path(facts->toolkit, "input/data");
	struct buf text = {0};
	struct jsonout json = {.out = &text};

	jsonout_begin(&json, NULL, '{');
	for (size_t i = 0; i < training->channel_count; i++)
		jsonout_text(&json, training->channels[i].name,
		    path_join(facts->toolkit->arena, dir,
		        training->channels[i].name));
	jsonout_end(&json, '}');
	return finished(facts, &text);
}

/* "train" of "train.py" */
static const char *module_name(const struct facts *facts)
{
	const char *program = facts->toolkit->training->program;
	size_t len = strlen(program) - (is_python(program) ? 3 : 0);

	return arena_strn(facts->toolkit->arena, program, len);
}

static const char *number(const struct facts *facts, long value)
{
	return arena_printf(facts->toolkit->arena, "%ld", value);
}

/* In the order of the names, which is that of SM_TRAINING_ENV. */
static void say_places(struct facts *facts)
{
	struct jsonout *json = &facts->json;

	jsonout_raw(json, "additional_framework_parameters", "{}");
	jsonout_raw(json, "channel_input_dirs", dirs_json(facts));
	say_text(facts, "current_host", TOOLKIT_HOST);
	say_text(facts, "current_instance_group", GROUP);
	say_json(facts, "current_instance_group_hosts", HOSTS);
	say_text(facts, "current_instance_type", facts->toolkit->instance);
	jsonout_raw(json, "distribution_hosts", "[]");
	say_json(facts, "distribution_instance_groups", "[]");
	jsonout_raw(json, "framework_module", "null");
	say_json(facts, "hosts", HOSTS);
	jsonout_raw(json, "hyperparameters", hyper_json(facts));
	say_path(facts, "input_config_dir", "input/config");
	say_json(facts, "input_data_config", channels_json(facts));
	say_path(facts, "input_dir", "input");
	say_json(facts, "instance_groups", "[\"" GROUP "\"]");
	say_json(facts, "instance_groups_dict", groups_json(facts));
	say_json(facts, "is_hetero", "false");
	jsonout_raw(json, "is_master", "true");
	jsonout_raw(json, "is_modelparallel_enabled", "null");
	jsonout_raw(json, "is_smddpmprun_installed", "false");
	jsonout_raw(json, "is_smddprun_installed", "false");
	jsonout_raw(json, "job_name", "null");
	say_json(facts, "log_level", "20");
	jsonout_text(json, "master_hostname", TOOLKIT_HOST);
	say_path(facts, "model_dir", "model");
	say_path(facts, "module_dir", "code");
	say_text(facts, "module_name", module_name(facts));
	say_text(facts, "network_interface_name", "eth0");
	say_json(facts, "num_cpus",
	    number(facts, sysconf(_SC_NPROCESSORS_ONLN)));
	say_json(facts, "num_gpus", number(facts, facts->toolkit->gpus));
	say_json(facts, "num_neurons", "0");
	say_path(facts, "output_data_dir", "output/data");
	say_path(facts, "output_dir", "output");
	say_path(facts, "output_intermediate_dir", "output/intermediate");
	say_json(facts, "resource_config", resources_json(facts));
	jsonout_raw(json, "topology", "[]");
	say_text(facts, "user_entry_point", facts->toolkit->training->program);
}

static void say_hyper(struct facts *facts, const struct strs *arguments)
{
	const struct sagemaker_pairs *hyper = &facts->toolkit->training->hyper;
	struct arena *arena = facts->toolkit->arena;
	struct buf text = {0};
	struct jsonout json = {.out = &text};

	add_variable(facts, "hps", hyper_json(facts));
	for (size_t i = 0; i < hyper->count; i++) {
		buf_reset(&text);
		py_variable(hyper->items[i].value, &text);
		add_variable(facts,
		    arena_printf(arena, "hp_%s", hyper->items[i].name),
		    buf_str(&text));
	}
	buf_reset(&text);
	jsonout_begin(&json, NULL, '[');
	for (size_t i = 0; i < arguments->count; i++)
		jsonout_text(&json, NULL, arguments->items[i]);
	jsonout_end(&json, ']');
	add_variable(facts, "user_args", buf_str(&text));
	buf_release(&text);
}

static void say_channels(struct facts *facts)
{
	const struct training *training = facts->toolkit->training;
	struct arena *arena = facts->toolkit->arena;
	const char *dir = toolkit_path(facts->toolkit, "input/data");
	struct buf names = {0};
	struct jsonout json = {.out = &names};

	jsonout_begin(&json, NULL, '[');
	for (size_t i = 0; i < training->channel_count; i++) {
		const char *name = training->channels[i].name;

		jsonout_text(&json, NULL, name);
		add_variable(facts, arena_printf(arena, "channel_%s", name),
		    path_join(arena, dir, name));
	}
	jsonout_end(&json, ']');
	add_variable(facts, "channels", buf_str(&names));
	buf_release(&names);
}

void toolkit_variables(const struct toolkit *toolkit,
    const struct strs *arguments, struct strs *out)
{
	struct facts facts = {.toolkit = toolkit, .out = out};

	facts.json.out = &facts.all;
	jsonout_begin(&facts.json, NULL, '{');
	say_places(&facts);
	jsonout_end(&facts.json, '}');
	add_variable(&facts, "training_env", buf_str(&facts.all));
	add_variable(&facts, "framework_module", "");
	add_variable(&facts, "framework_params", "{}");
	say_hyper(&facts, arguments);
	say_channels(&facts);
	buf_release(&facts.all);
}
