/* SPDX-License-Identifier: Apache-2.0 */

/* mldv cat: print a file of an item, here or not, at any revision. */

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "command/command.h"
#include "mldv/look.h"

struct values {
	const char *remote;
};

static const struct option options[] = {
    {'r', "remote", "NAME", "read what is not here from this remote",
        TEXT(struct values, remote)},
    {0},
};

static void write_out(void *context, const void *data, size_t size)
{
	term_write(context, data, size);
}

static int cat(const struct context *context, const struct mldv_cat *how,
    const char *argument, struct mldv_error *err)
{
	struct buf path = {0};
	int ret = -1;

	if (mldv_project_path(context->project, argument, &path, err) == 0)
		ret = mldv_cat(context->project, buf_str(&path), how, err);
	buf_release(&path);
	return ret;
}

/* The @ that a revision follows, as in "a@b.txt@HEAD@{1}"; or NULL. */
static const char *find_at(const char *argument)
{
	const char *at = NULL;

	for (const char *c = argument; *c != '\0'; c++)
		if (*c == '@' && c != argument && c[1] != '\0' && c[1] != '{')
			at = c;
	return at;
}

/* A file whose very name has an @ comes first. */
static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct mldv_cat how = {.remote = given->remote,
	    .write = write_out,
	    .context = context->term};
	const char *argument = context->words->items[0];
	const char *at = find_at(argument);
	struct mldv_error first;
	struct arena arena = {0};
	int ret = cat(context, &how, argument, &first);

	if (ret < 0 && first.code == MLDV_NOT_FOUND && at != NULL) {
		how.revision = at + 1;
		ret = cat(context, &how,
		    arena_strn(&arena, argument, (size_t)(at - argument)),
		    &first);
	}
	if (ret < 0)
		*err = first;
	arena_release(&arena);
	return ret;
}

const struct command command_cat = {
    .name = "cat",
    .summary = "print a file of an item, here or not",
    .arguments = "PATH[@REV]",
    .group = GROUP_DATA,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
