/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/yaml.h"

#define LIMIT (1 << 20)

static void expect(const char *text, const char *json)
{
	struct mldv_error err = {0};
	struct buf out = {0};

	if (yaml_to_json(&out, slice_of(text), LIMIT, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(buf_str(&out), json);
	buf_release(&out);
}

static void refuse(const char *text, const char *words)
{
	struct mldv_error err = {0};
	struct buf out = {0};

	assert_int_equal(yaml_to_json(&out, slice_of(text), LIMIT, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("%s: %s", text, err.text);
	buf_release(&out);
}

static void reads_scalars_as_version_1_2(void **state)
{
	(void)state;
	expect("a: 1", "{\"a\":1}");
	expect("a: -007", "{\"a\":-7}");
	expect("a: +12", "{\"a\":12}");
	expect("a: 0o17\nb: 0xfF", "{\"a\":15,\"b\":255}");
	expect("a: 1e-3", "{\"a\":1.0e-3}");
	expect("a: .5", "{\"a\":0.5}");
	expect("a: -1.\nb: 1.5E+3", "{\"a\":-1.0,\"b\":1.5e+3}");
	expect("a: true\nb: False\nc: ~\nd:\ne: null",
	    "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":null}");
	expect("a: yes\nb: on\nc: 1_000\nd: 12:30:45",
	    "{\"a\":\"yes\",\"b\":\"on\",\"c\":\"1_000\",\"d\":\"12:30:45\"}");
	expect("a: .inf\nb: -.inf\nc: .nan",
	    "{\"a\":\".inf\",\"b\":\"-.inf\",\"c\":\".nan\"}");
	expect("a: e5\nb: 1e\nc: .\nd: '1'\ne: \"1\"",
	    "{\"a\":\"e5\",\"b\":\"1e\",\"c\":\".\",\"d\":\"1\",\"e\":\"1\"}");
	expect("a: 0x\nb: 0o8", "{\"a\":\"0x\",\"b\":\"0o8\"}");
	expect("a: !!str 1\nb: ! 1", "{\"a\":\"1\",\"b\":\"1\"}");
}

static void reads_maps_and_lists(void **state)
{
	(void)state;
	expect("a:\n  - 1\n  - {b: 2, 3: [4]}\nc: {}",
	    "{\"a\":[1,{\"b\":2,\"3\":[4]}],\"c\":{}}");
	expect("# nothing\n", "{}");
	expect("--- {a: 1}\n...\n", "{\"a\":1}");
}

static void copies_what_an_alias_stands_for(void **state)
{
	(void)state;
	expect("a: &x [1, 2]\nb: *x\nc: &y t\nd: [*y, *x]",
	    "{\"a\":[1,2],\"b\":[1,2],\"c\":\"t\",\"d\":[\"t\",[1,2]]}");
	expect("a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}");
}

static void refuses_what_it_cannot_say(void **state)
{
	(void)state;
	refuse("a: *x", "line 1: an alias has no anchor");
	refuse("a: &x [*x]", "an alias stands in what it stands for");
	refuse("a: 1\n---\nb: 2", "a second document begins");
	refuse("- 1", "it is a list, not a map");
	refuse("x", "it is a scalar, not a map");
	refuse("? [1]\n: 2", "a key is not a plain text");
	refuse("a: &x t\n*x : 2", "a key is not a plain text");
	refuse("a: !!python/object:os.system 1", "a tag is not known here");
	refuse("a: !x [1]", "a tag is not known here");
	refuse("a: 99999999999999999999", "beyond 64 bits");
	refuse("a: 0xffffffffffffffff", "beyond 64 bits");
	refuse("a: 1e999", "too large");
	refuse("a: [1", "line ");
}

static void bounds_depth_and_what_aliases_make(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_add_str(&text, "a: ");
	for (size_t i = 0; i < YAML_DEPTH; i++)
		buf_add_char(&text, '[');
	refuse(buf_str(&text), "nested too deeply");
	buf_reset(&text);
	buf_add_str(&text, "a0: &a0 [xxxxxxxxxxxxxxxx]\n");
	for (int i = 1; i < 20; i++)
		buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i,
		    i - 1, i - 1, i - 1, i - 1);
	refuse(buf_str(&text), "too large, with its aliases");
	buf_reset(&text);
	for (int i = 0; i <= YAML_ANCHORS; i++)
		buf_printf(&text, "a%d: &a%d 1\n", i, i);
	refuse(buf_str(&text), "too many anchors");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_scalars_as_version_1_2),
	    cmocka_unit_test(reads_maps_and_lists),
	    cmocka_unit_test(copies_what_an_alias_stands_for),
	    cmocka_unit_test(refuses_what_it_cannot_say),
	    cmocka_unit_test(bounds_depth_and_what_aliases_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
