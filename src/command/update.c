/* SPDX-License-Identifier: Apache-2.0 */

/* mldv update: look again where items were imported from. */

#include "command/command.h"
#include "command/report.h"
#include "mldv/other.h"

struct values {
	bool force;
	bool dry_run;
};

static const struct option options[] = {
    {'f', "force", NULL, "overwrite content that is not in the store",
        FLAG(struct values, force)},
    {'n', "dry-run", NULL, "only say what has changed there",
        FLAG(struct values, dry_run)},
    {0},
};

struct visit {
	const struct context *context;
	bool any;
};

/* "data/raw: 3 new, 1 changed; 0f2a9c1 -> 77b01de of /srv/git/cifar" */
static void say_updated(void *context, const struct mldv_updated *updated)
{
	struct visit *visit = context;
	struct buf line = {0};

	visit->any = true;
	show_path(visit->context, updated->path, &line);
	buf_add_str(&line, ": ");
	if (!updated->changed)
		buf_add_str(&line, "up to date with ");
	else if (updated->counted)
		show_changes(updated->added, updated->modified,
		    updated->removed, &line);
	else
		buf_add_str(&line, "changed");
	if (updated->changed)
		buf_printf(&line, "; %.*s -> ", updated->shown,
		    updated->old_version);
	buf_printf(&line, "%.*s of ", updated->shown, updated->new_version);
	show_text(updated->repository, &line);
	term_say(visit->context->term, "%s", buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {context, false};
	const struct mldv_update how = {.dry_run = given->dry_run,
	    .force = given->force,
	    .visit = say_updated,
	    .context = &visit};
	struct strs staged = {0};
	struct strs paths = {0};
	int ret = -1;

	if (paths_of(context, 0, &paths, err) == 0)
		ret = mldv_update(context->project, &paths, &how, &staged, err);
	if (ret == 0 && !visit.any)
		term_say(context->term, "nothing here was imported");
	say_staged(context, &staged);
	strs_release(&staged);
	strs_release(&paths);
	return ret;
}

const struct command command_update = {
    .name = "update",
    .summary = "take what changed where items were imported from",
    .arguments = "[ITEM...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
