/* SPDX-License-Identifier: Apache-2.0 */

/* mldv import: take an item of another repository, and say where it is from. */

#include "base/path.h"
#include "command/command.h"
#include "command/report.h"
#include "mldv/other.h"

struct values {
	const char *revision;
};

static const struct option options[] = {
    {0, "rev", "REV", "import it as it is at this Git revision there",
        TEXT(struct values, revision)},
    {0},
};

static void say(const struct context *context, const struct mldv_done *done)
{
	struct buf line = {0};

	show_path(context, done->path, &line);
	buf_add_str(&line, ": ");
	show_size(done->files, done->bytes, &line);
	show_took(done->seconds, &line);
	term_say(context->term, "%s", buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct strs *words = context->words;
	struct arena arena = {0};
	struct mldv_place from = {.repository = words->items[0],
	    .path = words->items[1],
	    .revision = given->revision};
	struct strs staged = {0};
	struct buf out = {0};
	struct mldv_done done;
	const char *clean = path_clean(&arena, from.path);
	int ret = -1;

	if (clean != NULL)
		from.path = clean;
	if (mldv_project_path(context->project,
	        words->count > 2 ? words->items[2] : path_base(from.path), &out,
	        err) == 0)
		ret = mldv_import(context->project, &from, buf_str(&out), &done,
		    &staged, err);
	if (ret == 0)
		say(context, &done);
	say_staged(context, &staged);
	strs_release(&staged);
	buf_release(&out);
	arena_release(&arena);
	return ret;
}

const struct command command_import = {
    .name = "import",
    .summary = "take an item of another repository and remember where from",
    .arguments = "REPO PATH [OUT]",
    .group = GROUP_DATA,
    .least = 2,
    .most = 3,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
