/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TUNE_H
#define FORMAT_TUNE_H

/*
 * [tune NAME] of mldv.ini: which parameters of a training job are to be tried
 * in which ranges, and what is to become best.
 */

#include "format/ini.h"
#include "format/stages.h"

enum tune_kind { TUNE_CONTINUOUS, TUNE_INTEGER, TUNE_CATEGORICAL };

struct tune_range {
	const struct param *param;
	const char *hyper; /* the parameter's name behind its last dot */
	enum tune_kind kind;
	const char *least, *most;
	const char *scaling; /* "Linear", "Logarithmic", "ReverseLogarithmic" */
	const char **values; /* of categories */
	size_t value_count;
};

/* Everything is in the arena. */
struct tune {
	const char *name;
	unsigned line;
	const struct stage *stage;
	const char *metric; /* of the objective */
	bool maximize;
	const char *strategy; /* as AWS writes it */
	uint64_t jobs;
	uint64_t parallel;
	struct tune_range *ranges; /* in the order of the file */
	size_t range_count;
};

/* MLDV_USAGE, with the line, for what is wrong; or if there is no such. */
CHECKED int tune_read(struct tune *out, struct arena *arena,
    const struct ini *ini, const struct stages *stages, const char *name,
    struct mldv_error *err);

#endif
