/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "format/notebook.h"
#include "format/run.h"
#include "pipeline/conditions.h"
#include "pipeline/notebooks.h"
#include "pipeline/verify.h"
#include "runner/runner.h"

/* One stage, as the commit and as its lock have it. */
struct checking {
	struct verify *verify;
	const struct stage *stage;
	const struct lock_stage *locked;
	struct map lines; /* of the lock's key */
	struct key key;   /* as it would be now */
	bool partial;     /* some of the deps are not in it */
};

static const struct made *made_of(const struct lock_stage *locked,
    const char *path)
{
	for (size_t i = 0; locked && i < locked->made_count; i++) {
		if (strcmp(locked->made[i].path, path) == 0)
			return &locked->made[i];
	}
	return NULL;
}

static struct mldv_verified at_stage(const struct stage *stage)
{
	return (struct mldv_verified){
	    .stage = stage->name,
	    .file = stage->file,
	    .line = stage->line,
	};
}

static struct mldv_verified at_file(const struct stage *stage, const char *path)
{
	return (struct mldv_verified){.stage = stage->name, .file = path};
}

static const char list_missing[] =
    "is in an item whose list of files is not on the remote";

/* What a dep is: 1; 0 if that is not known, and *why. */
CHECKED static int find_dep(struct verify *verify, const char *path,
    const struct stage **maker, struct content *out, const char **why,
    struct mldv_error *err)
{
	struct committed *committed = &verify->committed;
	const struct graph_out *from = graph_output(&verify->graph, path);
	const struct made *made = NULL;
	int ret;

	*maker = from ? &verify->stages.stages[from->stage] : NULL;
	if (from)
		made = made_of(lockfile_find(&verify->lock, (*maker)->name),
		    from->out->path);
	if (from && !made && !(*maker)->frozen) {
		*why = arena_printf(&verify->arena,
		    "comes from stage '%s', which was not run", (*maker)->name);
		return 0;
	}
	if (made && !from->out->git)
		ret = committed_inside(committed, &made->content,
		    path_inside(path, from->out->path), out, err);
	else
		ret = committed_hash(committed, path, out, err);
	if (ret == 0)
		*why = "is not in the commit";
	if (ret < 0 && err->code == MLDV_MISSING) {
		*why = list_missing;
		ret = 0;
	}
	return ret;
}

/* What the lock's key says of a notebook: its line, or NULL. */
static const char *locked_notebook(const struct checking *checking,
    const char *path)
{
	const struct strs *lines = &checking->locked->key.lines;
	struct key one = {0};
	const char *out = NULL;
	size_t skip = strlen("nb ") + OID_HEX;

	key_add_notebook(&one, &oid_empty, path);
	for (size_t i = 0; i < lines->count && !out; i++) {
		if (strncmp(lines->items[i], "nb ", 3) == 0 &&
		    strcmp(lines->items[i] + skip, one.lines.items[0] + skip) ==
		        0)
			out = lines->items[i];
	}
	key_release(&one);
	return out;
}

/*
 * The line of a dep in the key. What is in a notebook that Git does not keep
 * cannot be known without its bytes: of that, the lock is believed.
 */
CHECKED static int add_input(const struct checking *checking,
    const struct stage_dep *dep, const struct content *content, struct key *key,
    struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	enum notebook_form form = notebooks_form(&verify->graph, dep);
	const char *line = locked_notebook(checking, dep->path);
	struct oid oid = content->oid;
	struct buf text = {0};
	int found;

	if (form == NOTEBOOK_BYTES) {
		key_add_input(key, dep, content->kind, &content->oid);
		return 0;
	}
	found = git_view_read(verify->committed.view, dep->path, NOTEBOOK_LIMIT,
	    &text, err);
	if (found > 0 &&
	    notebooks_digest(verify->committed.hasher, dep->path, &text, form,
	        &oid, err) < 0)
		found = -1;
	if (found == 0 && line)
		strs_add(&key->lines, line);
	else if (found >= 0)
		key_add_notebook(key, &oid, dep->path);
	buf_release(&text);
	return found < 0 ? -1 : 0;
}

