/* SPDX-License-Identifier: Apache-2.0 */

/* mldv fetch: get items from a remote into the store. */

#include "command/transfer.h"

struct values {
	bool dry_run;
	const char *remote;
	const char *jobs;
	const char *revision;
};

static const struct option options[] = {
    TRANSFER_JOBS(struct values),
    {'n', "dry-run", NULL, "only say what would be fetched",
        FLAG(struct values, dry_run)},
    {'r', "remote", "NAME", "get from this remote, not the default",
        TEXT(struct values, remote)},
    {0, "revision", "REV", "get the items of this Git revision",
        TEXT(struct values, revision)},
    {0},
};

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct mldv_transfer how = {.remote = given->remote,
	    .revision = given->revision,
	    .dry_run = given->dry_run};

	if (transfer_jobs(given->jobs, &how.jobs, err) < 0)
		return -1;
	return transfer_run(context, mldv_fetch, &how, "fetched", err);
}

const struct command command_fetch = {
    .name = "fetch",
    .summary = "get items from a remote into the store",
    .arguments = "[ITEM...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
