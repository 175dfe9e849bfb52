/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_RULES_H
#define MLDV_RULES_H

/*
 * What [rules] of mldv.ini expects, and is not so.
 */

#include "mldv/project.h"

struct mldv_broken {
	const char *rule;  /* "immutable", "made", "name", … */
	const char *stage; /* that it is about, or NULL: */
	const char *path;  /* an item, or a file in Git */
	bool item;         /* it is an item, or in one */
	const char *file;  /* that the line is in, or NULL: mldv.ini */
	unsigned line;     /* of the stage, or of the rule */
	const char *what;  /* "is not like '*_[0-9]{8}'" */
};
typedef void mldv_broken_fn(void *context, const struct mldv_broken *broken);

/*
 * Visits what breaks the rules of the project as it lies here: items, stages,
 * and of Git's files those that are staged. Without rules nothing is looked at.
 */
MLDV_CHECKED int mldv_rules(struct mldv_project *project, mldv_broken_fn *visit,
    void *context, struct mldv_error *err);

#endif
