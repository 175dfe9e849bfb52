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

/* --- how --- */

/* A commit, as it is shown. */
struct mldv_commit {
	const char *id; /* NULL: not known */
	int64_t time;   /* seconds since 1970 */
	const char *who;
	const char *subject;
};

struct mldv_how_file {
	const char *path;
	const char *oid; /* 64 digits */
	char kind;       /* f, x, l, d */
	uint64_t files, bytes;
	const char *stage; /* an input: the stage that made it, or NULL */
	const char
	    *item;   /* an input: the item that it is or lies in, or NULL */
	size_t step; /* of an input: the step that tells of it; 0: none */
};
struct mldv_how_value {
	const char *word; /* "param", "env", "image", …; of a metric its file */
	const char *name;
	const char *value;
};

/* One step of a chain: a run of a stage, or something that was added. */
struct mldv_how_step {
	size_t number;     /* from 1 */
	const char *stage; /* NULL: an item that somebody added */
	bool earlier;      /* not as mldv.lock or the pointer is there */
	const struct mldv_how_file *outs; /* what was made, or the item */
	size_t out_count;
	const struct mldv_how_file *inputs;
	size_t input_count;
	/* Parameters first, then what else the result depends on. */
	const struct mldv_how_value *values;
	size_t value_count;
	const char *key; /* of the stage */
	/* What the lock claims instead of a run: "accepted", "asserted". */
	const char *claim;
	const char *claim_why;
	/* The record of the run; if it is not known, there is nothing of it. */
	bool known;
	uint64_t started; /* seconds since 1970 */
	double seconds;
	const char *host, *platform;
	const char *command; /* and each of these may be NULL: */
	const char *code_commit, *branch, *who, *interpreter, *job, *cost;
	const char *diff; /* the oid of what differed from the commit */
	bool diff_here;
	/* The commit below has all of the code just as it was run. */
	bool code_committed;
	/* Of a job: "console", "https://…", and so on. */
	const struct mldv_how_value *about;
	size_t about_count;
	const struct mldv_how_value *metrics; /* word "": the job said it */
	size_t metric_count;
	/* The commit that brought this into mldv.lock, or the pointer. */
	struct mldv_commit recorded;
	/* Of an item. */
	const char *note, *from_version, *from_address;
	const char *path_then; /* what it was called when it was added */
};

enum mldv_how_state {
	MLDV_HOW_SAME,    /* what lies there is what is told of */
	MLDV_HOW_CHANGED, /* it was changed since */
	MLDV_HOW_ABSENT,
	MLDV_HOW_OF_REVISION, /* it was not looked at */
};
struct mldv_how {
	const char *path;     /* as the user says it, or a stage */
	const char *revision; /* NULL: path may end with @REV */
	/* Before the first step. */
	void (*begin)(void *context, const char *path, const char *revision,
	    enum mldv_how_state state);
	void (*step)(void *context, const struct mldv_how_step *step);
	void *context;
};
/* Results first, raw data last. MLDV_NOT_FOUND if nothing of ours is there. */
MLDV_CHECKED int mldv_how(struct mldv_project *project,
    const struct mldv_how *options, struct mldv_error *err);
/* Appends the diff of a step, if it is here. */
MLDV_CHECKED int mldv_how_diff(struct mldv_project *project, const char *oid,
    struct buf *out, struct mldv_error *err);

/* --- runs --- */

struct mldv_run {
	const char *key;
	const char *stage;
	uint64_t started; /* seconds since 1970 */
	double seconds;
	const char *host;
	const char *code_commit, *branch, *who, *job, *cost; /* or NULL */
	bool dirty;
	const struct mldv_how_value *params;
	size_t param_count;
	const struct mldv_how_value *about; /* of a job */
	size_t about_count;
	const struct mldv_how_value *metrics;
	size_t metric_count;
	/* Only of mldv_runs with all: the first commit with it in mldv.lock. */
	struct mldv_commit recorded;
};
struct mldv_runs {
	const char
	    *stage;  /* or what stands before the @ of variants; or NULL */
	bool all;    /* also what any commit has in its lock */
	size_t most; /* the newest ones; 0: all */
	/* "accuracy>0.9": of a metric or parameter; all must hold; or NULL */
	const struct strs *conditions;
	void (*visit)(void *context, const struct mldv_run *run);
	void *context;
};
/*
 * Visits the runs whose records are here, and those of mldv.lock that the
 * remote knows, newest first. MLDV_USAGE for a wrong condition.
 */
MLDV_CHECKED int mldv_runs(struct mldv_project *project,
    const struct mldv_runs *options, struct mldv_error *err);
/* Does it look like a condition? */
bool mldv_is_condition(const char *text);

/* --- find --- */

enum mldv_found_as {
	MLDV_FOUND_ADDED,  /* as an item, or in one */
	MLDV_FOUND_MADE,   /* by a stage */
	MLDV_FOUND_READ,   /* by a stage */
	MLDV_FOUND_INSIDE, /* in a directory that was added or made */
};
struct mldv_found {
	enum mldv_found_as as;
	const char *path;
	const char *inside; /* MLDV_FOUND_INSIDE: the path within that */
	const char *stage;  /* NULL: an item */
	const char *key;    /* of the stage */
	/* The first commit with it; NULL: in the work tree or a record only. */
	struct mldv_commit commit;
	/* A branch or tag that reaches that; NULL: none, or the 21st place. */
	const char *holder;
	bool here; /* the work tree's lock or pointers have it */
};
/* Where the bytes lie. */
struct mldv_lies {
	const char *oid;
	bool known;         /* how large it is, without which nobody can tell */
	const char *path;   /* in the work tree, or NULL */
	bool store;         /* in this clone's store */
	const char *remote; /* the remote that was asked, or NULL */
	bool on_remote;
};
struct mldv_find {
	const char *what; /* a file, or an oid or at least 8 digits of it */
	void (*visit)(void *context, const struct mldv_found *found);
	void (*lies)(void *context, const struct mldv_lies *lies);
	void *context;
};
/* MLDV_NO if nothing was found. */
MLDV_CHECKED int mldv_find(struct mldv_project *project,
    const struct mldv_find *options, struct mldv_error *err);

/* --- accept --- */

/*
 * Takes the outputs of a stage that lie there as its result, without running
 * it: those of the run that mldv.lock knows, if what changed since makes no
 * difference ("accepted"); else those that somebody made by hand
 * ("asserted"). *claim becomes which. MLDV_NO if it is fresh already.
 */
MLDV_CHECKED int mldv_accept(struct mldv_project *project, const char *stage,
    const char *why, const char **claim, struct strs *staged,
    struct mldv_error *err);

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
