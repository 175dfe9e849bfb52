/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_HOOKTEXT_H
#define PROJECT_HOOKTEXT_H

/*
 * The scripts that Git runs, which only find mldv and the hook that was there
 * before. contrib/hooks/ has them too.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* What the hook that was there before is renamed to. */
#define HOOK_BEFORE ".before-mldv"

/* Ends with NULL. */
extern const char *const hook_names[];

/* Appends the script of a hook. */
void hook_script(const char *name, struct buf *out);
/* Appends the lines that do the same in a script of somebody else's. */
void hook_block(const char *name, struct buf *out);

enum hook_text {
	HOOK_TEXT_OURS,
	HOOK_TEXT_OLD,     /* ours, but another version */
	HOOK_TEXT_FOREIGN, /* nothing of ours in it */
};
/* Is it hook_script, and is hook_block in it? */
enum hook_text hook_is_script(const char *name, struct slice text);
enum hook_text hook_has_block(const char *name, struct slice text);
/* Appends the text without the block; with it, as its first command. */
void hook_without_block(struct slice text, struct buf *out);
void hook_with_block(const char *name, struct slice text, struct buf *out);

#endif
