/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/metrics.h"

#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "format/json.h"
#include "format/lock.h"
#include "format/run.h"
#include "format/stages.h"
#include "pipeline/records.h"
#include "project/inifiles.h"
#include "project/item.h"
#include "project/project.h"
#include "project/worktree.h"

/* Where metrics are read from. */
struct source {
	struct mldv_project *project;
	const char *revision; /* NULL: the work tree */
	struct arena arena;
	struct stages stages;
	struct lockfile lock;            /* the revision's */
	const struct lock_stage *locked; /* of the stage that is looked at */
	struct records records;
};

CHECKED static int read_stages(struct source *source, struct mldv_error *err)
{
	struct ini_files files;
	struct buf text = {0};
	struct ini ini = {0};
	int there = 1;
	int ret = 0;

	if (!source->revision)
		ret = project_read_ini(source->project, &text, err);
	else
		there = git_read(source->project->git, source->revision,
		    PROJECT_INI, INI_LIMIT, &text, err);
	if (there < 0)
		ret = -1;
	if (ret == 0 && there)
		ret = ini_parse(&ini, &source->arena, PROJECT_INI,
		    buf_str(&text), text.len, err);
	ini_files_set(&files, source->project, source->revision, &ini);
	if (ret == 0)
		ret = stages_parse(&source->stages, &source->arena, &ini, NULL,
		    err);
	if (ret < 0 && source->revision)
		(void)err_prefix(err, "'%s'", source->revision);
	buf_release(&text);
	return ret;
}

CHECKED static int read_lock(struct source *source, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = git_read(source->project->git, source->revision, PROJECT_LOCK,
	    LOCKFILE_LIMIT, &text, err);

	if (ret > 0)
		ret = lockfile_parse(&source->lock, buf_str(&text), text.len,
		    err);
	buf_release(&text);
	return ret;
}

/* Appends an object that may be too large for a pack. */
CHECKED static int read_object(const struct source *source,
    const struct content *content, struct buf *out, struct mldv_error *err)
{
	struct store *store = source->project->store;
	struct buf path = {0};
	int ret;

	if (content->size == 0)
		return 0;
	if (content->size <= OBJECT_WHOLE_MAX)
		return store_read(store, &content->oid, out, err);
	store_file_path(store, &content->oid, &path);
	ret = file_read(buf_str(&path), JSON_LIMIT, out, err);
	buf_release(&path);
	return ret;
}

/* The bytes of a metrics file: 1, or 0 if it was not made yet. */
CHECKED static int read_file(const struct source *source,
    const struct stage_out *out, struct buf *text, struct mldv_error *err)
{
	const struct made *made;
	struct arena arena = {0};
	const char *path;
	int ret;

	if (source->revision && out->git)
		return git_read(source->project->git, source->revision,
		    out->path, JSON_LIMIT, text, err);
	if (source->revision) {
		made = lockfile_made(&source->lock, out->path);
		if (!made || strcmp(made->path, out->path) != 0)
			return 0;
		if (read_object(source, &made->content, text, err) < 0)
			return err_prefix(err, "cannot read '%s' of '%s'",
			    out->path, source->revision);
		return 1;
	}
	path = project_absolute(source->project, &arena, out->path);
	ret = file_exists(path, err);
	if (ret > 0 && file_read(path, JSON_LIMIT, text, err) < 0)
		ret = -1;
	arena_release(&arena);
	return ret;
}

struct visitor {
	void (*visit)(void *context, const struct mldv_metric *metric);
	void *context;
};

/* Where the file is not to be had, its numbers are in the run's record. */
CHECKED static int visit_record(struct source *source, const char *path,
    const struct visitor *visitor, struct mldv_error *err)
{
	const struct record *record;

	if (records_get(&source->records, lock_stage_run(source->locked),
	        &record, err) < 0)
		return -1;
	for (size_t i = 0; record->known && i < record->run.metric_count; i++) {
		const struct run_metric *metric = &record->run.metrics[i];

		if (strcmp(metric->path, path) == 0)
			visitor->visit(visitor->context,
			    &(struct mldv_metric){path, metric->name,
			        metric->text, true, metric->value});
	}
	return record->known;
}

