/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

/*
 * Pieces of text for parsers: a slice borrows bytes that somebody else owns,
 * may hold NUL bytes and need not end with one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"

struct slice {
	const char *data;
	size_t len;
};

struct slice slice_of(const char *text);
bool slice_is(struct slice slice, const char *text);
bool slice_starts(struct slice slice, const char *prefix);
/* Order of the bytes as unsigned values; a prefix sorts first. */
int slice_compare(struct slice a, struct slice b);
/* Without white space (space, tab, CR, LF) at both ends. */
struct slice slice_trim(struct slice slice);
/*
 * Cuts off what stands before the first c into *head and leaves what follows
 * it in *rest; false, all in *head and *rest empty, if there is no c.
 */
bool slice_cut(struct slice *rest, char c, struct slice *head);

bool str_ends(const char *text, const char *end);

/* Decimal, no sign, no leading zero, at most 2^63-1; false otherwise. */
bool slice_number(struct slice slice, uint64_t *out);
/* "90s", "15m", "4h" or "2d", at most UINT32_MAX of them, as seconds. */
bool slice_seconds(struct slice slice, uint64_t *out);

/*
 * Matches a file name against a pattern of * and ?, as fnmatch(3) without
 * brackets; a leading dot is nothing special.
 */
bool str_glob(const char *pattern, const char *name);

/* How many single-character edits lead from a to b: for "did you mean". */
size_t str_distance(const char *a, const char *b);

/*
 * The nearest of names (NULL-terminated array) within two edits, and with a
 * letter in common; or NULL.
 */
const char *str_nearest(const char *word, const char *const *names);

/*
 * FNV-1a, 64 bits, of the text and its NUL, going on from start (draft-eastlake
 * -fnv; STR_HASH to begin with): names caches, withstands no malice.
 */
#define STR_HASH UINT64_C(0xcbf29ce484222325)
uint64_t str_hash(uint64_t start, const char *text);

/*
 * An address as messages may show it, with *** for the password that it may
 * hold; address itself if it holds none.
 */
const char *str_hide_password(struct arena *arena, const char *address);

/* 'it'\''s': as one word of a POSIX shell's. */
void str_quote(const char *text, struct buf *out);

/* 1,234,567 */
void str_count(uint64_t number, struct buf *out);
/* 163 MB: decimal units, three digits, as in "1.63 GB"; "12 bytes". */
void str_bytes(uint64_t bytes, struct buf *out);

#endif
