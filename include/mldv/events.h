/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_EVENTS_H
#define MLDV_EVENTS_H

/*
 * How long work talks to whoever started it.
 *
 * Any pointer may be NULL. The callbacks may come from any thread, and often:
 * once a file. They must not block.
 */

#include <stdbool.h>
#include <stdint.h>

enum mldv_unit { MLDV_FILES, MLDV_BYTES };

struct mldv_progress {
	const char *what; /* a participle: "hashing" */
	const char *name; /* what is being worked on, or NULL */
	enum mldv_unit unit;
	uint64_t done;
	uint64_t total; /* 0: not known */
};

struct mldv_events {
	void *context;
	void (*progress)(void *context, const struct mldv_progress *progress);
	/* A line a person should see although the work goes on. */
	void (*warn)(void *context, const char *text);
	/* Shall the work stop? Asked between files and between pieces. */
	bool (*cancelled)(void *context);
};

#endif
