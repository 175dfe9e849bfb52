/* SPDX-License-Identifier: Apache-2.0 */

/* A stage's command, in a shell. */

#include "base/str.h"
#include "runner/runner.h"

/* The shell's words, -c, the command. */
static int prepare(struct runner_job *job, struct mldv_error *err)
{
	struct slice rest = slice_of(job->shell);
	bool more = true;

	(void)err;
	while (more) {
		struct slice word;

		more = slice_cut(&rest, ' ', &word);
		if (word.len > 0)
			strs_add_n(&job->argv, word.data, word.len);
	}
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
