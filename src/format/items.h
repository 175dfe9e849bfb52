/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_ITEMS_H
#define FORMAT_ITEMS_H

/*
 * Lists in a stage: one item per continuation line, or several with commas on
 * the key's own line; an item's options stand behind two or more spaces.
 */

#include "base/str.h"
#include "format/ini.h"

struct item {
	struct slice text;
	struct slice options; /* "kind=metrics git=yes"; often empty */
	unsigned line;
};

/* The next line of a value, with its number; false at the end. */
struct value_lines {
	const struct ini_entry *entry;
	struct slice rest;
	size_t next;
};
struct value_lines value_lines_of(const struct ini_entry *entry);
bool value_lines_next(struct value_lines *lines, struct slice *text,
    unsigned *line);

struct items {
	const struct ini *ini;
	const struct ini_entry *entry;
	struct value_lines lines;
	struct slice rest; /* of the key's own line */
	unsigned line;
	bool begun;
};

void items_start(struct items *items, const struct ini *ini,
    const struct ini_entry *entry);
/* 1, or 0 at the end. */
CHECKED int items_next(struct items *items, struct item *out,
    struct mldv_error *err);
/*
 * Cuts the next "key=value" off the item's options: 1, or 0 at the end. The
 * value may stand in double quotes, which are not part of it.
 */
CHECKED int items_option(const struct items *items, struct item *item,
    struct slice *key, struct slice *value, struct mldv_error *err);

/*
 * A path that a stage names, relative to the root: clean, and neither outside
 * the root nor inside .git.
 */
CHECKED int items_path(const struct ini *ini, struct arena *arena,
    unsigned line, const char *text, const char **out, struct mldv_error *err);
/* Is it as items_path gives it, and not the root? */
bool items_is_path(const char *path);

#endif
