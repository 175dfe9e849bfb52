/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

/* What failed between fork and exec, told through a pipe. */
enum step { STEP_PREPARE, STEP_DIR, STEP_EXEC };

struct report {
	enum step step;
	int error;
};

static bool is_set(const char *const *settings, const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (; settings && *settings; settings++) {
		if (strncmp(*settings, variable, len) == 0 &&
		    (*settings)[len] == '=')
			return true;
	}
	return false;
}

/* The inherited environment, and over it the given one. */
static char **make_environment(struct arena *arena, const char *const *settings)
{
	size_t count = 0;
	char **out;

	for (char **at = environ; at && *at; at++)
		count++;
	for (const char *const *at = settings; at && *at; at++)
		count++;
	out = arena_array(arena, count + 1, sizeof *out);
	count = 0;
	for (char **at = environ; at && *at; at++) {
		if (!is_set(settings, *at))
			out[count++] = *at;
	}
	for (const char *const *at = settings; at && *at; at++)
		out[count++] = arena_str(arena, *at);
	return out;
}

static char **make_arguments(struct arena *arena, const char *const *argv)
{
	size_t count = 0;
	char **out;

	while (argv[count])
		count++;
	out = arena_array(arena, count + 1, sizeof *out);
	for (size_t i = 0; i < count; i++)
		out[i] = arena_str(arena, argv[i]);
	return out;
}

/* A pipe out of the way of descriptors 0 to 2, should one be closed here. */
static int open_pipe(int ends[2], struct mldv_error *err)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	for (int i = 0; i < 2; i++) {
		int old = ends[i];
		int error;

		if (old > STDERR_FILENO)
			continue;
		ends[i] = fcntl(old, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		error = errno;
		(void)close(old);
		if (ends[i] < 0) {
			(void)close(ends[1 - i]);
			errno = error;
			return err_errno(err, "cannot make a pipe");
		}
	}
	return 0;
}

struct child {
	char **argv;
	char **environment;
	const char *dir;
	int output;
	int errors;
	int report;
	pid_t parent;
};

/* From here to exec, only what may be called after fork with threads. */
static bool prepare_child(const struct child *child)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t none;
	int null;

	if (setpgid(0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL) < 0)
		return false;
	/* It may have died before that. */
	if (getppid() != child->parent)
		_exit(1);
	/* Some cannot be set, which is as well. */
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &normal, NULL);
	(void)sigemptyset(&none);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
	    dup2(child->output, STDOUT_FILENO) < 0 ||
	    dup2(child->errors, STDERR_FILENO) < 0)
		return false;
	return null == STDIN_FILENO ? fcntl(null, F_SETFD, 0) == 0
	                            : dup2(null, STDIN_FILENO) >= 0;
}

static _Noreturn void run_child(const struct child *child)
{
	struct report report = {.step = STEP_PREPARE};

	if (prepare_child(child)) {
		report.step = STEP_DIR;
		if (!child->dir || chdir(child->dir) == 0) {
			report.step = STEP_EXEC;
			environ = child->environment;
			(void)execvp(child->argv[0], child->argv);
		}
	}
	report.error = errno;
	if (write(child->report, &report, sizeof report) < 0)
		_exit(127);
	_exit(127);
}

/* Waits until the child runs, or says why it does not. */
static int read_report(int fd, const struct child *child,
    struct mldv_error *err)
{
	struct report report;
	ssize_t n;

	do
		n = read(fd, &report, sizeof report);
	while (n < 0 && errno == EINTR);
	if (n != sizeof report)
		return 0;
	errno = report.error;
	if (report.step == STEP_DIR)
		return err_errno(err, "cannot enter '%s'", child->dir);
	return err_errno(err, "cannot run '%s'", child->argv[0]);
}

static pid_t reap(pid_t pid, int *status, int flags, struct rusage *usage)
{
	pid_t got;

	do
		got = wait4(pid, status, flags, usage);
	while (got < 0 && errno == EINTR);
	return got;
}

