/* SPDX-License-Identifier: Apache-2.0 */

/* mldv merge-driver: merge pointers and the lock, when Git asks for it. */

#include "mldv/hooks.h"

#include "command/command.h"
#include "command/report.h"

static void say_conflict(void *context, const char *what)
{
	const struct mldv_merge *merge = context;
	struct buf line = {0};

	show_text(merge->path, &line);
	buf_add_str(&line, ": ");
	show_text(what, &line);
	term_error(buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const char *const *words = context->words->items;
	struct mldv_merge merge = {
	    .ancestor = words[0],
	    .ours = words[1],
	    .theirs = words[2],
	    .path = words[3],
	    .conflict = say_conflict,
	};
	struct mldv_project *project = NULL;
	struct mldv_error none;
	bool clean;
	int ret;

	(void)values;
	merge.context = &merge;
	/* In the middle of a merge mldv.ini may be in conflict itself. */
	if (mldv_project_open(&project, ".", context->events, &none) < 0)
		project = NULL;
	ret = mldv_merge(project, &merge, &clean, err);
	mldv_project_close(project);
	if (ret == 0 && !clean)
		ret = err_set(err, MLDV_NO, "'%s' is in conflict", merge.path);
	return ret;
}

const struct command command_merge_driver = {
    .name = "merge-driver",
    .summary = "merge pointers and the lock; for Git itself",
    .arguments = "ANCESTOR OURS THEIRS PATH",
    .group = GROUP_START,
    .least = 4,
    .most = 4,
    .run = run,
};
