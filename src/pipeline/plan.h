/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_PLAN_H
#define PIPELINE_PLAN_H

/*
 * What is to be done: the stages as they are defined, as mldv.lock knows
 * them, and in which state each one is.
 *
 * A stage is decided when those above it are, in the order of the graph.
 */

#include "format/lock.h"
#include "mldv/pipeline.h"
#include "pipeline/graph.h"
#include "pipeline/origin.h"
#include "project/item.h"
#include "project/project.h"

/* One dep as it was found. */
struct input {
	const char *path;
	struct content content;
	/* What to put into the work tree before a stage can read it, or NULL.
	 */
	const char *absent;
	struct content absent_content;
};

struct step {
	const struct stage *stage;
	bool selected;
	bool target; /* it was asked for, by name or as one of all */
	bool forced;
	bool decided;
	enum mldv_stage_state state;
	const char *reason; /* or NULL */
	/* What its outputs are, in the order of stage->outs; NULL: not known.
	 */
	struct made *made;
	/* What somebody vouches for instead of a run: as in mldv.lock, or to go
	 * into it with what is noted. */
	enum claim claim;
	struct oid claim_old;
	const char *claim_why;
	bool shared; /* somebody else made them: on the remote */
	/* Of those, what the record has in it. */
	const struct run_object *enclosed;
	size_t enclosed_count;
	/* They lie in the work tree. If not, but made: they could be. */
	bool placed;
	struct input *inputs; /* in the order of stage->deps, if keyed */
	/* Run again for a check, it made something else: what. Or NULL. */
	const char *differs;
	bool keyed;
	struct key key;
	struct oid oid;
};

/* Which file it was; all zero: none. */
struct lock_stamp {
	uint64_t device, inode, size;
	int64_t changed; /* nanoseconds */
};

struct remote;
struct group;

struct plan {
	struct mldv_project *project;
	struct arena arena;
	struct stages stages;
	struct graph graph;
	struct lockfile lock;
	struct lock_stamp lock_stamp; /* of the file that this was read from */
	size_t *noted; /* steps that are to go into it: see record.h */
	size_t noted_count;
	double flushed_at;  /* project_clock() */
	struct items items; /* pointers and the lock's outputs */
	struct hasher *hasher;
	struct step *steps; /* in the order of stages */
	struct map by_name; /* steps */
	size_t count;
	bool has_remote;
	struct remote *remote; /* see sharedruns.h; NULL: not opened */
	bool remote_tried;     /* it was, or cannot be */
	bool no_pull;          /* nothing is fetched */
	bool no_run_cache;     /* earlier results are not looked for */
	const char *ini;       /* mldv.ini as the user calls it */
	struct origin origin;
	struct map probes;   /* what commands say: see conditions.h */
	struct group *group; /* see group.h; NULL: nothing is run */
	bool may_probe;      /* commands of the project may be run */
};

/* Reads mldv.ini, mldv.lock and the pointers; nothing is decided. */
CHECKED int plan_load(struct plan *plan, struct mldv_project *project,
    const struct strs *overrides, struct mldv_error *err);
void plan_release(struct plan *plan);
/* The stage of that name, or NULL. */
struct step *plan_find(const struct plan *plan, const char *name);
/* Reads mldv.lock again if it is another one: 1; else 0. */
CHECKED int plan_refresh_lock(struct plan *plan, struct mldv_error *err);
/* The file is what the plan says: it was written just now. */
void plan_stamp_lock(struct plan *plan);

/*
 * Selects the targets (stages, outputs, directories above outputs; none: the
 * default) and what is above them; force: the targets run in any case.
 */
CHECKED int plan_select(struct plan *plan, const struct strs *targets,
    bool force, struct mldv_error *err);

/* Warns of what the selected stages may read without saying so. */
void plan_warn(const struct plan *plan);

/*
 * Selects just the targets; below: and what depends on them. What a stage that
 * is not selected makes is then as good as any file.
 */
void plan_narrow(struct plan *plan, bool below);

/* --- decide.c: in which state a stage is --- */

/*
 * Finds the state of a stage; nothing is changed but stat caches. With
 * looking, nobody is going to run anything: what depends on a stage that
 * would run is unknown, and a dep that does not exist is a reason. Without,
 * that is an error.
 */
CHECKED int plan_decide(struct plan *plan, size_t index, bool looking,
    struct mldv_error *err);
/* Would repro run the stage's command, as far as is known? */
bool plan_would_run(const struct step *step);

/*
 * Makes step->made out of what a lock or run says: false if it says not all.
 */
bool plan_take_made(struct plan *plan, struct step *step,
    const struct made *made, size_t count);
/* The position of the output in stage->outs. */
size_t plan_out_index(const struct stage *stage, const char *path);
/*
 * Is what lies at path in the store? What cannot be looked at is not; what is
 * not there is.
 */
bool plan_is_stored(struct plan *plan, const char *path);
/* Does the path have that content? 1, 0, or 0 and *gone if nothing is there. */
CHECKED int plan_is_there(struct plan *plan, const char *path,
    const struct content *content, bool *gone, struct mldv_error *err);

#endif
