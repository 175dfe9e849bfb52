/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/purged.h"

#define ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PROJECT "mldv-purged 1\nproject 0123456789abcdef\n"
#define DATE    "date 2026-11-24T12:00:00Z\n"
#define HEAD    PROJECT "kind dir\n" DATE "why x\n"

static void reads_what_was_written(void **state)
{
	struct oid packs[2];
	struct purged purged = {
	    .project = "0123456789abcdef",
	    .kind = KIND_FILE,
	    .date = "2026-11-24T12:00:00Z",
	    .why = "two\nlines \\",
	    .packs = packs,
	    .count = 2,
	};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct purged read;

	(void)state;
	oid_of("", 0, &packs[0]);
	oid_of("abc", 3, &packs[1]);
	purged_format(&purged, &text);
	assert_string_equal(buf_str(&text),
	    PROJECT "kind file\n" DATE "why two\\nlines \\\\\n"
	            "pack " ABC "\npack " EMPTY "\n");
	assert_int_equal(purged_parse(&read, &arena, buf_str(&text), text.len,
	                     &err),
	    0);
	assert_int_equal(read.kind, KIND_FILE);
	assert_string_equal(read.project, purged.project);
	assert_string_equal(read.date, purged.date);
	assert_string_equal(read.why, purged.why);
	assert_int_equal(read.count, 2);
	assert_true(oid_equal(&read.packs[1], &packs[1]));
	buf_release(&text);
	arena_release(&arena);
}

static void refuses_what_is_not_canonical(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} cases[] = {
	    {"mldv-purged 2\n", "purged"},
	    {PROJECT, "line"},
	    {"mldv-purged 1\nproject 0123\n", "line 2: a project has 16"},
	    {PROJECT "kind tree\n" DATE "why x\n", "line 3: the kind is"},
	    {PROJECT "kind dir\ndate today\nwhy x\n", "line 4: a date reads"},
	    {PROJECT "kind dir\n" DATE "why \n", "line 5"},
	    {HEAD "trees " ABC "\n", "line 6: does not begin with 'pack'"},
	    {HEAD "pack " EMPTY "\npack " ABC "\n", "line 7: the pack is not"},
	    {HEAD "pack " ABC "\npack " ABC "\n", "line 7: the pack is not"},
	    {HEAD "pack " ABC " 1\n", "line 6"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct purged read;

		assert_int_equal(purged_parse(&read, &arena, cases[i].text,
		                     strlen(cases[i].text), &err),
		    -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_non_null(strstr(err.text, cases[i].why));
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_was_written),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
