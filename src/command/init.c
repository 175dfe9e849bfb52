/* SPDX-License-Identifier: Apache-2.0 */

/* mldv init: make a Git repository a project. */

#include "mldv/hooks.h"

#include "command/command.h"
#include "command/report.h"

struct values {
	const char *layout;
	bool no_hooks;
};

static const struct option options[] = {
    {0, "layout", "NAME", "make directories, too, and their rules: datascience",
        TEXT(struct values, layout)},
    {0, "no-hooks", NULL, "leave Git's hooks and merge drivers alone",
        FLAG(struct values, no_hooks)},
    {0},
};

static void count_hook(void *context, const struct mldv_hook *hook)
{
	size_t *count = context;

	(void)hook;
	++*count;
}

static int install_hooks(const struct context *context, struct strs *staged,
    size_t *count, struct mldv_error *err)
{
	struct mldv_project *project;
	int ret = mldv_project_open(&project, ".", context->events, err);

	if (ret < 0)
		return -1;
	ret = mldv_hooks_install(project, count_hook, count, staged, err);
	mldv_project_close(project);
	return ret;
}

static int lay_out(const struct context *context, const char *name,
    struct strs *staged, struct mldv_error *err)
{
	struct mldv_project *project;
	struct strs made = {0};
	int ret = mldv_project_open(&project, ".", context->events, err);

	if (ret < 0)
		return -1;
	ret = mldv_project_layout(project, name, &made, staged, err);
	for (size_t i = 0; ret == 0 && i < made.count; i++)
		term_say(context->term, "wrote %s", made.items[i]);
	if (ret == 0 && made.count == 0)
		term_say(context->term, "the layout '%s' is there already",
		    name);
	strs_release(&made);
	mldv_project_close(project);
	return ret;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct strs staged = {0};
	size_t hooks = 0;
	bool made = false;
	int ret = mldv_project_init(".", &made, &staged, err);

	if (ret == 0 && made)
		say_wrote(context, "mldv.ini .gitattributes", &staged);
	if (ret == 0 && given->layout)
		ret = lay_out(context, given->layout, &staged, err);
	if (ret == 0 && !given->no_hooks)
		ret = install_hooks(context, &staged, &hooks, err);
	if (ret == 0 && hooks > 0)
		term_say(context->term,
		    "installed Git hooks; 'mldv hooks status' lists them");
	else if (ret == 0 && !made && !given->layout)
		term_say(context->term, "this is a project already");
	strs_release(&staged);
	return ret;
}

const struct command command_init = {
    .name = "init",
    .summary = "make the Git repository a project",
    .arguments = "",
    .group = GROUP_START,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
