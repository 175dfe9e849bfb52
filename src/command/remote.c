/* SPDX-License-Identifier: Apache-2.0 */

/* mldv remote: name the places where data is shared. */

#include "mldv/remote.h"

#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	bool local;
	bool json;
};

static const struct option local_options[] = {
    {0, "local", NULL, "only in this clone, not in mldv.ini",
        FLAG(struct values, local)},
    {0},
};

static const struct option list_options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static int run_add(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const char *const *words = context->words->items;
	struct strs staged = {0};
	int ret = mldv_remote_add(context->project, words[0], words[1],
	    given->local, &staged, err);

	if (ret == 0)
		say_staged(context, &staged);
	strs_release(&staged);
	return ret;
}

struct made {
	const struct context *context;
	size_t changes;
};

static void say_made(void *context, const struct mldv_finding *finding)
{
	struct made *made = context;
	struct buf text = {0};

	show_text(finding->text, &text);
	term_say(made->context->term, "%s: %s", finding->topic, buf_str(&text));
	if (finding->changed)
		made->changes++;
	buf_release(&text);
}

static int run_create(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct strs *words = context->words;
	struct strs staged = {0};
	struct made made = {.context = context};
	const struct mldv_remote_create create = {
	    .name = words->items[0],
	    .url = words->count > 1 ? words->items[1] : NULL,
	    .clone = given->local,
	    .visit = say_made,
	    .context = &made,
	};
	int ret = mldv_remote_create(context->project, &create, &staged, err);

	if (ret == 0 && made.changes == 0)
		term_say(context->term, "nothing had to be changed");
	if (ret == 0)
		say_staged(context, &staged);
	strs_release(&staged);
	return ret;
}

static int run_remove(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct strs staged = {0};
	int ret = mldv_remote_remove(context->project, context->words->items[0],
	    &staged, err);

	(void)values;
	if (ret == 0)
		say_staged(context, &staged);
	strs_release(&staged);
	return ret;
}

static int run_default(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct strs staged = {0};
	int ret = mldv_remote_default(context->project,
	    context->words->items[0], given->local, &staged, err);

	if (ret == 0)
		say_staged(context, &staged);
	strs_release(&staged);
	return ret;
}

static void visit_remote(void *context, const struct mldv_remote_info *remote)
{
	struct listing *listing = context;
	struct buf name = {0};
	struct buf url = {0};

	jsonout_begin(&listing->json, NULL, '{');
	jsonout_text(&listing->json, "name", remote->name);
	jsonout_text(&listing->json, "url", remote->url);
	jsonout_bool(&listing->json, "default", remote->preset);
	jsonout_end(&listing->json, '}');
	show_text(remote->name, &name);
	show_text(remote->url, &url);
	columns_row(&listing->columns,
	    (const char *[]){buf_str(&name), buf_str(&url),
	        remote->preset ? "(default)" : ""});
	buf_release(&name);
	buf_release(&url);
}

static int run_list(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct listing listing;

	(void)err;
	listing_open(&listing, context, given->json, 3);
	mldv_remote_each(context->project, visit_remote, &listing);
	return listing_close(&listing, 0);
}

const struct command command_remote_add = {
    .name = "remote add",
    .summary = "name a place where data is shared",
    .arguments = "NAME URL",
    .group = GROUP_START,
    .least = 2,
    .most = 2,
    .needs_project = true,
    .options = local_options,
    .size = sizeof(struct values),
    .run = run_add,
};

const struct command command_remote_create = {
    .name = "remote create",
    .summary = "make the bucket of a remote as it should be",
    .arguments = "NAME [URL]",
    .group = GROUP_START,
    .least = 1,
    .most = 2,
    .needs_project = true,
    .options = local_options,
    .size = sizeof(struct values),
    .run = run_create,
};

const struct command command_remote_list = {
    .name = "remote list",
    .summary = "list the remotes",
    .arguments = "",
    .group = GROUP_START,
    .needs_project = true,
    .options = list_options,
    .size = sizeof(struct values),
    .run = run_list,
};

const struct command command_remote_default = {
    .name = "remote default",
    .summary = "choose the remote that is used when none is named",
    .arguments = "NAME",
    .group = GROUP_START,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = local_options,
    .size = sizeof(struct values),
    .run = run_default,
};

const struct command command_remote_remove = {
    .name = "remote remove",
    .summary = "forget a remote; what it holds stays",
    .arguments = "NAME",
    .group = GROUP_START,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .run = run_remove,
};
