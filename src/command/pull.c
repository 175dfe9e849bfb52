/* SPDX-License-Identifier: Apache-2.0 */

/* mldv pull: get items from a remote and check them out. */

#include "command/transfer.h"

struct values {
	bool force;
	bool dry_run;
	const char *remote;
	const char *jobs;
};

static const struct option options[] = {
    {'f', "force", NULL, "overwrite content that is not in the store",
        FLAG(struct values, force)},
    TRANSFER_JOBS(struct values),
    {'n', "dry-run", NULL, "only say what would be fetched",
        FLAG(struct values, dry_run)},
    {'r', "remote", "NAME", "get from this remote, not the default",
        TEXT(struct values, remote)},
    {0},
};

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct mldv_transfer how = {.remote = given->remote,
	    .dry_run = given->dry_run,
	    .force = given->force};

	if (transfer_jobs(given->jobs, &how.jobs, err) < 0)
		return -1;
	return transfer_run(context, mldv_pull, &how, "fetched", err);
}

const struct command command_pull = {
    .name = "pull",
    .summary = "get items from a remote and check them out",
    .arguments = "[ITEM...]",
    .group = GROUP_DAILY,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
