/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_LINES_H
#define FORMAT_LINES_H

/*
 * What all text formats have in common: LF ends every line, one space between
 * fields, a first line "mldv-<what> <version>", a path or name last.
 *
 * Messages are "<what>, line 3: …". Every one is MLDV_CORRUPT.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/oid.h"

struct lines {
	const char *what;  /* "pointer": the word in the first line */
	struct slice rest; /* what was not read yet */
	struct slice line; /* the current line, without its LF */
	size_t number;     /* of the current line, from 1 */
};

/* Reads the first line; another version is refused, naming it. */
CHECKED int lines_start(struct lines *lines, const char *what, const char *text,
    size_t len, struct mldv_error *err);
/* The next line into lines->line: 1, or 0 at the end. */
CHECKED int lines_next(struct lines *lines, struct mldv_error *err);
/*
 * How many lines can follow of which none is shorter than shortest bytes,
 * its LF included: what an array for them needs at most.
 */
size_t lines_count(const struct lines *lines, size_t shortest);
/* Sets an error that names the format and the line; -1. */
int lines_error(const struct lines *lines, struct mldv_error *err,
    const char *fmt, ...) PRINTF(3, 4);
#if defined(__clang_analyzer__) && !defined(LINES_C)
#define lines_error(...) (lines_error(__VA_ARGS__), -1) /* see base/err.h */
#endif

/* The next line, which must be there and begin with the word name. */
CHECKED int lines_field(struct lines *lines, const char *name,
    struct mldv_error *err);
/* Refuses anything that is left of the line. */
CHECKED int lines_end(const struct lines *lines, struct mldv_error *err);

/*
 * Take the next field off lines->line. A space that nothing follows is
 * refused.
 */
CHECKED int lines_word(struct lines *lines, struct slice *out,
    struct mldv_error *err);
CHECKED int lines_number(struct lines *lines, uint64_t *out,
    struct mldv_error *err);
CHECKED int lines_oid(struct lines *lines, struct oid *out,
    struct mldv_error *err);
/*
 * Takes the rest of the line as a path or name, unescaped into the arena and
 * terminated: not empty, no NUL; only "\n" and "\\" after a backslash.
 */
CHECKED int lines_path(struct lines *lines, struct arena *arena,
    struct slice *out, struct mldv_error *err);
/*
 * Unescapes into out, which has room for from.len bytes and may be the same
 * memory; false: a backslash is followed by something else.
 */
bool lines_unescape(struct slice from, char *out, size_t *len);

/* Appends a path or name with LF written \n and \ written \\. */
void lines_add_path(struct buf *out, const char *path, size_t len);
/* Appends the 64 digits of an oid. */
void lines_add_oid(struct buf *out, const struct oid *oid);
/* Appends a decimal number; quicker than buf_printf. */
void lines_add_number(struct buf *out, uint64_t number);

/*
 * The same for a writer of many lines, who made room: 2 * len bytes for a
 * path, 20 for a number. They give where to go on.
 */
char *lines_put_path(char *to, const char *path, size_t len);
char *lines_put_number(char *to, uint64_t number);

#endif
