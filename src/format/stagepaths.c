/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The paths that a stage names: deps, outs and their options.
 */

#include <string.h>
#include <strings.h>

#include "format/items.h"
#include "format/stageread.h"

static bool is_later(struct slice text, const char **what)
{
	static const char *const later[] = {"python:", "stage:", NULL};

	for (size_t i = 0; later[i]; i++) {
		*what = later[i];
		if (slice_starts(text, later[i]))
			return true;
	}
	return false;
}

/* Interpolates and cleans an item's path. */
CHECKED static int read_path(struct stage_reader *r, const struct item *item,
    const char **out, struct mldv_error *err)
{
	struct buf text = {0};
	const char *what;
	int ret = -1;

	r->in.shell = false;
	if (is_later(item->text, &what)) {
		(void)ini_error(r->ini, item->line, err,
		    "this version of mldv does not know '%s…'; write './%s…' "
		    "if it is a path",
		    what, what);
		goto out;
	}
	if (interpolate(&r->in, item->line, item->text, &text, err) < 0 ||
	    items_path(r->ini, r->arena, item->line, buf_str(&text), out, err) <
	        0)
		goto out;
	if ((*out)[0] == '\0') {
		(void)ini_error(r->ini, item->line, err,
		    "'%.*s' is the whole repository", (int)item->text.len,
		    item->text.data);
		goto out;
	}
	ret = 0;
out:
	buf_release(&text);
	return ret;
}

int stage_read_deps(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct items items;
	struct item item;
	const char *path;
	int more;

	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		if (item.options.len > 0)
			return ini_error(r->ini, item.line, err,
			    "'%.*s' stands two spaces behind '%.*s', but a "
			    "dep has no options in this version of mldv",
			    (int)item.options.len, item.options.data,
			    (int)item.text.len, item.text.data);
		if (read_path(r, &item, &path, err) < 0)
			return -1;
		r->deps = xgrow(r->deps, r->dep_count, &r->dep_capacity,
		    sizeof *r->deps);
		r->deps[r->dep_count++] =
		    (struct place){path, r->stage->name, item.line};
	}
	return more;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

CHECKED static int check_out(const struct stage_reader *r, unsigned line,
    const char *path, struct mldv_error *err)
{
	if (strcmp(path, "mldv.ini") == 0 || strcmp(path, "mldv.lock") == 0 ||
	    ends_with(path, ".mldv") || strstr(path, ".mldv-tmp.") ||
	    strncasecmp(path, ".git", 4) == 0)
		return ini_error(r->ini, line, err,
		    "'%s' cannot be an output: the name is mldv's or Git's "
		    "own",
		    path);
	return 0;
}

CHECKED static int read_option(const struct stage_reader *r, unsigned line,
    struct slice key, struct slice value, struct stage_out *out,
    struct mldv_error *err)
{
	static const char *const known[] = {"git", "kind", NULL};
	const char *word = arena_strn(r->arena, key.data, key.len);
	const char *nearest;

	if (slice_is(key, "git") &&
	    (slice_is(value, "yes") || slice_is(value, "no"))) {
		out->git = slice_is(value, "yes");
		return 0;
	}
	if (slice_is(key, "kind") && slice_is(value, "metrics"))
		out->kind = OUT_METRICS;
	else if (slice_is(key, "kind") && slice_is(value, "plot"))
		out->kind = OUT_PLOT;
	else if (slice_is(key, "kind") && slice_is(value, "plain"))
		out->kind = OUT_PLAIN;
	else if (slice_is(key, "kind") || slice_is(key, "git"))
		return ini_error(r->ini, line, err, "'%s=%.*s': %s", word,
		    (int)value.len, value.data,
		    slice_is(key, "git") ? "it can be yes or no"
		                         : "it can be metrics, plot or plain");
	else {
		nearest = key.len < INI_NAME ? str_nearest(word, known) : NULL;
		return ini_error(r->ini, line, err, "unknown option '%s'%s%s%s",
		    word, NEAREST(nearest));
	}
	return 0;
}

int stage_read_outs(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct items items;
	struct item item;
	struct slice key;
	struct slice value;
	int more;

	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		struct stage_out out = {0};
		unsigned line = item.line;
		int option;

		if (read_path(r, &item, &out.path, err) < 0 ||
		    check_out(r, line, out.path, err) < 0)
			return -1;
		while ((option = items_option(&items, &item, &key, &value,
		            err)) > 0) {
			if (read_option(r, line, key, value, &out, err) < 0)
				return -1;
		}
		if (option < 0)
			return -1;
		r->outs = xgrow(r->outs, r->out_count, &r->out_capacity,
		    sizeof *r->outs);
		r->outs[r->out_count++] =
		    (struct place){out.path, r->stage->name, line};
		r->options = xgrow(r->options, r->option_count,
		    &r->option_capacity, sizeof *r->options);
		r->options[r->option_count++] = out;
	}
	return more;
}
