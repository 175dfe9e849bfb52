/* SPDX-License-Identifier: Apache-2.0 */

/* mldv checkout: bring the work tree to what the pointers say. */

#include "base/str.h"
#include "command/command.h"
#include "command/report.h"

struct values {
	bool force;
};

static const struct option options[] = {
    {'f', "force", NULL, "overwrite content that is not in the store",
        FLAG(struct values, force)},
    {0},
};

struct visit {
	const struct context *context;
	bool any;
};

static void say_done(void *context, const struct mldv_done *done)
{
	struct visit *visit = context;
	struct buf line = {0};

	if (done->changed == 0)
		return;
	visit->any = true;
	show_path(visit->context, done->path, &line);
	buf_add_str(&line, ": ");
	if (done->changed < done->files) {
		str_count(done->changed, &line);
		buf_add_str(&line, " of ");
	}
	show_size(done->files, done->bytes, &line);
	show_took(done->seconds, &line);
	term_say(visit->context->term, "%s", buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {context, false};
	const struct mldv_checkout how = {.force = given->force,
	    .done = say_done,
	    .context = &visit};
	struct strs paths = {0};
	int ret = -1;

	if (paths_of(context, 0, &paths, err) == 0)
		ret = mldv_checkout(context->project, &paths, &how, err);
	if (ret == 0 && !visit.any)
		term_say(context->term, "everything is up to date");
	strs_release(&paths);
	return ret;
}

const struct command command_checkout = {
    .name = "checkout",
    .summary = "bring the work tree to what pointers and lock say",
    .arguments = "[ITEM...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
