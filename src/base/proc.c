/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/* What failed between fork and exec, told through a pipe. */
enum step { STEP_PREPARE, STEP_DIR, STEP_EXEC };

struct report {
	enum step step;
	int error;
};

/* Is a variable named in these settings? */
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
static char **make_environment(struct arena *arena,
    const struct proc_options *options)
{
	const char *const *settings = options->environment;
	char **inherited = options->clean ? NULL : environ;
	size_t count = 0;
	char **out;

	for (char **at = inherited; at && *at; at++)
		count++;
	for (const char *const *at = settings; at && *at; at++)
		count++;
	out = arena_array(arena, count + 1, sizeof *out);
	count = 0;
	for (char **at = inherited; at && *at; at++) {
		if (!is_set(settings, *at))
			out[count++] = *at;
	}
	for (const char *const *at = settings; at && *at; at++) {
		if (!is_set(at + 1, *at))
			out[count++] = arena_str(arena, *at);
	}
	return out;
}

/*
 * Where the child is to look for its program: it has the PATH that it gets,
 * and after vfork(2) that cannot be put where execvp(3) finds it.
 */
static const char **make_programs(struct arena *arena, const char *name,
    char **environment)
{
	const char *path = "/bin:/usr/bin";
	const char **out;
	size_t count = 2;

	for (; *environment; environment++) {
		if (strncmp(*environment, "PATH=", 5) == 0)
			path = *environment + 5;
	}
	for (const char *at = path; *at; at++)
		count += *at == ':';
	out = arena_array(arena, count, sizeof *out);
	if (strchr(name, '/') || !name[0]) {
		out[0] = name;
		return out;
	}
	for (count = 0;; path++) {
		size_t len = strcspn(path, ":");

		out[count++] = len > 0
		    ? arena_printf(arena, "%.*s/%s", (int)len, path, name)
		    : arena_printf(arena, "./%s", name);
		path += len;
		if (!*path)
			return out;
	}
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
	const char **programs; /* what argv[0] may be, with a slash */
	char **environment;
	const char *dir;
	int output;
	int errors;
	int report;
	pid_t parent;
};

/*
 * From here to exec, only what may be called after vfork: the memory is the
 * parent's, which waits. Signals are blocked until none has a handler there.
 */
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

/* As execvp(3): of several that are not there or may not be run. */
static void run_program(const struct child *child)
{
	int error = ENOENT;

	for (const char **at = child->programs; *at; at++) {
		/* With a slash, so that it does not look for it. */
		(void)execvpe(*at, child->argv, child->environment);
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR &&
		    errno != ESTALE && errno != ENODEV && errno != ETIMEDOUT)
			return;
	}
	errno = error;
}

static _Noreturn void run_child(const struct child *child)
{
	struct report report = {.step = STEP_PREPARE};

	if (prepare_child(child)) {
		report.step = STEP_DIR;
		if (!child->dir || chdir(child->dir) == 0) {
			report.step = STEP_EXEC;
			run_program(child);
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

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/*
 * As fork(2), which would copy what the child only throws away again: that
 * costs more than all the rest.
 */
static pid_t start_child(const struct child *child)
{
	sigset_t all;
	sigset_t old;
	pid_t pid;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid = vfork();
	if (pid == 0)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		run_child(child);
	error = errno;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
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
	proc->pid = start_child(child);
	if (proc->pid < 0)
		return err_errno(err, "cannot run '%s'", child->argv[0]);
	/* Done on both sides, so that neither need wait for the other. */
	(void)setpgid(proc->pid, proc->pid);
	(void)close(report[1]);
	report[1] = -1;
	ret = read_report(report[0], child, err);
	if (ret < 0)
		reap(proc->pid);
	return ret;
}

int proc_start(struct proc *proc, const struct proc_options *options,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct child child = {.dir = options->dir};
	struct proc started = {.output = -1, .ended = -1};
	int report[2];
	int output[2];
	int ret = -1;

	if (open_pipe(output, err) < 0)
		return -1;
	if (open_pipe(report, err) < 0)
		goto out;
	child.argv = make_arguments(&arena, options->argv);
	child.environment = make_environment(&arena, options);
	child.programs =
	    make_programs(&arena, child.argv[0], child.environment);
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
		/* Before Linux 5.3 there is none; then one looks often. */
		started.ended = (int)syscall(SYS_pidfd_open, started.pid, 0);
		*proc = started;
	} else {
		(void)close(output[0]);
	}
	arena_release(&arena);
	return ret;
}
