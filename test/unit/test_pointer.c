/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/pointer.h"

#define ABC      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD     "mldv-pointer 1\n"
#define FILE_ABC "kind file\noid sha256:" ABC "\nsize 3\nfiles 1\n"
#define FROM     "from 3f2a https://example.org/a b.csv\n"

static int parse(struct pointer *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	return pointer_parse(out, arena, text, strlen(text), err);
}

static void reads_every_line(void **state)
{
	static const char text[] = HEAD "kind dir\noid sha256:" ABC
	                                "\nsize 170498071\nfiles 60000\n" FROM
	                                "note received by mail, \\\\o/\n";
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct pointer pointer;
	struct oid oid;

	(void)state;
	assert_int_equal(parse(&pointer, &arena, text, &err), 0);
	oid_of("abc", 3, &oid);
	assert_int_equal(pointer.content.kind, KIND_DIR);
	assert_true(oid_equal(&pointer.content.oid, &oid));
	assert_true(pointer.content.size == 170498071);
	assert_true(pointer.content.files == 60000);
	assert_string_equal(pointer.from_version, "3f2a");
	assert_string_equal(pointer.from_address,
	    "https://example.org/a b.csv");
	assert_string_equal(pointer.note, "received by mail, \\o/");
	arena_release(&arena);
}

static void writes_what_it_read(void **state)
{
	static const char *const texts[] = {
	    HEAD FILE_ABC,
	    HEAD FILE_ABC FROM,
	    HEAD FILE_ABC "note x\n",
	    HEAD FILE_ABC FROM "note two\\nlines \n",
	    HEAD "kind exec\noid sha256:" EMPTY "\nsize 0\nfiles 1\n",
	    HEAD "kind link\noid sha256:" ABC "\nsize 3\nfiles 1\n",
	    HEAD "kind dir\noid sha256:" ABC "\nsize 0\nfiles 0\n",
	    HEAD "kind file\noid sha256:" ABC
	         "\nsize 9223372036854775807\nfiles 1\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct buf out = {0};
		struct pointer pointer;

		assert_int_equal(parse(&pointer, &arena, texts[i], &err), 0);
		pointer_format(&pointer, &out);
		assert_string_equal(buf_str(&out), texts[i]);
		buf_release(&out);
		arena_release(&arena);
	}
}

static void refuses_what_is_not_canonical(void **state)
{
	static const char *const texts[] = {
	    "",
	    HEAD,
	    "mldv-pointer 2\n" FILE_ABC,
	    "mldv-tree 1\n" FILE_ABC,
	    HEAD "kind page\noid sha256:" ABC "\nsize 3\nfiles 1\n",
	    HEAD "kind file \noid sha256:" ABC "\nsize 3\nfiles 1\n",
	    HEAD "kind file x\noid sha256:" ABC "\nsize 3\nfiles 1\n",
	    HEAD "kind file\noid " ABC "\nsize 3\nfiles 1\n",
	    HEAD "kind file\noid sha512:" ABC "\nsize 3\nfiles 1\n",
	    HEAD "kind file\noid sha256:" ABC "0\nsize 3\nfiles 1\n",
	    HEAD "kind file\nsize 3\noid sha256:" ABC "\nfiles 1\n",
	    HEAD "kind file\noid sha256:" ABC "\nsize 03\nfiles 1\n",
	    HEAD "kind file\noid sha256:" ABC "\nsize 3\nfiles 2\n",
	    HEAD "kind file\noid sha256:" ABC "\nsize 0\nfiles 1\n",
	    HEAD "kind file\noid sha256:" EMPTY "\nsize 3\nfiles 1\n",
	    HEAD "kind dir\noid sha256:" EMPTY "\nsize 0\nfiles 0\n",
	    HEAD "kind file\noid sha256:" ABC "\nsize 3\nfiles 1",
	    HEAD "kind file\noid sha256:" ABC "\nsize 3\n",
	    HEAD FILE_ABC "\n",
	    HEAD FILE_ABC "other x\n",
	    HEAD FILE_ABC "note\n",
	    HEAD FILE_ABC "note \n",
	    HEAD FILE_ABC "note a\\tb\n",
	    HEAD FILE_ABC "note x\nnote y\n",
	    HEAD FILE_ABC "note x\n" FROM,
	    HEAD FILE_ABC FROM FROM,
	    HEAD FILE_ABC "from 3f2a\n",
	    HEAD FILE_ABC "from 3f2a \n",
	    HEAD FILE_ABC "from  a\n",
	    HEAD FILE_ABC "note x\r\ny\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct pointer pointer;

		assert_int_equal(parse(&pointer, &arena, texts[i], &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_memory_equal(err.text, "pointer, line ", 14);
		arena_release(&arena);
	}
}

static void names_the_line_that_is_wrong(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct pointer pointer;

	(void)state;
	assert_int_equal(parse(&pointer, &arena,
	                     HEAD "kind file\noid sha256:" ABC
	                          "\nsize x\nfiles 1\n",
	                     &err),
	    -1);
	assert_string_equal(err.text, "pointer, line 4: 'x' is not a number");
	arena_release(&arena);
}

/* Parses a pointer with a line of len times x after the word. */
static int parse_long(const char *word, size_t len)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct pointer pointer;
	int ret;

	buf_add_str(&text, HEAD FILE_ABC);
	buf_add_str(&text, word);
	for (size_t i = 0; i < len; i++)
		buf_add_char(&text, 'x');
	buf_add_char(&text, '\n');
	ret = pointer_parse(&pointer, &arena, text.data, text.len, &err);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

static void keeps_to_its_limits(void **state)
{
	size_t head = strlen(HEAD FILE_ABC);

	(void)state;
	assert_int_equal(parse_long("note ", POINTER_NOTE_LIMIT), 0);
	assert_int_equal(parse_long("note ", POINTER_NOTE_LIMIT + 1), -1);
	assert_int_equal(parse_long("from v ", 1024 - head - 8), 0);
	assert_int_equal(parse_long("from v ", 1024 - head - 7), -1);
	assert_int_equal(parse_long("from v ", POINTER_LIMIT), -1);
}

static void an_empty_note_is_none(void **state)
{
	struct pointer pointer = {.note = ""};
	struct buf out = {0};

	(void)state;
	pointer.content = (struct content){.size = 3, .files = 1};
	pointer_format(&pointer, &out);
	assert_null(strstr(buf_str(&out), "note"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_line),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	    cmocka_unit_test(names_the_line_that_is_wrong),
	    cmocka_unit_test(keeps_to_its_limits),
	    cmocka_unit_test(an_empty_note_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
