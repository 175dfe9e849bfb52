/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pipeline/rules.h"
#include "pipeline/verify.h"

struct checking {
	struct verify *verify;
	struct ruled ruled;
	struct strs files;
	bool enforced;
};

static void found(void *context, const struct mldv_broken *broken)
{
	struct checking *checking = context;
	struct verify *verify = checking->verify;
	bool pointer =
	    broken->item && items_find(&verify->committed.items, broken->path);
	struct mldv_verified finding = {
	    .stage = broken->stage,
	    .item = broken->stage ? NULL : broken->path,
	    .file = broken->file ? broken->file : PROJECT_INI,
	    .line = broken->line,
	    .rule = broken->rule,
	    .warning = !checking->enforced,
	};

	if (strcmp(broken->rule, "asserted") == 0)
		finding.warning =
		    checking->ruled.ruling.rules.asserted != ASSERTED_REFUSED ||
		    !checking->enforced;
	if (!broken->stage && (pointer || !broken->item)) {
		finding.line = 0;
		finding.file = pointer ? arena_printf(&verify->arena,
		                             "%s" POINTER_SUFFIX, broken->path)
		                       : broken->path;
	}
	verify_find(verify, &finding, "%s", broken->what);
}

CHECKED static int add_file(void *context, const char *path, enum kind kind,
    struct mldv_error *err)
{
	struct checking *checking = context;

	(void)err;
	if (kind != KIND_LINK)
		strs_add(&checking->files, path);
	return 0;
}

CHECKED static int read_file(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	const struct git_view *view = context;

	return git_view_read(view, path, limit, out, err);
}

/* What the commit brings to Git itself, and what it has there already. */
CHECKED static int check_files(struct checking *checking,
    struct mldv_error *err)
{
	struct ruling *ruling = &checking->ruled.ruling;
	struct git_view *view = checking->verify->committed.view;

	for (size_t i = 0; i < checking->files.count; i++) {
		const char *path = checking->files.items[i];
		uint64_t size;

		if (project_check(ruling->project, err) < 0 ||
		    git_view_size(view, path, &size, err) < 0)
			return -1;
		if (size <= ruling->rules.git_limit &&
		    graph_output(checking->ruled.graph, path))
			continue;
		if (ruling_git_file(ruling, path, size, read_file, view, err) <
		    0)
			return -1;
	}
	return 0;
}

/* What was there before: 1, or 0 if nothing was. */
CHECKED static int find_base(struct checking *checking, const char **out,
    struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	struct mldv_project *project = verify->project;

	*out = verify->options->base;
	if (*out)
		return 1;
	*out = arena_printf(&verify->arena, "%s^1", verify->sum->commit);
	if (git_is_there(project->git, *out))
		return 1;
	if (git_is_shallow(project->git) &&
	    checking->ruled.ruling.rules.immutable.count > 0)
		ruling_tell(&checking->ruled.ruling,
		    &(struct mldv_broken){
		        .rule = "immutable",
		        .path = PROJECT_INI,
		        .item = true,
		        .line = checking->ruled.ruling.rules.immutable.line,
		    },
		    "cannot be told, for this clone has no commit before this "
		    "one; let it fetch more than one commit");
	(void)err;
	return 0;
}

/* Where outputs that were made by hand are refused. */
static void check_claims(struct checking *checking)
{
	const struct lockfile *lock = &checking->verify->lock;
	const struct rules *rules = &checking->ruled.ruling.rules;

	for (size_t i = 0;
	     rules->asserted == ASSERTED_REFUSED && i < lock->count; i++) {
		if (lock->stages[i].claim == CLAIM_ASSERTED)
			ruling_tell(&checking->ruled.ruling,
			    &(struct mldv_broken){
			        .rule = "asserted",
			        .stage = lock->stages[i].name,
			        .line = rules->asserted_line,
			    },
			    "its outputs were made by hand: %s",
			    lock->stages[i].why);
	}
}

CHECKED static int check_all(struct checking *checking, struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	const char *base;
	int has_base;

	if (git_view_each(verify->committed.view, "", add_file, checking, err) <
	        0 ||
	    ruled_check(&checking->ruled, err) < 0 ||
	    check_files(checking, err) < 0)
		return -1;
	check_claims(checking);
	has_base = find_base(checking, &base, err);
	return has_base > 0 ? ruled_since(&checking->ruled, base, err)
	                    : has_base;
}

/* On which branch the commit is, or is to be. */
CHECKED static int find_enforced(struct checking *checking,
    struct mldv_error *err)
{
	struct verify *verify = checking->verify;
	const struct rules *rules = &checking->ruled.ruling.rules;
	const char *branch = verify->options->branch;
	struct buf here = {0};
	int ret = 0;

	if (!branch)
		ret = git_branch(verify->project->git, &here, err);
	if (!branch && ret > 0)
		branch = buf_str(&here);
	checking->enforced = rules_enforced(rules, branch);
	buf_release(&here);
	return ret < 0 ? -1 : 0;
}

int verify_rules(struct verify *verify, struct mldv_error *err)
{
	struct checking checking = {.verify = verify};
	struct ruled *ruled = &checking.ruled;
	int ret = ruling_open(&ruled->ruling, verify->project, err);

	ruled->ruling.visit = found;
	ruled->ruling.context = &checking;
	ruled->items = &verify->committed.items;
	ruled->stages = &verify->stages;
	ruled->graph = &verify->graph;
	ruled->lock = &verify->lock;
	ruled->files = &checking.files;
	ruled->source = &verify->committed.source;
	ruled->revision = verify->sum->commit;
	if (ret > 0)
		ret = find_enforced(&checking, err);
	else if (ret == 0)
		goto out;
	if (ret == 0)
		ret = check_all(&checking, err);
out:
	ruling_close(&ruled->ruling);
	strs_release(&checking.files);
	return ret;
}
