/* SPDX-License-Identifier: Apache-2.0 */

/*
 * mldv: data and pipelines under version control, beside Git.
 *
 * This program is built in floors; a file includes only what lies lower.
 *
 *   base/       strings, memory, errors, files, processes, threads: knows
 *               nothing of mldv
 *   format/     what is written down (pointer, tree, pack index, manifest,
 *               key, run, lock, mldv.ini): text to value and back, no I/O
 *   store/      the objects of this clone: packs, large files; run records,
 *               stat cache
 *   git/        the Git repository around a project
 *   net/        HTTP requests, many at once
 *   aws/        credentials, signatures, and services as thin clients: S3,
 *               SageMaker, ECS, ECR, CloudWatch Logs
 *   remote/     objects to and from where they are shared
 *   project/    a verb each: add, checkout, status, diff, push, pull, fsck
 *   runner/     what carries a stage out, here or elsewhere
 *   pipeline/   stages: the graph, what is stale and why, running it
 *   command/    one file a command: options in, text out; prints, alone
 *
 * include/mldv/ is what the commands may use: read it to know what the
 * program can do. A command's way: main() below, command_main() in
 * command/command.c finds it in command/table.c and parses its options, its
 * run() calls an mldv_ function, and an error comes back here.
 */

#include "command/command.h"

static int exit_status(enum mldv_code code)
{
	static const unsigned char statuses[] = {
	    [MLDV_FAILED] = 1,
	    [MLDV_NOT_FOUND] = 1,
	    [MLDV_EXISTS] = 1,
	    [MLDV_USAGE] = 2,
	    [MLDV_NO] = 3,
	    [MLDV_CORRUPT] = 4,
	    [MLDV_MISSING] = 5,
	    [MLDV_BUSY] = 6,
	    [MLDV_INTERRUPTED] = 130,
	    [MLDV_TERMINATED] = 143,
	};

	return code > MLDV_ENDED ? (int)code - MLDV_ENDED : statuses[code];
}

int main(int argc, char **argv)
{
	struct mldv_error err = {0};

	if (command_main(argc, argv, &err) == 0)
		return 0;
	term_error(err.text);
	return exit_status(err.code);
}
