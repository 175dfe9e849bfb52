/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_STAGETEXT_H
#define UNIT_STAGETEXT_H

/* A text taken for an mldv.ini: its stages, or why there are none. */

#include "format/stages.h"

struct parsed {
	struct arena arena; /* for the test to release */
	struct stages stages;
	struct mldv_error err;
	int ret;
};

/* source: the files beside it, or NULL. */
void stagetext_try(struct parsed *p, const char *text,
    const struct ini_source *source);
/* Fails the test unless it is right; the first stage. */
const struct stage *stagetext_parse(struct parsed *p, const char *text,
    const struct ini_source *source);
/* Fails the test unless it is refused, with these words among others. */
void stagetext_refuse(const char *text, const char *words,
    const struct ini_source *source);

#endif
