/* SPDX-License-Identifier: Apache-2.0 */

/* mldv push: send items to a remote. */

#include "command/transfer.h"

struct values {
	bool dry_run;
	bool repair;
	const char *remote;
	const char *jobs;
	const char *revision;
};

static const struct option options[] = {
    TRANSFER_JOBS(struct values),
    {'n', "dry-run", NULL, "only say what would be sent",
        FLAG(struct values, dry_run)},
    {0, "repair", NULL, "check what is there, and send what is damaged anew",
        FLAG(struct values, repair)},
    {'r', "remote", "NAME", "send to this remote, not to the default",
        TEXT(struct values, remote)},
    {0, "revision", "REV", "send the items of this Git revision",
        TEXT(struct values, revision)},
    {0},
};

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct mldv_transfer how = {.remote = given->remote,
	    .revision = given->revision,
	    .dry_run = given->dry_run,
	    .repair = given->repair};

	if (transfer_jobs(given->jobs, &how.jobs, err) < 0)
		return -1;
	return transfer_run(context, mldv_push, &how, "sent", err);
}

const struct command command_push = {
    .name = "push",
    .summary = "send items to a remote",
    .arguments = "[ITEM...]",
    .group = GROUP_DAILY,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
