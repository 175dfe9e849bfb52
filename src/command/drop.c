/* SPDX-License-Identifier: Apache-2.0 */

/* mldv drop: give back the room of items that a remote has. */

#include "base/str.h"
#include "command/command.h"
#include "command/report.h"
#include "mldv/gc.h"

struct values {
	const char *remote;
};

static const struct option options[] = {
    {'r', "remote", "NAME", "ask this remote, not the default",
        TEXT(struct values, remote)},
    {0},
};

static void say_dropped(const struct context *context,
    const struct mldv_dropped *dropped)
{
	struct buf line = {0};

	buf_add_str(&line, "dropped ");
	show_count(dropped->items, "item", &line);
	buf_add_str(&line, ": ");
	str_bytes(dropped->files, &line);
	buf_add_str(&line, " of files, ");
	str_bytes(dropped->store, &line);
	buf_add_str(&line, " of the store; 'mldv pull' brings them back");
	term_say(context->term, "%s", buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct mldv_dropped dropped = {0};
	struct strs paths = {0};
	int ret = paths_of(context, 0, &paths, err);

	if (ret == 0)
		ret = mldv_drop(context->project, &paths, given->remote,
		    &dropped, err);
	if (ret == 0)
		say_dropped(context, &dropped);
	strs_release(&paths);
	return ret;
}

const struct command command_drop = {
    .name = "drop",
    .summary = "give back the room of items that a remote has",
    .arguments = "PATH...",
    .group = GROUP_DATA,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
