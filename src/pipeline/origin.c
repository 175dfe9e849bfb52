/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/origin.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "format/json.h"
#include "pipeline/group.h"

/* Bytes: a diff that is longer only lists the files. */
#define DIFF_LIMIT ((size_t)1 << 20)
/* Of what an interpreter says of itself. */
#define VERSION_LIMIT 200
/* Metrics of a run: a record is to stay small. */
#define METRICS_MOST 1000
/* An interpreter that does not end when asked to. */
#define GRACE_SECONDS 2

void origin_release(struct origin *origin)
{
	buf_release(&origin->commit);
	buf_release(&origin->branch);
	buf_release(&origin->who);
	buf_release(&origin->diff);
	map_release(&origin->interpreters);
	*origin = (struct origin){0};
}

/* --- the code --- */

/* The lock and the outputs change with every run; they are not code. */
static void leave_out(const struct plan *plan, struct strs *out)
{
	strs_add(out, PROJECT_LOCK);
	for (size_t i = 0; i < plan->stages.count; i++) {
		const struct stage *stage = &plan->stages.stages[i];

		for (size_t k = 0; k < stage->out_count; k++)
			strs_add(out, stage->outs[k].path);
	}
}

CHECKED static int look(struct plan *plan, struct mldv_error *err)
{
	struct origin *origin = &plan->origin;
	struct git *git = plan->project->git;
	struct strs without = {0};
	const struct git_changed what = {
	    .without = &without,
	    .limit = DIFF_LIMIT,
	};
	int ret = git_head(git, &origin->commit, err);

	if (ret > 0) {
		leave_out(plan, &without);
		ret = git_changed(git, buf_str(&origin->commit), &what,
		    &origin->diff, err);
	}
	if (ret >= 0)
		ret = git_branch(git, &origin->branch, err);
	if (ret >= 0)
		ret = git_who(git, &origin->who, err);
	strs_release(&without);
	return ret < 0 ? -1 : 0;
}

/* Short stages share what was found; whoever edits code takes longer. */
CHECKED static int refresh(struct plan *plan, struct mldv_error *err)
{
	struct origin *origin = &plan->origin;
	double now = project_clock();

	if (origin->known && now - origin->at < 1)
		return 0;
	buf_reset(&origin->commit);
	buf_reset(&origin->branch);
	buf_reset(&origin->who);
	buf_reset(&origin->diff);
	origin->known = false;
	if (look(plan, err) < 0)
		return -1;
	origin->known = true;
	origin->at = now;
	return 0;
}

/* Deps that are small files which Git does not know. */
CHECKED static int find_untracked(struct plan *plan, const struct stage *stage,
    struct strs *out, struct mldv_error *err)
{
	for (size_t i = 0; i < stage->dep_count; i++) {
		const char *path = stage->deps[i].path;
		int known;

		if (graph_output(&plan->graph, path) ||
		    items_around(&plan->items, path, NULL))
			continue;
		known = git_is_tracked(plan->project->git, path, err);
		if (known == 0)
			known =
			    git_is_ignored(plan->project->git, path, NULL, err);
		if (known < 0)
			return -1;
		if (!known)
			strs_add(out, path);
	}
	return 0;
}

/* What the commit lacks: changes, and deps that nobody added to Git. */
CHECKED static int find_diff(struct plan *plan, const struct stage *stage,
    struct buf *out, struct mldv_error *err)
{
	const struct origin *origin = &plan->origin;
	struct strs untracked = {0};
	const struct git_changed what = {
	    .untracked = &untracked,
	    .limit = DIFF_LIMIT,
	};
	int ret = find_untracked(plan, stage, &untracked, err);

	buf_add(out, buf_str(&origin->diff), origin->diff.len);
	if (ret == 0)
		ret = git_changed(plan->project->git, buf_str(&origin->commit),
		    &what, out, err);
	strs_release(&untracked);
	return ret;
}

CHECKED static int keep_diff(struct plan *plan, const struct buf *diff,
    struct run *run, struct mldv_error *err)
{
	int ret;

	hasher_oid(plan->hasher, diff->data, diff->len, &run->diff);
	run->diff_size = diff->len;
	ret = store_load(plan->project->store, err);
	if (ret == 0)
		ret = store_packer_put(plan->group->batch.files, &run->diff,
		    diff->data, diff->len, err);
	run->dirty = ret >= 0;
	return ret;
}

CHECKED static int fill_code(struct plan *plan, const struct stage *stage,
    struct arena *arena, struct run *run, struct mldv_error *err)
{
	const struct origin *origin = &plan->origin;
	struct buf diff = {0};
	int ret = refresh(plan, err);

	if (ret == 0) {
		run->commit = buf_str(&origin->commit);
		run->branch = buf_str(&origin->branch);
		run->who = buf_str(&origin->who);
	}
	if (ret == 0 && origin->commit.len > 0)
		ret = find_diff(plan, stage, &diff, err);
	if (ret == 0 && diff.len > 0)
		ret = keep_diff(plan, &diff, run, err);
	if (ret == 0 && run->dirty)
		run_enclose(run, arena, &run->diff,
		    (struct slice){diff.data, diff.len});
	buf_release(&diff);
	return ret;
}

