/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_RUNLIST_H
#define COMMAND_RUNLIST_H

/* Runs in rows, for the commands that list them. */

#include "command/listing.h"
#include "mldv/lineage.h"

enum { RUN_COLUMNS = 6 };

/* Adds a run to the context, a listing with RUN_COLUMNS. */
void run_list_visit(void *context, const struct mldv_run *run);
/* Appends a run to the context, a buffer, as a row in Markdown, below this: */
#define RUN_TABLE                                                  \
	"| stage | started | took | cost | job | code | of it |\n" \
	"|---|---|---|---|---|---|---|\n"
void run_table_visit(void *context, const struct mldv_run *run);

#endif
