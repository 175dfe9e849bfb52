/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/metrics.h"

#include <string.h>

#include "base/file.h"
#include "format/json.h"
#include "format/lock.h"
#include "format/stages.h"
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
	struct lockfile lock; /* the revision's */
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

CHECKED static int visit_file(const struct source *source,
    const struct stage_out *out, const struct visitor *visitor,
    struct mldv_error *err)
{
	struct json_values values = {0};
	struct arena arena = {0};
	struct buf text = {0};
	int ret = read_file(source, out, &text, err);

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

	if (ret == 0 && revision)
		ret = read_lock(&source, err);
	for (size_t i = 0; ret == 0 && i < source.stages.count; i++) {
		const struct stage *stage = &source.stages.stages[i];

		for (size_t j = 0; ret == 0 && j < stage->out_count; j++) {
			if (stage->outs[j].kind == OUT_METRICS)
				ret = visit_file(&source, &stage->outs[j],
				    &visitor, err);
		}
	}
	lockfile_release(&source.lock);
	arena_release(&source.arena);
	return ret;
}
