/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_RULES_H
#define FORMAT_RULES_H

/*
 * [rules] of mldv.ini: what a project expects of its directories, of names,
 * and of what goes into Git. Only what they say; who checks them says what is
 * wrong.
 *
 *     immutable     = data/raw
 *     made          = data/processed models reports
 *     from          = data/raw data/external
 *     name data/raw = *_[0-9]{8}
 *     name data/processed = ${raw}_*
 *     git.max_size  = 10M
 *     asserted      = warn
 *     enforce       = develop master
 */

#include "base/mem.h"
#include "base/strs.h"
#include "format/ini.h"

/* Elements of a pattern, after {8} has become eight of them. */
#define RULE_PATTERN_LIMIT 1024

/* Directories, clean, relative to the root. */
struct rule_dirs {
	const char **paths;
	size_t count;
	unsigned line; /* 0: there is no such rule */
};

/* What the names in a directory are like. */
struct rule_name {
	const char *dir;
	const char *pattern;
	/* The NAME of ${NAME} in it: what the directory is called whose names
	 * it stands for; or NULL. */
	const char *of;
	unsigned line;
};

enum rule_asserted { ASSERTED_ALLOWED, ASSERTED_WARN, ASSERTED_REFUSED };

/* Zeroed: no rules. */
struct rules {
	struct rule_dirs immutable;
	struct rule_dirs made;
	struct rule_dirs from;
	struct rule_name *names;
	size_t name_count;
	uint64_t git_limit; /* bytes */
	unsigned git_line;  /* 0: there is no such rule */
	enum rule_asserted asserted;
	unsigned asserted_line;
	const char **enforce; /* branches, as patterns of * and ? */
	size_t enforce_count;
};

/* Errors are MLDV_USAGE with path and line. Everything lies in the arena. */
CHECKED int rules_parse(struct rules *out, struct arena *arena,
    const struct ini *ini, struct mldv_error *err);
/* Is this key of [rules] one of those above? */
bool rules_key(const char *key);

/* The directory that path is or lies in, or NULL. */
const char *rule_dir_of(const struct rule_dirs *dirs, const char *path);
/* Are the rules more than warnings on this branch? NULL: on none. */
bool rules_enforced(const struct rules *rules, const char *branch);

/*
 * Is a name, or what stands before one of its dots, like the pattern? * is any
 * bytes, ? a character, [a-z] and [!a-z] one of, or none of, a set, and {8} or
 * {1,8} say how often what stands before may be there. values: what ${NAME} may
 * stand for.
 */
bool rule_name_fits(const char *pattern, const char *name,
    const struct strs *values);
/* Why it is no pattern: a phrase, or NULL. */
const char *rule_pattern_refused(const char *pattern);

#endif
