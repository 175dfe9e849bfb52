/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jsonout.h"
#include "format/json.h"

static void flatten(struct json_values *out, struct arena *arena,
    const char *text)
{
	struct mldv_error err;

	if (json_flatten(out, arena, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void refuse(const char *text, const char *part)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct json_values values = {0};

	assert_int_equal(json_flatten(&values, &arena, text, strlen(text),
	                     &err),
	    -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	assert_int_equal(values.count, 0);
	arena_release(&arena);
}

static void expect(const struct json_values *values, size_t i, const char *name,
    const char *text, bool number)
{
	assert_true(i < values->count);
	assert_string_equal(values->items[i].name, name);
	assert_string_equal(values->items[i].text, text);
	assert_int_equal(values->items[i].number, number);
}

static void flattens_objects_in_their_order(void **state)
{
	struct arena arena = {0};
	struct json_values values;

	(void)state;
	flatten(&values, &arena,
	    "{\"test\": {\"accuracy\": 0.95, \"loss\": {\"a\": 1, \"\": 2},"
	    " \"e\": {}}, \"n\": -3, \"name\": \"x\\ny\", \"ok\": true,"
	    " \"bad\": false, \"none\": null, \"big\": 1e300}");
	assert_int_equal(values.count, 9);
	expect(&values, 0, "test.accuracy", "0.95", true);
	assert_true(values.items[0].value == 0.95);
	expect(&values, 1, "test.loss.a", "1", true);
	expect(&values, 2, "test.loss.", "2", true);
	expect(&values, 3, "n", "-3", true);
	assert_true(values.items[3].value == -3);
	expect(&values, 4, "name", "x\ny", false);
	expect(&values, 5, "ok", "true", false);
	expect(&values, 6, "bad", "false", false);
	expect(&values, 7, "none", "null", false);
	expect(&values, 8, "big", "1e+300", true);
	arena_release(&arena);
}

static void skips_arrays_but_for_their_length(void **state)
{
	struct arena arena = {0};
	struct json_values values;

	(void)state;
	flatten(&values, &arena,
	    "{\"confusion\": [[1, 2], [3, 4], {\"a\": 1}], \"x\": []}");
	assert_int_equal(values.count, 2);
	expect(&values, 0, "confusion.length", "3", true);
	assert_true(values.items[0].value == 3);
	expect(&values, 1, "x.length", "0", true);
	arena_release(&arena);
}

static void an_empty_object_has_no_values(void **state)
{
	struct arena arena = {0};
	struct json_values values;

	(void)state;
	flatten(&values, &arena, "{}");
	assert_int_equal(values.count, 0);
	arena_release(&arena);
}

static void refuses_what_is_not_an_object(void **state)
{
	(void)state;
	refuse("", "line 1: not JSON: ");
	refuse("[1]", "not a JSON object");
	refuse("1", "not JSON");
	refuse("{\"a\": NaN}", "line 1: not JSON: ");
	refuse("{\n\"a\": 1,\n}", "line 3: not JSON: ");
	refuse("{\"a\": 1, \"a\": 2}", "duplicate object key");
	refuse("{\"a\": 1} x", "not JSON");
	refuse("{\"a\": 1e999}", "not JSON");
	refuse("{\"a\": 99999999999999999999}", "not JSON");
	refuse("{\"\x83\": 1}", "not JSON");
}

static void refuses_what_is_too_deep_or_too_long(void **state)
{
	struct arena arena = {0};
	struct json_values values;
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < 64; i++)
		buf_add_str(&text, "{\"a\":");
	buf_add_str(&text, "1");
	for (int i = 0; i < 64; i++)
		buf_add_str(&text, "}");
	flatten(&values, &arena, buf_str(&text));
	assert_int_equal(values.count, 1);
	buf_reset(&text);
	for (int i = 0; i < 65; i++)
		buf_add_str(&text, "{\"a\":");
	buf_add_str(&text, "1");
	for (int i = 0; i < 65; i++)
		buf_add_str(&text, "}");
	refuse(buf_str(&text), "deeper than 64 levels");
	buf_reset(&text);
	buf_add_str(&text, "{\"");
	for (int i = 0; i < 1025; i++)
		buf_add_char(&text, 'a');
	buf_add_str(&text, "\": 1}");
	refuse(buf_str(&text), "longer than 1024 bytes");
	buf_release(&text);
	arena_release(&arena);
}

static void a_document_is_read_by_paths(void **state)
{
	const char *text = "{\"a\":{\"b\":[1,{\"c\":\"x\"},true]},\"d\":0.5}";
	struct mldv_error err;
	struct json *doc = NULL;
	double number = 0;

	(void)state;
	assert_int_equal(json_open(&doc, slice_of(text), JSON_LIMIT,
	                     JSON_ANY_VALUE, &err),
	    0);
	assert_string_equal(json_str(json_get(doc, "a.b.1.c")), "x");
	assert_int_equal(json_len(json_get(doc, "a.b")), 3);
	assert_true(json_yes(json_get(doc, "a.b.2")));
	assert_true(json_double(json_get(doc, "d"), &number));
	assert_true(number > 0.4 && number < 0.6);
	assert_false(json_double(json_get(doc, "a.b.2"), &number));
	assert_int_equal(json_int(json_get(doc, "a.b.0")), 1);
	assert_null(json_get(doc, "a.x.c"));
	assert_null(json_get(doc, "a.b.3"));
	assert_null(json_get(doc, "a.b.x"));
	assert_null(json_str(json_get(doc, "a.x")));
	assert_int_equal(json_kind(json_get(doc, "a.x")), JSON_KIND_NONE);
	assert_int_equal(json_kind(json_get(doc, "d")), JSON_KIND_REAL);
	json_close(doc);
}

static void lines_are_for_people_and_lose_no_byte(void **state)
{
	struct jsonout json = {.style = JSONOUT_LINES};

	(void)state;
	jsonout_begin(&json, NULL, '[');
	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "path", "\xc3\xa9\xff\xc3\x7f");
	jsonout_number(&json, "x", 0.5);
	jsonout_begin(&json, "l", '[');
	jsonout_end(&json, ']');
	jsonout_end(&json, '}');
	jsonout_end(&json, ']');
	assert_string_equal(buf_str(&json.own),
	    "[\n  {\"path\": \"\xc3\xa9\\udcff\\udcc3\\u007f\", "
	    "\"x\": 0.5, \"l\": []}\n]");
	jsonout_release(&json);
}

static void what_is_written_is_ascii(void **state)
{
	struct buf out = {0};
	struct jsonout json = {.out = &out};

	(void)state;
	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "a\"", "\xc3\xa9\xf0\x9f\x98\x80\n\x01\xff\xc3");
	jsonout_count(&json, "n", 7);
	jsonout_begin(&json, "l", '[');
	jsonout_bool(&json, NULL, true);
	jsonout_text(&json, NULL, NULL);
	jsonout_raw(&json, NULL, "{}");
	jsonout_end(&json, ']');
	jsonout_end(&json, '}');
	assert_string_equal(buf_str(&out),
	    "{\"a\\\"\":\"\\u00e9\\ud83d\\ude00\\n\\u0001\\ufffd\\ufffd"
	    "\",\"n\":7,\"l\":[true,null,{}]}");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_document_is_read_by_paths),
	    cmocka_unit_test(what_is_written_is_ascii),
	    cmocka_unit_test(lines_are_for_people_and_lose_no_byte),
	    cmocka_unit_test(flattens_objects_in_their_order),
	    cmocka_unit_test(skips_arrays_but_for_their_length),
	    cmocka_unit_test(an_empty_object_has_no_values),
	    cmocka_unit_test(refuses_what_is_not_an_object),
	    cmocka_unit_test(refuses_what_is_too_deep_or_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
