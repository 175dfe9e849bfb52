/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

/*
 * Text for eyes: what is valid UTF-8, how wide it is, what looks the same.
 * The home of libutf8proc.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

bool utf8_valid(const char *text, size_t len);

/*
 * Appends a name so that it can be shown on a terminal: valid printable
 * UTF-8 as it is, other bytes as \x83, LF as \n, backslash as it is unless
 * what follows would read as one of these.
 */
void utf8_show(const char *text, size_t len, struct buf *out);

/* How many columns a terminal needs; East Asian Wide characters take two. */
size_t utf8_width(const char *text);

/*
 * Appends the key under which names that a file system or an eye may take for
 * one are equal: NFC and case folded. Invalid UTF-8 is appended as it is.
 */
void utf8_fold(const char *text, size_t len, struct buf *out);

#endif
