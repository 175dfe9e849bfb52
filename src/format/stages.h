/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGES_H
#define FORMAT_STAGES_H

/*
 * The pipeline as mldv.ini defines it: parameters and stages, interpolated.
 */

#include "base/mem.h"
#include "base/strs.h"
#include "format/ini.h"
#include "format/value.h"

struct param {
	const char *name;
	struct value value;
	unsigned line;
};

struct stage_dep {
	const char *path; /* clean, relative to the root */
};

enum out_kind { OUT_PLAIN, OUT_METRICS, OUT_PLOT };

struct stage_out {
	const char *path; /* clean, relative to the root, no final slash */
	enum out_kind kind;
	bool git; /* kept in Git, not in the store */
};

struct stage {
	const char *name;
	unsigned line;
	const char *desc; /* or NULL */
	const char *cmd;  /* interpolated; lines joined with LF */
	const char *cwd;  /* clean, relative to the root; "" is the root */
	struct stage_dep *deps; /* sorted by path */
	size_t dep_count;
	struct stage_out *outs; /* sorted by path */
	size_t out_count;
	const struct param **params; /* sorted by name */
	size_t param_count;
	bool frozen; /* never runs */
	bool always; /* always runs */
};

struct stages {
	struct param *params; /* sorted by name */
	size_t param_count;
	struct stage *stages; /* in the order of the file */
	size_t count;
	const char *shell;   /* [pipeline] shell, "/bin/sh -eu" */
	struct strs targets; /* [pipeline] default; empty: all stages. In the
	                        arena, so not to be released */
};

/*
 * Reads [params], [pipeline] and every [stage …]. overrides are "name=value"
 * from the command line; a name that [params] lacks is refused. Errors are
 * MLDV_USAGE with path and line. An output that lies in another's, outside
 * the root or among its own stage's deps is refused here; cycles are the
 * graph's matter.
 */
CHECKED int stages_parse(struct stages *out, struct arena *arena,
    const struct ini *ini, const struct strs *overrides,
    struct mldv_error *err);
const struct stage *stages_find(const struct stages *stages, const char *name);
/* The stage that makes this path, or something above or below it; or NULL. */
const struct stage *stages_maker(const struct stages *stages, const char *path);

#endif
