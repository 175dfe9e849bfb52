/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"

#include "scratch.h"

static void joins(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(path_join(&arena, "a", "b"), "a/b");
	assert_string_equal(path_join(&arena, "a/", "b"), "a/b");
	assert_string_equal(path_join(&arena, "", "b"), "b");
	assert_string_equal(path_join(&arena, "a", "/b"), "/b");
	assert_string_equal(path_join(&arena, "/", "b"), "/b");
	assert_string_equal(path_join(&arena, "a", ""), "a");
	arena_release(&arena);
}

static void splits(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(path_parent(&arena, "a"), "");
	assert_string_equal(path_parent(&arena, "/a"), "/");
	assert_string_equal(path_parent(&arena, "//a"), "/");
	assert_string_equal(path_parent(&arena, "/"), "/");
	assert_string_equal(path_parent(&arena, "a/b"), "a");
	assert_string_equal(path_parent(&arena, "a//b"), "a");
	assert_string_equal(path_parent(&arena, "a/b/c"), "a/b");
	assert_string_equal(path_parent(&arena, ""), "");
	assert_string_equal(path_base("a"), "a");
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("/"), "");
	assert_true(path_is_absolute("/a"));
	assert_false(path_is_absolute("a"));
	assert_false(path_is_absolute(""));
	arena_release(&arena);
}

static void cleans(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {".", ""},
	    {"./", ""},
	    {"a/..", ""},
	    {"a/../", ""},
	    {"/", "/"},
	    {"//", "/"},
	    {"/..", "/"},
	    {"/../a", "/a"},
	    {"/a/../..", "/"},
	    {"/a/..//b/", "/b"},
	    {"a//b/./c/", "a/b/c"},
	    {"a/b/../../c", "c"},
	    {"a/b/../c", "a/c"},
	    {"...", "..."},
	    {"..a/.b", "..a/.b"},
	    {".a", ".a"},
	    {"a\n/..b", "a\n/..b"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(path_clean(&arena, cases[i][0]),
		    cases[i][1]);
	arena_release(&arena);
}

static void refuses_to_climb(void **state)
{
	static const char *const bad[] = {"..", "../", "../a", "./..",
	    "a/../..", "a/../../a", "a/b/../../..", "..//a"};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_null(path_clean(&arena, bad[i]));
	arena_release(&arena);
}

static void knows_what_is_inside(void **state)
{
	(void)state;
	assert_string_equal(path_inside("a/b", "a"), "b");
	assert_string_equal(path_inside("a", "a"), "");
	assert_string_equal(path_inside("a/b", ""), "a/b");
	assert_string_equal(path_inside("", ""), "");
	assert_string_equal(path_inside("/a", "/"), "a");
	assert_string_equal(path_inside("/", "/"), "");
	assert_string_equal(path_inside("/a/b/c", "/a"), "b/c");
	assert_null(path_inside("ab", "a"));
	assert_null(path_inside("a", "a/b"));
	assert_null(path_inside("a.b", "a"));
	assert_null(path_inside("/a", ""));
	assert_null(path_inside("a", "/"));
}

static void says_a_path_from_elsewhere(void **state)
{
	static const char *const cases[][3] = {
	    {"a", "", "a"},
	    {"", "", "."},
	    {"", "a/b", "../.."},
	    {"a", "a", "."},
	    {"a/b", "a", "b"},
	    {"a", "a/b", ".."},
	    {"a/b", "a/c/d", "../../b"},
	    {"ab", "a", "../ab"},
	    {"a", "ab", "../a"},
	    {"a/bc/d", "a/b", "../bc/d"},
	    {"/a/b", "/a/c", "../b"},
	    {"/a", "/", "a"},
	    {"/", "/a", ".."},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(path_from(&arena, cases[i][0], cases[i][1]),
		    cases[i][2]);
	arena_release(&arena);
}

static void finds_the_real_path(void **state)
{
	struct arena arena = {0};
	struct mldv_error err;
	char *real = NULL;
	char *cwd;

	(void)state;
	assert_int_equal(mkdir("dir", 0777), 0);
	assert_int_equal(symlink("dir", "link"), 0);
	assert_int_equal(path_cwd(&arena, &cwd, &err), 0);
	assert_int_equal(path_real(&arena, "link/../link", &real, &err), 0);
	assert_string_equal(real, path_join(&arena, cwd, "dir"));
	assert_int_equal(path_real(&arena, "nosuch", &real, &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
	assert_string_equal(err.text,
	    "cannot find 'nosuch': No such file or directory");
	assert_string_equal(real, path_join(&arena, cwd, "dir"));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(joins),
	    cmocka_unit_test(splits),
	    cmocka_unit_test(cleans),
	    cmocka_unit_test(refuses_to_climb),
	    cmocka_unit_test(knows_what_is_inside),
	    cmocka_unit_test(says_a_path_from_elsewhere),
	    cmocka_unit_test_setup_teardown(finds_the_real_path, scratch_enter,
	        scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
