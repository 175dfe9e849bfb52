/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_ELSEWHERE_H
#define RUNNER_ELSEWHERE_H

/*
 * A stage whose command runs in a shell on another machine, started by some
 * system of jobs: 'run = batch' and 'run = fargate'. Inside runner/ only.
 *
 * What the stage reads is sent to the remote, the system starts 'mldv
 * run-stage' there, and the result is the one that the remote then has for the
 * stage's key. All this happens in a process of its own, 'mldv run-elsewhere';
 * when that is killed, or interrupted, the job goes on, and the next 'mldv
 * repro' waits for it again.
 */

#include "mldv/jobs.h"
#include "project/project.h"
#include "runner/jobfile.h"
#include "runner/parcel.h"
#include "runner/runner.h"

/* What is to be done, from the process that runs the pipeline. */
struct elsewhere_file {
	const char *runner; /* "batch", "fargate" */
	const char *stage;
	const char *ini; /* where it stands, with its settings: "mldv.ini" */
	const char *key;
	const char *remote; /* its name, and its address as the job sees it */
	const char *url;
	const char *region;  /* of AWS, or NULL */
	const char *profile; /* of the AWS files, or NULL */
	const char *shell;
	const char *result; /* where to say what came of it, absolute */
	uint64_t retries;
	uint64_t cpus;
	uint64_t gpus;
	uint64_t timeout; /* seconds; 0: none */
	struct setting *settings;
	size_t setting_count;
	struct strs outs;     /* paths from the root; not to be released */
	struct parcel parcel; /* commit and base are not known yet */
};
void elsewhere_format(const struct elsewhere_file *file, bool parcel,
    struct jsonout *json, const char *name);
/* parcel: it must be there. */
CHECKED int elsewhere_take(struct elsewhere_file *out, struct arena *arena,
    const struct json *doc, bool parcel, struct mldv_error *err);

struct elsewhere_system;

/* A job, for the process that waits for it. */
struct elsewhere {
	struct mldv_project *project;
	const struct elsewhere_system *system;
	void *state; /* the system's own */
	struct remote *remote;
	struct arena arena;
	struct elsewhere_file file;
	uint64_t attempt;
	const char *name; /* of the job: "mldv-<stage>-<16 digits>-<n>" */
	const char *id;   /* what the system calls it */
	const char *log;  /* a file that the system may write to, absolute */
	uint64_t shown;   /* bytes of it */
	const char *cost; /* or NULL */
	mldv_line_fn *say;
	void *context;
};
void elsewhere_say(const struct elsewhere *job, const char *fmt, ...)
    PRINTF(2, 3);

enum elsewhere_state {
	ELSEWHERE_UNKNOWN, /* the system does not know the job */
	ELSEWHERE_WAITING,
	ELSEWHERE_RUNNING,
	ELSEWHERE_ENDED,
};
/* What the system says of a job. */
struct elsewhere_look {
	enum elsewhere_state what;
	const char *word; /* as the system says it: "PENDING" */
	const char *why; /* why it ended, if that is not its command; or NULL */
	bool passing;    /* the same may go well the next time */
};

/* A system of jobs. Texts that it gives are in the job's arena. */
struct elsewhere_system {
	const char *name; /* of the runner */
	/* To submit the same attempt again starts no other job, but tells of
	   that which there is. */
	bool submits_once;
	CHECKED int (*open)(struct elsewhere *job, struct mldv_error *err);
	void (*close)(struct elsewhere *job);
	/* Starts 'mldv run-stage', and sets the id: 1; 0 if there is no room
	 * now, which *why says. */
	CHECKED int (*submit)(struct elsewhere *job, const char **why,
	    struct mldv_error *err);
	CHECKED int (*look)(struct elsewhere *job, struct elsewhere_look *out,
	    struct mldv_error *err);
	/* Says what the job has printed since the last time. */
	void (*logs)(struct elsewhere *job);
	/* 1; 0 if it has ended. */
	CHECKED int (*stop)(struct elsewhere *job, struct mldv_error *err);
	/* For how many seconds a job may be unknown before it is given up. */
	double (*patience)(const struct elsewhere *job);
};
extern const struct elsewhere_system elsewhere_batch;
extern const struct elsewhere_system elsewhere_fargate;

/* The system of that runner; NULL, and an error, if there is none. */
CHECKED const struct elsewhere_system *elsewhere_named(const char *runner,
    struct mldv_error *err);

/* What a runner does before, with an error if a setting is wrong; and after. */
CHECKED int elsewhere_prepare(struct runner_job *job,
    const struct elsewhere_system *system, struct mldv_error *err);
CHECKED int elsewhere_finish(struct runner_job *job,
    const struct proc_result *result, struct mldv_error *err);
/* Sets an error about a stage's setting, MLDV_USAGE with its line; -1. */
int elsewhere_wrong(const struct elsewhere *job, const struct setting *setting,
    struct mldv_error *err, const char *what);

/* Sends all that the job takes along; the parcel then is complete. */
CHECKED int elsewhere_send(struct elsewhere *job, struct mldv_error *err);
/*
 * Takes the result from the remote into the work tree and the store: 1, or 0
 * if there is none.
 */
CHECKED int elsewhere_fetch(struct elsewhere *job, struct mldv_error *err);

/* What this clone knows of a job: .git/mldv/jobs/<name>. */
CHECKED int elsewhere_note(struct elsewhere *job, struct mldv_error *err);
void elsewhere_close(struct elsewhere *job);
/* Sets name and log. */
void elsewhere_name(struct elsewhere *job, uint64_t attempt);
/*
 * The last word of what a system says when it has started a job: "42", or of
 * "Submitted batch job 42", or of "42;cluster"; else the job's name.
 */
const char *elsewhere_id(struct elsewhere *job, const struct buf *text);
/* What the first word of a state means, as many systems say it. */
void elsewhere_read_word(struct elsewhere *job, const struct buf *text,
    struct elsewhere_look *out);
/* Waits until the job has ended, and says what comes of it. */
CHECKED int elsewhere_wait(struct elsewhere *job, struct elsewhere_look *out,
    struct mldv_error *err);

/* For jobs.c: the job of a record that has a runner. */
struct job_record;
CHECKED int elsewhere_visit(struct mldv_project *project,
    const struct job_record *record,
    void (*visit)(void *context, const struct mldv_job *job), void *context,
    struct mldv_error *err);
struct elsewhere_asked {
	const struct job_record *record;
	mldv_line_fn *say;
	void *context;
};
CHECKED int elsewhere_logs(struct mldv_project *project,
    const struct elsewhere_asked *asked, bool follow, struct mldv_error *err);
CHECKED int elsewhere_stop(struct mldv_project *project,
    const struct elsewhere_asked *asked, struct mldv_error *err);

#endif