CHECKED static int check_dep(struct checking *checking,
    const struct stage_dep *dep, struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	const char *path = dep->path;
	const struct mldv_verified here = at_file(checking->stage, path);
	const struct stage *maker;
	struct content content;
	struct key one = {0};
	const char *why;
	int found = find_dep(verify, path, &maker, &content, &why, err);

	if (found < 0)
		return -1;
	if (!found) {
		checking->partial = true;
		if (why == list_missing && verify->options->no_remote)
			verify->sum->unchecked++;
		else
			verify_find(verify, &here, "dep '%s' %s", path, why);
		return 0;
	}
	if (add_input(checking, dep, &content, &one, err) < 0) {
		key_release(&one);
		return -1;
	}
	strs_add(&checking->key.lines, one.lines.items[0]);
	if (!map_get_str(&checking->lines, one.lines.items[0])) {
		if (maker)
			verify_find(verify, &here,
			    "dep '%s' was read otherwise than stage '%s' made "
			    "it; run 'mldv repro' and commit",
			    path, maker->name);
		else
			verify_find(verify, &here,
			    "dep '%s' is not what was read; run 'mldv repro' "
			    "and commit",
			    path);
	}
	key_release(&one);
	return 0;
}

/* What differs besides deps that were told of: parameters, command, outputs. */
static void check_rest(struct checking *checking)
{
	struct verify *verify = checking->verify;
	const struct mldv_verified here = at_stage(checking->stage);
	struct buf what = {0};
	struct oid oid;

	key_add_stage(&checking->key, checking->stage, verify->stages.shell,
	    verify->committed.hasher);
	conditions_keep(checking->stage, &checking->locked->key,
	    &checking->key);
	key_end(&checking->key, NULL, &oid);
	if (verify->found || checking->partial ||
	    oid_equal(&oid, &checking->locked->oid))
		return;
	if (!key_difference(&checking->locked->key, &checking->key, &what))
		buf_add_str(&what, "its definition changed");
	verify_find(verify, &here,
	    "%s since it ran; run 'mldv repro' and commit", buf_str(&what));
	buf_release(&what);
}

/* What the runner adds by itself, which for notebooks the deps have said. */
CHECKED static int add_runner_lines(struct checking *checking,
    struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	const struct runner *runner = runner_of(checking->stage);
	const struct runner_job job = {
	    .project = verify->project,
	    .stage = checking->stage,
	    .shell = verify->stages.shell,
	    .items = &verify->committed.items,
	    .locked = &checking->locked->key,
	    .arena = &verify->arena,
	};

	return runner->add_to_key
	    ? runner->add_to_key(&job, &checking->key.lines, err)
	    : 0;
}

CHECKED static int check_key(struct checking *checking, struct mldv_error *err)
{
	const struct stage *stage = checking->stage;
	const struct strs *lines = &checking->locked->key.lines;
	int ret = 0;

	for (size_t i = 0; i < lines->count; i++)
		(void)map_add_str(&checking->lines, lines->items[i], checking);
	for (size_t i = 0; ret == 0 && i < stage->dep_count; i++)
		ret = check_dep(checking, &stage->deps[i], err);
	if (ret == 0)
		ret = add_runner_lines(checking, err);
	if (ret == 0)
		check_rest(checking);
	map_release(&checking->lines);
	key_release(&checking->key);
	return ret;
}

/* An output that Git keeps is the one that was made. */
CHECKED static int check_git_out(struct checking *checking,
    const struct made *made, struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	const struct mldv_verified here = at_file(checking->stage, made->path);
	struct content content;
	int found =
	    committed_hash(&verify->committed, made->path, &content, err);

	if (found < 0)
		return -1;
	if (!found)
		verify_find(verify, &here, "output '%s' is not in the commit",
		    made->path);
	else if (!content_equal(&content, &made->content))
		verify_find(verify, &here,
		    "output '%s' in Git is not what was made; run 'mldv repro' "
		    "and commit",
		    made->path);
	return 0;
}

