/* SPDX-License-Identifier: Apache-2.0 */

/* mldv rm: stop tracking items. */

#include "command/command.h"
#include "command/report.h"

struct values {
	bool keep;
	bool force;
};

static const struct option options[] = {
    {'k', "keep", NULL, "leave the data where it is",
        FLAG(struct values, keep)},
    {'f', "force", NULL, "remove data that was changed and not added",
        FLAG(struct values, force)},
    {0},
};

static void say_removed(const struct context *context, const struct strs *paths,
    bool keep)
{
	struct buf shown = {0};

	for (size_t i = 0; i < paths->count; i++) {
		buf_reset(&shown);
		show_path(context, paths->items[i], &shown);
		term_say(context->term,
		    keep ? "%s: no longer tracked" : "%s: removed",
		    buf_str(&shown));
	}
	buf_release(&shown);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct mldv_remove how = {given->keep, given->force};
	struct strs staged = {0};
	struct strs paths = {0};
	int ret = -1;

	if (paths_of(context, 0, &paths, err) == 0 &&
	    mldv_remove(context->project, &paths, &how, &staged, err) == 0) {
		say_removed(context, &paths, given->keep);
		say_staged(context, &staged);
		ret = 0;
	}
	strs_release(&staged);
	strs_release(&paths);
	return ret;
}

const struct command command_rm = {
    .name = "rm",
    .summary = "stop tracking items, and remove their data",
    .arguments = "ITEM...",
    .group = GROUP_DATA,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
