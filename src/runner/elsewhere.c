/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A stage on another machine, as the process that runs the pipeline sees it.
 */

#include "runner/elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/jsonout.h"
#include "base/path.h"
#include "format/json.h"
#include "project/remotes.h"

int elsewhere_wrong(const struct elsewhere *job, const struct setting *setting,
    struct mldv_error *err, const char *what)
{
	return err_set(err, MLDV_USAGE, "%s:%u: '%s' cannot be '%s'; %s",
	    job->file.ini, setting->line, setting->key, setting->value, what);
}

/* --- the file --- */

struct text {
	const char *name;
	size_t offset;
	bool optional;
};
#define AT(name, optional)                                             \
	{                                                              \
#name, offsetof(struct elsewhere_file, name), optional \
	}
static const struct text texts[] = {
    AT(runner, false),
    AT(stage, false),
    AT(ini, false),
    AT(key, false),
    AT(remote, false),
    AT(url, false),
    AT(region, true),
    AT(profile, true),
    AT(shell, false),
    AT(result, true),
};
static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
    {"retries", offsetof(struct elsewhere_file, retries)},
    {"cpus", offsetof(struct elsewhere_file, cpus)},
    {"gpus", offsetof(struct elsewhere_file, gpus)},
    {"timeout", offsetof(struct elsewhere_file, timeout)},
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

void elsewhere_format(const struct elsewhere_file *file, bool parcel,
    struct jsonout *json, const char *name)
{
	jsonout_begin(json, name, '{');
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text;

		memcpy(&text, (const char *)file + texts[i].offset,
		    sizeof text);
		jsonout_text(json, texts[i].name, text);
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint64_t number;

		memcpy(&number, (const char *)file + numbers[i].offset,
		    sizeof number);
		jsonout_count(json, numbers[i].name, number);
	}
	jsonout_begin(json, "settings", '[');
	for (size_t i = 0; i < file->setting_count; i++) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, "key", file->settings[i].key);
		jsonout_text(json, "value", file->settings[i].value);
		jsonout_count(json, "line", file->settings[i].line);
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
	parcel_put_texts(&file->outs, json, "outs");
	if (parcel)
		parcel_put(&file->parcel, json, "parcel");
	jsonout_end(json, '}');
}

static void take_settings(struct elsewhere_file *out, struct arena *arena,
    const struct json *list)
{
	size_t count = json_len(list);

	out->settings = arena_array(arena, count + 1, sizeof *out->settings);
	for (size_t i = 0; i < count; i++) {
		const struct json *item = json_item(list, i);
		struct setting *setting = &out->settings[out->setting_count];

		setting->key = json_text_at(item, "key", arena);
		setting->value = json_text_at(item, "value", arena);
		setting->line = (unsigned)json_int(json_get(item, "line"));
		out->setting_count += setting->key && setting->value;
	}
}

int elsewhere_take(struct elsewhere_file *out, struct arena *arena,
    const struct json *doc, bool parcel, struct mldv_error *err)
{
	*out = (struct elsewhere_file){0};
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = json_text_at(doc, texts[i].name, arena);

		memcpy((char *)out + texts[i].offset, &text, sizeof text);
		if (!text && !texts[i].optional)
			return err_set(err, MLDV_CORRUPT,
			    "the description of a job lacks '%s'",
			    texts[i].name);
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint64_t number =
		    (uint64_t)json_int(json_get(doc, numbers[i].name));

		memcpy((char *)out + numbers[i].offset, &number, sizeof number);
	}
	take_settings(out, arena, json_get(doc, "settings"));
	parcel_texts(json_get(doc, "outs"), arena, &out->outs);
	return parcel
	    ? parcel_take(&out->parcel, arena, json_get(doc, "parcel"), err)
	    : 0;
}

/* --- before --- */

/* What the key has from this machine's environment. */
static void take_variables(const struct runner_job *job, struct parcel *parcel)
{
	const struct stage *stage = job->stage;
	const char **list =
	    arena_array(job->arena, stage->env_count + 1, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i < stage->env_count; i++) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets them */
		const char *value = getenv(stage->env[i].name);

		if (stage->env[i].value)
			continue;
		/* That it is not set is in the key, too. */
		list[count++] = value ? arena_printf(job->arena, "%s=%s",
		                            stage->env[i].name, value)
		                      : stage->env[i].name;
	}
	parcel->variables = (struct strs){.items = list, .count = count};
}

static void take_deps(const struct runner_job *job, struct parcel *parcel)
{
	size_t count = job->stage->dep_count;

	parcel->deps = arena_array(job->arena, count + 1, sizeof *parcel->deps);
	parcel->dep_count = count;
	for (size_t i = 0; i < count; i++)
		parcel->deps[i] = (struct parcel_dep){job->deps[i].dep->path,
		    job->deps[i].content};
}

static int take_git(const struct runner_job *job, struct parcel *parcel,
    struct mldv_error *err)
{
	struct buf branch = {0};
	struct buf who = {0};
	int ret = git_branch(job->project->git, &branch, err);

