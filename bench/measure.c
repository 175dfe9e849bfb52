/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command and says what it took.
 *
 *   measure [-n RUNS] RESULT COMMAND [ARGUMENT]...
 *
 * Appends a line to the file RESULT for each run: wall, user and system
 * seconds, the largest resident set of one process in KiB, and the exit status
 * (or 128 and the signal). It stands between the driver and the command
 * because a process is charged with the memory of the one that it was forked
 * from, and this one has next to none.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void stop(const char *what)
{
	(void)fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

static double now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void run(FILE *result, char **command)
{
	struct rusage usage;
	double start = now();
	pid_t child = fork();
	int status;

	if (child < 0)
		stop("fork");
	if (child == 0) {
		(void)execvp(command[0], command);
		(void)fprintf(stderr, "measure: %s: %s\n", command[0],
		    strerror(errno));
		_exit(127);
	}
	while (wait4(child, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			stop("wait4");
	}
	(void)fprintf(result, "%.6f %.6f %.6f %ld %d\n", now() - start,
	    seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	long runs = 1;
	FILE *result;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		runs = strtol(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || runs < 1) {
		(void)fputs("usage: measure [-n RUNS] RESULT COMMAND [ARGUMENT]"
		            "...\n",
		    stderr);
		return 2;
	}
	result = fopen(argv[1], "ae");
	if (!result)
		stop(argv[1]);
	for (long i = 0; i < runs; i++)
		run(result, argv + 2);
	if (fclose(result) != 0)
		stop(argv[1]);
	return 0;
}
