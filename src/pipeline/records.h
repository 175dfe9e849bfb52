/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RECORDS_H
#define PIPELINE_RECORDS_H

/*
 * The records of runs: this clone's first, then the remote's.
 */

#include "base/map.h"
#include "format/run.h"
#include "mldv/lineage.h"
#include "project/project.h"
#include "remote/remote.h"

struct record {
	struct oid key;
	bool known;  /* there is one, and it can be read */
	bool remote; /* it came from the remote */
	struct run run;
	struct record *next; /* in order of asking */
};

/* Zeroed but for project: nothing asked yet. */
struct records {
	struct mldv_project *project;
	bool here_only; /* the remote is not to be asked */
	bool tried;     /* to open the remote; NULL: there is none to ask */
	struct remote *remote;
	struct arena arena;
	struct map map; /* by the 32 bytes of the key */
	struct record *first;
	struct record **last;
};
void records_release(struct records *records);

/*
 * The record of a key, which lives as long as records; if there is none, it
 * is not known. That the remote cannot be asked is a warning, once.
 */
CHECKED int records_get(struct records *records, const struct oid *key,
    const struct record **out, struct mldv_error *err);
/* Reads every record of this clone; what is damaged is warned of. */
CHECKED int records_here(struct records *records, struct mldv_error *err);

/* What a run says about its job, and its metrics, to be told; in the arena. */
const struct mldv_how_value *records_about(const struct run *run,
    struct arena *arena);
const struct mldv_how_value *records_metrics(const struct run *run,
    struct arena *arena);

#endif