static int start(struct proc *proc, struct child *child, int report[2],
    struct mldv_error *err)
{
	struct sigaction action;
	int ret;

	/* A parent that ignored it would leave nothing to wait for. */
	if (sigaction(SIGCHLD, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN) {
		action.sa_handler = SIG_DFL;
		(void)sigaction(SIGCHLD, &action, NULL);
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL) < 0)
		return err_errno(err, "cannot become a reaper of processes");
	child->report = report[1];
	child->parent = getpid();
	proc->pid = fork();
	if (proc->pid < 0)
		return err_errno(err, "cannot run '%s'", child->argv[0]);
	if (proc->pid == 0)
		run_child(child);
	/* Done on both sides, so that neither need wait for the other. */
	(void)setpgid(proc->pid, proc->pid);
	(void)close(report[1]);
	report[1] = -1;
	ret = read_report(report[0], child, err);
	if (ret < 0)
		(void)reap(proc->pid, NULL, 0, NULL);
	return ret;
}

int proc_start(struct proc *proc, const struct proc_options *options,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct child child = {.dir = options->dir};
	struct proc started = {.output = -1};
	int report[2];
	int output[2];
	int ret = -1;

	if (open_pipe(output, err) < 0)
		return -1;
	if (open_pipe(report, err) < 0)
		goto out;
	child.argv = make_arguments(&arena, options->argv);
	child.environment = make_environment(&arena, options->environment);
	child.output = output[1];
	child.errors = options->errors ? options->errors : output[1];
	ret = start(&started, &child, report, err);
	(void)close(report[0]);
	if (report[1] >= 0)
		(void)close(report[1]);
out:
	(void)close(output[1]);
	if (ret == 0) {
		started.output = output[0];
		*proc = started;
	} else {
		(void)close(output[0]);
	}
	arena_release(&arena);
	return ret;
}

/*
 * Waiting. The leader is reaped as soon as it ends; its group lives on as
 * long as kill(2) finds a process in it. Orphans of the group become children
 * of this process, so it is they that are reaped until the group is empty.
 */

enum {
	TICK_MS = 100,
	LINGER_SECONDS = 5, /* for what the leader left behind */
	KILL_SECONDS = 5,   /* from SIGTERM to SIGKILL */
	PIECE = 64 * 1024,
};

struct wait {
	struct proc *proc;
	struct proc_result *result;
	void (*sink)(void *context, const char *data, size_t size);
	bool (*cancelled)(void *context);
	void *context;
	unsigned grace;
	bool leader_ended;
	bool group_ended;
	int signals; /* how many were sent for being cancelled */
	double cancelled_at;
	double leader_ended_at;
	int tick; /* milliseconds to wait without output */
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

static int reap_leader(struct wait *wait, struct mldv_error *err)
{
	struct proc_result *result = wait->result;
	int status;
	pid_t pid = reap(wait->proc->pid, &status, WNOHANG, &result->usage);

	if (pid == 0)
		return 0;
	if (pid < 0)
		return err_errno(err, "cannot wait for process %ld",
		    (long)wait->proc->pid);
	wait->leader_ended = true;
	wait->leader_ended_at = now();
	wait->tick = 1;
	if (WIFSIGNALED(status)) {
		result->signal = WTERMSIG(status);
		result->status = 128 + result->signal;
	} else {
		result->signal = 0;
		result->status = WEXITSTATUS(status);
	}
	return 0;
}

static void reap_orphans(struct wait *wait)
{
	pid_t group = wait->proc->pid;
	struct rusage usage;

	while (reap(-group, NULL, WNOHANG, &usage) > 0)
		add_usage(&wait->result->usage, &usage);
	if (kill(-group, 0) < 0 && errno == ESRCH)
		wait->group_ended = true;
	else if (now() - wait->leader_ended_at > LINGER_SECONDS)
		(void)kill(-group, SIGKILL);
}

/* What is stopped is woken, else it would not see the signal. */
static void signal_group(pid_t group, int signal)
{
	(void)kill(-group, signal);
	(void)kill(-group, SIGCONT);
}

static void stop_group(struct wait *wait)
{
	pid_t group = wait->proc->pid;
	double since;

	if (wait->signals == 0) {
		if (!wait->cancelled || !wait->cancelled(wait->context))
			return;
		wait->cancelled_at = now();
		wait->signals = 1;
		signal_group(group, SIGINT);
	}
	since = now() - wait->cancelled_at;
	if (wait->signals == 1 && since >= wait->grace) {
		wait->signals = 2;
		signal_group(group, SIGTERM);
	}
	if (wait->signals == 2 && since >= wait->grace + KILL_SECONDS) {
		wait->signals = 3;
		(void)kill(-group, SIGKILL);
	}
}

static void close_output(struct wait *wait)
{
	if (wait->proc->output >= 0)
		(void)close(wait->proc->output);
	wait->proc->output = -1;
}

/* Waits for output at most that long; 1 if there was some. */
static int copy_output(struct wait *wait, char *piece, int timeout,
    struct mldv_error *err)
{
	struct pollfd poll_fd = {wait->proc->output, POLLIN, 0};
	ssize_t n;
	/* Poll overlooks the -1 that a closed output is, and just waits. */
	int ready = poll(&poll_fd, 1, timeout);

