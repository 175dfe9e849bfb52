/* SPDX-License-Identifier: Apache-2.0 */
#include "format/items.h"

#include <string.h>
#include <strings.h>

#include "base/path.h"

#define PATH_LIMIT 4095

struct value_lines value_lines_of(const struct ini_entry *entry)
{
	return (struct value_lines){entry, slice_of(entry->value), 0};
}

bool value_lines_next(struct value_lines *lines, struct slice *text,
    unsigned *line)
{
	if (lines->next == lines->entry->line_count)
		return false;
	(void)slice_cut(&lines->rest, '\n', text);
	*line = lines->entry->lines[lines->next++];
	return true;
}

void items_start(struct items *items, const struct ini *ini,
    const struct ini_entry *entry)
{
	*items = (struct items){
	    .ini = ini,
	    .entry = entry,
	    .lines = value_lines_of(entry),
	};
}

/* Two or more spaces, or a tab: where the options begin. */
static size_t gap(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\t' ||
		    (text.data[i] == ' ' && i + 1 < text.len &&
		        (text.data[i + 1] == ' ' || text.data[i + 1] == '\t')))
			return i;
	}
	return text.len;
}

/* Refuses options that are not set off by two plain spaces. */
CHECKED static int refuse_lone_space(const struct items *items,
    const struct item *item, struct mldv_error *err)
{
	static const char *const options[] = {"kind=", "git=", "channel=",
	    "from=", NULL};
	struct slice rest = item->text;

	for (; rest.len > 0; rest.data++, rest.len--) {
		bool wide = slice_starts(rest, "\xe3\x80\x80");
		size_t skip = wide ? 3 : 1;
		struct slice word = {rest.data + skip, rest.len - skip};

		if (rest.data[0] != ' ' && !wide)
			continue;
		for (size_t i = 0; options[i]; i++) {
			if (!slice_starts(word, options[i]))
				continue;
			return ini_error(items->ini, item->line, err,
			    "two plain spaces are needed before '%.*s'%s",
			    (int)word.len, word.data,
			    wide ? ", not an ideographic space" : "");
		}
	}
	return 0;
}

CHECKED static int make_item(const struct items *items, struct slice text,
    struct item *out, struct mldv_error *err)
{
	size_t at;

	text = slice_trim(text);
	at = gap(text);
	*out = (struct item){
	    .text = {text.data, at},
	    .options =
	        slice_trim((struct slice){text.data + at, text.len - at}),
	    .line = items->line,
	};
	if (text.len == 0)
		return ini_error(items->ini, items->line, err,
		    "'%s' has an empty item", items->entry->key);
	return refuse_lone_space(items, out, err);
}

/* The item on a continuation line. */
CHECKED static int next_on_line(struct items *items, struct item *out,
    struct mldv_error *err)
{
	struct slice text;

	if (!value_lines_next(&items->lines, &text, &items->line))
		return 0;
	if (text.data[text.len - 1] == ',')
		return ini_error(items->ini, items->line, err,
		    "a line of '%s' ends with a comma; a list has one item "
		    "on each line, or commas between items on one line",
		    items->entry->key);
	return make_item(items, text, out, err) < 0 ? -1 : 1;
}

int items_next(struct items *items, struct item *out, struct mldv_error *err)
{
	const struct ini_entry *entry = items->entry;
	struct slice text;

	if (entry->line_count == 0 || entry->lines[0] != entry->line)
		return next_on_line(items, out, err);
	if (entry->line_count > 1)
		return ini_error(items->ini, entry->lines[1], err,
		    "'%s' begins on its own line and goes on here; a list has "
		    "one item on each line below its key, or commas between "
		    "items on one line",
		    entry->key);
	if (!items->begun) {
		(void)value_lines_next(&items->lines, &items->rest,
		    &items->line);
		items->begun = true;
	} else if (items->rest.data == NULL) {
		return 0;
	}
	if (!slice_cut(&items->rest, ',', &text))
		items->rest.data = NULL;
	return make_item(items, text, out, err) < 0 ? -1 : 1;
}

int items_option(const struct items *items, struct item *item,
    struct slice *key, struct slice *value, struct mldv_error *err)
{
	struct slice word = item->options;
	size_t at = 0;

	if (word.len == 0)
		return 0;
	while (at < word.len && word.data[at] != ' ' && word.data[at] != '\t') {
		bool quoted =
		    word.data[at] == '"' && at > 0 && word.data[at - 1] == '=';
		const char *end = quoted
		    ? memchr(word.data + at + 1, '"', word.len - at - 1)
		    : NULL;

		/* Spaces in quotes are part of it. */
		at = end ? (size_t)(end - word.data) + 1 : at + 1;
	}
	item->options =
	    slice_trim((struct slice){word.data + at, word.len - at});
	*value = (struct slice){word.data, at};
	if (!slice_cut(value, '=', key))
		return ini_error(items->ini, item->line, err,
		    "'%.*s' behind '%.*s' is not an option (key=value); names "
		    "with two spaces in a row cannot be written here",
		    (int)at, word.data, (int)item->text.len, item->text.data);
	if (value->len >= 2 && value->data[0] == '"' &&
	    value->data[value->len - 1] == '"')
		*value = (struct slice){value->data + 1, value->len - 2};
	return 1;
}

static bool in_git(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 4 && strncasecmp(path, ".git", 4) == 0)
			return true;
		path += len + (path[len] == '/');
	}
	return false;
}

int items_path(const struct ini *ini, struct arena *arena, unsigned line,
    const char *text, const char **out, struct mldv_error *err)
{
	const char *path;

	if (strlen(text) > PATH_LIMIT)
		return ini_error(ini, line, err, "a path has at most %d bytes",
		    PATH_LIMIT);
	if (path_is_absolute(text))
		return ini_error(ini, line, err,
		    "'%s' is absolute; paths are relative to the directory of "
		    "mldv.ini",
		    text);
	path = path_clean(arena, text);
	if (!path)
		return ini_error(ini, line, err,
		    "'%s' lies outside the repository", text);
	if (in_git(path))
		return ini_error(ini, line, err,
		    "'%s' lies in Git's own "
		    "directory",
		    text);
	*out = path;
	return 0;
}

bool items_is_path(const char *path)
{
	if (path[0] == '\0' || strlen(path) > PATH_LIMIT || in_git(path))
		return false;
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}
