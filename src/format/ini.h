/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_INI_H
#define FORMAT_INI_H

/*
 * mldv.ini and its kin: sections, keys, values of one or more lines.
 *
 * The home of inih, whose limits (199-byte lines, 49-byte names, ';' as an
 * inline comment) a reader of ours goes round: mldv-pipeline(5) has the
 * dialect. Editing changes only the lines concerned, byte for byte.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define INI_LIMIT (4 << 20) /* bytes of a file */
#define INI_NAME  49        /* bytes of a section's or key's name */

struct ini_entry {
	const char *key;
	const char *value; /* its lines joined with LF */
	unsigned line;
	const unsigned *lines; /* where each line of the value stands */
	size_t line_count;     /* 0 if the value is empty */
	struct ini_entry *next;
};

struct ini_section {
	const char *name; /* "stage train" */
	unsigned line;
	struct ini_entry *entries; /* in the order of the file */
	struct ini_section *next;
};

/* The other files of the revision that an INI file is of. */
struct ini_source {
	/* Appends the file at a path from the root: 1, or 0 if it is not there.
	 */
	int (*read)(void *context, const char *path, size_t limit,
	    struct buf *out, struct mldv_error *err);
	void *context;
};

/*
 * The number of a line says in its upper bits which file it is of: 0 is the
 * one that was parsed, others are what it includes (format/stageinclude.h).
 */
#define INI_FILE_BITS  24
#define INI_LINE(line) ((line) & ((1U << INI_FILE_BITS) - 1))

struct ini {
	const char *path; /* for messages */
	struct ini_section *sections;
	const char *const *included; /* their paths, from the second file on */
	const struct ini_source *source; /* set by the caller; or NULL */
};

/*
 * Parses; errors are MLDV_USAGE and begin with "path:line: ". The path is as
 * the message should show it. Values and names live in the arena. A section
 * that is there has an entry in the list, even if it is empty.
 */
CHECKED int ini_parse(struct ini *out, struct arena *arena, const char *path,
    const char *text, size_t len, struct mldv_error *err);

/* NULL if there is none. */
const struct ini_section *ini_find(const struct ini *ini, const char *name);
const struct ini_entry *ini_entry_find(const struct ini_section *section,
    const char *key);

/* Sets an error "path:line: …", MLDV_USAGE; -1. */
int ini_error(const struct ini *ini, unsigned line, struct mldv_error *err,
    const char *fmt, ...) PRINTF(4, 5);
#if defined(__clang_analyzer__) && !defined(INI_C)
#define ini_error(...) (ini_error(__VA_ARGS__), -1) /* see base/err.h */
#endif
/* "line 12", or "line 12 of stages/train.ini" where it is of such a file. */
const char *ini_line(const struct ini *ini, struct arena *arena, unsigned line);
/* The path of the file that the line is of, as messages show it. */
const char *ini_line_path(const struct ini *ini, unsigned line);
/* May it be the NAME of [stage NAME] or [remote NAME]? */
bool ini_is_name(struct slice name);
/* May it be a key, and so a parameter's name? */
bool ini_is_key(struct slice key);

/*
 * Puts into *out the text with key set in the section (made at the end if it
 * is not there). A value of several lines is written as continuation lines.
 * What could not be read back as it is, is refused.
 */
CHECKED int ini_set(const char *text, size_t len, const char *section,
    const char *key, const char *value, struct buf *out,
    struct mldv_error *err);
/* The same without the key: 1, or 0 if it was not there. */
CHECKED int ini_unset(const char *text, size_t len, const char *section,
    const char *key, struct buf *out, struct mldv_error *err);
/* The same without the section and the comments directly above it. */
CHECKED int ini_remove_section(const char *text, size_t len,
    const char *section, struct buf *out, struct mldv_error *err);

#endif
