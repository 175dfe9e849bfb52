/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inject WHAT N HOW COUNT-FILE COMMAND [ARGUMENT...]
 *
 * Runs a command, and at its Nth system call that WHAT names, before the call
 * is made, kills it (HOW is KILL), sends it a signal (INT, TERM), or makes the
 * call fail (EIO, ENOSPC, EROFS, EACCES). N+ means that one and all after it.
 * WHAT is a list: write, sync, create, rename, remove, mkdir, link, attr; or
 * "all". How many such calls there were is written to COUNT-FILE: fewer than
 * N, and nothing was done. The status is the command's, or 128 and the signal
 * that ended it.
 *
 * This is what strace -e inject does, except that the count is one for all
 * threads and all these calls (strace has one for each thread and call, so
 * the second thread's first write is never alone), that what the command
 * starts is neither counted nor hurt, and that messages (descriptors 0 to 2)
 * do not count.
 */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* What changes a file system, and how it is called here. */
static const struct call {
	const char *group;
	long number;
	int flags; /* which argument has the flags that must hold O_CREAT */
} calls[] = {
    {"write", SYS_write, 0},
    {"write", SYS_pwrite64, 0},
    {"write", SYS_writev, 0},
    {"write", SYS_pwritev, 0},
    {"write", SYS_copy_file_range, 0},
    {"write", SYS_sendfile, 0},
    {"write", SYS_ftruncate, 0},
    {"write", SYS_fallocate, 0},
    {"sync", SYS_fsync, 0},
    {"sync", SYS_fdatasync, 0},
    {"sync", SYS_syncfs, 0},
    {"create", SYS_openat, 2},
    {"create", SYS_openat2, 2},
    {"rename", SYS_renameat2, 0},
    {"remove", SYS_unlinkat, 0},
    {"mkdir", SYS_mkdirat, 0},
    {"link", SYS_linkat, 0},
    {"link", SYS_symlinkat, 0},
    {"attr", SYS_fchmod, 0},
    {"attr", SYS_fchmodat, 0},
    {"attr", SYS_utimensat, 0},
    {"write", SYS_ioctl, 0}, /* FICLONE, of all of them */
#ifdef SYS_open
    {"create", SYS_open, 1},
    {"rename", SYS_rename, 0},
    {"rename", SYS_renameat, 0},
    {"remove", SYS_unlink, 0},
    {"remove", SYS_rmdir, 0},
    {"mkdir", SYS_mkdir, 0},
    {"link", SYS_link, 0},
    {"link", SYS_symlink, 0},
    {"attr", SYS_chmod, 0},
#endif
};

static const struct how {
	const char *name;
	int signal;
	int error;
} hows[] = {
    {"KILL", SIGKILL, 0},
    {"INT", SIGINT, 0},
    {"TERM", SIGTERM, 0},
    {"EIO", 0, EIO},
    {"ENOSPC", 0, ENOSPC},
    {"EROFS", 0, EROFS},
    {"EACCES", 0, EACCES},
};

#define FICLONE_REQUEST 0x40049409
#define THREADS_MAX     64

struct inject {
	const char *what;
	unsigned long at;
	bool onwards;
	struct how how;
	pid_t main;
	unsigned long count;
	pid_t failing[THREADS_MAX]; /* threads in a call that is to fail */
};

static void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(125);
}

static bool wants(const struct inject *inject, const char *group)
{
	const char *found = inject->what;
	size_t size = strlen(group);

	if (strcmp(inject->what, "all") == 0)
		return true;
	while ((found = strstr(found, group))) {
		if ((found == inject->what || found[-1] == ',') &&
		    (found[size] == ',' || found[size] == '\0'))
			return true;
		found += size;
	}
	return false;
}

/* Whether a call that opens a file may make it. */
static bool creates(pid_t tid, const struct __ptrace_syscall_info *info,
    int which)
{
	uint64_t flags = info->entry.args[which];

	if (info->entry.nr == SYS_openat2) {
		struct iovec to = {&flags, sizeof flags};
		struct iovec from = {NULL, sizeof flags};

		memcpy(&from.iov_base, &flags, sizeof from.iov_base);
		if (process_vm_readv(tid, &to, 1, &from, 1, 0) < 0)
			return false;
	}
	return flags & O_CREAT;
}

