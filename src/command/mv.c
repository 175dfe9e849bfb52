/* SPDX-License-Identifier: Apache-2.0 */

/* mldv mv: rename an item. */

#include "command/command.h"
#include "command/report.h"

static void say_moved(const struct context *context, const struct strs *paths,
    const struct strs *mentions)
{
	struct buf from = {0};
	struct buf to = {0};

	show_path(context, paths->items[0], &from);
	show_path(context, paths->items[1], &to);
	term_say(context->term, "%s: renamed to %s", buf_str(&from),
	    buf_str(&to));
	if (mentions->count > 0)
		term_say(context->term, "the old path is still named in:");
	for (size_t i = 0; i < mentions->count; i++) {
		buf_reset(&from);
		show_text(mentions->items[i], &from);
		term_say(context->term, "  %s", buf_str(&from));
	}
	buf_release(&from);
	buf_release(&to);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct strs mentions = {0};
	struct strs staged = {0};
	struct strs paths = {0};
	int ret = -1;

	(void)values;
	if (paths_of(context, 0, &paths, err) == 0 &&
	    mldv_move(context->project, paths.items[0], paths.items[1], &staged,
	        &mentions, err) == 0) {
		say_moved(context, &paths, &mentions);
		say_staged(context, &staged);
		ret = 0;
	}
	strs_release(&mentions);
	strs_release(&staged);
	strs_release(&paths);
	return ret;
}

const struct command command_mv = {
    .name = "mv",
    .summary = "rename an item, with its data and pointer",
    .arguments = "FROM TO",
    .group = GROUP_DATA,
    .least = 2,
    .most = 2,
    .needs_project = true,
    .run = run,
};
