/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/proc.h"

#include "scratch.h"

struct run {
	struct buf output;
	double cancel_after; /* seconds; 0: never */
	double start;
	struct proc_result result;
};

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void sink(void *context, const char *data, size_t size)
{
	struct run *run = context;

	buf_add(&run->output, data, size);
}

static bool cancelled(void *context)
{
	const struct run *run = context;

	return run->cancel_after > 0 && now() - run->start > run->cancel_after;
}

static void run_shell(struct run *run, const char *script, unsigned grace)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct proc_options options = {.argv = argv};
	struct mldv_error err;
	struct proc proc;

	run->start = now();
	assert_int_equal(proc_start(&proc, &options, &err), 0);
	assert_int_equal(proc_wait(&proc, &run->result, sink, cancelled, run,
	                     grace, &err),
	    0);
	assert_int_equal(proc.output, -1);
}

static void joins_output_and_error(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "echo a; echo b >&2; echo c", 1);
	assert_string_equal(buf_str(&run.output), "a\nb\nc\n");
	assert_int_equal(run.result.status, 0);
	assert_int_equal(run.result.signal, 0);
	buf_release(&run.output);
}

static void tells_how_it_ended(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "exit 3", 1);
	assert_int_equal(run.result.status, 3);
	assert_int_equal(run.result.signal, 0);
	run_shell(&run, "kill -TERM $$", 1);
	assert_int_equal(run.result.status, 128 + SIGTERM);
	assert_int_equal(run.result.signal, SIGTERM);
	assert_true(run.result.usage.ru_maxrss > 0);
	assert_string_equal(buf_str(&run.output), "");
}

static void passes_much_output_whole(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "dd if=/dev/zero bs=1000 count=3000 2>/dev/null", 1);
	assert_int_equal(run.output.len, 3000000);
	buf_release(&run.output);
}

static void its_input_is_empty(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "wc -c", 1);
	assert_string_equal(buf_str(&run.output), "0\n");
	assert_int_equal(run.result.status, 0);
	buf_release(&run.output);
}

