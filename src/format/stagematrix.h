/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGEMATRIX_H
#define FORMAT_STAGEMATRIX_H

/*
 * One section that stands for several stages: train@0.1-adam, train@0.1-sgd.
 *
 * Each value is a parameter of its variant, "matrix.NAME", and so in its key.
 */

#include "format/stageread.h"

/* The most that one section can stand for. */
#define MATRIX_MAX 10000
/* The most that one file can. */
#define STAGES_MAX 200000

struct variant {
	const char *name;     /* "train@0.1-adam" */
	const char *label;    /* "0.1-adam"; NULL if there is no matrix */
	struct param *params; /* "matrix.lr", …: sorted by name */
	size_t param_count;
};

struct matrix {
	struct variant *variants; /* at least one */
	size_t count;
};

/* Reads matrix.NAME and exclude; of a section without them, one variant. */
CHECKED int matrix_read(const struct stage_reader *r,
    const struct ini_section *section, struct matrix *out,
    struct mldv_error *err);
/* Is it a key that matrix_read reads? */
bool matrix_is_key(const char *key);

/* Turns "stage:train@*" into the outputs of those stages. */
CHECKED int stages_resolve(struct stage_reader *r, struct mldv_error *err);

#endif
