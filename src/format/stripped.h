/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STRIPPED_H
#define FORMAT_STRIPPED_H

/*
 * Whether a notebook still has what running it has left in it.
 */

#include "base/str.h"

/* Larger ones are not looked into. */
#define STRIPPED_LIMIT (64 << 20)

/*
 * How many of its code cells have outputs or a number of execution: those of
 * format 4 of nbformat. 0 for what is no notebook.
 */
size_t notebook_outputs(struct slice text);

#endif
