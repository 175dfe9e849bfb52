/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_TOOK_H
#define PIPELINE_TOOK_H

/*
 * How long each stage took when it last ran in this work tree: to begin with
 * what holds up the rest. .git/mldv/state/took/<work tree>, which may be
 * deleted at any time: "<milliseconds> <stage>" a line.
 */

#include "pipeline/plan.h"

struct took {
	uint64_t *list; /* milliseconds, of each step; 0: not known */
	bool changed;
};

/* What cannot be read is not known. */
void took_read(struct took *out, const struct plan *plan);
void took_note(struct took *took, size_t step, double seconds);
void took_write(const struct took *took, const struct plan *plan);
void took_release(struct took *took);

#endif
