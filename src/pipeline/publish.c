/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/publish.h"
#include "pipeline/plan.h"
#include "project/publishing.h"
#include "project/remotes.h"
#include "remote/confirm.h"

#define NOTEBOOK ".ipynb"
#define REPORTS  "reports"

struct work {
	struct plan plan;
	struct publishing publishing;
	struct items items;
	struct remote *remote; /* opened when a record is not here */
	struct arena arena;
};

/* Only who asks for a time zone that there is gets its time. */
CHECKED static int set_zone(const char *zone, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = 1;

	if (strcmp(zone, "UTC") != 0)
		ret = strstr(zone, "..") || zone[0] == '/'
		    ? 0
		    : file_exists(path_join(&arena, "/usr/share/zoneinfo",
		                      zone),
		          err);
	if (ret == 0)
		ret = err_set(err, MLDV_USAGE,
		    "publish.timezone: there is no time zone '%s' in "
		    "/usr/share/zoneinfo; names are like Europe/Paris",
		    zone);
	else if (ret > 0) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet */
		ret = setenv("TZ", zone, 1);
		tzset();
	}
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/* "2026-11" and "20261124153012" */
CHECKED static int format_time(struct work *work, uint64_t started,
    const char **month, const char **stamp, struct mldv_error *err)
{
	time_t at = (time_t)started;
	char text[32];
	struct tm tm;

	if (!localtime_r(&at, &tm) ||
	    strftime(text, sizeof text, "%Y-%m", &tm) == 0)
		return err_set(err, MLDV_CORRUPT,
		    "a run record has a time that no calendar has");
	*month = arena_str(&work->arena, text);
	if (strftime(text, sizeof text, "%Y%m%d%H%M%S", &tm) == 0)
		return err_set(err, MLDV_CORRUPT,
		    "a run record has a time that no calendar has");
	*stamp = arena_str(&work->arena, text);
	return 0;
}

/* A branch as a part of a file's name. */
static const char *branch_name(struct work *work, const char *branch)
{
	char *name =
	    arena_str(&work->arena, branch && branch[0] ? branch : "detached");

	for (char *c = name; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') ||
		    (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		    strchr("._-", *c);

		if (!plain || (c == name && *c == '.'))
			*c = '-';
	}
	return name;
}

CHECKED static int read_run(struct work *work, const struct lock_stage *locked,
    struct run *out, struct mldv_error *err)
{
	struct mldv_project *project = work->plan.project;
	const struct oid *key = lock_stage_run(locked);
	struct buf text = {0};
	const char *name;
	int ret = store_run_read(project->store, key, &text, err);

	if (ret == 0 && !work->remote &&
	    (remotes_choose(project, NULL, &work->arena, &name, err) < 0 ||
	        remotes_open(project, name, &work->remote, err) < 0))
		ret = -1;
	if (ret == 0)
		ret = remote_run_get(work->remote, key, &text, err);
	if (ret == 0)
		ret = err_set(err, MLDV_MISSING,
		    "stage '%s': the record of its run is neither here nor on "
		    "the remote, so there is no telling when it ran; run 'mldv "
		    "push' where it ran",
		    locked->name);
	if (ret > 0)
		ret = run_parse(out, &work->arena, key, buf_str(&text),
		    text.len, err);
	buf_release(&text);
	return ret;
}

/* "eval" of notebooks/eval.ipynb. */
static const char *notebook_name(struct work *work, const struct stage *stage,
    const char *out)
{
	const char *base = path_base(stage->notebook ? stage->notebook : out);
	size_t len = strlen(base);
	size_t end = strlen(NOTEBOOK);

	if (len > end && strcmp(base + len - end, NOTEBOOK) == 0)
		len -= end;
	return arena_strn(&work->arena, base, len);
}

/* "@small"; where two stages run one notebook, they must differ somehow. */
static const char *variant_name(struct work *work, const struct stage *stage,
    const char *notebook)
{
	if (stage->variant)
		return arena_printf(&work->arena, "@%s", stage->variant);
	if (strcmp(stage->name, notebook) == 0)
		return "";
	return arena_printf(&work->arena, "@%s", stage->name);
}

/* An executed notebook: once under its time, once as its branch's latest. */
CHECKED static int publish_notebook(struct work *work, const struct item *item,
    const struct stage *stage, struct mldv_error *err)
{
	const struct lock_stage *locked =
	    lockfile_find(&work->plan.lock, stage->name);
	struct arena *arena = &work->arena;
	const char *name = notebook_name(work, stage, item->path);
	const char *variant = variant_name(work, stage, name);
	struct run run = {0};
	const char *branch;
	const char *month = "";
	const char *stamp = "";
	int ret = locked ? read_run(work, locked, &run, err) : 1;

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	branch = branch_name(work, run.branch);
	ret = format_time(work, run.started, &month, &stamp, err);
	if (ret == 0)
		ret = publishing_dated(&work->publishing, item,
		    arena_printf(arena, REPORTS "/%s/%s", name, month),
		    arena_printf(arena, "%s%s_%s_%s" NOTEBOOK, name, variant,
		        stamp, branch),
		    err);
	if (ret == 0)
		ret = publishing_item(&work->publishing, item,
		    arena_printf(arena, REPORTS "/%s/latest/%s/%s%s" NOTEBOOK,
		        name, branch, name, variant),
		    err);
	run_release(&run);
	return ret;
}

CHECKED static int publish_one(struct work *work, const struct item *item,
    struct mldv_error *err)
{
	const struct graph_out *out =
	    graph_output(&work->plan.graph, item->path);

	if (project_check(work->plan.project, err) < 0)
		return -1;
	if (out && out->out->kind == OUT_NOTEBOOK &&
	    item->content.kind != KIND_DIR)
		return publish_notebook(work, item,
		    &work->plan.stages.stages[out->stage], err);
	return publishing_item(&work->publishing, item, item->path, err);
}

/* Without paths, the outputs of the stages that say so. */
CHECKED static int select_items(struct work *work, const struct strs *paths,
    struct mldv_error *err)
{
	struct items *items = &work->items;
	size_t kept = 0;

	if (items_load(work->plan.project, items, err) < 0)
		return -1;
	if (paths->count > 0)
		return items_select(items, paths, err);
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->list[i];
		const struct stage *stage = item->stage
		    ? stages_find(&work->plan.stages, item->stage)
		    : NULL;

		if (stage && stage->publish)
			items->list[kept++] = *item;
	}
	items->count = kept;
	return 0;
}

int mldv_publish(struct mldv_project *project, const struct strs *paths,
    const struct mldv_publish *options, struct mldv_publish_sum *sum,
    struct mldv_error *err)
{
	struct work work = {.plan.project = project};
	struct strs none = {0};
	struct lock lock = {0};
	int ret = -1;

	*sum = (struct mldv_publish_sum){0};
	if (set_zone(config_get(&project->config, "publish.timezone"), err) <
	        0 ||
	    plan_load(&work.plan, project, &none, err) < 0 ||
	    select_items(&work, paths, err) < 0)
		goto out;
	if (work.items.count == 0) {
		ret = 0;
		goto out;
	}
	if (project_lock_store(project, &lock, LOCK_SHARED, err) < 0)
		goto out;
	ret = publishing_open(&work.publishing, project, options, sum, err);
	for (size_t i = 0; ret == 0 && i < work.items.count; i++)
		ret = publish_one(&work, &work.items.list[i], err);
	publishing_close(&work.publishing);
	lock_release(&lock);
out:
	if (work.remote)
		remote_close(work.remote);
	items_release(&work.items);
	plan_release(&work.plan);
	arena_release(&work.arena);
	return ret;
}
