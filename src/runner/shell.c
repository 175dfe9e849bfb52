/* SPDX-License-Identifier: Apache-2.0 */

/* A stage's command, in a shell. */

#include "base/str.h"
#include "runner/runner.h"

/* The shell's words, -c, the command. */
static int prepare(struct runner_job *job, struct mldv_error *err)
{
	(void)err;
	strs_add_words(&job->argv, job->shell);
	strs_add(&job->argv, "-c");
	strs_add(&job->argv, job->stage->cmd);
	return 0;
}

const struct runner runner_shell = {
    .name = "shell",
    .version = 1,
    .prepare = prepare,
    .finish = runner_check_result,
};
