/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_ASSIGNED_H
#define FORMAT_ASSIGNED_H

/*
 * The names that a piece of source code assigns: what a notebook's cell of
 * parameters takes.
 */

#include <stdbool.h>

#include "base/str.h"
#include "base/strs.h"

/*
 * Adds each name that the code gives a value with a plain assignment, perhaps
 * repeatedly. Python's statements are told apart as Python does; in other
 * languages a name followed by = or <- counts, wherever it stands.
 */
void assigned_names(struct slice code, bool python, struct strs *out);

#endif
