/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_OUTPUT_H
#define PIPELINE_OUTPUT_H

/*
 * What a stage prints: all of it to its log, and to whoever ran it as it comes
 * (live), line by line with the stage's name, or in one piece at the end.
 */

#include "base/buf.h"
#include "mldv/pipeline.h"
#include "project/project.h"

struct output {
	const struct mldv_repro *options;
	const char *stage;
	const char *path; /* of the log; NULL: there is none */
	int fd;
	uint64_t size;  /* bytes in the log */
	uint64_t shown; /* of them were passed on */
	bool live;
	struct buf line; /* that has not ended yet */
};

/* That there is no log is no reason not to run anything. */
void output_open(struct output *out, struct mldv_project *project,
    struct arena *arena, const char *stage, const struct oid *key,
    const struct mldv_repro *options);
/* Passes on what was held back, and from now on everything; or nothing. */
void output_set_live(struct output *output, bool live);
/* struct output as context. */
void output_take(void *context, const char *data, size_t size);
/* The stage has ended. */
void output_end(struct output *output);
/* Copies the log; false if there is none. */
bool output_copy(const struct output *output, const char *to);
void output_close(struct output *output);

#endif
