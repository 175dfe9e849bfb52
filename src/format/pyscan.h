/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PYSCAN_H
#define FORMAT_PYSCAN_H

/*
 * What a Python source imports, found without running it.
 *
 * Every import statement counts, wherever it stands: in a function, behind
 * try or if. What a program imports by a name that it computes cannot be
 * known; a call of import_module or __import__ with a plain text can.
 * The language: docs.python.org/3/reference/lexical_analysis.html and
 * simple_stmts.html#the-import-statement.
 */

#include "base/mem.h"
#include "base/str.h"

struct py_import {
	bool unknown;       /* a name that is computed; nothing else is set */
	unsigned level;     /* how many dots stand in front */
	const char *module; /* "a.b", or "" */
	const char *name;   /* of "from … import name", or "*"; or NULL */
	unsigned line;
};

/* Texts live as long as the arena. */
void py_scan(struct arena *arena, struct slice text,
    void (*visit)(void *context, const struct py_import *found), void *context);

#endif
