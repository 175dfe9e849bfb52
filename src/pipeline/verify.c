/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/verify.h"
#include "pipeline/imports.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "project/remotes.h"

void verify_find(struct verify *verify, const struct mldv_verified *finding,
    const char *fmt, ...)
{
	struct mldv_verified told = *finding;
	char text[sizeof((struct mldv_error *)0)->text];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	told.what = text;
	verify->found = true;
	if (told.warning)
		verify->sum->warnings++;
	else
		verify->sum->findings++;
	if (verify->options->visit)
		verify->options->visit(verify->options->context, &told);
}

static int read_committed(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	const struct verify *verify = context;

	return git_view_read(verify->committed.view, path, limit, out, err);
}

CHECKED static int load_stages(struct verify *verify, struct mldv_error *err)
{
	struct strs none = {0};
	struct buf text = {0};
	const struct ini_source source = {read_committed, verify};
	struct ini ini = {0};
	int found = git_view_read(verify->committed.view, PROJECT_INI,
	    INI_LIMIT, &text, err);
	int ret = -1;

	if (found == 0)
		(void)err_set(err, MLDV_USAGE,
		    "commit %.10s is no project: it has no " PROJECT_INI,
		    git_view_commit(verify->committed.view));
	if (found > 0 &&
	    ini_parse(&ini, &verify->arena, PROJECT_INI, buf_str(&text),
	        text.len, err) == 0) {
		ini.source = &source;
		ret = stages_parse(&verify->stages, &verify->arena, &ini, &none,
		    err);
	}
	if (ret == 0)
		ret =
		    imports_add(&verify->stages, &verify->arena, &source, err);
	if (ret == 0)
		ret = graph_build(&verify->graph, &verify->arena,
		    &verify->stages, err);
	buf_release(&text);
	return ret;
}

CHECKED static int load_lock(struct verify *verify, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = git_view_read(verify->committed.view, PROJECT_LOCK,
	    LOCKFILE_LIMIT, &text, err);

	if (ret > 0)
		ret = lockfile_parse(&verify->lock, buf_str(&text), text.len,
		    err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

CHECKED static int open_remote(struct verify *verify, struct mldv_error *err)
{
	const char *name;

	if (remotes_choose(verify->project, verify->options->remote,
	        &verify->arena, &name, err) < 0 ||
	    remotes_open(verify->project, name, &verify->remote, err) < 0)
		return -1;
	verify->committed.source.remote = verify->remote;
	return remote_is_there(verify->remote, err);
}

/* With nothing that a remote should have, none is needed. */
static bool needs_remote(const struct verify *verify)
{
	const struct items *items = &verify->committed.items;

	for (size_t i = 0; i < items->count; i++) {
		if (!items->list[i].git)
			return true;
	}
	return verify->lock.count > 0;
}

CHECKED static int verify_open(struct verify *verify, struct mldv_error *err)
{
	const char *revision = verify->options->revision;

	if (committed_open(&verify->committed, verify->project,
	        revision ? revision : "HEAD", err) < 0 ||
	    load_stages(verify, err) < 0 || load_lock(verify, err) < 0)
		return -1;
	(void)snprintf(verify->sum->commit, sizeof verify->sum->commit, "%s",
	    git_view_commit(verify->committed.view));
	if (verify->options->no_remote || !needs_remote(verify))
		return 0;
	return open_remote(verify, err);
}

static void verify_close(struct verify *verify)
{
	for (size_t i = 0; i < verify->run_count; i++)
		buf_release(&verify->runs[i].text);
	map_release(&verify->run_numbers);
	graph_release(&verify->graph);
	lockfile_release(&verify->lock);
	committed_close(&verify->committed);
	remote_close(verify->remote);
	arena_release(&verify->arena);
}

/* One after the other they would take a round trip each. */
CHECKED static int read_runs(struct verify *verify, struct mldv_error *err)
{
	size_t most = verify->stages.count + 1;

	if (!verify->remote)
		return 0;
	verify->run_keys =
	    arena_array(&verify->arena, most, sizeof(*verify->run_keys));
	verify->runs = arena_array(&verify->arena, most, sizeof(*verify->runs));
	for (size_t i = 0; i < verify->stages.count; i++) {
		const struct lock_stage *stage =
		    lockfile_find(&verify->lock, verify->stages.stages[i].name);
		size_t n = verify->run_count;

		if (!stage)
			continue;
		verify->run_keys[n] = *lock_stage_run(stage);
		if (map_add(&verify->run_numbers, &verify->run_keys[n],
		        sizeof(struct oid), &verify->runs[n]))
			verify->run_count++;
	}
	return remote_run_get_many(verify->remote, verify->run_keys,
	    verify->run_count, verify->runs, err);
}

int verify_run(struct verify *verify, const struct oid *key, struct buf *out,
    struct mldv_error *err)
{
	const struct remote_run *run =
	    map_get(&verify->run_numbers, key, sizeof(*key));

	if (!run)
		return remote_run_get(verify->remote, key, out, err);
	buf_add(out, buf_str(&run->text), run->text.len);
	return run->found;
}

CHECKED static int verify_stages(struct verify *verify, struct mldv_error *err)
{
	for (size_t i = 0; i < verify->stages.count; i++) {
		const struct stage *stage =
		    &verify->stages.stages[verify->graph.order[i]];
		const struct mldv_verified well = {
		    .stage = stage->name,
		    .file = stage->file,
		    .line = stage->line,
		};

		if (project_check(verify->project, err) < 0)
			return -1;
		verify->found = false;
		if (verify_stage(verify, stage, err) < 0)
			return err_prefix(err, "stage '%s'", stage->name);
		if (!verify->found && verify->options->visit)
			verify->options->visit(verify->options->context, &well);
		verify->sum->stages++;
	}
	return 0;
}

int mldv_verify(struct mldv_project *project, const struct mldv_verify *options,
    struct mldv_verify_sum *sum, struct mldv_error *err)
{
	struct verify verify = {
	    .project = project,
	    .options = options,
	    .sum = sum,
	};
	int ret;

	*sum = (struct mldv_verify_sum){0};
	ret = verify_open(&verify, err);
	if (ret == 0)
		ret = read_runs(&verify, err);
	if (ret == 0)
		ret = verify_stages(&verify, err);
	if (ret == 0 && !options->no_remote)
		ret = verify_items(&verify, err);
	if (ret == 0)
		ret = verify_rules(&verify, err);
	verify_close(&verify);
	return ret;
}
