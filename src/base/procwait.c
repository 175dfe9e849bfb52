/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Waiting. The leader is reaped as soon as it ends; its group lives on as
 * long as kill(2) finds a process in it. Orphans of the group become children
 * of this process, so it is they that are reaped until the group is empty.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"

enum {
	TICK_MS = 100,
	LINGER_SECONDS = 5, /* for what the leader left behind */
	KILL_SECONDS = 5,   /* from SIGTERM to SIGKILL */
	PIECE = 64 * 1024,
};

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void add_time(struct timeval *to, const struct timeval *more)
{
	to->tv_sec += more->tv_sec;
	to->tv_usec += more->tv_usec;
	if (to->tv_usec >= 1000000) {
		to->tv_usec -= 1000000;
		to->tv_sec++;
	}
}

static void add_usage(struct rusage *to, const struct rusage *more)
{
	add_time(&to->ru_utime, &more->ru_utime);
	add_time(&to->ru_stime, &more->ru_stime);
	if (to->ru_maxrss < more->ru_maxrss)
		to->ru_maxrss = more->ru_maxrss;
}

static pid_t reap(pid_t pid, int *status, int flags, struct rusage *usage)
{
	pid_t got;

	do
		got = wait4(pid, status, flags, usage);
	while (got < 0 && errno == EINTR);
	return got;
}

static int reap_leader(struct proc *proc, struct mldv_error *err)
{
	struct proc_result *result = &proc->result;
	int status;
	pid_t pid = reap(proc->pid, &status, WNOHANG, &result->usage);

	if (pid == 0)
		return 0;
	if (pid < 0)
		return err_errno(err, "cannot wait for process %ld",
		    (long)proc->pid);
	proc->leader_ended = true;
	proc->leader_ended_at = now();
	proc->tick = 1;
	if (proc->ended >= 0)
		(void)close(proc->ended);
	proc->ended = -1;
	if (WIFSIGNALED(status)) {
		result->signal = WTERMSIG(status);
		result->status = 128 + result->signal;
	} else {
		result->signal = 0;
		result->status = WEXITSTATUS(status);
	}
	return 0;
}

static void reap_orphans(struct proc *proc)
{
	pid_t group = proc->pid;
	struct rusage usage;

	while (reap(-group, NULL, WNOHANG, &usage) > 0)
		add_usage(&proc->result.usage, &usage);
	if (kill(-group, 0) < 0 && errno == ESRCH)
		proc->group_ended = true;
	else if (now() - proc->leader_ended_at > LINGER_SECONDS)
		(void)kill(-group, SIGKILL);
}

/* What is stopped is woken, else it would not see the signal. */
static void signal_tree(struct proc *proc, int signal)
{
	/* Once the group is gone its number may be another's. */
	if (!proc->group_ended) {
		(void)kill(-proc->pid, signal);
		(void)kill(-proc->pid, SIGCONT);
	}
	(void)proc_signal_strays(proc, signal);
}

void proc_stop(struct proc *proc, unsigned grace)
{
	if (proc->signals > 0)
		return;
	proc->signals = 1;
	proc->grace = grace;
	proc->stopped_at = now();
	signal_tree(proc, SIGINT);
}

void proc_kill(struct proc *proc)
{
	if (proc->signals >= 3)
		return;
	proc->signals = 3;
	proc->grace = 0;
	proc->stopped_at = now();
	signal_tree(proc, SIGKILL);
}

static void stop_further(struct proc *proc)
{
	double since = now() - proc->stopped_at;

	if (proc->signals == 1 && since >= proc->grace) {
		proc->signals = 2;
		signal_tree(proc, SIGTERM);
	}
	if (proc->signals >= 2 && since >= proc->grace + KILL_SECONDS) {
		proc->signals = 3;
		signal_tree(proc, SIGKILL);
	}
}

int proc_look(struct proc *proc, struct mldv_error *err)
{
	if (!proc->leader_ended && reap_leader(proc, err) < 0)
		return -1;
	if (!proc->leader_ended) {
		if (proc->signals > 0)
			stop_further(proc);
		return 0;
	}
	if (!proc->group_ended)
		reap_orphans(proc);
	if (proc->signals == 0)
		return proc->group_ended;
	if (proc->group_ended && proc_signal_strays(proc, 0) == 0)
		return 1;
	stop_further(proc);
	return 0;
}

static void close_output(struct proc *proc)
{
	if (proc->output >= 0)
		(void)close(proc->output);
	proc->output = -1;
}

int proc_read(struct proc *proc,
    void (*sink)(void *context, const char *data, size_t size), void *context,
    struct mldv_error *err)
{
	struct pollfd poll_fd = {proc->output, POLLIN, 0};
	char *piece;
	ssize_t n;

	/* Poll overlooks the -1 that a closed output is. */
	if (poll(&poll_fd, 1, 0) <= 0)
		return 0;
	piece = xmalloc(PIECE);
	n = read(proc->output, piece, PIECE);
	if (n > 0 && sink)
		sink(context, piece, (size_t)n);
	free(piece);
	if (n == 0)
		close_output(proc);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return err_errno(err, "cannot read output");
	return n > 0;
}

/* Once nothing is left to tell of changes, looks ever less often. */
int proc_patience(struct proc *proc)
{
	int tick = proc->tick ? proc->tick : 1;

	if (!proc->leader_ended && (proc->output >= 0 || proc->ended >= 0))
		return TICK_MS;
	proc->tick = tick * 2 < TICK_MS ? tick * 2 : TICK_MS;
	return tick;
}

void proc_close(struct proc *proc)
{
	if (proc->pid > 0 && !proc->group_ended)
		signal_tree(proc, SIGKILL);
	if (proc->pid > 0 && !proc->leader_ended)
		(void)reap(proc->pid, NULL, 0, NULL);
	proc_reap_strays(proc);
	free(proc->adopted);
	proc->adopted = NULL;
	proc->adopted_count = proc->adopted_capacity = 0;
	close_output(proc);
	if (proc->ended >= 0)
		(void)close(proc->ended);
	proc->ended = -1;
	proc->pid = 0;
}

/* NOLINTNEXTLINE(readability-function-size): three are one callback */
int proc_wait(struct proc *proc, struct proc_result *result,
    void (*sink)(void *context, const char *data, size_t size),
    bool (*cancelled)(void *context), void *context, unsigned grace,
    struct mldv_error *err)
{
	int ret = 0;

	while (ret == 0) {
		struct pollfd fds[] = {{proc->output, POLLIN, 0},
		    {proc->ended, POLLIN, 0}};

		if (poll(fds, 2, proc_patience(proc)) < 0 && errno != EINTR)
			ret = err_errno(err, "cannot wait for output");
		if (ret == 0 && proc_read(proc, sink, context, err) < 0)
			ret = -1;
		if (ret == 0)
			ret = proc_look(proc, err);
		if (ret == 0 && cancelled && cancelled(context))
			proc_stop(proc, grace);
	}
	/* Who left the group may keep the pipe open: what is in it, no more. */
	while (ret > 0 && proc->output >= 0) {
		int more = proc_read(proc, sink, context, err);

		if (more <= 0) {
			ret = more < 0 ? -1 : ret;
			break;
		}
	}
	if (ret > 0)
		*result = proc->result;
	proc_close(proc);
	return ret < 0 ? -1 : 0;
}
