/* SPDX-License-Identifier: Apache-2.0 */

/* mldv init: make a Git repository a project. */

#include "command/command.h"
#include "command/report.h"

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct strs staged = {0};
	bool made = false;
	int ret = mldv_project_init(".", &made, &staged, err);

	(void)values;
	if (ret == 0 && !made)
		term_say(context->term, "this is a project already");
	else if (ret == 0)
		say_wrote(context, "mldv.ini .gitattributes", &staged);
	strs_release(&staged);
	return ret;
}

const struct command command_init = {
    .name = "init",
    .summary = "make the Git repository a project",
    .arguments = "",
    .group = GROUP_START,
    .run = run,
};
