/* SPDX-License-Identifier: Apache-2.0 */
#include "repo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <git2.h>

#include <cmocka.h>

#include "base/strs.h"
#include "mldv/project.h"

void ok(int ret, const struct mldv_error *err)
{
	if (ret < 0)
		fail_msg("%s", err->text);
}

struct mldv_project *repo_open(const struct mldv_events *events)
{
	git_repository *repository = NULL;
	struct mldv_project *project = NULL;
	struct strs staged = {0};
	bool made;
	struct mldv_error err;

	assert_true(git_libgit2_init() > 0);
	assert_int_equal(git_repository_init(&repository, ".", 0), 0);
	git_repository_free(repository);
	ok(mldv_project_init(".", &made, &staged, &err), &err);
	strs_release(&staged);
	ok(mldv_project_open(&project, ".", events, &err), &err);
	(void)git_libgit2_shutdown();
	return project;
}