/* --- the interpreter --- */

static bool is_python(const char *word)
{
	const char *name = path_base(word);

	return strncmp(name, "python", 6) == 0 &&
	    strspn(name + 6, "0123456789.") == strlen(name + 6);
}

/* The first word of a command that is a Python, or NULL. */
static const char *python_of(struct arena *arena, const char *cmd)
{
	const char *ends = " \t\n;&|()<>`'\"";

	while (*cmd) {
		size_t len = strcspn(cmd, ends);
		const char *word = arena_strn(arena, cmd, len);

		if (is_python(word))
			return word;
		cmd += len;
		cmd += strspn(cmd, ends);
	}
	return NULL;
}

static void take_version(void *context, const char *data, size_t size)
{
	struct buf *version = context;

	if (version->len < VERSION_LIMIT)
		buf_add(version, data,
		    size < VERSION_LIMIT ? size : VERSION_LIMIT);
}

static bool is_cancelled(void *context)
{
	(void)context;
	return false;
}

/* "" if it does not say. */
static const char *ask_version(struct plan *plan, const char *word,
    const char *dir)
{
	const char *const argv[] = {word, "-V", NULL};
	const struct proc_options options = {.argv = argv, .dir = dir};
	struct proc_result result;
	struct mldv_error ignored;
	struct buf text = {0};
	struct proc proc;
	struct slice rest;
	struct slice line = {"", 0};
	const char *out;

	if (proc_start(&proc, &options, &ignored) == 0 &&
	    proc_wait(&proc, &result, take_version, is_cancelled, &text,
	        GRACE_SECONDS, &ignored) == 0 &&
	    result.status == 0) {
		rest = (struct slice){buf_str(&text), text.len};
		(void)slice_cut(&rest, '\n', &line);
		line = slice_trim(line);
		if (memchr(line.data, '\0', line.len))
			line.len = 0;
	}
	out = arena_strn(&plan->arena, line.data, line.len);
	buf_release(&text);
	return out;
}

const char *origin_interpreter(struct plan *plan, const struct stage *stage)
{
	struct map *known = &plan->origin.interpreters;
	struct arena arena = {0};
	const char *word = python_of(&arena, stage->cmd ? stage->cmd : "");
	const char *version = NULL;
	const char *dir;
	char *name;

	if (word) {
		/* What a path with a slash names depends on where one is. */
		name = arena_printf(&arena, "%s %s", word,
		    strchr(word, '/') ? stage->cwd : "");
		version = map_get_str(known, name);
	}
	if (word && !version) {
		dir = stage->cwd[0]
		    ? project_absolute(plan->project, &arena, stage->cwd)
		    : plan->project->root;
		version = ask_version(plan, word, dir);
		(void)map_add_str(known, arena_str(&plan->arena, name),
		    arena_str(&plan->arena, version));
	}
	arena_release(&arena);
	return version && version[0] ? version : NULL;
}

/* --- the numbers --- */

CHECKED static int add_metrics(struct plan *plan, const char *path,
    struct arena *arena, struct run *run, struct mldv_error *err)
{
	const char *file = project_absolute(plan->project, arena, path);
	struct json_values values = {0};
	struct buf text = {0};
	int ret = file_read(file, JSON_LIMIT, &text, err);

	if (ret == 0)
		ret =
		    json_flatten(&values, arena, buf_str(&text), text.len, err);
	for (size_t i = 0; ret == 0 && i < values.count; i++) {
		struct run_metric metric = {
		    .path = path,
		    .name = values.items[i].name,
		    .text = values.items[i].text,
		};

		if (run->metric_count < METRICS_MOST &&
		    values.items[i].number && metric.name[0] &&
		    run_is_number(metric.text, &metric.value))
			run->metrics[run->metric_count++] = metric;
	}
	buf_release(&text);
	return ret < 0 ? err_prefix(err, "no metrics of '%s'", path) : 0;
}

static void fill_metrics(struct plan *plan, const struct stage *stage,
    struct arena *arena, struct run *run)
{
	struct mldv_error cause;

	for (size_t i = 0; i < stage->out_count; i++) {
		if (stage->outs[i].kind != OUT_METRICS)
			continue;
		if (!run->metrics)
			run->metrics = arena_array(arena, METRICS_MOST,
			    sizeof *run->metrics);
		if (add_metrics(plan, stage->outs[i].path, arena, run, &cause) <
		    0)
			project_warn(plan->project, "stage '%s': %s",
			    stage->name, cause.text);
	}
}

void origin_fill(struct plan *plan, const struct stage *stage,
    struct arena *arena, struct run *run)
{
	struct mldv_error cause;

	run->command = stage->cmd;
	run->interpreter = origin_interpreter(plan, stage);
	if (fill_code(plan, stage, arena, run, &cause) < 0)
		project_warn(plan->project,
		    "stage '%s': its record does not say all: %s", stage->name,
		    cause.text);
	fill_metrics(plan, stage, arena, run);
}
