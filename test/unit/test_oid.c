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
	    cmocka_unit_test(reads_what_it_wrote),
	    cmocka_unit_test(refuses_what_is_not_an_id),
	    cmocka_unit_test(sorts_by_unsigned_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