	if (ready < 0 && errno != EINTR)
		return err_errno(err, "cannot wait for output");
	if (ready <= 0)
		return 0;
	n = read(wait->proc->output, piece, PIECE);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return err_errno(err, "cannot read output");
	if (n == 0)
		close_output(wait);
	else if (wait->sink)
		wait->sink(wait->context, piece, (size_t)n);
	return n > 0;
}

/* Once no output is left to tell of changes, looks ever less often. */
static int timeout_of(struct wait *wait)
{
	int tick = wait->tick;

	if (wait->proc->output >= 0 && !wait->leader_ended)
		return TICK_MS;
	wait->tick = tick * 2 < TICK_MS ? tick * 2 : TICK_MS;
	return tick;
}

static int wait_for_group(struct wait *wait, char *piece,
    struct mldv_error *err)
{
	int got;

	while (!wait->group_ended) {
		if (copy_output(wait, piece, timeout_of(wait), err) < 0)
			return -1;
		if (!wait->leader_ended && reap_leader(wait, err) < 0)
			return -1;
		if (wait->leader_ended)
			reap_orphans(wait);
		if (!wait->group_ended)
			stop_group(wait);
	}
	/* Who left the group may keep the pipe open: what is in it, no more. */
	do
		got = wait->proc->output >= 0 ? copy_output(wait, piece, 0, err)
		                              : 0;
	while (got > 0);
	return got;
}

/* NOLINTNEXTLINE(readability-function-size): three are one callback */
int proc_wait(struct proc *proc, struct proc_result *result,
    void (*sink)(void *context, const char *data, size_t size),
    bool (*cancelled)(void *context), void *context, unsigned grace,
    struct mldv_error *err)
{
	struct proc_result ended = {0};
	struct wait wait = {
	    .proc = proc,
	    .result = &ended,
	    .sink = sink,
	    .cancelled = cancelled,
	    .context = context,
	    .grace = grace,
	    .tick = 1,
	};
	char *piece = xmalloc(PIECE);
	int ret = wait_for_group(&wait, piece, err);

	if (ret < 0 && !wait.group_ended) {
		(void)kill(-proc->pid, SIGKILL);
		if (!wait.leader_ended)
			(void)reap(proc->pid, NULL, 0, NULL);
	}
	close_output(&wait);
	free(piece);
	if (ret == 0)
		*result = ended;
	proc->pid = 0;
	return ret;
}
