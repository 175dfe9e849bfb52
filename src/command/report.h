/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_REPORT_H
#define COMMAND_REPORT_H

/* The sentences, and parts of them, that several commands say. */

#include <stdint.h>

#include "base/strs.h"
#include "command/command.h"
#include "mldv/data.h"

/* How the user calls a path, fit to be shown; appended. */
void show_path(const struct context *context, const char *path,
    struct buf *out);
/* Text fit to be shown, appended. */
void show_text(const char *text, struct buf *out);
/* "1 file", "60,000 files" */
void show_count(uint64_t count, const char *noun, struct buf *out);
/* "0.9 s", "52 s", "3 min 20 s" */
void show_seconds(double seconds, struct buf *out);
/* " in 0.9 s", unless it was no time at all. */
void show_took(double seconds, struct buf *out);
/* "2026-11-24 14:02", of this machine's time zone; seconds since 1970. */
void show_time(int64_t time, struct buf *out);
/* "2026-11-24T13:02:11Z", for programs. */
void show_utc(int64_t time, struct buf *out);
/* "3 new, 1 changed, 2 deleted" */
void show_changes(uint64_t added, uint64_t changed, uint64_t removed,
    struct buf *out);
/* "60,000 files, 163 MB" */
void show_size(uint64_t files, uint64_t bytes, struct buf *out);

/* The arguments from the first on, as clean paths from the root. */
CHECKED int paths_of(const struct context *context, size_t first,
    struct strs *out, struct mldv_error *err);
/* "staged: a b", if there is anything. */
void say_staged(const struct context *context, const struct strs *staged);
/* "wrote mldv.ini; staged" */
void say_wrote(const struct context *context, const char *what,
    const struct strs *staged);

/* A line that a job says, fit to be shown. */
void say_line(const struct context *context, const char *line);

/* "fresh", "stale", …, of an enum mldv_stage_state. */
const char *stage_word(unsigned state);

#endif
