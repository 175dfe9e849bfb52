/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_HOWTEXT_H
#define COMMAND_HOWTEXT_H

/* What 'mldv how' says to a person. */

#include "command/command.h"
#include "mldv/lineage.h"

/* That what is told of does not lie there, or is something else now. */
void how_text_begin(const struct context *context, const char *path,
    enum mldv_how_state state, struct buf *out);
/* A heading and some lines of a label and what it is. */
void how_text_step(const struct context *context,
    const struct mldv_how_step *step, struct buf *out);

#endif
