/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/notebook.h"

#define SPEC "\"kernelspec\": {\"name\": \"python3\", \"language\": \"python\"}"

/* A notebook of these cells, with metadata that kernelspec is part of. */
static void make(const char *metadata, const char *cells, struct buf *out)
{
	buf_reset(out);
	buf_printf(out,
	    "{\"nbformat\": 4, \"nbformat_minor\": 5, \"metadata\": {" SPEC
	    "%s}, \"cells\": [%s]}",
	    metadata, cells);
}

static void parse(struct notebook *out, const char *text)
{
	struct mldv_error err;

	if (notebook_parse(out, slice_of(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void refuse(const char *text, const char *part)
{
	struct mldv_error err = {0};
	struct notebook notebook = {0};

	assert_int_equal(notebook_parse(&notebook, slice_of(text), &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	assert_null(notebook.root);
}

static void source_of(const char *text, struct buf *out)
{
	struct notebook notebook;

	buf_reset(out);
	parse(&notebook, text);
	notebook_add_source(&notebook, out);
	notebook_release(&notebook);
}

static void result_of(const char *text, struct buf *out)
{
	struct notebook notebook;

	buf_reset(out);
	parse(&notebook, text);
	notebook_add_result(&notebook, out);
	notebook_release(&notebook);
}

static void the_source_is_as_documented(void **state)
{
	struct buf text = {0};
	struct buf source = {0};

	(void)state;
	make("",
	    "{\"cell_type\": \"code\", \"source\": [\"a = 1\\n\", \"b\"], "
	    "\"metadata\": {\"tags\": [\"z\", \"parameters\"], \"x\": 1}, "
	    "\"outputs\": [], \"execution_count\": 3, \"id\": \"q\"},"
	    "{\"cell_type\": \"markdown\", \"source\": \"# \\\"T\\\"\", "
	    "\"attachments\": {\"b\": {\"image/png\": \"aa\"}, \"a\": {}}}",
	    &text);
	source_of(buf_str(&text), &source);
	assert_string_equal(buf_str(&source),
	    "{\"cells\":[{\"cell_type\":\"code\",\"source\":\"a = "
	    "1\\nb\",\"tags\":[\"parameters\",\"z\"]},"
	    "{\"attachments\":{\"a\":{},\"b\":{\"image/png\":\"aa\"}},"
	    "\"cell_type\":\"markdown\",\"source\":\"# \\\"T\\\"\","
	    "\"tags\":[]}],\"kernel\":\"python3\",\"language\":\"python\","
	    "\"nbformat\":4}");
	buf_release(&source);
	buf_release(&text);
}

static void saving_and_running_leave_the_source_as_it_is(void **state)
{
	struct buf text = {0};
	struct buf before = {0};
	struct buf after = {0};

	(void)state;
	make("", "{\"cell_type\": \"code\", \"source\": \"a = 1\\nb\"}", &text);
	source_of(buf_str(&text), &before);
	make(", \"language_info\": {\"name\": \"python\", \"version\": "
	     "\"3.11\"}, \"papermill\": {\"x\": NaN, \"n\": "
	     "-123456789012345678901234567890}",
	    "{\"cell_type\": \"code\", \"source\": [\"a = 1\\n\", \"b\"], "
	    "\"metadata\": {\"scrolled\": true}, \"execution_count\": 7, "
	    "\"outputs\": [{\"output_type\": \"stream\", \"text\": \"x\"}]},"
	    "{\"cell_type\": \"code\", \"source\": \"a = 2\", \"metadata\": "
	    "{\"tags\": [\"injected-parameters\"]}},"
	    "{\"cell_type\": \"markdown\", \"source\": \"!\", \"metadata\": "
	    "{\"tags\": [\"papermill-error-cell-tag\"]}}",
	    &text);
	source_of(buf_str(&text), &after);
	assert_string_equal(buf_str(&before), buf_str(&after));
	buf_release(&after);
	buf_release(&before);
	buf_release(&text);
}

static void every_change_that_matters_is_in_the_source(void **state)
{
	static const char *const cells[] = {
	    "{\"cell_type\": \"code\", \"source\": \"a\"}",
	    "{\"cell_type\": \"code\", \"source\": \"b\"}",
	    "{\"cell_type\": \"raw\", \"source\": \"a\"}",
	    "{\"cell_type\": \"code\", \"source\": \"a\", \"metadata\": "
	    "{\"tags\": [\"parameters\"]}}",
	    "{\"cell_type\": \"code\", \"source\": \"a\"}, "
	    "{\"cell_type\": \"code\", \"source\": \"\"}",
	    "{\"cell_type\": \"code\", \"source\": \"a\", \"attachments\": "
	    "{}}",
	};
	enum { COUNT = sizeof cells / sizeof cells[0] };
	struct buf sources[COUNT] = {{0}};
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		make("", cells[i], &text);
		source_of(buf_str(&text), &sources[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(buf_str(&sources[k]),
			    buf_str(&sources[i]));
	}
	for (size_t i = 0; i < COUNT; i++)
		buf_release(&sources[i]);
	buf_release(&text);
}

/* A cell with these outputs, as it was executed once. */
static void executed(const char *outputs, const char *count, struct buf *out)
{
	struct buf cell = {0};

	buf_printf(&cell,
	    "{\"cell_type\": \"code\", \"source\": \"a\", "
	    "\"execution_count\": %s, \"outputs\": [%s]}",
	    count, outputs);
	make("", buf_str(&cell), out);
	buf_release(&cell);
}

static void expect_same_result(const char *a, const char *b, bool same)
{
	struct buf text = {0};
	struct buf one = {0};
	struct buf other = {0};

	executed(a, "1", &text);
	result_of(buf_str(&text), &one);
	executed(b, "2", &text);
	result_of(buf_str(&text), &other);
	assert_int_equal(strcmp(buf_str(&one), buf_str(&other)) == 0, same);
	buf_release(&other);
	buf_release(&one);
	buf_release(&text);
}

#define STREAM(text)                                           \
	"{\"output_type\": \"stream\", \"name\": \"stdout\", " \
	"\"text\": \"" text "\"}"
#define SHOWN(type, data)                                                    \
	"{\"output_type\": \"display_data\", \"data\": {\"" type "\": " data \
	"}, \"metadata\": {}}"

static void a_result_differs_where_its_outputs_do(void **state)
{
	(void)state;
	expect_same_result(STREAM("a"), STREAM("a"), true);
	expect_same_result(STREAM("a"), STREAM("b"), false);
	expect_same_result(SHOWN("image/png", "\"aa\""),
	    SHOWN("image/png", "\"ab\""), false);
	expect_same_result(SHOWN("application/json", "{\"a\": [1, 2]}"),
	    SHOWN("application/json", "{\"a\": [1, 3]}"), false);
	expect_same_result(SHOWN("text/plain", "[\"a\\n\", \"b\"]"),
	    SHOWN("text/plain", "\"a\\nb\""), true);
	expect_same_result("", STREAM("a"), false);
}

static void a_result_has_no_noise(void **state)
{
	(void)state;
	expect_same_result(STREAM("<X at 0x7f00aa11>"),
	    STREAM("<X at 0x7f00bb22>"), true);
	expect_same_result(STREAM("0x10"), STREAM("0x11"), false);
	expect_same_result(STREAM("\\u001b[0;31mred\\u001b[0m"), STREAM("red"),
	    true);
	expect_same_result(STREAM("/tmp/ipykernel_12/34.py:1: W"),
	    STREAM("/tmp/ipykernel_5/678.py:1: W"), true);
	expect_same_result(STREAM("a") "," STREAM("b"), STREAM("ab"), true);
	expect_same_result(STREAM("\\u001b["), STREAM("\\u001b"), false);
}

static void tells_what_the_preflight_needs(void **state)
{
	struct buf text = {0};
	struct strs names = {0};
	struct notebook notebook;

	(void)state;
	make("",
	    "{\"cell_type\": \"code\", \"source\": \"x = 1\"},"
	    "{\"cell_type\": \"code\", \"source\": [\"lr = 0.1\\n\", "
	    "\"n = 2\"], \"metadata\": {\"tags\": [\"parameters\"]}}",
	    &text);
	parse(&notebook, buf_str(&text));
	assert_string_equal(notebook.kernel, "python3");
	assert_string_equal(notebook.language, "python");
	assert_true(notebook_is_python(&notebook));
	assert_int_equal(notebook.parameters, 1);
	assert_false(notebook.injected);
	notebook_names(&notebook, &names);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "lr");
	assert_string_equal(names.items[1], "n");
	notebook_release(&notebook);
	strs_release(&names);
	parse(&notebook, "{\"nbformat\": 4, \"cells\": []}");
	assert_null(notebook.kernel);
	assert_null(notebook.language);
	assert_int_equal(notebook.parameters, 0);
	notebook_release(&notebook);
	buf_release(&text);
}

static void outcome_of(const char *metadata, const char *cells,
    struct notebook *notebook, struct notebook_outcome *out)
{
	struct buf text = {0};

	make(metadata, cells, &text);
	parse(notebook, buf_str(&text));
	notebook_outcome(notebook, out);
	buf_release(&text);
}

#define RAN(count)                                                       \
	"{\"cell_type\": \"code\", \"source\": \"a\", "                  \
	"\"execution_count\": " count ", \"metadata\": {\"papermill\": " \
	"{\"exception\": false}}}"
#define FAILED(name, text)                                         \
	"{\"cell_type\": \"code\", \"source\": \"a\", "            \
	"\"execution_count\": 2, \"metadata\": {\"papermill\": "   \
	"{\"exception\": true}}, \"outputs\": [{\"output_type\": " \
	"\"error\", \"ename\": \"" name "\", \"evalue\": \"" text "\"}]}"
#define PENDING                                         \
	"{\"cell_type\": \"code\", \"source\": \"a\", " \
	"\"execution_count\": null}"
#define INJECTED                                            \
	"{\"cell_type\": \"code\", \"source\": \"a\", "     \
	"\"execution_count\": 1, \"metadata\": {\"tags\": " \
	"[\"injected-parameters\"]}}"
#define BLANK "{\"cell_type\": \"code\", \"source\": \" \\n\"}"
#define SKIPPED                                                       \
	"{\"cell_type\": \"code\", \"source\": \"a\", \"metadata\": " \
	"{\"tags\": [\"skip-execution\"]}}"
#define TEXT "{\"cell_type\": \"markdown\", \"source\": \"a\"}"

static void a_run_is_complete_when_every_cell_ran(void **state)
{
	struct notebook notebook;
	struct notebook_outcome outcome;

	(void)state;
	outcome_of("", TEXT "," RAN("1") "," INJECTED "," BLANK "," SKIPPED,
	    &notebook, &outcome);
	assert_true(outcome.complete);
	assert_false(outcome.stopped);
	assert_int_equal(outcome.begun, 1);
	notebook_release(&notebook);
	outcome_of("", RAN("1") "," TEXT "," PENDING "," RAN("3"), &notebook,
	    &outcome);
	assert_false(outcome.complete);
	assert_false(outcome.stopped);
	assert_int_equal(outcome.cell, 2);
	assert_int_equal(outcome.begun, 3);
	notebook_release(&notebook);
	outcome_of(", \"papermill\": {\"exception\": true}", RAN("1"),
	    &notebook, &outcome);
	assert_false(outcome.complete);
	notebook_release(&notebook);
}

static void a_run_that_stopped_says_where_and_why(void **state)
{
	struct notebook notebook;
	struct notebook_outcome outcome;

	(void)state;
	outcome_of("",
	    INJECTED "," TEXT
	             "," RAN("1") "," FAILED("ValueError", "no") "," PENDING,
	    &notebook, &outcome);
	assert_false(outcome.complete);
	assert_true(outcome.stopped);
	assert_int_equal(outcome.cell, 2);
	assert_string_equal(outcome.name, "ValueError");
	assert_string_equal(outcome.text, "no");
	assert_false(notebook_left_early(&outcome));
	notebook_release(&notebook);
}

static void leaving_by_sys_exit_0_is_told_apart(void **state)
{
	struct notebook notebook;
	struct notebook_outcome outcome;

	(void)state;
	outcome_of("", FAILED("SystemExit", "0"), &notebook, &outcome);
	assert_true(notebook_left_early(&outcome));
	notebook_release(&notebook);
	outcome_of("", FAILED("SystemExit", ""), &notebook, &outcome);
	assert_true(notebook_left_early(&outcome));
	notebook_release(&notebook);
	outcome_of("", FAILED("SystemExit", "3"), &notebook, &outcome);
	assert_false(notebook_left_early(&outcome));
	notebook_release(&notebook);
}

static void refuses_what_is_no_notebook(void **state)
{
	(void)state;
	refuse("", "not JSON");
	refuse("[]", "no nbformat");
	refuse("{\"cells\": []}", "no nbformat");
	refuse("{\"nbformat\": 3, \"worksheets\": []}", "old format 3");
	refuse("{\"nbformat\": 4}", "no cells");
	refuse("{\"nbformat\": 4, \"cells\": {}}", "no cells");
	refuse("{\"nbformat\": 4, \"cells\": [1]}", "cell 1 has no type");
	refuse("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\"}]}",
	    "cell 1 has no source");
	refuse("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", "
	       "\"source\": [1]}]}",
	    "cell 1 has no source");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_source_is_as_documented),
	    cmocka_unit_test(saving_and_running_leave_the_source_as_it_is),
	    cmocka_unit_test(every_change_that_matters_is_in_the_source),
	    cmocka_unit_test(a_result_differs_where_its_outputs_do),
	    cmocka_unit_test(a_result_has_no_noise),
	    cmocka_unit_test(tells_what_the_preflight_needs),
	    cmocka_unit_test(a_run_is_complete_when_every_cell_ran),
	    cmocka_unit_test(a_run_that_stopped_says_where_and_why),
	    cmocka_unit_test(leaving_by_sys_exit_0_is_told_apart),
	    cmocka_unit_test(refuses_what_is_no_notebook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
