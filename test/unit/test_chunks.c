/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/chunks.h"

#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD  "mldv-chunks 1\n"

/* The gear table as mldv-format(5) defines it. */
static void make_gear(uint64_t gear[256])
{
	for (int i = 0; i < 256; i++) {
		char text[] = "mldv-gear-1?";
		struct oid oid;

		text[11] = (char)i;
		oid_of(text, 12, &oid);
		gear[i] = 0;
		for (int j = 0; j < 8; j++)
			gear[i] = gear[i] << 8 | oid.bytes[j];
	}
}

/* The cutting rule as the page says it, word for word. */
static size_t cut_by_definition(const uint64_t gear[256], const uint8_t *b,
    size_t n)
{
	uint64_t m22 = UINT64_C(0xfffffc0000000000);
	uint64_t m18 = UINT64_C(0xffffc00000000000);
	uint64_t h = 0;

	if (n <= 262144)
		return n;
	for (size_t i = 262080;; i++) {
		size_t l = i + 1;

		h = 2 * h + gear[b[i]];
		if (l < 262144)
			continue;
		if ((h & (l < 1048576 ? m22 : m18)) == 0 || l == 4194304 ||
		    l == n)
			return l;
	}
}

static uint8_t *make_data(size_t size)
{
	uint8_t *data = malloc(size);
	uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		if (i % 8 == 0) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		data[i] = (uint8_t)(x >> 8 * (i % 8));
	}
	return data;
}

static void the_table_begins_and_ends_as_published(void **state)
{
	uint64_t gear[256];

	(void)state;
	make_gear(gear);
	assert_true(gear[0] == UINT64_C(0xa14f3e855f70772c));
	assert_true(gear[255] == UINT64_C(0x3b455f7a292f5a3f));
}

static void cuts_as_the_definition_says(void **state)
{
	const size_t size = 16 << 20;
	uint8_t *data = make_data(size);
	uint64_t gear[256];
	size_t at = 0;
	size_t count = 0;

	(void)state;
	make_gear(gear);
	while (at < size) {
		size_t len = chunk_cut(data + at, size - at);

		assert_int_equal(len,
		    cut_by_definition(gear, data + at, size - at));
		at += len;
		count++;
	}
	assert_int_equal(at, size);
	assert_int_equal(count, 14);
	free(data);
}

static void needs_to_see_only_the_largest_chunk(void **state)
{
	const size_t size = 8 << 20;
	uint8_t *data = make_data(size);

	(void)state;
	for (size_t at = 0; at + CHUNK_MAX <= size;) {
		size_t len = chunk_cut(data + at, CHUNK_MAX);

		assert_int_equal(len, chunk_cut(data + at, size - at));
		at += len;
	}
	free(data);
}

/* mldv-format(5): the SHA-256 digests of "0", "1", … "262143" in a row. */
static void cuts_the_published_test_vector(void **state)
{
	static const size_t lengths[] = {1194336, 1368444, 813955, 1084179,
	    1115128, 1123168, 1072688, 616710};
	const size_t size = 8 << 20;
	struct hasher *hasher = hasher_open();
	uint8_t *data = malloc(size);
	size_t at = 0;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < size / OID_SIZE; i++) {
		char number[16];
		int len = snprintf(number, sizeof(number), "%zu", i);
		struct oid oid;

		hasher_oid(hasher, number, (size_t)len, &oid);
		memcpy(data + i * OID_SIZE, oid.bytes, OID_SIZE);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		assert_int_equal(chunk_cut(data + at, size - at), lengths[i]);
		at += lengths[i];
	}
	assert_int_equal(at, size);
	free(data);
	hasher_close(hasher);
}

