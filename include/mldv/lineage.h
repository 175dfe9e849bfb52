/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_LINEAGE_H
#define MLDV_LINEAGE_H

/*
 * What came from what: why a stage is stale, how a result was made, what ran.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mldv/pipeline.h"

/* --- why --- */

/* A stage, and how its key differs from what it is compared with. */
struct mldv_why_stage {
	const char *name;
	unsigned depth; /* 0: what was asked for; 1: what made its inputs, … */
	const char *dep; /* by which it is reached; NULL at depth 0 */
	enum mldv_stage_state state;
	const char *reason; /* of the state, or NULL */
	const char *from;   /* the revision it is compared with, or
	                       NULL: the work tree's mldv.lock */
	const char *before; /* the key there; NULL: it was not run there */
	const char *after;  /* the key now; NULL: not known yet */
	const char *claim;  /* "accepted" or "asserted", or NULL */
	const char *claim_why;
	size_t differences; /* that follow */
};
/* One difference of the stage that was visited last. */
struct mldv_why_fact {
	const char *word;   /* "param", "dep", "cmd", "image", … */
	const char *name;   /* "lr", "src/train.py"; "" if there is but one */
	const char *before; /* NULL: there was none */
	const char *after;  /* NULL: there is none any more */
	const char *maker;  /* the stage that makes this dep, or NULL */
};
struct mldv_why {
	const char *stage;
	const char *revision; /* to compare with; NULL: the work tree's lock */
	void (*visit_stage)(void *context, const struct mldv_why_stage *stage);
	void (*visit_fact)(void *context, const struct mldv_why_fact *fact);
	void *context;
};
/* The stage may also be given by one of its outputs. */
MLDV_CHECKED int mldv_why(struct mldv_project *project,
    const struct mldv_why *options, struct mldv_error *err);

/* --- dag --- */

struct mldv_dag_stage {
	const char *name;
	const char *desc;         /* or NULL */
	const char *const *above; /* the stages whose outputs it reads */
	size_t above_count;
	const char *const *sources; /* deps that no stage makes */
	size_t source_count;
	const char *const *outs;
	size_t out_count;
};
/*
 * Visits the targets (as repro takes them; none: all) and what stands above
 * them, above before below. Nothing is looked at but mldv.ini.
 */
MLDV_CHECKED int mldv_dag(struct mldv_project *project,
    const struct strs *targets,
    void (*visit)(void *context, const struct mldv_dag_stage *stage),
    void *context, struct mldv_error *err);

#endif