	if (ret >= 0)
		ret = git_who(job->project->git, &who, err);
	if (branch.len > 0)
		parcel->branch = arena_str(job->arena, buf_str(&branch));
	if (who.len > 0)
		parcel->who = arena_str(job->arena, buf_str(&who));
	buf_release(&branch);
	buf_release(&who);
	return ret < 0 ? -1 : 0;
}

static int fill_parcel(const struct runner_job *job, struct parcel *parcel,
    struct mldv_error *err)
{
	struct buf document = {0};
	struct key key = *job->facts;
	char hex[OID_HEX + 1];
	struct oid oid;

	/* It was ended before, so this changes nothing but the text. */
	key_end(&key, &document, &oid);
	oid_hex(job->key, hex);
	parcel->stage = job->stage->name;
	parcel->key = arena_str(job->arena, hex);
	parcel->project = config_get(&job->project->config, "project.id");
	parcel->commit = "";
	parcel->base = "";
	parcel->document = arena_str(job->arena, buf_str(&document));
	buf_release(&document);
	if (job->overrides)
		parcel->overrides = *job->overrides;
	take_variables(job, parcel);
	take_deps(job, parcel);
	return take_git(job, parcel, err);
}

static int fill_file(const struct runner_job *job,
    const struct elsewhere_system *system, struct elsewhere_file *file,
    struct mldv_error *err)
{
	const struct stage *stage = job->stage;
	struct arena *arena = job->arena;
	const struct config *config = &job->project->config;
	const char **outs =
	    arena_array(arena, stage->out_count + 1, sizeof *outs);

	file->runner = system->name;
	file->stage = stage->name;
	file->ini = stage->file;
	if (remotes_choose(job->project, NULL, arena, &file->remote, err) < 0 ||
	    fill_parcel(job, &file->parcel, err) < 0)
		return -1;
	file->key = file->parcel.key;
	file->url = config_get(config,
	    arena_printf(arena, "remote.%s.url", file->remote));
	file->region = config_get(config,
	    arena_printf(arena, "remote.%s.region", file->remote));
	file->profile = config_get(config,
	    arena_printf(arena, "remote.%s.profile", file->remote));
	file->shell = job->shell;
	file->retries = stage->retries;
	file->cpus = stage->cpus;
	file->gpus = stage->gpus;
	file->timeout = stage->timeout;
	file->settings = stage->settings;
	file->setting_count = stage->setting_count;
	for (size_t i = 0; i < stage->out_count; i++)
		outs[i] = stage->outs[i].path;
	file->outs = (struct strs){.items = outs, .count = stage->out_count};
	return 0;
}

static int check_stage(const struct runner_job *job,
    const struct elsewhere_system *system, struct mldv_error *err)
{
	const struct stage *stage = job->stage;
	size_t len = strlen(system->name);

	if (!stage->cmd[0] || stage->notebook || stage->entry)
		return err_set(err, MLDV_USAGE,
		    "%s:%u: a stage with 'run = %s' runs a 'cmd', and nothing "
		    "else",
		    stage->file, stage->line, system->name);
	for (size_t i = 0; i < stage->setting_count; i++) {
		if (strncmp(stage->settings[i].key, system->name, len) != 0)
			return err_set(err, MLDV_USAGE,
			    "%s:%u: '%s' is not for 'run = %s'", stage->file,
			    stage->settings[i].line, stage->settings[i].key,
			    system->name);
	}
	return 0;
}

int elsewhere_prepare(struct runner_job *job,
    const struct elsewhere_system *system, struct mldv_error *err)
{
	const char *path = path_join(job->arena, job->temp, "job");
	struct elsewhere_file file = {
	    .result = path_join(job->arena, job->temp, "result"),
	};
	struct elsewhere probe = {.project = job->project, .system = system};
	struct buf text = {0};
	struct jsonout json = {.out = &text};
	int ret = check_stage(job, system, err);

	if (ret == 0)
		ret = fill_file(job, system, &file, err);
	probe.file = file;
	if (ret == 0) {
		ret = system->open(&probe, err);
		system->close(&probe);
	}
	if (ret == 0) {
		elsewhere_format(&file, true, &json, NULL);
		ret = file_replace(path, text.data, text.len, err);
	}
	buf_release(&text);
	arena_release(&probe.arena);
	if (ret < 0)
		return -1;
	strs_add(&job->argv, "/proc/self/exe");
	strs_add(&job->argv, "-C");
	strs_add(&job->argv, job->project->root);
	strs_add(&job->argv, "run-elsewhere");
	strs_add(&job->argv, path);
	/* The command gets its variables there; here is only waiting. */
	strs_release(&job->environment);
	job->environment = (struct strs){0};
	job->dir = job->project->root;
	job->timeout = 0;
	job->state = arena_str(job->arena, file.result);
	return 0;
}

/* --- after --- */

int elsewhere_finish(struct runner_job *job, const struct proc_result *result,
    struct mldv_error *err)
{
	return job_result_take(job, job->state, result, err);
}
