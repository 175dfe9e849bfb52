/* SPDX-License-Identifier: Apache-2.0 */

/* mldv accept: take a stage's outputs as they are, for a reason. */

#include <string.h>

#include "command/command.h"
#include "command/report.h"
#include "mldv/lineage.h"

struct values {
	const char *why;
};

static const struct option options[] = {
    {0, "why", "TEXT", "the reason, which is shown with the result",
        TEXT(struct values, why)},
    {0},
};

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const char *stage = context->words->items[0];
	struct strs staged = {0};
	const char *claim = "";
	int ret;

	if (given->why == NULL)
		return err_set(err, MLDV_USAGE,
		    "a reason is needed: --why TEXT");
	ret = mldv_accept(context->project, stage, given->why, &claim, &staged,
	    err);
	if (ret == 0) {
		if (strcmp(claim, "accepted") == 0)
			term_say(context->term,
			    "accepted: the outputs of %s are those of its "
			    "last run",
			    stage);
		else if (strcmp(claim, "asserted") == 0)
			term_say(context->term,
			    "asserted: the outputs of %s were made by hand",
			    stage);
		else
			term_say(context->term,
			    "%s is again what its last run was of", stage);
		say_wrote(context, "mldv.lock", &staged);
	}
	strs_release(&staged);
	return ret;
}

const struct command command_accept = {
    .name = "accept",
    .summary = "take the outputs of a stage as they are, for a reason",
    .arguments = "STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
