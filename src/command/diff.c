/* SPDX-License-Identifier: Apache-2.0 */

/* mldv diff: compare items between revisions, without their data. */

#include <unistd.h>

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	bool json;
};

static const struct option options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static const char *change_word(enum mldv_change change)
{
	static const char *const words[] = {
	    [MLDV_ADDED] = "added",
	    [MLDV_REMOVED] = "removed",
	    [MLDV_CHANGED] = "changed",
	    [MLDV_RENAMED] = "renamed",
	};

	return words[change];
}

static void difference_json(struct jsonout *json,
    const struct mldv_difference *difference)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "change", change_word(difference->change));
	jsonout_text(json, "path", difference->path);
	if (difference->old_path != NULL)
		jsonout_text(json, "old_path", difference->old_path);
	if (difference->change != MLDV_ADDED)
		jsonout_count(json, "old_size", difference->old_size);
	if (difference->change != MLDV_REMOVED)
		jsonout_count(json, "new_size", difference->new_size);
	jsonout_end(json, '}');
}

static void visit_difference(void *context,
    const struct mldv_difference *difference)
{
	struct listing *listing = context;
	struct buf path = {0};
	struct buf size = {0};

	if (listing->as_json) {
		difference_json(&listing->json, difference);
		return;
	}
	if (difference->old_path != NULL) {
		show_path(listing->context, difference->old_path, &path);
		buf_add_str(&path, " -> ");
	}
	show_path(listing->context, difference->path, &path);
	str_bytes(difference->change == MLDV_ADDED ? difference->new_size
	                                           : difference->old_size,
	    &size);
	if (difference->change == MLDV_CHANGED) {
		buf_add_str(&size, " -> ");
		str_bytes(difference->new_size, &size);
	}
	columns_row(&listing->columns,
	    (const char *[]){change_word(difference->change), buf_str(&path),
	        buf_str(&size)});
	buf_release(&path);
	buf_release(&size);
}

/*
 * How many of the arguments are revisions: those before "--"; without it, as
 * many as are no file.
 */
static size_t count_revisions(const struct context *context)
{
	const struct strs *words = context->words;
	size_t count = 0;

	if (context->before < words->count)
		return context->before;
	while (count < words->count && count < 2 &&
	    access(words->items[count], F_OK) < 0)
		count++;
	return count;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct listing listing;
	const char *const *words = context->words->items;
	size_t revisions = count_revisions(context);
	struct strs paths = {0};
	int ret = -1;

	if (revisions > 2)
		return err_set(err, MLDV_USAGE,
		    "'%s' is one revision too many: two can be compared",
		    words[2]);
	listing_open(&listing, context, given->json, 3);
	if (paths_of(context, revisions, &paths, err) == 0)
		ret =
		    mldv_diff(context->project, revisions > 0 ? words[0] : NULL,
		        revisions > 1 ? words[1] : NULL, &paths,
		        visit_difference, &listing, err);
	strs_release(&paths);
	return listing_close(&listing, ret);
}

const struct command command_diff = {
    .name = "diff",
    .summary = "list the files in which items differ between revisions",
    .arguments = "[REV [REV]] [--] [PATH...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
