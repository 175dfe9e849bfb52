/* SPDX-License-Identifier: Apache-2.0 */

/* Against real repositories, made and looked at with the git program. */

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "git/git.h"

/* libgit2 1.5 loses a block whenever a revision looks like none. */
/* NOLINTBEGIN(cert-dcl*,readability-identifier-naming): LeakSanitizer's name */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\nleak:pcre2_match";
}
/* NOLINTEND(cert-dcl*,readability-identifier-naming) */

struct place {
	char dir[PATH_MAX];
	struct git *git;
	struct mldv_error err;
	struct buf out;
	struct buf line;
	struct strs strs;
};

/* Runs shell code in the repository: its exit status. */
static int try(const struct place *place, const char *code)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-ec"}, NULL, NULL};
	struct buf text = {0};
	int status;
	pid_t pid;

	buf_printf(&text, "cd '%s'\n%s", place->dir, code);
	argv[2] = text.data;
	assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ),
	    0);
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	buf_release(&text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void sh(const struct place *place, const char *code)
{
	if (try(place, code) != 0)
		fail_msg("failed: %s", code);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	(void)snprintf(place->dir, sizeof(place->dir), "/tmp/git-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	sh(place,
	    "git init -q -b main; git config user.name A;"
	    "git config user.email a@example.org");
	assert_int_equal(git_open(&place->git, place->dir, &place->err), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	git_close(place->git);
	sh(place, "rm -rf \"$PWD\"");
	buf_release(&place->out);
	buf_release(&place->line);
	strs_release(&place->strs);
	free(place);
	return 0;
}

static void stage(struct place *place, const char *path)
{
	struct strs paths = {0};

	strs_add(&paths, path);
	if (git_stage(place->git, &paths, &place->err) < 0)
		fail_msg("%s", place->err.text);
	strs_release(&paths);
}

static void finds_the_root_from_below(void **state)
{
	struct place *place = *state;
	char real[PATH_MAX];
	struct git *git;

	sh(place, "mkdir -p a/b");
	assert_int_equal(chdir(place->dir), 0);
	assert_int_equal(git_open(&git, "a/b", &place->err), 0);
	assert_non_null(realpath(place->dir, real));
	assert_string_equal(git_root(git), real);
	buf_printf(&place->out, "%s/.git", real);
	assert_string_equal(git_common(git), buf_str(&place->out));
	git_close(git);
	assert_int_equal(chdir("/"), 0);
}

static void a_linked_work_tree_shares_the_common_directory(void **state)
{
	struct place *place = *state;
	struct git *git;

	sh(place, "git commit -q --allow-empty -m 1; git worktree add -q w");
	buf_printf(&place->out, "%s/w", place->dir);
	assert_int_equal(git_open(&git, buf_str(&place->out), &place->err), 0);
	assert_string_equal(git_root(git), buf_str(&place->out));
	assert_string_equal(git_common(git), git_common(place->git));
	sh(place, "echo x >w/f");
	strs_add(&place->strs, "f");
	assert_int_equal(git_stage(git, &place->strs, &place->err), 0);
	sh(place, "test \"$(git -C w ls-files)\" = f");
	sh(place, "test -z \"$(git ls-files)\"");
	git_close(git);
}

static void says_git_init_outside_of_a_repository(void **state)
{
	struct place *place = *state;
	struct git *git;

	sh(place, "rm -rf .git");
	assert_int_equal(git_open(&git, place->dir, &place->err), -1);
	assert_int_equal(place->err.code, MLDV_NOT_FOUND);
	assert_non_null(strstr(place->err.text, "run 'git init'"));
}

static void refuses_bare_repositories_and_the_git_directory(void **state)
{
	struct place *place = *state;
	struct git *git;

	buf_printf(&place->out, "%s/.git", place->dir);
	assert_int_equal(git_open(&git, buf_str(&place->out), &place->err), -1);
	assert_non_null(strstr(place->err.text, "is not in the work tree"));
	sh(place, "git init -q --bare bare");
	buf_reset(&place->out);
	buf_printf(&place->out, "%s/bare", place->dir);
	assert_int_equal(git_open(&git, buf_str(&place->out), &place->err), -1);
	assert_non_null(strstr(place->err.text, "bare"));
}

static void opens_repositories_with_newer_extensions(void **state)
{
	struct place *place = *state;
	struct git *git;

	sh(place,
	    "git config core.repositoryformatversion 1;"
	    "git config extensions.worktreeConfig true");
	assert_int_equal(git_open(&git, place->dir, &place->err), 0);
	git_close(git);
}

static void tells_what_is_tracked(void **state)
{
	struct place *place = *state;
	struct git *git = place->git;

	sh(place, "mkdir d d-e; touch d/x d-e/y top; git add .");
	assert_int_equal(git_is_tracked(git, "d/x", &place->err), 1);
	assert_int_equal(git_is_tracked(git, "d", &place->err), 1);
	assert_int_equal(git_is_tracked(git, "d-", &place->err), 0);
	assert_int_equal(git_is_tracked(git, "d/y", &place->err), 0);
	assert_int_equal(git_first_tracked(git, "d-e", &place->out,
	                     &place->err),
	    1);
	assert_string_equal(buf_str(&place->out), "d-e/y");
	assert_int_equal(git_first_tracked(git, "e", &place->out, &place->err),
	    0);
	sh(place, "git rm -q --cached d/x");
	assert_int_equal(git_is_tracked(git, "d", &place->err), 0);
}

static void tells_what_lies_in_a_submodule(void **state)
{
	struct place *place = *state;
	struct git *git = place->git;

	sh(place, "mkdir -p plain sub/deep; git init -q sub");
	assert_int_equal(git_in_submodule(git, "plain/x", &place->err), 0);
	assert_int_equal(git_in_submodule(git, "sub/deep/x", &place->err), 1);
	assert_int_equal(git_in_submodule(git, "sub", &place->err), 1);
	assert_int_equal(git_in_submodule(git, "subway", &place->err), 0);
}

/* --- ignoring --- */

static void ignored(struct place *place, const char *path, const char *rule)
{
	int ret = git_is_ignored(place->git, path, &place->out, &place->err);

	assert_int_equal(ret, rule != NULL);
	assert_string_equal(buf_str(&place->out), rule != NULL ? rule : "");
	/* As git itself says. */
	buf_reset(&place->line);
	buf_printf(&place->line, "git check-ignore -q '%s'", path);
	assert_int_equal(try(place, buf_str(&place->line)), rule == NULL);
}

static void names_the_rule_that_ignores(void **state)
{
	struct place *place = *state;

	sh(place,
	    "mkdir -p data/raw sub; printf '# c\\n\\n/data/\\n*.o\\n"
	    "!keep.o\\n' >.gitignore; echo '*.tmp' >.git/info/exclude;"
	    "echo x.bin >sub/.gitignore");
	ignored(place, "data/raw/a.mldv", ".gitignore:3");
	ignored(place, "sub/x.o", ".gitignore:4");
	ignored(place, "sub/keep.o", NULL);
	ignored(place, "sub/x.bin", "sub/.gitignore:1");
	ignored(place, "x.bin", NULL);
	ignored(place, "sub/y.tmp", ".git/info/exclude:1");
}

static void what_is_in_an_ignored_directory_stays_ignored(void **state)
{
	struct place *place = *state;

	sh(place,
	    "mkdir -p data; printf '/data/\\n!/data/a.mldv\\n' "
	    ">.gitignore");
	ignored(place, "data/a.mldv", ".gitignore:1");
	sh(place,
	    "printf '/data/**\\n!/data/**/\\n!/data/**/*.mldv\\n' "
	    ">.gitignore; mkdir -p data/raw");
	ignored(place, "data/a.mldv", NULL);
	ignored(place, "data/raw/a.mldv", NULL);
	ignored(place, "data/raw/a", ".gitignore:1");
}

static void the_user_file_of_excludes_is_named(void **state)
{
	struct place *place = *state;

	sh(place,
	    "echo '*.mldv' >mine; git config core.excludesFile "
	    "\"$PWD/mine\"");
	assert_int_equal(git_is_ignored(place->git, "a.mldv", &place->out,
	                     &place->err),
	    1);
	buf_printf(&place->line, "%s/mine:1", place->dir);
	assert_string_equal(buf_str(&place->out), buf_str(&place->line));
}

static void what_git_tracks_is_not_ignored(void **state)
{
	struct place *place = *state;

	sh(place, "touch a.mldv; git add a.mldv; echo '*.mldv' >.gitignore");
	ignored(place, "a.mldv", NULL);
}

static int ignore_add(struct place *place, const char *path)
{
	return git_ignore_add(place->git, path, &place->out, &place->line,
	    &place->err);
}

static void every_name_can_be_ignored(void **state)
{
	static const char *const names[] = {"plain", "#hash", "!bang", "sp ",
	    " lead", "a b", "st*r", "q?", "[br]", "back\\slash", "back\\",
	    "two  ", "tab\t", "new\nline", "-dash", "\x83\x8f", "\xe3\x81\x82",
	    "semi;colon", "quo'te", "cr\r"};
	struct place *place = *state;
	struct buf path = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_reset(&path);
		buf_printf(&path, "%s/d", place->dir);
		(void)mkdir(buf_str(&path), 0777);
		buf_printf(&path, "/%s", names[i]);
		assert_int_equal(file_replace(buf_str(&path), "x", 1,
		                     &place->err),
		    0);
		buf_reset(&path);
		buf_printf(&path, "d/%s", names[i]);
		assert_int_equal(ignore_add(place, buf_str(&path)), 1);
		assert_int_equal(ignore_add(place, buf_str(&path)), 0);
		assert_string_equal(buf_str(&place->out), "d/.gitignore");
		if (git_is_ignored(place->git, buf_str(&path), NULL,
		        &place->err) != 1)
			fail_msg("libgit2 does not ignore '%s'", names[i]);
	}
	/* Nothing is left that git would add but the .gitignore. */
	sh(place,
	    "test \"$(git status --porcelain -uall)\" = "
	    "'?? d/.gitignore'");
	buf_release(&path);
}

static void a_line_is_taken_away_and_an_empty_file_with_it(void **state)
{
	struct place *place = *state;

	sh(place, "printf 'mine' >.gitignore");
	assert_int_equal(ignore_add(place, "data"), 1);
	sh(place, "printf 'mine\\n/data\\n' | cmp - .gitignore");
	assert_int_equal(git_ignore_remove(place->git, "data", &place->out,
	                     &place->line, &place->err),
	    1);
	assert_string_equal(buf_str(&place->line), "/data");
	sh(place, "printf 'mine\\n' | cmp - .gitignore; rm .gitignore");
	assert_int_equal(ignore_add(place, "data"), 1);
	assert_int_equal(git_ignore_remove(place->git, "data", &place->out,
	                     &place->line, &place->err),
	    1);
	sh(place, "test ! -e .gitignore");
	assert_int_equal(git_ignore_remove(place->git, "data", &place->out,
	                     &place->line, &place->err),
	    0);
}

static void line_ends_are_kept(void **state)
{
	struct place *place = *state;

	sh(place, "printf 'a\\r\\n/data\\r\\n' >.gitignore");
	assert_int_equal(ignore_add(place, "data"), 0);
	assert_int_equal(ignore_add(place, "more"), 1);
	sh(place, "printf 'a\\r\\n/data\\r\\n/more\\r\\n' | cmp - .gitignore");
}

static void a_linked_gitignore_is_not_replaced(void **state)
{
	struct place *place = *state;

	sh(place, "echo x >other; ln -s other .gitignore");
	assert_int_equal(ignore_add(place, "data"), -1);
	assert_non_null(strstr(place->err.text, "symbolic link"));
}

/* --- staging --- */

static void stages_files_links_and_removals(void **state)
{
	struct place *place = *state;

	sh(place,
	    "echo old >gone; git add gone; rm gone; mkdir d;"
	    "echo a >d/a; echo b >x; chmod +x x; ln -s d/a l;"
	    "printf 'sp\\303\\274 ce' >'n m'");
	strs_add(&place->strs, "gone");
	strs_add(&place->strs, "never");
	strs_add(&place->strs, "d/a");
	strs_add(&place->strs, "x");
	strs_add(&place->strs, "l");
	strs_add(&place->strs, "n m");
	assert_int_equal(git_stage(place->git, &place->strs, &place->err), 0);
	sh(place,
	    "git ls-files -s | cut -d' ' -f1 | tr '\\n' ' ' >out;"
	    "test \"$(cat out)\" = '100644 120000 100644 100755 '");
	sh(place,
	    "git ls-files | tr '\\n' ' ' >out;"
	    "test \"$(cat out)\" = 'd/a l n m x '");
	sh(place, "git diff --quiet; git fsck --strict >/dev/null 2>&1");
	sh(place, "test -z \"$(git diff-files --name-only)\"");
	sh(place, "test ! -e .git/index.lock; test ! -e .git/mldv-index");
}

static void stages_bytes_as_they_are(void **state)
{
	struct place *place = *state;

	sh(place,
	    "git config core.autocrlf true;"
	    "git config filter.up.clean 'tr a-z A-Z';"
	    "echo '* filter=up' >.gitattributes;"
	    "printf 'a\\r\\nb\\r\\n' >f");
	stage(place, "f");
	sh(place, "git cat-file blob :f | cmp - f");
}

static void a_change_after_staging_is_seen_by_git(void **state)
{
	struct place *place = *state;

	for (int i = 0; i < 20; i++) {
		sh(place, "echo one >f; echo two >g; git add g; echo TWO >g");
		stage(place, "f");
		sh(place,
		    "echo ONE >f;"
		    "test \"$(git diff --name-only | tr -d '\\n')\" = fg");
	}
}

static void waits_for_the_lock_a_second_and_then_says_what_to_type(void **state)
{
	struct place *place = *state;

	sh(place, "echo a >a; echo \"it's\" >\"it's\"; : >.git/index.lock");
	strs_add(&place->strs, "a");
	strs_add(&place->strs, "it's");
	assert_int_equal(git_stage(place->git, &place->strs, &place->err), -1);
	assert_int_equal(place->err.code, MLDV_BUSY);
	assert_non_null(strstr(place->err.text, "git add -- a 'it'\\''s'"));
	sh(place, "test -e .git/index.lock");
	sh(place, "(sleep 0.3; rm .git/index.lock) >/dev/null 2>&1 &");
	assert_int_equal(git_stage(place->git, &place->strs, &place->err), 0);
	sh(place, "test \"$(git ls-files | wc -l)\" -eq 2");
}

static void the_lock_of_one_of_us_who_died_is_removed(void **state)
{
	struct place *place = *state;

	sh(place,
	    "echo a >a; mkdir .git/mldv; echo mldv >.git/index.lock;"
	    "echo junk >.git/mldv-index;"
	    "echo junk >.git/mldv-index.lock");
	stage(place, "a");
	sh(place, "test \"$(git ls-files)\" = a; test ! -e .git/index.lock");
}

static void does_not_stage_while_a_merge_is_going_on(void **state)
{
	struct place *place = *state;

	sh(place,
	    "echo 1 >f; git add f; git commit -qm 1; git checkout -qb b;"
	    "echo 2 >f; git commit -qam 2; git checkout -q main;"
	    "echo 3 >f; git commit -qam 3; ! git merge -q b >/dev/null;"
	    "echo a >a");
	strs_add(&place->strs, "a");
	assert_int_equal(git_stage(place->git, &place->strs, &place->err), -1);
	assert_int_equal(place->err.code, MLDV_BUSY);
	assert_non_null(strstr(place->err.text, "a merge is going on"));
	assert_non_null(strstr(place->err.text, "git add -- a"));
}

/* In a child, which may not fail the test itself: that would tidy up. */
static int stage_five(struct place *place, int p)
{
	int ret = 0;

	for (int i = 0; ret == 0 && i < 5; i++) {
		char path[3] = {(char)('0' + p), (char)('0' + i), 0};
		struct strs paths = {0};

		strs_add(&paths, path);
		/* A second of waiting is not enough on a slow machine. */
		do {
			ret = git_stage(place->git, &paths, &place->err);
		} while (ret < 0 && place->err.code == MLDV_BUSY);
		strs_release(&paths);
	}
	return ret;
}

static void nothing_that_is_staged_at_once_is_lost(void **state)
{
	struct place *place = *state;
	pid_t pids[4];
	int status;

	sh(place,
	    "for p in 0 1 2 3; do for i in 0 1 2 3 4; do echo x "
	    ">$p$i; done; done; touch g0 g1 g2 g3 g4 g5 g6 g7 g8 g9");
	for (int p = 0; p < 4; p++) {
		pids[p] = fork();
		if (pids[p] != 0)
			continue;
		_exit(stage_five(place, p) < 0);
	}
	sh(place,
	    "for i in 0 1 2 3 4 5 6 7 8 9; do until git add g$i "
	    "2>/dev/null; do :; done; done");
	for (int p = 0; p < 4; p++) {
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
	sh(place, "test \"$(git ls-files | wc -l)\" -eq 30");
}

static void lines_are_staged_without_what_the_user_changed(void **state)
{
	struct place *place = *state;
	struct strs more = {0};

	sh(place,
	    "printf 'a\\nb\\n' >.gitignore; git add .gitignore;"
	    "printf 'mine\\na\\nb\\n/data\\n' >.gitignore");
	strs_add(&place->strs, "/data");
	strs_add(&more, "b");
	assert_int_equal(git_stage_lines(place->git, ".gitignore", &place->strs,
	                     NULL, &place->err),
	    0);
	sh(place,
	    "git cat-file blob :.gitignore >out;"
	    "printf 'a\\nb\\n/data\\n' | cmp - out");
	sh(place, "test \"$(git diff --name-only)\" = .gitignore");
	assert_int_equal(git_stage_lines(place->git, ".gitignore", NULL, &more,
	                     &place->err),
	    0);
	sh(place,
	    "git cat-file blob :.gitignore >out;"
	    "printf 'a\\n/data\\n' | cmp - out");
	strs_release(&more);
}

static void lines_are_staged_in_the_order_of_the_work_tree(void **state)
{
	struct place *place = *state;
	struct strs more = {0};

	sh(place, "printf 'a\\n/two\\n/one\\n' >.gitignore");
	strs_add(&place->strs, "a");
	strs_add(&place->strs, "/one");
	strs_add(&more, "/two");
	assert_int_equal(git_stage_lines(place->git, ".gitignore", &place->strs,
	                     NULL, &place->err),
	    0);
	sh(place,
	    "git cat-file blob :.gitignore >out;"
	    "printf 'a\\n/one\\n' | cmp - out");
	assert_int_equal(git_stage_lines(place->git, ".gitignore", &more, NULL,
	                     &place->err),
	    0);
	sh(place,
	    "git cat-file blob :.gitignore | cmp - .gitignore;"
	    "git diff --quiet");
	strs_release(&more);
}

static void lines_of_a_new_file_are_staged_and_unstaged(void **state)
{
	struct place *place = *state;

	sh(place, "printf '/data\\n' >.gitignore");
	strs_add(&place->strs, "/data");
	assert_int_equal(git_stage_lines(place->git, ".gitignore", &place->strs,
	                     NULL, &place->err),
	    0);
	sh(place,
	    "git diff --quiet; test \"$(git ls-files)\" = .gitignore;"
	    "rm .gitignore");
	assert_int_equal(git_stage_lines(place->git, ".gitignore", NULL,
	                     &place->strs, &place->err),
	    0);
	sh(place, "test -z \"$(git ls-files)\"");
}

/* --- revisions --- */

static void reads_a_path_at_a_revision(void **state)
{
	struct place *place = *state;
	struct git *git = place->git;
	struct buf *out = &place->out;

	assert_int_equal(git_head(git, out, &place->err), 0);
	assert_int_equal(git_read(git, "HEAD", "f", 10, out, &place->err), -1);
	assert_int_equal(place->err.code, MLDV_NOT_FOUND);
	sh(place,
	    "mkdir d; echo 1 >d/f; git add .; git commit -qm 1;"
	    "echo 2 >d/f; git commit -qam 2; echo 3 >d/f; git add d/f;"
	    "echo 4 >d/f");
	assert_int_equal(git_head(git, out, &place->err), 1);
	assert_int_equal(out->len, 40);
	buf_reset(out);
	assert_int_equal(git_read(git, "HEAD~1", "d/f", 10, out, &place->err),
	    1);
	assert_int_equal(git_read(git, "main", "d/f", 10, out, &place->err), 1);
	assert_int_equal(git_read(git, ":0", "d/f", 10, out, &place->err), 1);
	assert_string_equal(buf_str(out), "1\n2\n3\n");
	assert_int_equal(git_read(git, "HEAD", "d", 10, out, &place->err), 0);
	assert_int_equal(git_read(git, "HEAD", "e/f", 10, out, &place->err), 0);
	assert_int_equal(git_read(git, ":0", "e", 10, out, &place->err), 0);
	assert_int_equal(git_read(git, "nope", "f", 10, out, &place->err), -1);
	assert_int_equal(place->err.code, MLDV_NOT_FOUND);
	assert_int_equal(git_read(git, "HEAD", "d/f", 1, out, &place->err), -1);
	assert_non_null(strstr(place->err.text, "more than 1 bytes"));
}

static void lists_by_suffix(void **state)
{
	struct place *place = *state;

	sh(place,
	    "mkdir -p a/b a.c; touch a/b/x.mldv a.c/y.mldv z.mldv n;"
	    "git add .; git commit -qm 1; git rm -q z.mldv");
	assert_int_equal(git_list(place->git, "HEAD", ".mldv", &place->strs,
	                     &place->err),
	    0);
	assert_int_equal(place->strs.count, 3);
	assert_string_equal(place->strs.items[0], "a.c/y.mldv");
	assert_string_equal(place->strs.items[1], "a/b/x.mldv");
	strs_release(&place->strs);
	place->strs = (struct strs){0};
	assert_int_equal(git_list(place->git, ":0", ".mldv", &place->strs,
	                     &place->err),
	    0);
	assert_int_equal(place->strs.count, 2);
}

struct collected {
	struct buf *out;
	int wanted;
};

static int collect(void *context, const char *text, size_t len,
    struct mldv_error *err)
{
	struct collected *collected = context;

	(void)err;
	buf_add(collected->out, text, len);
	return --collected->wanted == 0;
}

static void gives_the_history_of_a_file(void **state)
{
	struct place *place = *state;
	struct collected some = {&place->out, 2};
	struct collected all = {&place->out, 20};

	sh(place,
	    "for i in 1 2 3; do echo $i >f; git add f;"
	    "git commit -qm $i; git commit -q --allow-empty -m e; done;"
	    "git rm -q f; git commit -qm gone");
	assert_int_equal(git_history(place->git, "HEAD", "f", collect, &some,
	                     &place->err),
	    0);
	assert_string_equal(buf_str(&place->out), "3\n2\n");
	assert_int_equal(git_history(place->git, "HEAD", "f", collect, &all,
	                     &place->err),
	    0);
	assert_string_equal(buf_str(&place->out), "3\n2\n3\n2\n1\n");
}

static void lists_what_git_does_not_know(void **state)
{
	struct place *place = *state;

	sh(place,
	    "mkdir -p data/new other; touch data/new/b data/a data/t "
	    "data/i other/x; git add data/t; echo i >.gitignore");
	assert_int_equal(git_untracked(place->git, "data", &place->strs,
	                     &place->err),
	    0);
	assert_int_equal(place->strs.count, 2);
	assert_string_equal(place->strs.items[0], "data/a");
	assert_string_equal(place->strs.items[1], "data/new/b");
	assert_int_equal(git_untracked(place->git, "nosuch", &place->strs,
	                     &place->err),
	    0);
	assert_int_equal(place->strs.count, 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(finds_the_root_from_below),
	    CASE(a_linked_work_tree_shares_the_common_directory),
	    CASE(says_git_init_outside_of_a_repository),
	    CASE(refuses_bare_repositories_and_the_git_directory),
	    CASE(opens_repositories_with_newer_extensions),
	    CASE(tells_what_is_tracked),
	    CASE(tells_what_lies_in_a_submodule),
	    CASE(names_the_rule_that_ignores),
	    CASE(what_is_in_an_ignored_directory_stays_ignored),
	    CASE(the_user_file_of_excludes_is_named),
	    CASE(what_git_tracks_is_not_ignored),
	    CASE(every_name_can_be_ignored),
	    CASE(a_line_is_taken_away_and_an_empty_file_with_it),
	    CASE(line_ends_are_kept),
	    CASE(a_linked_gitignore_is_not_replaced),
	    CASE(stages_files_links_and_removals),
	    CASE(stages_bytes_as_they_are),
	    CASE(a_change_after_staging_is_seen_by_git),
	    CASE(waits_for_the_lock_a_second_and_then_says_what_to_type),
	    CASE(the_lock_of_one_of_us_who_died_is_removed),
	    CASE(does_not_stage_while_a_merge_is_going_on),
	    CASE(nothing_that_is_staged_at_once_is_lost),
	    CASE(lines_are_staged_without_what_the_user_changed),
	    CASE(lines_are_staged_in_the_order_of_the_work_tree),
	    CASE(lines_of_a_new_file_are_staged_and_unstaged),
	    CASE(reads_a_path_at_a_revision),
	    CASE(lists_by_suffix),
	    CASE(gives_the_history_of_a_file),
	    CASE(lists_what_git_does_not_know),
	};

	(void)setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	(void)setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	(void)setenv("HOME", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
