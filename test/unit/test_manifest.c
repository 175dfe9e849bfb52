/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/manifest.h"

#define ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD    "mldv-manifest 1\n"
#define DIR     HEAD "kind dir\noid sha256:" ABC "\nsize 3\nfiles 1\n"
#define NO_DATA HEAD "kind file\noid sha256:" EMPTY "\nsize 0\nfiles 1\n"
/* An index of one record has 120 bytes, of two 168. */
#define NUMBERS "1120 1000 1\n"

static int parse(struct manifest *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	return manifest_parse(out, arena, text, strlen(text), err);
}

static void reads_the_packs(void **state)
{
	static const char text[] = DIR "trees " ABC " 1120 1000 1\n"
	                               "pack " EMPTY " 67108864 67108696 2\n";
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct manifest manifest;
	struct oid abc;

	(void)state;
	oid_of("abc", 3, &abc);
	assert_int_equal(parse(&manifest, &arena, text, &err), 0);
	assert_int_equal(manifest.content.kind, KIND_DIR);
	assert_true(oid_equal(&manifest.content.oid, &abc));
	assert_int_equal(manifest.count, 2);
	assert_true(manifest.packs[0].trees);
	assert_true(oid_equal(&manifest.packs[0].id, &abc));
	assert_int_equal(manifest.packs[0].bytes, 1120);
	assert_int_equal(manifest.packs[0].index, 1000);
	assert_int_equal(manifest.packs[0].objects, 1);
	assert_false(manifest.packs[1].trees);
	assert_int_equal(manifest.packs[1].bytes, 67108864);
	assert_int_equal(manifest.packs[1].objects, 2);
	arena_release(&arena);
}

static void writes_what_it_read(void **state)
{
	static const char *const texts[] = {
	    DIR "pack " ABC " " NUMBERS,
	    DIR "pack " ABC " " NUMBERS "trees " EMPTY " " NUMBERS,
	    NO_DATA,
	    NO_DATA "pack " ABC " " NUMBERS,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct buf out = {0};
		struct manifest manifest;

		if (parse(&manifest, &arena, texts[i], &err) < 0)
			fail_msg("%zu: %s", i, err.text);
		manifest_format(&manifest, &out);
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
	    /* a directory needs its tree */
	    DIR,
	    HEAD "kind file\noid sha256:" ABC "\nsize 3\nfiles 1\n",
	    /* exec and link have the manifest of the file */
	    HEAD "kind exec\noid sha256:" ABC "\nsize 3\nfiles 1\n"
	         "pack " ABC " " NUMBERS,
	    HEAD "kind link\noid sha256:" ABC "\nsize 3\nfiles 1\n"
	         "pack " ABC " " NUMBERS,
	    /* order */
	    DIR "pack " EMPTY " " NUMBERS "pack " ABC " " NUMBERS,
	    DIR "pack " ABC " " NUMBERS "pack " ABC " " NUMBERS,
	    DIR "pack " ABC " " NUMBERS "trees " ABC " " NUMBERS,
	    /* numbers */
	    DIR "pack " ABC " 1121 1000 1\n",
	    DIR "pack " ABC " 1120 1000 2\n",
	    DIR "pack " ABC " 1072 1000 0\n",
	    DIR "pack " ABC " 120 0 1\n",
	    DIR "pack " ABC " 67108865 67108745 1\n",
	    DIR "pack " ABC " 1120 1000 9223372036854775807\n",
	    DIR "pack " ABC " 1120 9223372036854775807 1\n",
	    DIR "pack " ABC " 1120 1000 384307168202282325\n",
	    /* text */
	    DIR "pack " ABC " 1120 1000\n",
	    DIR "pack " ABC " 1120 1000 1 \n",
	    DIR "pack " ABC " 1120 1000 1 x\n",
	    DIR "pack " ABC " 1120 1000 1",
	    DIR "tree " ABC " " NUMBERS,
	    DIR "pack x 1120 1000 1\n",
	    DIR "pack\n",
	    DIR "\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct manifest manifest;

		if (parse(&manifest, &arena, texts[i], &err) == 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_memory_equal(err.text, "manifest, line ", 15);
		arena_release(&arena);
	}
}

static void sorts_the_packs_that_it_writes(void **state)
{
	struct manifest_pack packs[] = {
	    {.id = {{2}}, .bytes = 1120, .index = 1000, .objects = 1},
	    {.id = {{1}}, .bytes = 1120, .index = 1000, .objects = 1},
	};
	struct manifest manifest = {.packs = packs, .count = 2};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct manifest back;

	(void)state;
	manifest.content = (struct content){KIND_EXEC, {{7}}, 3, 1};
	manifest_format(&manifest, &out);
	assert_int_equal(manifest_parse(&back, &arena, out.data, out.len, &err),
	    0);
	assert_int_equal(back.packs[0].id.bytes[0], 1);
	assert_int_equal(back.packs[1].id.bytes[0], 2);
	assert_int_equal(back.content.kind, KIND_FILE);
	buf_release(&out);
	arena_release(&arena);
}

static void refuses_a_text_that_is_too_long(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct manifest manifest;

	(void)state;
	memset(buf_room(&text, MANIFEST_LIMIT + 1), '\n', MANIFEST_LIMIT + 1);
	assert_int_equal(manifest_parse(&manifest, &arena, text.data,
	                     MANIFEST_LIMIT + 1, &err),
	    -1);
	assert_non_null(strstr(err.text, "longer than 67108864 bytes"));
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_packs),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	    cmocka_unit_test(sorts_the_packs_that_it_writes),
	    cmocka_unit_test(refuses_a_text_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