static void says_what_it_cannot_start(void **state)
{
	const char *const argv[] = {"mldv-no-such-program", NULL};
	const char *const good[] = {"true", NULL};
	const struct proc_options no_program = {.argv = argv};
	const struct proc_options no_dir = {.argv = good, .dir = "/nosuch"};
	struct mldv_error err = {0};
	struct proc proc = {0};

	(void)state;
	/* A directory that may not be searched would be another reason. */
	assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
	assert_int_equal(proc_start(&proc, &no_program, &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
	assert_string_equal(err.text,
	    "cannot run 'mldv-no-such-program': No such file or directory");
	assert_int_equal(proc_start(&proc, &no_dir, &err), -1);
	assert_string_equal(err.text,
	    "cannot enter '/nosuch': No such file or directory");
	assert_int_equal(proc.pid, 0);
	/* And left no process behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void sets_directory_and_environment(void **state)
{
	const char *const argv[] = {"sh", "-c",
	    "pwd; echo \"$MLDV_A $MLDV_B\"; env | grep -c ^MLDV_A=", NULL};
	const char *const environment[] = {"MLDV_A=new", NULL};
	const struct proc_options options = {.argv = argv,
	    .dir = "/usr",
	    .environment = environment};
	struct mldv_error err;
	struct run run = {0};
	struct proc proc;

	(void)state;
	assert_int_equal(setenv("MLDV_A", "old", 1), 0);
	assert_int_equal(setenv("MLDV_B", "kept", 1), 0);
	assert_int_equal(proc_start(&proc, &options, &err), 0);
	assert_int_equal(proc_wait(&proc, &run.result, sink, NULL, &run, 1,
	                     &err),
	    0);
	assert_string_equal(buf_str(&run.output), "/usr\nnew kept\n1\n");
	assert_string_equal(getenv("MLDV_A"), "old");
	buf_release(&run.output);
}

/* The C library's own two signals cannot be set, so they do not count. */
static void its_own_path_says_what_it_is(void **state)
{
	const char *const argv[] = {"program", NULL};
	const char *const own[] = {"PATH=/nowhere:here:/bin", NULL};
	const char *const other[] = {"PATH=/bin", NULL};
	struct proc_options options = {.argv = argv, .environment = own};
	struct proc_result result;
	struct mldv_error err;
	struct proc proc;

	(void)state;
	assert_int_equal(mkdir("here", 0777), 0);
	assert_int_equal(symlink("/bin/false", "here/program"), 0);
	assert_int_equal(proc_start(&proc, &options, &err), 0);
	assert_int_equal(proc_wait(&proc, &result, sink, cancelled,
	                     &(struct run){0}, 1, &err),
	    0);
	assert_int_equal(result.status, 1);
	options.environment = other;
	assert_int_equal(proc_start(&proc, &options, &err), -1);
	assert_non_null(strstr(err.text, "cannot run 'program'"));
}

static void expect_no_signals(const char *line)
{
	const char *colon = line ? strchr(line, ':') : NULL;

	assert_true(
	    colon && (strtoull(colon + 1, NULL, 16) & ~0x180000000ULL) == 0);
}

static void starts_with_normal_signals(void **state)
{
	struct run run = {0};
	sigset_t set;
	sigset_t before;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigfillset(&set);
	assert_int_equal(sigprocmask(SIG_SETMASK, &set, &before), 0);
	run_shell(&run, "cat /proc/self/status", 1);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	(void)signal(SIGPIPE, SIG_DFL);
	expect_no_signals(strstr(buf_str(&run.output), "SigBlk:"));
	expect_no_signals(strstr(buf_str(&run.output), "SigIgn:"));
	buf_release(&run.output);
}

static void inherits_no_descriptors(void **state)
{
	struct run run = {0};

	(void)state;
	/* Those that the test itself was given do not count. */
	for (int fd = 3; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	run_shell(&run, "ls /proc/self/fd", 1);
	/* The last is that of ls itself. */
	assert_string_equal(buf_str(&run.output), "0\n1\n2\n3\n");
	buf_release(&run.output);
}

static void waits_for_the_whole_group(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "(sleep 0.4; echo late) & exit 5", 1);
	assert_string_equal(buf_str(&run.output), "late\n");
	assert_int_equal(run.result.status, 5);
	run_shell(&run, "(exec >/dev/null 2>&1; sleep 0.4; echo x >done) &", 1);
	scratch_expect("done", "x\n");
	/* Nobody is left, dead or alive. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	buf_release(&run.output);
}

static void kills_what_the_leader_leaves_behind(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "sleep 60 & exit 0", 1);
	assert_int_equal(run.result.status, 0);
	assert_true(now() - run.start < 15);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void one_that_left_the_group_holds_nothing_up(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run,
	    "setsid sh -c 'echo $$ >pid; exec sleep 60' & "
	    "while ! [ -s pid ]; do sleep 0.01; done; echo a",
	    1);
	assert_string_equal(buf_str(&run.output), "a\n");
	assert_true(now() - run.start < 4);
	buf_reset(&run.output);
	run_shell(&run, "kill $(cat pid)", 1);
	assert_int_equal(run.result.status, 0);
	buf_release(&run.output);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

static void goes_on_when_output_is_closed(void **state)
{
	struct run run = {0};

	(void)state;
	run_shell(&run, "exec >/dev/null 2>&1; sleep 0.3; exit 4", 1);
	assert_int_equal(run.result.status, 4);
	assert_true(now() - run.start >= 0.3);
}

static void cancelling_interrupts(void **state)
{
	struct run run = {.cancel_after = 0.2};

	(void)state;
	run_shell(&run,
	    "trap 'echo int; exit 9' INT; "
	    "while :; do sleep 0.05; done",
	    20);
	assert_string_equal(buf_str(&run.output), "int\n");
	assert_int_equal(run.result.status, 9);
	assert_true(now() - run.start < 5);
	buf_release(&run.output);
}

static void after_the_grace_it_terminates(void **state)
{
	struct run run = {.cancel_after = 0.1};

	(void)state;
	run_shell(&run,
	    "trap '' INT; trap 'echo term; exit 8' TERM; "
	    "while :; do sleep 0.05; done",
	    1);
	/* The shell may say before that its sleep was terminated. */
	assert_non_null(strstr(buf_str(&run.output), "term\n"));
	assert_int_equal(run.result.status, 8);
	assert_true(now() - run.start >= 1);
	buf_release(&run.output);
}

static void what_ignores_both_is_killed(void **state)
{
	struct run run = {.cancel_after = 0.1};

	(void)state;
	run_shell(&run,
	    "trap '' INT TERM; sleep 60 & "
	    "while :; do sleep 0.05; done",
	    0);
	assert_int_equal(run.result.status, 128 + SIGKILL);
	assert_int_equal(run.result.signal, SIGKILL);
	assert_true(now() - run.start >= 5);
	assert_true(now() - run.start < 15);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Its parent, killed outright, takes the child with it. */
static void it_dies_with_its_parent(void **state)
{
	const char *const argv[] = {"sh", "-c",
	    "echo $$ >pid.new; mv pid.new pid; exec sleep 60", NULL};
	const struct proc_options options = {.argv = argv};
	struct mldv_error err;
	struct buf text = {0};
	struct proc proc;
	pid_t child;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (proc_start(&proc, &options, &err) < 0)
			_exit(1);
		while (file_exists("pid", &err) != 1)
			(void)usleep(1000);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(file_read("pid", 100, &text, &err), 0);
	child = (pid_t)strtol(buf_str(&text), NULL, 10);
	assert_true(child > 1);
	/* It is ours to reap: this process has become the reaper before. */
	assert_int_equal(waitpid(child, NULL, 0), child);
	buf_release(&text);
}

#define SCRATCH(test) \
	cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRATCH(joins_output_and_error),
	    SCRATCH(tells_how_it_ended),
	    SCRATCH(passes_much_output_whole),
	    SCRATCH(its_input_is_empty),
	    SCRATCH(says_what_it_cannot_start),
	    SCRATCH(sets_directory_and_environment),
	    SCRATCH(its_own_path_says_what_it_is),
	    SCRATCH(starts_with_normal_signals),
	    SCRATCH(inherits_no_descriptors),
	    SCRATCH(waits_for_the_whole_group),
	    SCRATCH(kills_what_the_leader_leaves_behind),
	    SCRATCH(one_that_left_the_group_holds_nothing_up),
	    SCRATCH(goes_on_when_output_is_closed),
	    SCRATCH(cancelling_interrupts),
	    SCRATCH(after_the_grace_it_terminates),
	    SCRATCH(what_ignores_both_is_killed),
	    SCRATCH(it_dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
