/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_TERM_H
#define COMMAND_TERM_H

/*
 * The terminal, or whatever stands in its place: results to standard output,
 * messages and progress to standard error. May be used from any thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "mldv/events.h"

struct term;

/* quiet: no progress, and nothing that term_say says. */
void term_open(struct term **out, bool quiet);
void term_close(struct term *term);

/* What was done, for a person: a line, without its LF. */
void term_say(struct term *term, const char *fmt, ...) PRINTF(2, 3);
/* What was asked for, as it is. */
void term_write(struct term *term, const void *data, size_t size);
/* The output of a command that runs: as term_say, but as it is. */
void term_pass(struct term *term, const void *data, size_t size);
/* The same to standard error, when standard output is for a program. */
void term_pass_aside(struct term *term, const void *data, size_t size);

/* Progress and warnings; interruption is not asked for here. */
void term_progress(void *context, const struct mldv_progress *progress);
void term_warn(void *context, const char *text);

/* "mldv: text", in one line that can be shown. */
void term_error(const char *text);

/* A line cut to so many columns; for the progress and its test. */
void term_cut(struct buf *line, size_t columns);

#endif
