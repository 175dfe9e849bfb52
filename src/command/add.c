/* SPDX-License-Identifier: Apache-2.0 */

/* mldv add: store files and directories, write their pointers. */

#include "base/str.h"
#include "command/command.h"
#include "command/report.h"

struct values {
	const char *note;
	bool force;
};

static const struct option options[] = {
    {0, "note", "TEXT", "where the data came from; kept in the pointer",
        TEXT(struct values, note)},
    {'f', "force", NULL, "with a note: let go what [rules] immutable protects",
        FLAG(struct values, force)},
    {0},
};

static void say_done(void *context, const struct mldv_done *done)
{
	const struct context *at = context;
	struct buf line = {0};

	show_path(at, done->path, &line);
	buf_add_str(&line, ": ");
	show_size(done->files, done->bytes, &line);
	if (done->changed == 0)
		buf_add_str(&line, ", unchanged");
	else
		show_took(done->seconds, &line);
	if (done->ignored > 0) {
		buf_add_str(&line, "; skipped ");
		show_count(done->ignored, "file", &line);
		buf_add_str(&line, " that 'add.ignore' names");
	}
	term_say(at->term, "%s", buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct context at = *context;
	const struct mldv_add add = {.note = given->note,
	    .force = given->force,
	    .done = say_done,
	    .context = &at};
	struct strs staged = {0};
	struct strs paths = {0};
	int ret = -1;

	if (given->force && (!given->note || !given->note[0]))
		ret = err_set(err, MLDV_USAGE,
		    "--force needs a reason: --note TEXT");
	else if (paths_of(context, 0, &paths, err) == 0 &&
	    mldv_add(context->project, &paths, &add, &staged, err) == 0) {
		say_staged(context, &staged);
		ret = 0;
	}
	strs_release(&staged);
	strs_release(&paths);
	return ret;
}

const struct command command_add = {
    .name = "add",
    .summary = "store files or directories and write their pointers",
    .arguments = "PATH...",
    .group = GROUP_DAILY,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
