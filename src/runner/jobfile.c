/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/jobfile.h"

#include <stddef.h>
#include <string.h>

#include "base/file.h"
#include "base/jsonout.h"
#include "format/json.h"

#define RESULT_LIMIT (1 << 20)

struct text {
	const char *name;
	size_t offset;
	bool optional;
};

#define AT(name, optional)                                      \
	{                                                       \
#name, offsetof(struct jobfile, name), optional \
	}
static const struct text texts[] = {
    AT(stage, false),
    AT(key, false),
    AT(name, false),
    AT(remote, false),
    AT(region, false),
    AT(profile, true),
    AT(request, false),
    AT(source, false),
    AT(source_name, false),
    AT(price, true),
    AT(result, false),
};
#define TEXTS (sizeof texts / sizeof texts[0])

static const char *get_text(const void *job, const struct text *text)
{
	const char *value;

	memcpy(&value, (const char *)job + text->offset, sizeof value);
	return value;
}

static void put_text(void *job, const struct text *text, const char *value)
{
	memcpy((char *)job + text->offset, &value, sizeof value);
}

void jobfile_format(const struct jobfile *job, struct buf *out)
{
	struct jsonout json = {.out = out};
	char hex[OID_HEX + 1];

	jsonout_begin(&json, NULL, '{');
	for (size_t i = 0; i < TEXTS; i++)
		jsonout_text(&json, texts[i].name, get_text(job, &texts[i]));
	jsonout_count(&json, "retries", job->retries);
	jsonout_count(&json, "instances", job->instances);
	jsonout_begin(&json, "channels", '[');
	for (size_t i = 0; i < job->channel_count; i++) {
		oid_hex(&job->channels[i].oid, hex);
		jsonout_begin(&json, NULL, '{');
		jsonout_text(&json, "path", job->channels[i].path);
		jsonout_text(&json, "oid", hex);
		jsonout_end(&json, '}');
	}
	jsonout_end(&json, ']');
	jsonout_begin(&json, "outs", '[');
	for (size_t i = 0; i < job->out_count; i++) {
		jsonout_begin(&json, NULL, '{');
		jsonout_text(&json, "path", job->outs[i].path);
		jsonout_bool(&json, "model", job->outs[i].model);
		jsonout_text(&json, "inner", job->outs[i].inner);
		jsonout_end(&json, '}');
	}
	jsonout_end(&json, ']');
	jsonout_end(&json, '}');
	buf_add_char(out, '\n');
}

static int lacks(struct mldv_error *err, const char *what)
{
	return err_set(err, MLDV_CORRUPT, "the description of a job lacks '%s'",
	    what);
}

static int take_lists(struct jobfile *out, struct arena *arena,
    const struct json *doc, struct mldv_error *err)
{
	const struct json *channels = json_get(doc, "channels");
	const struct json *outs = json_get(doc, "outs");

	out->channel_count = json_len(channels);
	out->channels =
	    arena_array(arena, out->channel_count + 1, sizeof *out->channels);
	for (size_t i = 0; i < out->channel_count; i++) {
		const struct json *item = json_item(channels, i);
		const char *oid = json_str(json_get(item, "oid"));

		out->channels[i].path = json_text_at(item, "path", arena);
		if (!out->channels[i].path || !oid ||
		    !oid_parse(&out->channels[i].oid, slice_of(oid)))
			return lacks(err, "channels");
	}
	out->out_count = json_len(outs);
	out->outs = arena_array(arena, out->out_count + 1, sizeof *out->outs);
	for (size_t i = 0; i < out->out_count; i++) {
		const struct json *item = json_item(outs, i);

		out->outs[i].path = json_text_at(item, "path", arena);
		out->outs[i].inner = json_text_at(item, "inner", arena);
		out->outs[i].model = json_yes(json_get(item, "model"));
		if (!out->outs[i].path || !out->outs[i].inner)
			return lacks(err, "outs");
	}
	return 0;
}

