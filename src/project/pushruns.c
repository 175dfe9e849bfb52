/* SPDX-License-Identifier: Apache-2.0 */
#include "project/pushruns.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "project/item.h"
#include "remote/confirm.h"

static int load_lock(struct mldv_project *project, const char *revision,
    struct lockfile *out, struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	if (!revision)
		return project_read_lock(project, out, err);
	ret = git_read(project->git, revision, PROJECT_LOCK, LOCKFILE_LIMIT,
	    &text, err);
	if (ret > 0)
		ret = lockfile_parse(out, buf_str(&text), text.len, err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static bool makes_same(const struct run *run, const struct lock_stage *stage)
{
	size_t found = 0;

	for (size_t i = 0; i < stage->made_count; i++) {
		for (size_t k = 0; k < run->made_count; k++)
			found += strcmp(run->made[k].path,
			             stage->made[i].path) == 0 &&
			    content_equal(&run->made[k].content,
			        &stage->made[i].content);
	}
	return found == stage->made_count;
}

/* Somebody was first with this key. */
static int compare(struct mldv_project *project, struct remote *remote,
    const struct lock_stage *stage, struct mldv_error *err)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct buf text = {0};
	struct run run = {0};
	int found = remote_run_get(remote, lock_stage_run(stage), &text, err);

	if (found > 0 &&
	    (run_parse(&run, &arena, lock_stage_run(stage), buf_str(&text),
	         text.len, &ignored) < 0 ||
	        !makes_same(&run, stage)))
		project_warn(project,
		    "stage '%s': another run with the same inputs made "
		    "something else, and is the one recorded on the remote; "
		    "'mldv verify' will say no to this one",
		    stage->name);
	run_release(&run);
	buf_release(&text);
	arena_release(&arena);
	return found < 0 ? -1 : 0;
}

static int send_record(struct mldv_project *project, struct remote *remote,
    const struct lock_stage *stage, struct mldv_error *err)
{
	struct buf text = {0};
	int ret =
	    store_run_read(project->store, lock_stage_run(stage), &text, err);

	if (ret > 0) {
		ret = remote_run_put(remote, lock_stage_run(stage), &text, err);
		if (ret == 0)
			ret = compare(project, remote, stage, err);
	}
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static int push_one(struct mldv_project *project, struct remote *remote,
    const struct lock_stage *stage, bool sent, struct mldv_error *err)
{
	struct arena arena = {0};
	char hex[OID_HEX + 1];
	const char *marker;
	int ret;

	oid_hex(lock_stage_run(stage), hex);
	marker =
	    arena_printf(&arena, "%s/state/pushed/%s.run", project->home, hex);
	ret = file_exists(marker, err);
	if (ret == 0 || (ret > 0 && sent)) {
		ret = send_record(project, remote, stage, err);
		if (ret == 0 &&
		    (file_make_parents(marker, err) < 0 ||
		        file_replace(marker, "", 0, err) < 0))
			ret = -1;
	}
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int runs_push(struct mldv_project *project, struct remote *remote,
    const struct runs_push *what, struct mldv_error *err)
{
	struct lockfile lock = {0};
	int ret = 0;

	if (!what->stages || what->stages->count > 0)
		ret = load_lock(project, what->revision, &lock, err);
	for (size_t i = 0; ret == 0 && i < lock.count; i++) {
		const char *name = lock.stages[i].name;

		if (what->stages && !strs_has(what->stages, name))
			continue;
		ret = push_one(project, remote, &lock.stages[i],
		    strs_has(what->sent, name), err);
		if (ret < 0)
			(void)err_prefix(err, "stage '%s'", name);
	}
	lockfile_release(&lock);
	return ret;
}
