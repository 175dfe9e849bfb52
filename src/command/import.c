/* SPDX-License-Identifier: Apache-2.0 */

/*
 * mldv import: take an item of another repository, or data that lies at an
 * address, and say where it is from.
 */

#include "base/path.h"
#include "command/command.h"
#include "command/report.h"
#include "mldv/other.h"

struct values {
	const char *revision;
	const char *out;
};

static const struct option options[] = {
    {'o', "out", "OUT", "what to call it here", TEXT(struct values, out)},
    {0, "rev", "REV", "import it as it is at this Git revision there",
        TEXT(struct values, revision)},
    {0},
};

static void say(const struct context *context, const struct mldv_done *done)
{
	struct buf line = {0};

	show_path(context, done->path, &line);
	buf_add_str(&line, ": ");
	show_size(done->files, done->bytes, &line);
	show_took(done->seconds, &line);
	term_say(context->term, "%s", buf_str(&line));
	buf_release(&line);
}

/* What the words say; *out is what to call it here, as the user says it. */
static int place_of(const struct context *context, const struct values *given,
    struct arena *arena, struct mldv_place *from, const char **out,
    struct mldv_error *err)
{
	const struct strs *words = context->words;

	*from = (struct mldv_place){.repository = words->items[0],
	    .revision = given->revision};
	*out = given->out;
	if (words->count == 1) {
		if (given->revision)
			return err_set(err, MLDV_USAGE,
			    "--rev is for repositories; give REPO and PATH");
		if (!*out)
			return mldv_import_name(arena, from->repository, out,
			    err);
		return 0;
	}
	if (words->count > 2 && *out)
		return err_set(err, MLDV_USAGE,
		    "'%s' and --out both say what to call it; give one",
		    words->items[2]);
	from->path = path_clean(arena, words->items[1]);
	if (!from->path)
		from->path = words->items[1];
	if (words->count > 2)
		*out = words->items[2];
	else if (!*out)
		*out = path_base(from->path);
	return 0;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct mldv_place from;
	struct strs staged = {0};
	struct buf out = {0};
	struct mldv_done done;
	const char *name;
	int ret = place_of(context, values, &arena, &from, &name, err);

	if (ret == 0)
		ret = mldv_project_path(context->project, name, &out, err);
	if (ret == 0)
		ret = mldv_import(context->project, &from, buf_str(&out), &done,
		    &staged, err);
	if (ret == 0)
		say(context, &done);
	say_staged(context, &staged);
	strs_release(&staged);
	buf_release(&out);
	arena_release(&arena);
	return ret;
}

const struct command command_import = {
    .name = "import",
    .summary = "take data from elsewhere and remember where from",
    .arguments = "REPO PATH [OUT] | ADDRESS",
    .group = GROUP_DATA,
    .least = 1,
    .most = 3,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
