/* SPDX-License-Identifier: Apache-2.0 */

/* mldv get: copy an item of another repository, or a part of one. */

#include "base/path.h"
#include "command/command.h"
#include "command/report.h"
#include "mldv/other.h"

struct values {
	const char *out;
	const char *revision;
};

static const struct option options[] = {
    {'o', "out", "PATH", "what to call the copy", TEXT(struct values, out)},
    {0, "rev", "REV", "get it as it is at this Git revision there",
        TEXT(struct values, revision)},
    {0},
};

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct arena arena = {0};
	const char *path = path_clean(&arena, context->words->items[1]);
	const struct mldv_get how = {
	    .from.repository = context->words->items[0],
	    .from.path = path != NULL ? path : context->words->items[1],
	    .from.revision = given->revision,
	    .out = given->out,
	    .events = context->events,
	};
	struct mldv_done done;
	struct buf line = {0};
	int ret = mldv_get(&how, &done, err);

	if (ret == 0) {
		show_text(done.path, &line);
		buf_add_str(&line, ": ");
		show_size(done.files, done.bytes, &line);
		show_took(done.seconds, &line);
		term_say(context->term, "%s", buf_str(&line));
	}
	buf_release(&line);
	arena_release(&arena);
	return ret;
}

const struct command command_get = {
    .name = "get",
    .summary = "copy an item of another repository, or a part of one",
    .arguments = "REPO PATH",
    .group = GROUP_DATA,
    .least = 2,
    .most = 2,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