static void keeps_to_the_bounds_of_a_chunk(void **state)
{
	const size_t size = CHUNK_MAX + 1;
	uint8_t *zeros = calloc(size, 1);

	(void)state;
	assert_non_null(zeros);
	assert_int_equal(chunk_cut(zeros, 0), 0);
	assert_int_equal(chunk_cut(zeros, 1), 1);
	assert_int_equal(chunk_cut(zeros, CHUNK_MIN), CHUNK_MIN);
	assert_int_equal(chunk_cut(zeros, CHUNK_MIN + 1), CHUNK_MIN + 1);
	assert_int_equal(chunk_cut(zeros, CHUNK_NORMAL - 1), CHUNK_NORMAL - 1);
	assert_int_equal(chunk_cut(zeros, CHUNK_NORMAL), CHUNK_NORMAL);
	assert_int_equal(chunk_cut(zeros, CHUNK_MAX), CHUNK_MAX);
	assert_int_equal(chunk_cut(zeros, CHUNK_MAX + 1), CHUNK_MAX);
	free(zeros);
}

static int parse(struct chunks *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	return chunks_parse(out, arena, text, strlen(text), err);
}

static void writes_what_it_read(void **state)
{
	static const char text[] = HEAD "4194304 " ABC "\n262144 " ABC
	                                "\n4194304 " ABC "\n1 " ABC "\n";
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct chunks chunks;

	(void)state;
	assert_int_equal(parse(&chunks, &arena, text, &err), 0);
	assert_int_equal(chunks.count, 4);
	assert_true(chunks.size == 2 * 4194304 + 262144 + 1);
	assert_int_equal(chunks.items[1].size, 262144);
	chunks_format(&chunks, &out);
	assert_string_equal(buf_str(&out), text);
	buf_release(&out);
	arena_release(&arena);
}

static void refuses_lists_that_cannot_be(void **state)
{
	static const char *const texts[] = {
	    "",
	    HEAD,
	    "mldv-chunks 2\n4194304 " ABC "\n1 " ABC "\n",
	    /* what is not cut */
	    HEAD "4194304 " ABC "\n",
	    HEAD "262144 " ABC "\n300000 " ABC "\n",
	    /* sizes of chunks */
	    HEAD "4194305 " ABC "\n1 " ABC "\n",
	    HEAD "4194304 " ABC "\n0 " EMPTY "\n",
	    HEAD "4194304 " ABC "\n1 " EMPTY "\n",
	    HEAD "4194304 " ABC "\n262143 " ABC "\n1 " ABC "\n",
	    HEAD "9223372036854775807 " ABC "\n1 " ABC "\n",
	    /* text */
	    HEAD "4194304 " ABC "\n1 " ABC,
	    HEAD "4194304 " ABC "\n1 " ABC " x\n",
	    HEAD "4194304 " ABC "\n1 " ABC " \n",
	    HEAD "4194304 " ABC "\n01 " ABC "\n",
	    HEAD "4194304 " ABC "\n\n1 " ABC "\n",
	    HEAD "4194304 " ABC "\n1\n",
	    HEAD "4194304\n" ABC "\n1 " ABC "\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct chunks chunks;

		if (parse(&chunks, &arena, texts[i], &err) == 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_memory_equal(err.text, "chunks, line ", 13);
		arena_release(&arena);
	}
}

static void refuses_a_list_that_is_too_long(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct chunks chunks;

	(void)state;
	memset(buf_room(&text, CHUNKS_LIMIT + 1), '\n', CHUNKS_LIMIT + 1);
	assert_int_equal(chunks_parse(&chunks, &arena, text.data,
	                     CHUNKS_LIMIT + 1, &err),
	    -1);
	assert_non_null(strstr(err.text, "longer than 50331648 bytes"));
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_begins_and_ends_as_published),
	    cmocka_unit_test(cuts_as_the_definition_says),
	    cmocka_unit_test(needs_to_see_only_the_largest_chunk),
	    cmocka_unit_test(cuts_the_published_test_vector),
	    cmocka_unit_test(keeps_to_the_bounds_of_a_chunk),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(refuses_lists_that_cannot_be),
	    cmocka_unit_test(refuses_a_list_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
