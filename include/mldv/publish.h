/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_PUBLISH_H
#define MLDV_PUBLISH_H

/*
 * Plain copies of data, models and reports, for those who have no mldv.
 */

#include <stdbool.h>
#include <stdint.h>

#include "mldv/project.h"

struct mldv_published {
	const char *path; /* of the item, or of the executed notebook */
	const char *to;   /* where it lies, from the place's root */
	uint64_t files;   /* that were written, or would be */
	uint64_t bytes;
	uint64_t removed; /* files that the item does not have any more */
	uint64_t links;   /* that cannot be published */
};

struct mldv_publish {
	bool dry_run;
	/* What was written; what lay there already is not told of. */
	void (*visit)(void *context, const struct mldv_published *published);
	void *context;
};

struct mldv_publish_sum {
	uint64_t items;
	uint64_t up_to_date;
	uint64_t files;
	uint64_t bytes;
};

/*
 * Publishes the items at and below paths; none: the outputs of all stages
 * with publish = yes. What the store lacks is fetched. Executed notebooks go
 * to reports/<notebook>/<year>-<month>/ and .../latest/.
 */
MLDV_CHECKED int mldv_publish(struct mldv_project *project,
    const struct strs *paths, const struct mldv_publish *options,
    struct mldv_publish_sum *sum, struct mldv_error *err);

#endif