int jobfile_parse(struct jobfile *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct json *doc = NULL;
	int ret;

	*out = (struct jobfile){0};
	if (json_open(&doc, (struct slice){text, len}, JSON_LIMIT,
	        JSON_STRICTLY, err) < 0)
		return err_prefix(err, "the description of a job");
	out->retries = (uint64_t)json_int(json_get(doc, "retries"));
	out->instances = (uint64_t)json_int(json_get(doc, "instances"));
	ret = take_lists(out, arena, doc, err);
	for (size_t i = 0; i < TEXTS && ret == 0; i++) {
		const char *value = json_text_at(doc, texts[i].name, arena);

		put_text(out, &texts[i], value);
		if (!value && !texts[i].optional)
			ret = lacks(err, texts[i].name);
	}
	json_close(doc);
	return ret;
}

static void format_result(const struct job_result *result, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "name", result->name);
	jsonout_text(&json, "cost", result->cost);
	jsonout_text(&json, "failure", result->failure);
	jsonout_begin(&json, "about", '[');
	for (size_t i = 0; i < result->about_count; i++) {
		jsonout_begin(&json, NULL, '{');
		jsonout_text(&json, "word", result->about[i].word);
		jsonout_text(&json, "text", result->about[i].text);
		jsonout_end(&json, '}');
	}
	jsonout_end(&json, ']');
	jsonout_begin(&json, "metrics", '[');
	for (size_t i = 0; i < result->metric_count; i++) {
		jsonout_begin(&json, NULL, '{');
		jsonout_text(&json, "name", result->metrics[i].name);
		jsonout_text(&json, "value", result->metrics[i].text);
		jsonout_end(&json, '}');
	}
	jsonout_end(&json, ']');
	jsonout_end(&json, '}');
	buf_add_char(out, '\n');
}

static void take_about(struct job_result *out, struct arena *arena,
    const struct json *list)
{
	size_t count = json_len(list);

	out->about = arena_array(arena, count + 1, sizeof *out->about);
	for (size_t i = 0; i < count; i++) {
		const struct json *item = json_item(list, i);
		struct run_about about = {
		    .word = json_text_at(item, "word", arena),
		    .text = json_text_at(item, "text", arena),
		};

		if (about.word && about.text)
			out->about[out->about_count++] = about;
	}
}

static void take_metrics(struct job_result *out, struct arena *arena,
    const struct json *list)
{
	size_t count = json_len(list);

	out->metrics = arena_array(arena, count + 1, sizeof *out->metrics);
	for (size_t i = 0; i < count; i++) {
		struct run_metric metric = {
		    .path = "",
		    .name = json_text_at(json_item(list, i), "name", arena),
		    .text = json_text_at(json_item(list, i), "value", arena),
		};

		if (metric.name && metric.text &&
		    run_is_number(metric.text, &metric.value))
			out->metrics[out->metric_count++] = metric;
	}
}

int job_result_write(const struct job_result *result, const char *path,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	format_result(result, &text);
	ret = file_replace(path, text.data, text.len, err);
	buf_release(&text);
	return ret;
}

/* A process that was killed has written nothing: then it is empty. */
static void read_result(const char *path, struct arena *arena,
    struct job_result *out)
{
	struct mldv_error ignored;
	struct json *doc = NULL;
	struct buf text = {0};

	*out = (struct job_result){0};
	if (file_read(path, RESULT_LIMIT, &text, &ignored) == 0 &&
	    json_open(&doc, (struct slice){text.data, text.len}, JSON_LIMIT,
	        JSON_STRICTLY, &ignored) == 0) {
		out->name = json_text_at(doc, "name", arena);
		out->cost = json_text_at(doc, "cost", arena);
		out->failure = json_text_at(doc, "failure", arena);
		take_about(out, arena, json_get(doc, "about"));
		take_metrics(out, arena, json_get(doc, "metrics"));
	}
	json_close(doc);
	buf_release(&text);
}

int job_result_take(struct runner_job *job, const char *path,
    const struct proc_result *result, struct mldv_error *err)
{
	struct job_result said;

	read_result(path, job->arena, &said);
	job->job = said.name;
	job->cost = said.cost;
	job->about = said.about;
	job->about_count = said.about_count;
	job->metrics = said.metrics;
	job->metric_count = said.metric_count;
	if (said.failure)
		return err_set(err, MLDV_FAILED, "stage '%s' failed: %s",
		    job->stage->name, said.failure);
	return runner_check_result(job, result, err);
}
