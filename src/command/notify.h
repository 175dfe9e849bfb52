/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_NOTIFY_H
#define COMMAND_NOTIFY_H

/* Telling people what repro does, as long as it does it. */

#include <time.h>

#include "command/command.h"
#include "mldv/pipeline.h"

struct notifying {
	struct timespec began;
	size_t ran;
	bool warned; /* once is enough */
};

void notify_begin(struct notifying *notifying);
/* A stage was run, or failed; anything else is passed over. */
void notify_stage(struct notifying *notifying, const struct context *context,
    const struct mldv_stage *stage);
/* why: what the whole failed of, or NULL. */
void notify_end(struct notifying *notifying, const struct context *context,
    const char *why);

#endif
