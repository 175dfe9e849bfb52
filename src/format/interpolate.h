/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_INTERPOLATE_H
#define FORMAT_INTERPOLATE_H

/*
 * ${params.X} in commands and paths: one pass, no recursion.
 *
 * ${params.X:q} puts the value in single quotes for a shell, ${params.X:raw}
 * puts it in as it is, and ${params.X} only if no shell could read it in any
 * other way. $${ is a literal ${. ${matrix.X}, ${env.X}, ${pipeline.name} and
 * ${stage.X.out} are known too.
 */

#include "base/map.h"
#include "format/stages.h"

/* An output that a command or a value refers to. */
struct used_out {
	const char *path; /* from the root */
	unsigned line;
};

struct interpolation {
	const struct ini *ini; /* for messages */
	const struct stages *stages;
	const char *pipeline; /* [pipeline] name, or NULL */
	struct arena *arena;
	bool shell; /* the text is for a shell */
	/* "matrix.X" of the variant; sorted by name. */
	const struct param *matrix;
	size_t matrix_count;
	/* Whose env lists have ${env.X}; each may be NULL. The first is the
	   stage that is being read. */
	const struct stage *env;
	const struct stage *common;
	/* The parameters that were referred to, each perhaps repeatedly. */
	const struct param **used;
	size_t used_count;
	size_t used_capacity;
	/* The outputs of all stages (format/stageouts.h), or NULL where there
	   is no ${stage.X.out}; and those of other stages referred to. */
	const struct map *outs;
	struct used_out *used_outs;
	size_t used_out_count;
	size_t used_out_capacity;
};

/* Appends the text of that line of the file, interpolated. */
CHECKED int interpolate(struct interpolation *in, unsigned line,
    struct slice text, struct buf *out, struct mldv_error *err);
void interpolation_use(struct interpolation *in, const struct param *param);
void interpolation_release(struct interpolation *in);

/* NULL if there is none; params must be sorted. */
const struct param *param_find(const struct stages *stages, struct slice name);
/* "[params] has no 'x'", and the nearest name that it does have. */
const char *param_missing(const struct stages *stages, struct arena *arena,
    struct slice name);

#endif
