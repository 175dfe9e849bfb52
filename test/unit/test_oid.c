/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/oid.h"

/* FIPS 180-4: the SHA-256 of "abc". */
static const char abc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void hashes_as_the_standard_says(void **state)
{
	struct oid oid;
	char hex[OID_HEX + 1];

	(void)state;
	oid_of("abc", 3, &oid);
	oid_hex(&oid, hex);
	assert_string_equal(hex, abc);
	oid_of("", 0, &oid);
	assert_true(oid_equal(&oid, &oid_empty));
	oid_of(NULL, 0, &oid);
	assert_true(oid_equal(&oid, &oid_empty));
}

static void hashes_a_stream_in_pieces(void **state)
{
	struct hasher *hasher = hasher_open();
	struct oid whole, pieces;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	hasher_oid(hasher, text, sizeof(text), &whole);
	hasher_start(hasher);
	for (size_t i = 0; i < sizeof(text); i += 10)
		hasher_add(hasher, text + i, 10);
	hasher_add(hasher, NULL, 0);
	hasher_end(hasher, &pieces);
	assert_true(oid_equal(&whole, &pieces));
	hasher_oid(hasher, "abc", 3, &pieces);
	assert_false(oid_equal(&whole, &pieces));
	hasher_close(hasher);
	hasher_close(NULL);
}

static void forgets_what_was_not_ended(void **state)
{
	struct hasher *hasher = hasher_open();
	struct oid oid;
	char hex[OID_HEX + 1];

	(void)state;
	hasher_start(hasher);
	hasher_add(hasher, "left", 4);
	hasher_oid(hasher, "abc", 3, &oid);
	oid_hex(&oid, hex);
	assert_string_equal(hex, abc);
	hasher_close(hasher);
}

/* As the library hashes it, wherever a block of either begins and ends. */
static void hashes_two_streams_as_if_each_were_alone(void **state)
{
	static const size_t before[] = {0, 1, 8, 55, 56, 63, 64, 65, 120, 200};
	static const size_t sizes[] = {0, 1, 63, 64, 127, 128, 129, 191, 192,
	    300, 4096, 5001};
	const size_t count = sizeof(before) / sizeof(before[0]);
	struct hasher *alone = hasher_open();
	struct hasher *one = hasher_open_lane();
	struct hasher *other = hasher_open_lane();
	uint8_t data[6000];
	struct oid oid, expected;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * i >> 3 ^ i);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < count * count; k++) {
			size_t skip = before[k / count];
			size_t other_skip = before[k % count];

			hasher_start(one);
			hasher_start(other);
			hasher_add(one, data, skip);
			hasher_add(other, data + 7, other_skip);
			hasher_add_two(one, data + skip, other,
			    data + 7 + other_skip, sizes[i]);
			hasher_add(one, "end", 3);
			hasher_end(one, &oid);
			hasher_start(alone);
			hasher_add(alone, data, skip + sizes[i]);
			hasher_add(alone, "end", 3);
			hasher_end(alone, &expected);
			assert_true(oid_equal(&oid, &expected));
			hasher_end(other, &oid);
			hasher_oid(alone, data + 7, other_skip + sizes[i],
			    &expected);
			assert_true(oid_equal(&oid, &expected));
		}
	}
	hasher_close(alone);
	hasher_close(one);
	hasher_close(other);
}

static void hashes_any_length_in_a_lane(void **state)
{
	struct hasher *alone = hasher_open();
	struct hasher *lane = hasher_open_lane();
	uint8_t data[260];
	struct oid oid, expected;

	(void)state;
	memset(data, 0xa7, sizeof(data));
	for (size_t size = 0; size <= sizeof(data); size++) {
		hasher_oid(alone, data, size, &expected);
		hasher_oid(lane, data, size, &oid);
		assert_true(oid_equal(&oid, &expected));
		hasher_start(lane);
		for (size_t at = 0; at < size; at += 13)
			hasher_add(lane, data + at,
			    size - at < 13 ? size - at : 13);
		hasher_end(lane, &oid);
		assert_true(oid_equal(&oid, &expected));
	}
	hasher_close(alone);
	hasher_close(lane);
}

static void reads_what_it_wrote(void **state)
{
	struct oid oid, back;
	char hex[OID_HEX + 1];

	(void)state;
	for (size_t i = 0; i < OID_SIZE; i++)
		oid.bytes[i] = (uint8_t)(i * 37 + 11);
	oid_hex(&oid, hex);
	assert_int_equal(strlen(hex), OID_HEX);
	assert_true(oid_parse(&back, slice_of(hex)));
	assert_true(oid_equal(&oid, &back));
}

static void refuses_what_is_not_an_id(void **state)
{
	struct oid oid;
	struct oid before;
	char text[80];

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	oid = before;
	for (int c = 0; c < 256; c++) {
		memcpy(text, abc, sizeof(abc));
		text[63] = (char)c;
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
			continue;
		assert_false(oid_parse(&oid, (struct slice){text, 64}));
		memcpy(text, abc, sizeof(abc));
		text[0] = (char)c;
		assert_false(oid_parse(&oid, (struct slice){text, 64}));
	}
	assert_false(oid_parse(&oid, (struct slice){abc, 63}));
	assert_false(oid_parse(&oid, (struct slice){abc, 65}));
	assert_false(oid_parse(&oid, (struct slice){NULL, 0}));
	assert_true(oid_equal(&oid, &before));
}

static void sorts_by_unsigned_bytes(void **state)
{
	struct oid a = {{0x7f}};
	struct oid b = {{0x80}};

	(void)state;
	assert_true(oid_compare(&a, &b) < 0);
	assert_true(oid_compare(&b, &a) > 0);
	assert_int_equal(oid_compare(&a, &a), 0);
	assert_false(oid_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hashes_as_the_standard_says),
	    cmocka_unit_test(hashes_a_stream_in_pieces),
	    cmocka_unit_test(forgets_what_was_not_ended),
	    cmocka_unit_test(hashes_two_streams_as_if_each_were_alone),
	    cmocka_unit_test(hashes_any_length_in_a_lane),
	    cmocka_unit_test(reads_what_it_wrote),
	    cmocka_unit_test(refuses_what_is_not_an_id),
	    cmocka_unit_test(sorts_by_unsigned_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
