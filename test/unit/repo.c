/* SPDX-License-Identifier: Apache-2.0 */
#include "repo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <ftw.h>
#include <git2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
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

	/* The settings of whoever runs the tests are not for the tests. */
	assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	assert_true(git_libgit2_init() > 0);
	assert_int_equal(git_repository_init(&repository, ".", 0), 0);
	git_repository_free(repository);
	ok(mldv_project_init(".", &made, &staged, &err), &err);
	strs_release(&staged);
	ok(mldv_project_open(&project, ".", events, &err), &err);
	(void)git_libgit2_shutdown();
	return project;
}

static int is_not_temporary(const char *path, const struct stat *st, int type,
    struct FTW *walk)
{
	(void)st, (void)type;
	if (temp_is_name(path + walk->base))
		fail_msg("'%s' was left", path);
	return 0;
}

void expect_no_temporary(const char *dir)
{
	assert_int_equal(nftw(dir, is_not_temporary, 64, FTW_PHYS), 0);
}

void expect_alike(const char *one, const char *two)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execlp("diff", "diff", "-r", "--no-dereference", one, two,
		    (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}
