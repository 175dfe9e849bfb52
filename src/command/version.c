/* SPDX-License-Identifier: Apache-2.0 */

/* mldv version: which one this is. */

#include <string.h>

#include "command/command.h"

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	static const char text[] = "mldv " MLDV_VERSION "\n";

	(void)values;
	(void)err;
	term_write(context->term, text, strlen(text));
	return 0;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .arguments = "",
    .group = GROUP_OTHER,
    .run = run,
};
