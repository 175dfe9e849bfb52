/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/rules.h"
#include "format/stripped.h"

static bool fits(const char *pattern, const char *name)
{
	struct strs values = {0};
	bool ret;

	assert_null(rule_pattern_refused(pattern));
	strs_add(&values, "raw.1");
	strs_add(&values, "a*");
	ret = rule_name_fits(pattern, name, &values);
	strs_release(&values);
	return ret;
}

static void a_pattern_means_a_whole_name(void **state)
{
	(void)state;
	assert_true(fits("abc", "abc"));
	assert_false(fits("abc", "abcd"));
	assert_false(fits("abc", "ab"));
	assert_true(fits("*", "x"));
	assert_true(fits("a*c*", "abcbc"));
	assert_false(fits("a*c", "abcb"));
	assert_true(fits("?", "\xc3\xa4"));
	assert_false(fits("?", "ab"));
	assert_true(fits("??", "a\xc3\xa4"));
}

static void sets_and_repetitions_are_known(void **state)
{
	(void)state;
	assert_true(fits("*_[0-9]{8}", "cifar_20261102"));
	assert_false(fits("*_[0-9]{8}", "cifar_2026110"));
	assert_false(fits("*_[0-9]{8}", "cifar_202611023"));
	assert_true(fits("[!0-9]x", "ax"));
	assert_true(fits("[^0-9]x", "\xc3\xa4x"));
	assert_false(fits("[!0-9]x", "1x"));
	assert_true(fits("[a-c_.-]{2,3}", "a-."));
	assert_true(fits("[a-c]{2,3}", "ab"));
	assert_false(fits("[a-c]{2,3}", "a"));
	assert_false(fits("[a-c]{2,3}", "abca"));
	assert_true(fits("xa{0,1}", "x"));
	assert_true(fits("v?{2}", "v\xc3\xa4\xc3\xa4"));
}

static void what_follows_a_dot_may_be_left_out(void **state)
{
	(void)state;
	assert_true(fits("*_[0-9]{8}", "a_20261102.tar.gz"));
	assert_true(fits("*_[0-9]{8}.tar", "a_20261102.tar.gz"));
	assert_false(fits("tar", ".tar.gz"));
}

static void a_variable_stands_for_each_value_as_it_is(void **state)
{
	(void)state;
	assert_true(fits("${raw}_*", "raw.1_x"));
	assert_true(fits("x${raw}", "xa*"));
	assert_false(fits("x${raw}", "xab"));
	assert_false(fits("${raw}_*", "raw_x"));
}

/* A backtracking matcher would be at it for years. */
static void no_name_takes_long(void **state)
{
	char pattern[201];
	char name[201];

	(void)state;
	for (size_t i = 0; i < 200; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = 'a';
	}
	pattern[200] = '\0';
	memset(name, 'a', 199);
	name[199] = 'b';
	name[200] = '\0';
	assert_false(fits(pattern, name));
}

static void refuses_what_is_no_pattern(void **state)
{
	static const char *const cases[][2] = {
	    {"", "it is empty"},
	    {"a/b", "a name has no '/'"},
	    {"[a", "']' is missing"},
	    {"[]", "a set is empty"},
	    {"[z-a]", "a range of a set runs backwards"},
	    {"[\xc3\xa4]", "a set has only ASCII"},
	    {"{8}", "nothing stands before '{' that could be repeated"},
	    {"*{2}", "nothing stands before '{' that could be repeated"},
	    {"a{2}{2}", "nothing stands before '{' that could be repeated"},
	    {"a{x}", "'{' needs a number, as in {8}"},
	    {"a{3,2}", "'{' needs two numbers, the larger last"},
	    {"a{3", "'}' is missing"},
	    {"a{0}", "'{0}' leaves nothing"},
	    {"a{999}b{999}", "it is too long"},
	    {"${a}${b}", "there is more than one '${'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *why = rule_pattern_refused(cases[i][0]);

		if (!why)
			fail_msg("'%s' was taken", cases[i][0]);
		assert_string_equal(why, cases[i][1]);
	}
}

static void reads_every_rule(void **state)
{
	static const char text[] = "[rules]\nimmutable = data/raw/, b\n"
	                           "made = models\nfrom =\n  data/raw\n  ext\n"
	                           "name data/raw = *_[0-9]{8}\n"
	                           "name models = ${ext}_*\n"
	                           "git.max_size = 2K\nasserted = refuse\n"
	                           "enforce = main release-*\nwatch = x\n";
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct rules rules;
	struct ini ini;

	(void)state;
	assert_int_equal(ini_parse(&ini, &arena, "mldv.ini", text, strlen(text),
	                     &err),
	    0);
	assert_int_equal(rules_parse(&rules, &arena, &ini, &err), 0);
	assert_int_equal(rules.immutable.count, 2);
	assert_string_equal(rules.immutable.paths[0], "data/raw");
	assert_int_equal(rules.immutable.line, 2);
	assert_int_equal(rules.from.count, 2);
	assert_int_equal(rules.name_count, 2);
	assert_string_equal(rules.names[0].dir, "data/raw");
	assert_null(rules.names[0].of);
	assert_string_equal(rules.names[1].of, "ext");
	assert_int_equal(rules.git_limit, 2048);
	assert_int_equal(rules.asserted, ASSERTED_REFUSED);
	assert_true(rules_enforced(&rules, "release-2"));
	assert_false(rules_enforced(&rules, "topic"));
	assert_false(rules_enforced(&rules, NULL));
	assert_string_equal(rule_dir_of(&rules.immutable, "data/raw/x"),
	    "data/raw");
	assert_null(rule_dir_of(&rules.immutable, "data/rawx"));
	assert_true(rules_key("name data"));
	assert_false(rules_key("watch"));
	arena_release(&arena);
}

static size_t outputs(const char *text)
{
	return notebook_outputs(slice_of(text));
}

static void a_notebook_without_outputs_is_stripped(void **state)
{
	(void)state;
	assert_int_equal(outputs("{\"cells\": [{\"cell_type\": \"code\", "
	                         "\"outputs\": [], \"execution_count\": null}, "
	                         "{\"cell_type\": \"markdown\"}]}"),
	    0);
	assert_int_equal(outputs(
	                     "{\"cells\": [{\"cell_type\": \"code\", "
	                     "\"outputs\": [{}]}, {\"cell_type\": \"code\","
	                     " \"execution_count\": 1}, "
	                     "{\"cell_type\": \"raw\", \"outputs\": [1]}]}"),
	    2);
	assert_int_equal(outputs("[]"), 0);
	assert_int_equal(outputs("{\"cells\": 1}"), 0);
	assert_int_equal(outputs("no JSON"), 0);
	assert_int_equal(outputs(""), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pattern_means_a_whole_name),
	    cmocka_unit_test(sets_and_repetitions_are_known),
	    cmocka_unit_test(what_follows_a_dot_may_be_left_out),
	    cmocka_unit_test(a_variable_stands_for_each_value_as_it_is),
	    cmocka_unit_test(no_name_takes_long),
	    cmocka_unit_test(refuses_what_is_no_pattern),
	    cmocka_unit_test(reads_every_rule),
	    cmocka_unit_test(a_notebook_without_outputs_is_stripped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
