/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_TRANSFER_H
#define COMMAND_TRANSFER_H

/*
 * What push, fetch and pull have in common, and the hooks that do the same.
 */

#include "command/command.h"
#include "mldv/remote.h"

/* Says that an item was moved; the context is a struct context. */
void transfer_done(void *context, const struct mldv_done *done);

/* The option -j: "4", or NULL. */
#define TRANSFER_JOBS(type)                                           \
	{                                                             \
		'j', "jobs", "N", "at most so many requests at once", \
		    TEXT(type, jobs)                                  \
	}
CHECKED int transfer_jobs(const char *text, unsigned *out,
    struct mldv_error *err);

/* Calls it for the command's arguments, and says what was done: "sent". */
CHECKED int transfer_run(const struct context *context,
    int (*transfer)(struct mldv_project *project, const struct strs *paths,
        const struct mldv_transfer *options, struct mldv_transferred *out,
        struct mldv_error *err),
    const struct mldv_transfer *options, const char *past,
    struct mldv_error *err);

#endif
