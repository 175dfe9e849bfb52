/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/key.h"

#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TAIL  "runner shell 1\nshell /bin/sh -eu\n"
#define HEAD  "mldv-key 1\ncmd " ABC "\ncwd .\n"

static void parse(struct key *out, const char *text)
{
	struct mldv_error err;

	if (key_parse(out, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void refuse(const char *text, const char *message)
{
	struct mldv_error err = {0};
	struct key key = {0};

	assert_int_equal(key_parse(&key, text, strlen(text), &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_string_equal(err.text, message);
	assert_int_equal(key.lines.count, 0);
}

static void difference(const char *old, const char *new, const char *words)
{
	struct key a = {0};
	struct key b = {0};
	struct buf text = {0};
	struct buf out = {0};

	buf_printf(&text, "mldv-key 1\n%s", old);
	parse(&a, buf_str(&text));
	buf_reset(&text);
	buf_printf(&text, "mldv-key 1\n%s", new);
	parse(&b, buf_str(&text));
	assert_int_equal(key_difference(&a, &b, &out), words != NULL);
	assert_string_equal(buf_str(&out), words ? words : "");
	key_release(&a);
	key_release(&b);
	buf_release(&text);
	buf_release(&out);
}

static void writes_the_document_of_a_stage(void **state)
{
	struct param lr = {.name = "lr",
	    .value = {VALUE_FLOAT, "0.1", "0x1.999999999999ap-4"}};
	struct param name = {.name = "name",
	    .value = {VALUE_TEXT, "a\\", "\"a\\\\\""}};
	const struct param *params[] = {&lr, &name};
	struct stage_out outs[] = {{.path = "out/a"}, {.path = "b\nc"}};
	struct stage stage = {
	    .name = "not in the key",
	    .desc = "nor this",
	    .cmd = "abc",
	    .cwd = "",
	    .outs = outs,
	    .out_count = 2,
	    .params = params,
	    .param_count = 2,
	};
	struct hasher *hasher = hasher_open();
	struct key key = {0};
	struct buf out = {0};
	struct oid oid;
	struct oid expected;

	(void)state;
	key_add_dep(&key, KIND_FILE, &oid_empty, "z");
	key_add_stage(&key, &stage, "/bin/sh -eu", hasher);
	key_add_dep(&key, KIND_DIR, &oid_empty, "data");
	key_end(&key, &out, &oid);
	assert_string_equal(buf_str(&out),
	    HEAD "dep d " EMPTY " data\ndep f " EMPTY " z\nout b\\nc\n"
	         "out out/a\nparam float lr 0x1.999999999999ap-4\n"
	         "param text name \"a\\\\\\\\\"\n" TAIL);
	oid_of(out.data, out.len, &expected);
	assert_true(oid_equal(&oid, &expected));
	hasher_close(hasher);
	buf_release(&out);
	key_release(&key);
}

static void does_not_depend_on_the_order_of_facts(void **state)
{
	struct key a = {0};
	struct key b = {0};
	struct oid first;
	struct oid second;

	(void)state;
	key_add_dep(&a, KIND_FILE, &oid_empty, "x");
	key_add_dep(&a, KIND_EXEC, &oid_empty, "y");
	key_add_dep(&b, KIND_EXEC, &oid_empty, "y");
	key_add_dep(&b, KIND_FILE, &oid_empty, "x");
	key_end(&a, NULL, &first);
	key_end(&b, NULL, &second);
	assert_true(oid_equal(&first, &second));
	key_add_dep(&b, KIND_LINK, &oid_empty, "x");
	key_end(&b, NULL, &second);
	assert_false(oid_equal(&first, &second));
	key_release(&a);
	key_release(&b);
}

static void writes_what_it_read(void **state)
{
	const char *text = HEAD "dep x " EMPTY " a b\nout c\n"
	                        "param int n 3\n" TAIL;
	struct key key;
	struct buf out = {0};
	struct oid oid;

	(void)state;
	parse(&key, text);
	key_end(&key, &out, &oid);
	assert_string_equal(buf_str(&out), text);
	buf_release(&out);
	key_release(&key);
}

static void refuses_what_is_not_canonical(void **state)
{
	(void)state;
	refuse("mldv-key 2\n",
	    "key, line 1: version 2 is not known here, only version 1 is; a "
	    "newer mldv can read it");
	refuse("mldv-key 1\ncwd .\ncmd " ABC "\n" TAIL,
	    "key, line 3: is not sorted after the line above");
	refuse(HEAD "out a\nout a\n" TAIL,
	    "key, line 5: is not sorted after the line above");
	refuse(HEAD "cwd x\n" TAIL, "key, line 4: a second 'cwd'");
	refuse(HEAD "shell x\n", "key, line 4: 'runner' is missing");
	refuse(HEAD "envy X\n" TAIL,
	    "key, line 4: 'envy' is not known here; a newer mldv may know it");
	refuse(HEAD "dep q " ABC " x\n" TAIL,
	    "key, line 4: 'q' is not f, x, l or d");
	refuse(HEAD "param real x 1\n" TAIL,
	    "key, line 4: 'real' is not a type");
	refuse(HEAD "param float x 0.1\n" TAIL,
	    "key, line 4: the value of 'x' is not written as float is");
	refuse(HEAD "param int x 01\n" TAIL,
	    "key, line 4: the value of 'x' is not written as int is");
	refuse(HEAD "param text x a\n" TAIL,
	    "key, line 4: the value of 'x' is not written as text is");
	refuse(HEAD "param int x/y 1\n" TAIL,
	    "key, line 4: a parameter has no such name");
	refuse(HEAD "out ../x\n" TAIL,
	    "key, line 4: '../x' is not a path inside the repository");
	refuse(HEAD "dep f " ABC " a//b\n" TAIL,
	    "key, line 4: 'a//b' is not a path inside the repository");
	refuse(HEAD "out a\\b\n" TAIL,
	    "key, line 4: a backslash is followed by neither n nor another");
	refuse("mldv-key 1\ncmd " ABC " x\ncwd .\n" TAIL,
	    "key, line 2: has too much: 'x'");
}

static void names_the_first_difference(void **state)
{
	(void)state;
	difference("cmd " ABC "\ncwd .\n" TAIL, "cmd " ABC "\ncwd .\n" TAIL,
	    NULL);
	difference("cmd " ABC "\ncwd .\nparam int n 1\n" TAIL,
	    "cmd " EMPTY "\ncwd .\nparam int n 2\n" TAIL, "param n 1 -> 2");
	difference("cmd " ABC "\ncwd .\ndep f " ABC " x\n" TAIL,
	    "cmd " EMPTY "\ncwd .\ndep f " EMPTY " x\n" TAIL, "cmd changed");
	difference("cmd " ABC "\ncwd .\nparam float lr "
	           "0x1.999999999999ap-4\n" TAIL,
	    "cmd " ABC "\ncwd .\ndep f " ABC " x\nparam float lr "
	    "0x1.999999999999ap-5\n" TAIL,
	    "param lr 0.1 -> 0.05");
	difference("cmd " ABC "\ncwd .\nparam int n 1\n" TAIL,
	    "cmd " ABC "\ncwd .\nparam text n \"1\"\n" TAIL,
	    "param n int 1 -> text 1");
	difference("cmd " ABC "\ncwd .\nparam text n \"a\\\\\\\\b\"\n" TAIL,
	    "cmd " ABC "\ncwd .\nparam list n [1, 0x1p-1]\n" TAIL,
	    "param n a\\b -> [1, 0.5]");
	difference("cmd " ABC "\ncwd .\nparam int n 1\n" TAIL,
	    "cmd " ABC "\ncwd .\n" TAIL, "param n removed");
	difference("cmd " ABC "\ncwd .\nparam int b 1\n" TAIL,
	    "cmd " ABC "\ncwd .\nparam float a 0x1p+0\nparam int b 1\n" TAIL,
	    "param a added");
}

static void names_deps_outs_and_the_rest(void **state)
{
	(void)state;
	difference("cmd " ABC "\ncwd .\ndep f " ABC " b\ndep f " EMPTY
	           " a\n" TAIL,
	    "cmd " ABC "\ncwd .\ndep f " ABC " a\ndep f " EMPTY " b\n" TAIL,
	    "dep a changed");
	difference("cmd " ABC "\ncwd .\ndep f " ABC " a\n" TAIL,
	    "cmd " ABC "\ncwd .\ndep x " ABC " a\n" TAIL, "dep a changed");
	difference("cmd " ABC "\ncwd .\nout z\n" TAIL,
	    "cmd " ABC "\ncwd .\ndep f " ABC " a b\nout y\n" TAIL,
	    "dep a b added");
	difference("cmd " ABC "\ncwd .\ndep f " ABC " a\n" TAIL,
	    "cmd " ABC "\ncwd .\n" TAIL, "dep a removed");
	difference("cmd " ABC "\ncwd .\nout z\n" TAIL,
	    "cmd " ABC "\ncwd x\nout y\nout z\n" TAIL, "out y added");
	difference("cmd " ABC "\ncwd .\n" TAIL, "cmd " ABC "\ncwd x\n" TAIL,
	    "cwd changed");
	difference("cmd " ABC "\ncwd .\n" TAIL,
	    "cmd " ABC "\ncwd .\nrunner shell 1\nshell bash\n",
	    "shell changed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_the_document_of_a_stage),
	    cmocka_unit_test(does_not_depend_on_the_order_of_facts),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	    cmocka_unit_test(names_the_first_difference),
	    cmocka_unit_test(names_deps_outs_and_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
