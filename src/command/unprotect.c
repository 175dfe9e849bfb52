/* SPDX-License-Identifier: Apache-2.0 */

/* mldv unprotect: writable copies in place of hard links. */

#include "command/command.h"
#include "command/report.h"

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct strs paths = {0};
	int ret = -1;

	(void)values;
	if (paths_of(context, 0, &paths, err) == 0)
		ret = mldv_unprotect(context->project, &paths, err);
	strs_release(&paths);
	return ret;
}

const struct command command_unprotect = {
    .name = "unprotect",
    .summary = "give writable copies in place of hard links",
    .arguments = "PATH...",
    .group = GROUP_DATA,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .run = run,
};