static bool counts(const struct inject *inject, pid_t tid,
    const struct __ptrace_syscall_info *info)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		const struct call *call = &calls[i];

		if ((uint64_t)call->number != info->entry.nr)
			continue;
		if (!wants(inject, call->group))
			return false;
		if (call->flags)
			return creates(tid, info, call->flags);
		if (call->number == SYS_ioctl)
			return info->entry.args[1] == FICLONE_REQUEST;
		if (call->number == SYS_write || call->number == SYS_writev)
			return info->entry.args[0] > 2;
		return true;
	}
	return false;
}

/* Puts another number in place of the call's, or a result. */
static void set_call(pid_t tid, bool result, long value)
{
	struct user_regs_struct regs;
	struct iovec io = {&regs, sizeof regs};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &io) < 0)
		return;
#if defined(__x86_64__)
	if (result)
		regs.rax = (unsigned long long)value;
	else
		regs.orig_rax = (unsigned long long)value;
#elif defined(__aarch64__)
	if (!result) {
		int number = (int)value;
		struct iovec call = {&number, sizeof number};

		ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &call);
		return;
	}
	regs.regs[0] = (unsigned long long)value;
#else
#error "how is a system call's result set here?"
#endif
	ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &io);
}

static pid_t *slot(struct inject *inject, pid_t tid)
{
	for (size_t i = 0; i < THREADS_MAX; i++)
		if (inject->failing[i] == tid)
			return &inject->failing[i];
	return NULL;
}

static void strike(struct inject *inject, pid_t tid)
{
	if (inject->how.signal) {
		kill(inject->main, inject->how.signal);
		return;
	}
	pid_t *free_slot = slot(inject, 0);

	if (free_slot) {
		*free_slot = tid;
		set_call(tid, false, -1);
	}
}

static void at_call(struct inject *inject, pid_t tid)
{
	struct __ptrace_syscall_info info;
	pid_t *failing;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		failing = slot(inject, tid);
		if (failing) {
			*failing = 0;
			set_call(tid, true, -inject->how.error);
		}
		return;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !counts(inject, tid, &info))
		return;
	inject->count++;
	if (inject->count == inject->at ||
	    (inject->onwards && inject->count > inject->at))
		strike(inject, tid);
}

/* Waits for all its threads; the command's status as a shell would say it. */
static int watch(struct inject *inject)
{
	int status, result = 125;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (tid == inject->main)
				result = WIFEXITED(status)
				    ? WEXITSTATUS(status)
				    : 128 + WTERMSIG(status);
			continue;
		}
		int signal = WSTOPSIG(status);

		if (signal == (SIGTRAP | 0x80))
			at_call(inject, tid);
		if (signal == (SIGTRAP | 0x80) || status >> 16)
			signal = 0;
		ptrace(PTRACE_SYSCALL, tid, 0, signal);
	}
	return result;
}

static void start(struct inject *inject, char **argv)
{
	int ready[2];
	char byte = 0;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe");
	inject->main = fork();
	if (inject->main < 0)
		die("fork");
	if (inject->main == 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			_exit(125);
		/* LeakSanitizer cannot work in a process that is traced. */
		(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		execvp(*argv, argv);
		die(*argv);
	}
	if (ptrace(PTRACE_SEIZE, inject->main, 0,
	        PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE) < 0)
		die("ptrace");
	/* Stops it where it waits, so that the next stop is a call's. */
	if (ptrace(PTRACE_INTERRUPT, inject->main, 0, 0) < 0 ||
	    write(ready[1], &byte, 1) != 1)
		die("start");
	close(ready[0]);
	close(ready[1]);
}

int main(int argc, char **argv)
{
	struct inject inject = {0};
	char *end;
	FILE *count;
	int result;

	errno = EINVAL;
	if (argc < 6)
		die("WHAT N HOW COUNT-FILE COMMAND [ARGUMENT...]");
	inject.what = argv[1];
	inject.at = strtoul(argv[2], &end, 10);
	inject.onwards = *end == '+';
	for (size_t i = 0; i < sizeof hows / sizeof *hows; i++)
		if (strcmp(argv[3], hows[i].name) == 0)
			inject.how = hows[i];
	if (!inject.how.name)
		die(argv[3]);
	start(&inject, argv + 5);
	/* What a terminal sends is for the command; this waits for it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	result = watch(&inject);
	count = fopen(argv[4], "w");
	if (!count || fprintf(count, "%lu\n", inject.count) < 0 ||
	    fclose(count) != 0)
		die(argv[4]);
	return result;
}
