/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_OPTION_H
#define COMMAND_OPTION_H

/*
 * Options: one table per command parses them, prints -h, makes the
 * completions, and is compared with the manual page by a test.
 *
 * A table says where in the command's struct of values each option goes; the
 * macros check that the member there has the type.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/strs.h"

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_SECONDS,
	OPTION_NUMBER,
	OPTION_LIST,
};

struct option {
	char letter;       /* 0: none */
	const char *name;  /* without dashes */
	const char *value; /* what the help calls the argument, or NULL */
	const char *help;
	enum option_kind kind;
	unsigned at; /* in the values */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in them */
#define OPTION_AT(type, member, of) \
	_Generic(((type *)0)->member, of : offsetof(type, member))
/* NOLINTEND(bugprone-macro-parentheses) */
#define FLAG(type, member)    OPTION_FLAG, OPTION_AT(type, member, bool)
#define TEXT(type, member)    OPTION_TEXT, OPTION_AT(type, member, const char *)
#define SECONDS(type, member) OPTION_SECONDS, OPTION_AT(type, member, double)
/* 1 to a million. */
#define NUMBER(type, member) OPTION_NUMBER, OPTION_AT(type, member, unsigned)
/* May be given more than once. */
#define LIST(type, member) OPTION_LIST, OPTION_AT(type, member, struct strs)

/* Some options, and where their values go; ends with a NULL table. */
struct option_set {
	const struct option *table; /* ends with a NULL name */
	void *values;
};

struct parsed {
	struct strs words; /* what is no option */
	size_t before;     /* how many of them stood before "--" */
	int next;          /* what follows the last word that was looked at */
};

/*
 * Parses argv[first …]. With only_leading, stops at the first word that is no
 * option. who is what the messages call the command: "mldv add".
 */
struct arguments {
	int argc;
	char **argv;
	int first;
	bool only_leading;
	const char *who;
};
CHECKED int option_parse(const struct option_set *sets,
    const struct arguments *arguments, struct parsed *out,
    struct mldv_error *err);
/* Releases the lists among the values. */
void option_release(const struct option_set *set);

/* " [-f] [--note TEXT]", each with a space before it. */
void option_usage(const struct option *table, struct buf *out);
/* A line for each option. */
void option_help(const struct option *table, struct buf *out);

#endif