CHECKED static int check_outs(struct checking *checking, struct mldv_error *err)
{
	const struct stage *stage = checking->stage;
	const struct mldv_verified here = at_file(stage, PROJECT_LOCK);

	for (size_t i = 0; i < stage->out_count; i++) {
		const struct stage_out *out = &stage->outs[i];
		const struct made *made = made_of(checking->locked, out->path);

		if (!made)
			verify_find(checking->verify, &here,
			    PROJECT_LOCK " does not say what output '%s' is; "
			                 "run 'mldv repro' and commit",
			    out->path);
		else if (out->git && check_git_out(checking, made, err) < 0)
			return -1;
	}
	return 0;
}

static void compare_run(struct checking *checking, const struct run *run)
{
	const struct mldv_verified here =
	    at_file(checking->stage, PROJECT_LOCK);

	for (size_t i = 0; i < checking->locked->made_count; i++) {
		const struct made *made = &checking->locked->made[i];
		const struct made *ran = NULL;

		for (size_t k = 0; k < run->made_count; k++) {
			if (strcmp(run->made[k].path, made->path) == 0)
				ran = &run->made[k];
		}
		if (!ran || !content_equal(&ran->content, &made->content))
			verify_find(checking->verify, &here,
			    "output '%s' is not what the run made that is "
			    "recorded on the remote; take " PROJECT_LOCK
			    " back to the commit of that run, or run 'mldv "
			    "repro'",
			    made->path);
	}
}

/* A frozen stage may have been made in ways that nobody recorded. */
CHECKED static int check_run(struct checking *checking, struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	const struct mldv_verified here =
	    at_file(checking->stage, PROJECT_LOCK);
	const struct oid *key = lock_stage_run(checking->locked);
	struct arena arena = {0};
	struct mldv_error why;
	struct buf text = {0};
	struct run run = {0};
	int found = verify_run(verify, key, &text, err);

	if (found == 0 && !checking->stage->frozen &&
	    checking->locked->claim != CLAIM_ASSERTED)
		verify_find(verify, &here,
		    "the remote has no record of the run that made this; run "
		    "'mldv push' in the clone where it ran");
	else if (found > 0 &&
	    run_parse(&run, &arena, key, buf_str(&text), text.len, &why) < 0)
		verify_find(verify, &here,
		    "the record of its run on the remote is damaged: %s",
		    why.text);
	else if (found > 0)
		compare_run(checking, &run);
	run_release(&run);
	buf_release(&text);
	arena_release(&arena);
	return found < 0 ? -1 : 0;
}

/* That somebody vouches for it is no fault, but is to be seen. */
static void tell_claim(const struct checking *checking)
{
	const struct lock_stage *locked = checking->locked;
	struct mldv_verified here = at_file(checking->stage, PROJECT_LOCK);

	here.warning = true;
	if (locked->claim == CLAIM_ACCEPTED)
		verify_find(checking->verify, &here,
		    "its outputs are of an earlier key, and accepted: %s",
		    locked->why);
	else if (locked->claim == CLAIM_ASSERTED)
		verify_find(checking->verify, &here,
		    "its outputs were made by hand, and asserted: %s",
		    locked->why);
}

int verify_stage(struct verify *verify, const struct stage *stage,
    struct mldv_error *err)
{
	struct checking checking = {
	    .verify = verify,
	    .stage = stage,
	    .locked = lockfile_find(&verify->lock, stage->name),
	};
	const struct mldv_verified here = at_stage(stage);

	if (!checking.locked) {
		if (!stage->frozen)
			verify_find(verify, &here,
			    "it was not run: " PROJECT_LOCK
			    " does not know it; run 'mldv repro' and commit");
		return 0;
	}
	if (!stage->frozen && check_key(&checking, err) < 0)
		return -1;
	if (check_outs(&checking, err) < 0)
		return -1;
	if (!verify->options->no_remote && check_run(&checking, err) < 0)
		return -1;
	tell_claim(&checking);
	return 0;
}
