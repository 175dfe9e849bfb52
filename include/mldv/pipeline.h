/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_PIPELINE_H
#define MLDV_PIPELINE_H

/*
 * The pipeline: what is stale and why, running it, defining stages.
 */

#include "mldv/data.h"

enum mldv_stage_state {
	MLDV_STAGE_FRESH,
	MLDV_STAGE_RESTORE, /* outputs are missing or changed, but to be had */
	MLDV_STAGE_CACHED,  /* an earlier run has this key */
	MLDV_STAGE_STALE,
	MLDV_STAGE_ALWAYS,
	MLDV_STAGE_FROZEN,
	MLDV_STAGE_UNKNOWN, /* depends on a stage that must run first */
	MLDV_STAGE_BLOCKED, /* a stage above it failed */
	MLDV_STAGE_FAILED,
	MLDV_STAGE_RAN,
	MLDV_STAGE_SAME,    /* run again for a check, it made the same */
	MLDV_STAGE_DIFFERS, /* … or something else */
};

struct mldv_stage {
	const char *name;
	enum mldv_stage_state state;
	const char *reason; /* "param lr 0.1 -> 0.05", or NULL */
	double seconds;     /* if it ran */
	/* What somebody claims instead of a run: "accepted", "asserted". */
	const char *claim;
	const char *claim_why;
	const void *key; /* the 32 bytes of its key, or NULL */
};

struct mldv_repro {
	bool dry_run; /* MLDV_NO if anything is stale */
	bool force;   /* the targets run whatever the lock says */
	/*
	 * Runs what is up to date, compares, and puts everything back: nothing
	 * is recorded. MLDV_CORRUPT if anything differs.
	 */
	bool check;
	bool single;       /* just the targets; what they read lies there */
	bool downstream;   /* the targets and what is below them */
	bool no_pull;      /* nothing is fetched: MLDV_MISSING if it must be */
	bool no_run_cache; /* earlier results are not looked for */
	bool keep_going;   /* a failure ends only what is below it … */
	unsigned failures; /* … up to so many; 0: any number */
	unsigned jobs;     /* at once; 0: as many as there are processors */
	unsigned retries;  /* of a stage that does not say */
	bool live; /* what is printed comes at once, each line with its stage */
	const struct strs *overrides; /* name=value, or NULL */
	/* Where training jobs run: "sagemaker", "local", "local-process"; NULL:
	   as mldv.ini says. */
	const char *on;
	/*
	 * For the stage that a job on this machine was started for: it is run
	 * here, whatever mldv.ini says of where; and only with this key, whose
	 * document tells what is different from it. status (may be NULL) gets
	 * what its command ended with.
	 */
	bool here;
	const char *only_key; /* or NULL */
	const char *only_document;
	int *status;
	/* Before a stage runs (state STALE), and when it is decided. */
	void (*stage)(void *context, const struct mldv_stage *stage);
	/*
	 * What a stage's command prints: as it comes while it runs alone, else
	 * in one piece when it has ended, after block has said whose it is.
	 */
	void (*output)(void *context, const char *data, size_t size);
	void (*block)(void *context, const char *stage);
	/* Is what runs not to be waited for, now that it was to stop? */
	bool (*urged)(void *context);
	/* Outputs that are fresh and not here, once. */
	void (*absent)(void *context, uint64_t outputs, uint64_t bytes);
	void *context;
};

/* Targets are stage names or output paths; none: the default. */
MLDV_CHECKED int mldv_repro(struct mldv_project *project,
    const struct strs *targets, const struct mldv_repro *options,
    struct strs *staged, struct mldv_error *err);

/* Visits every stage with its state, for status; runs nothing. */
MLDV_CHECKED int mldv_stages(struct mldv_project *project,
    void (*visit)(void *context, const struct mldv_stage *stage), void *context,
    struct mldv_error *err);

/*
 * Writes the stage's parameters where they stay, and visits the variables
 * that its command would find set, as far as mldv sets them: all of them if
 * its environment is clean.
 */
typedef void mldv_visit_variable(void *context, const char *name,
    const char *value);
MLDV_CHECKED int mldv_stage_env(struct mldv_project *project, const char *stage,
    const struct strs *overrides, mldv_visit_variable *visit, void *context,
    struct mldv_error *err);
/* What a stage printed, which is kept for its last runs. */
struct mldv_log {
	const char *path; /* absolute; "…/<UTC time>-<key>.log" */
	uint64_t size;
	int64_t ended; /* when it was last written to; seconds since 1970 */
	bool running;
};
/* Visits them, oldest first. */
MLDV_CHECKED int mldv_logs(struct mldv_project *project, const char *stage,
    void (*visit)(void *context, const struct mldv_log *log), void *context,
    struct mldv_error *err);
/* The newest one; follow: and what comes, until the stage has ended. */
MLDV_CHECKED int mldv_log_show(struct mldv_project *project, const char *stage,
    bool follow, void (*sink)(void *context, const char *data, size_t size),
    void *context, struct mldv_error *err);

/* A stage to be written into mldv.ini. */
struct mldv_new_stage {
	const char *name;
	const struct strs *deps, *outs, *metrics;
	const struct strs *params;   /* names, or name=value to set it too */
	const struct strs *git_outs; /* outputs kept in Git */
	const char *cmd;             /* NULL: it runs a notebook */
	/*
	 * notebooks/eval.ipynb, written if it is not there, with a cell that
	 * assigns the parameters, and under inject's names the paths.
	 */
	const char *notebook;
	const char *kernel; /* or NULL */
	const char *cwd;    /* or NULL */
	const char *desc;   /* or NULL */
	bool replace;
};
MLDV_CHECKED int mldv_stage_new(struct mldv_project *project,
    const struct mldv_new_stage *stage, struct strs *staged,
    struct mldv_error *err);

#endif
