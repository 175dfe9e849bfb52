/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_KEYFACTS_H
#define FORMAT_KEYFACTS_H

/*
 * The lines of a key document, each divided into what it is about and what it
 * says of that.
 */

#include "format/key.h"

struct key_fact {
	const char *word; /* "param", "dep", "cmd", … */
	const char *name; /* "lr", "src/train.py"; "" if there is one only */
	/* For people: 0.1, 3f0a91c2…; what was there if it is a digest. */
	const char *value;
	const char *type; /* of a param: "float"; else "" */
	char letter;      /* of a dep: f, x, l or d; else 0 */
	bool has_oid;
	struct oid oid;
};

struct key_facts {
	struct key_fact
	    *list; /* params first, then cmd, deps, the rest, outs */
	size_t count;
};
/* All texts are in the arena, unescaped. */
void key_facts(const struct key *key, struct arena *arena,
    struct key_facts *out);
/* The dep at just this path, or NULL. */
const struct key_fact *key_facts_dep(const struct key_facts *facts,
    const char *path);

/*
 * Visits in order what the one key says and the other does not, or otherwise;
 * before or after is NULL for what one of them does not speak of.
 */
void key_facts_compare(const struct key_facts *old, const struct key_facts *now,
    void (*visit)(void *context, const struct key_fact *before,
        const struct key_fact *after),
    void *context);

#endif
