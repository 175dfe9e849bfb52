/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/condemned.h"
#include "format/oidset.h"

#define ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PROJECT "0123456789abcdef"
#define HEAD    "mldv-gc 1\nproject " PROJECT "\n"

static int parse(struct condemned *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	return condemned_parse(out, arena, text, strlen(text), err);
}

static void reads_what_was_written(void **state)
{
	static const char manifest[] = "mldv-manifest 1\nback\\slash\n";
	struct condemned_manifest manifests[2] = {
	    {.kind = KIND_FILE, .text = slice_of(manifest)},
	    {.kind = KIND_DIR, .text = slice_of("x")},
	};
	struct condemned_pack packs[2] = {{.bytes = 5}, {.bytes = 6}};
	struct condemned condemned = {PROJECT, manifests, 2, packs, 2};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct condemned read;

	(void)state;
	oid_of("abc", 3, &manifests[0].oid);
	oid_of("abc", 3, &manifests[1].oid);
	oid_of("", 0, &packs[0].id);
	oid_of("abc", 3, &packs[1].id);
	condemned_format(&condemned, &text);
	assert_int_equal(condemned_parse(&read, &arena, text.data, text.len,
	                     &err),
	    0);
	assert_string_equal(read.project, PROJECT);
	assert_int_equal(read.manifest_count, 2);
	assert_int_equal(read.manifests[0].kind, KIND_DIR);
	assert_int_equal(read.manifests[1].kind, KIND_FILE);
	assert_true(slice_is(read.manifests[1].text, manifest));
	assert_int_equal(read.pack_count, 2);
	assert_int_equal(read.packs[0].bytes, 6);
	assert_int_equal(read.packs[1].bytes, 5);
	buf_release(&text);
	arena_release(&arena);
}

static void refuses_what_is_not_canonical(void **state)
{
	static const char *const texts[] = {
	    "",
	    "mldv-gc 2\nproject " PROJECT "\n",
	    "mldv-gc 1\n",
	    "mldv-gc 1\nproject 0123456789abcde\n",
	    "mldv-gc 1\nproject 0123456789ABCDEF\n",
	    HEAD "pack " EMPTY " 1\npack " ABC " 1\n",
	    HEAD "pack " ABC " 1\npack " ABC " 1\n",
	    HEAD "pack " ABC " 01\n",
	    HEAD "pack " ABC "\n",
	    HEAD "pack " ABC " 1 \n",
	    HEAD "pack " ABC " 1",
	    HEAD "pack " ABC " 1\nmanifest " ABC " dir x\n",
	    HEAD "manifest " ABC " file x\nmanifest " ABC " dir x\n",
	    HEAD "manifest " ABC " exec x\n",
	    HEAD "manifest " ABC " dir a\\b\n",
	    HEAD "manifest " ABC " dir\n",
	    HEAD "trees " ABC " 1\n",
	    HEAD "\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct condemned condemned;

		assert_int_equal(parse(&condemned, &arena, texts[i], &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		arena_release(&arena);
	}
}

static void a_set_has_each_oid_once_in_order(void **state)
{
	struct oid_set set = {0};
	struct oid oid;
	size_t at;

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 1000; i++) {
			oid_of(&i, sizeof(i), &oid);
			assert_int_equal(oid_set_add(&set, &oid), round == 0);
			assert_true(oid_set_find(&set, &oid, &at));
			assert_int_equal(at, i);
		}
	}
	assert_int_equal(set.count, 1000);
	assert_false(oid_set_has(&set, &oid_empty));
	oid_set_release(&set);
	assert_false(oid_set_has(&set, &oid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_was_written),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	    cmocka_unit_test(a_set_has_each_oid_once_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
