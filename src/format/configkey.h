/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CONFIGKEY_H
#define FORMAT_CONFIGKEY_H

/*
 * What looking settings up and checking them share.
 */

#include "format/config.h"

/* NULL if there is none. star gets what stands for the * of its name. */
const struct config_key *config_find(const char *name, struct slice *star);
/* "; did you mean 'x'?", or "". */
const char *config_suggest(struct arena *arena, const char *word,
    const struct strs *known);
/* Cuts the next word off a list: false if there is none. */
bool config_word(struct slice *rest, struct slice *word);

#endif