/* What somebody vouches for is not what a run gave. */
static void tell_claim(const struct source *source)
{
	const struct lock_stage *locked = source->locked;

	if (locked && locked->claim != CLAIM_NONE)
		project_warn(source->project,
		    "the metrics of stage '%s' are %s: %s", locked->name,
		    locked->claim == CLAIM_ACCEPTED ? "of an earlier key, and "
		                                      "accepted"
		                                    : "asserted",
		    locked->why);
}

CHECKED static int visit_file(struct source *source,
    const struct stage_out *out, const struct visitor *visitor,
    struct mldv_error *err)
{
	struct json_values values = {0};
	struct arena arena = {0};
	struct mldv_error cause;
	struct buf text = {0};
	int ret = read_file(source, out, &text, &cause);

	if (ret < 0 && cause.code == MLDV_MISSING && source->locked) {
		ret = visit_record(source, out->path, visitor, err);
		if (ret != 0)
			return ret < 0 ? -1 : 0;
		ret = -1;
	}
	if (ret < 0)
		*err = cause;

	if (ret == 0)
		project_warn(source->project,
		    source->revision ? "no metrics in '%s' at that revision"
		                     : "no metrics in '%s' yet; run 'mldv "
		                       "repro' or 'mldv pull'",
		    out->path);
	if (ret > 0) {
		ret = json_flatten(&values, &arena, buf_str(&text), text.len,
		    err);
		if (ret < 0)
			(void)err_prefix(err, "'%s'", out->path);
	}
	for (size_t i = 0; ret == 0 && i < values.count; i++) {
		const struct json_value *value = &values.items[i];
		const struct mldv_metric metric = {
		    .file = out->path,
		    .name = value->name,
		    .text = value->text,
		    .number = value->number,
		    .value = value->value,
		};

		visitor->visit(visitor->context, &metric);
	}
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int mldv_metrics(struct mldv_project *project, const char *revision,
    void (*visit)(void *context, const struct mldv_metric *metric),
    void *context, struct mldv_error *err)
{
	struct source source = {.project = project, .revision = revision};
	const struct visitor visitor = {visit, context};
	int ret = read_stages(&source, err);

	source.records.project = project;
	if (ret == 0)
		ret = revision ? read_lock(&source, err)
		               : project_read_lock(project, &source.lock, err);
	for (size_t i = 0; ret == 0 && i < source.stages.count; i++) {
		const struct stage *stage = &source.stages.stages[i];
		bool told = false;

		source.locked = lockfile_find(&source.lock, stage->name);
		for (size_t j = 0; ret == 0 && j < stage->out_count; j++) {
			if (stage->outs[j].kind != OUT_METRICS)
				continue;
			if (!told)
				tell_claim(&source);
			told = true;
			ret =
			    visit_file(&source, &stage->outs[j], &visitor, err);
		}
	}
	records_release(&source.records);
	lockfile_release(&source.lock);
	arena_release(&source.arena);
	return ret;
}

static void visit_param(const struct param *param, struct map *seen,
    const struct visitor *visitor)
{
	struct mldv_metric metric = {
	    .file = "",
	    .name = param->name,
	    .number = param->value.type == VALUE_INT ||
	        param->value.type == VALUE_FLOAT,
	};
	struct buf text = {0};

	/* What a matrix makes of a parameter is not one that anybody set. */
	if (strncmp(param->name, "matrix.", 7) == 0 ||
	    !map_add_str(seen, param->name, seen))
		return;
	value_show(slice_of(param->value.canonical), &text);
	metric.text = buf_str(&text);
	metric.number =
	    metric.number && run_is_number(metric.text, &metric.value);
	visitor->visit(visitor->context, &metric);
	buf_release(&text);
}

int mldv_params(struct mldv_project *project, const char *revision,
    void (*visit)(void *context, const struct mldv_metric *metric),
    void *context, struct mldv_error *err)
{
	struct source source = {.project = project, .revision = revision};
	const struct visitor visitor = {visit, context};
	struct map seen = {0};
	int ret = read_stages(&source, err);

	for (size_t i = 0; ret == 0 && i < source.stages.param_count; i++)
		visit_param(&source.stages.params[i], &seen, &visitor);
	for (size_t i = 0; ret == 0 && i < source.stages.count; i++) {
		const struct stage *stage = &source.stages.stages[i];

		for (size_t k = 0; k < stage->param_count; k++)
			visit_param(stage->params[k], &seen, &visitor);
	}
	map_release(&seen);
	arena_release(&source.arena);
	return ret;
}
