/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

/*
 * A child process, the leader of its own process group, with its standard
 * input empty and its standard output and error joined in one pipe.
 *
 * It starts with signals at their defaults and none blocked, and is killed
 * when this process dies, or just the thread that started it. This process
 * becomes the reaper of its orphans.
 *
 * proc_wait() is for one; for several at once: poll(2) on output and ended
 * for at most proc_patience(), then proc_read() and proc_look() for each.
 */

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"

struct proc_options {
	/* NULL-terminated; argv[0] is looked up in the PATH that it gets. */
	const char *const *argv;
	const char *dir; /* working directory, or NULL */
	/*
	 * NAME=value, NULL-terminated, put over the inherited environment; of
	 * two with one name the later counts.
	 */
	const char *const *environment;
	bool clean; /* nothing is inherited */
	int errors; /* takes its standard error; 0: it goes with the output */
};

struct proc_result {
	int status; /* exit status, or 128 + signal */
	int signal; /* 0 if it exited */
	struct rusage usage;
};

struct proc {
	pid_t pid;  /* 0: not started, or closed */
	int output; /* read end of the pipe; -1: closed, by the process */
	int ended;  /* readable once the leader has ended; -1: not to be had */

	struct proc_result result; /* once proc_look() says 1 */
	/*
	 * A setting that no other child has, "NAME=value", or NULL: finds what
	 * left the group and lost its parent. Set after proc_start().
	 */
	const char *mark;
	bool leader_ended;
	bool group_ended;
	double leader_ended_at;
	unsigned signals;  /* how many were sent to stop it */
	unsigned grace;    /* seconds from the first to the second */
	double stopped_at; /* when the first one was */
	int tick;          /* milliseconds */
	pid_t *adopted;    /* strays that are children of this process now */
	size_t adopted_count;
	size_t adopted_capacity;
};

CHECKED int proc_start(struct proc *proc, const struct proc_options *options,
    struct mldv_error *err);

/* For how many milliseconds to wait for events at most. */
int proc_patience(struct proc *proc);
/* Copies what output is there, without waiting: 1 if there was some. */
CHECKED int proc_read(struct proc *proc,
    void (*sink)(void *context, const char *data, size_t size), void *context,
    struct mldv_error *err);
/*
 * 1 once the process and its group have ended, or of one that is being
 * stopped its whole tree; else 0.
 */
CHECKED int proc_look(struct proc *proc, struct mldv_error *err);
/*
 * Begins to stop it: SIGINT to its whole tree now, SIGTERM after grace
 * seconds, SIGKILL after 5 more, both by proc_look(). The tree is what the
 * process started and what that started, also outside its group.
 */
void proc_stop(struct proc *proc, unsigned grace);
/* Kills its whole tree, now; proc_look() then says 1 soon. */
void proc_kill(struct proc *proc);
/* Kills what still runs, and closes. */
void proc_close(struct proc *proc);

/*
 * Copies output to sink until the process and its group have ended, then
 * tells how. Once cancelled() says true it is stopped.
 */
CHECKED int proc_wait(struct proc *proc, struct proc_result *result,
    void (*sink)(void *context, const char *data, size_t size),
    bool (*cancelled)(void *context), void *context, unsigned grace,
    struct mldv_error *err);

/*
 * Sends a signal to everything in the tree that is outside the group, and
 * says how many that are; 0: only counts.
 */
size_t proc_signal_strays(struct proc *proc, int signal);
/* Reaps those of the strays that ended as children of this process. */
void proc_reap_strays(struct proc *proc);

#endif
