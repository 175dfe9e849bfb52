/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

/*
 * What carries a stage out: `run =` in mldv.ini.
 *
 * A runner is always a local process. Stages that run elsewhere run this very
 * program again with a hidden command, which submits, waits, copies the logs
 * to its standard output and fetches the results. So whoever schedules knows
 * only processes: how many at once, for how long, what they print, and how
 * they are interrupted is the same for all.
 */

#include "base/mem.h"
#include "base/proc.h"
#include "base/strs.h"
#include "format/key.h"
#include "format/kind.h"
#include "format/run.h"
#include "format/stages.h"
#include "project/item.h"
#include "project/project.h"

/* One dep, as it was when the key was made. */
struct runner_dep {
	const struct stage_dep *dep;
	struct content content;
};

/* One stage that is going to run, or runs. */
struct runner_job {
	struct mldv_project *project;
	const struct stage *stage;
	const char *shell;             /* [pipeline] shell */
	const struct runner_dep *deps; /* in the order of stage->deps */
	const struct oid *key;         /* NULL while it is being made */
	/* While the key is made: what the lock says of the stage, or NULL; and
	   whether others may be asked for what it does not. */
	const struct key *locked;
	bool may_ask;
	const struct key *facts;      /* the key's document, once it is made */
	const struct strs *overrides; /* NAME=value of parameters, or NULL */
	/* Of a commit that is looked at; NULL: those of the work tree. */
	const struct items *items;
	struct arena *arena; /* lives as long as the job */
	/* An empty directory of its own, absolute, gone when the job is. */
	const char *temp;

	/*
	 * How to start the process: preset, for prepare to change or add to.
	 * The environment is NAME=value, put over the inherited one, of two
	 * with one name the later; dir is absolute.
	 */
	struct strs argv;
	struct strs environment;
	const char *dir;
	uint64_t timeout; /* seconds; 0: none */
	void *state;      /* the runner's own */

	/* For the record, set by finish: what a service calls the job, and
	   what it cost; or NULL. In the arena. */
	const char *job;
	const char *cost;
	struct run_about *about; /* what else is known of it */
	size_t about_count;
	struct run_metric *metrics; /* what it said at its end; path "" */
	size_t metric_count;
};

struct runner {
	const char *name; /* as in `run =` and in the key */
	unsigned version; /* of what it promises a stage; in the key */
	/*
	 * Its process only waits for a job on another machine. That takes no
	 * processor here, sees to `retries` by itself, and a result that is
	 * known there is taken, not made again.
	 */
	bool elsewhere;
	/*
	 * Adds the lines to the key that the stage alone does not say: what a
	 * file contains that only this runner reads. NULL: there are none.
	 */
	int (*add_to_key)(const struct runner_job *job, struct strs *lines,
	    struct mldv_error *err);
	/*
	 * Fills in how to start it. The stage's inputs are in place, its
	 * outputs are not, and the directories above them are there.
	 */
	int (*prepare)(struct runner_job *job, struct mldv_error *err);
	/*
	 * After it ended, and was not interrupted: moves the results to where
	 * the outputs are to be. Anything but success is an error that says
	 * why the stage failed.
	 */
	int (*finish)(struct runner_job *job, const struct proc_result *result,
	    struct mldv_error *err);
	/*
	 * After it was stopped because it ran too long, which err says: may
	 * keep what there is, and say so in err. NULL: there is nothing.
	 */
	void (*cut_off)(struct runner_job *job, struct mldv_error *err);
	/*
	 * Its process, once prepared, is gone, however that came: sees that
	 * nothing else runs on. NULL: nothing can.
	 */
	void (*stopped)(struct runner_job *job);
};

extern const struct runner runner_shell, runner_notebook, runner_container;
/* A training job: on SageMaker, or as a process here. */
extern const struct runner runner_sagemaker;
extern const struct runner runner_local_process, runner_local_container;
/* On another machine: see runner/elsewhere.h. */
extern const struct runner runner_batch, runner_fargate;

/*
 * Has all training jobs run elsewhere than mldv.ini says: on "local",
 * "local-process" or "sagemaker". MLDV_USAGE if on is none of them, or a job
 * has no instance.
 */
CHECKED int runner_choose(struct stages *stages, struct arena *arena,
    const char *on, struct mldv_error *err);
/* Who carries the stage out. */
const struct runner *runner_of(const struct stage *stage);

/*
 * What most runners say in finish: an error if the process was killed, or
 * ended with another status than 0.
 */
CHECKED int runner_check_result(struct runner_job *job,
    const struct proc_result *result, struct mldv_error *err);

#endif
