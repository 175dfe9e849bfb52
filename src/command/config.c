/* SPDX-License-Identifier: Apache-2.0 */

/* mldv config: read and change settings. */

#include <string.h>

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/project.h"

struct values {
	bool list;
	bool unset;
	bool user;
	bool local;
	bool json;
};

static const struct option options[] = {
    {'l', "list", NULL, "list the settings and where they are set",
        FLAG(struct values, list)},
    {0, "unset", NULL, "take a setting away", FLAG(struct values, unset)},
    {0, "user", NULL, "in your settings, for all projects",
        FLAG(struct values, user)},
    {0, "local", NULL, "in this clone's settings", FLAG(struct values, local)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static void add_setting(struct listing *listing, const char *name,
    const char *value, const char *where)
{
	struct buf shown_name = {0};
	struct buf shown = {0};

	jsonout_begin(&listing->json, NULL, '{');
	jsonout_text(&listing->json, "name", name);
	jsonout_text(&listing->json, "value", value);
	jsonout_text(&listing->json, "where", where);
	jsonout_end(&listing->json, '}');
	show_text(name, &shown_name);
	show_text(value, &shown);
	columns_row(&listing->columns,
	    (const char *[]){where, buf_str(&shown_name), buf_str(&shown)});
	buf_release(&shown_name);
	buf_release(&shown);
}

static void visit_set(void *context, enum mldv_layer layer, const char *name,
    const char *value)
{
	static const char *const words[] = {
	    [MLDV_USER] = "user",
	    [MLDV_PROJECT] = "project",
	    [MLDV_CLONE] = "local",
	};

	add_setting(context, name, value, words[layer]);
}

struct search {
	const char *name;
	bool found;
};

static void find_set(void *context, enum mldv_layer layer, const char *name,
    const char *value)
{
	struct search *search = context;

	(void)layer;
	(void)value;
	if (strcmp(name, search->name) == 0)
		search->found = true;
}

/* What nobody has set is listed with its default. */
static void visit_known(void *context, const char *name, const char *preset,
    const char *meaning)
{
	struct listing *listing = context;
	struct search search = {.name = name};

	(void)meaning;
	if (preset == NULL || strchr(name, '*') != NULL)
		return;
	mldv_settings_each(listing->context->project, find_set, &search);
	if (!search.found)
		add_setting(listing, name, preset, "default");
}

static int list(const struct context *context, bool as_json)
{
	struct listing listing;

	listing_open(&listing, context, as_json, 3);
	mldv_settings_each(context->project, visit_set, &listing);
	mldv_settings_known(visit_known, &listing);
	return listing_close(&listing, 0);
}

static void match_known(void *context, const char *name, const char *preset,
    const char *meaning)
{
	struct search *search = context;

	(void)preset;
	(void)meaning;
	if (str_glob(name, search->name))
		search->found = true;
}

static int get(const struct context *context, const char *name,
    struct mldv_error *err)
{
	const char *value = mldv_setting(context->project, name);
	struct search search = {.name = name};

	if (value != NULL) {
		term_write(context->term, value, strlen(value));
		term_write(context->term, "\n", 1);
		return 0;
	}
	mldv_settings_known(match_known, &search);
	if (!search.found)
		return err_set(err, MLDV_USAGE,
		    "there is no setting '%s'; 'mldv config --list' lists them",
		    name);
	return err_set(err, MLDV_NO, "'%s' is not set", name);
}

static int change(const struct context *context, const struct values *given,
    const char *name, const char *value, struct mldv_error *err)
{
	enum mldv_layer layer = MLDV_PROJECT;
	struct strs staged = {0};
	int ret;

	if (given->user && given->local)
		return err_set(err, MLDV_USAGE,
		    "say either '--user' or '--local'");
	if (given->user)
		layer = MLDV_USER;
	else if (given->local)
		layer = MLDV_CLONE;
	ret = mldv_setting_set(context->project, layer, name, value, &staged,
	    err);
	if (ret == 0)
		say_staged(context, &staged);
	strs_release(&staged);
	return ret;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct strs *words = context->words;

	if (given->list && words->count == 0 && !given->unset)
		return list(context, given->json);
	if (given->list || (given->unset && words->count != 1) ||
	    words->count == 0)
		return err_set(err, MLDV_USAGE,
		    "write one of: mldv config --list, mldv config get NAME, "
		    "mldv config NAME VALUE, mldv config --unset NAME");
	if (given->unset)
		return change(context, given, words->items[0], NULL, err);
	if (words->count == 1)
		return get(context, words->items[0], err);
	if (strcmp(words->items[0], "get") == 0)
		return get(context, words->items[1], err);
	return change(context, given, words->items[0], words->items[1], err);
}

const struct command command_config = {
    .name = "config",
    .summary = "read or change settings",
    .arguments = "[[get] NAME | NAME VALUE]",
    .group = GROUP_START,
    .most = 2,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
