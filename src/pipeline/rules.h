/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RULES_H
#define PIPELINE_RULES_H

/*
 * Checking [rules], in the work tree or in a commit.
 *
 *     rules.c        the work tree; the order of it all
 *     rulesname.c    what is called how
 *     rulesfrom.c    what is made from what
 *     rulessince.c   what was lost since a commit
 */

#include "pipeline/graph.h"
#include "project/ruling.h"
#include "project/source.h"

struct ruled {
	struct ruling ruling;
	const struct items *items;
	const struct stages *stages;
	const struct graph *graph;
	const struct lockfile *lock;
	const struct strs *files; /* that Git keeps */
	struct source *source;    /* of lists of files, one item at a time */
	const char *revision;     /* NULL: the work tree */
};

/*
 * All but what goes into Git and what was lost. A list of files that cannot be
 * had is passed over.
 */
CHECKED int ruled_check(struct ruled *ruled, struct mldv_error *err);
CHECKED int ruled_names(struct ruled *ruled, struct mldv_error *err);
void ruled_from(struct ruled *ruled);
/* What the directories of 'immutable' lost since the revision base. */
CHECKED int ruled_since(struct ruled *ruled, const char *base,
    struct mldv_error *err);

#endif
