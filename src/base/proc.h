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
 */

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"

struct proc {
	pid_t pid;
	int output; /* read end of the pipe */
};

struct proc_options {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up */
	const char *dir;         /* working directory, or NULL */
	/* NAME=value, NULL-terminated, put over the inherited environment. */
	const char *const *environment;
	int errors; /* takes its standard error; 0: it goes with the output */
};

CHECKED int proc_start(struct proc *proc, const struct proc_options *options,
    struct mldv_error *err);

struct proc_result {
	int status; /* exit status, or 128 + signal */
	int signal; /* 0 if it exited */
	struct rusage usage;
};

/*
 * Copies output to sink until the process and its group have ended, then
 * tells how. After cancelled() says true: SIGINT to the group, after grace
 * seconds SIGTERM, after 5 more SIGKILL.
 */
CHECKED int proc_wait(struct proc *proc, struct proc_result *result,
    void (*sink)(void *context, const char *data, size_t size),
    bool (*cancelled)(void *context), void *context, unsigned grace,
    struct mldv_error *err);

#endif
