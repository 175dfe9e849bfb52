/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/chunks.h"
#include "format/packindex.h"
#include "format/tree.h"

/* An index as it is in a file, and what parsing it gave. */
struct subject {
	struct pack_record records[8];
	struct pack_index index;
	struct pack_index back;
	struct buf bytes;
	struct arena arena;
	struct mldv_error err;
};

/* Two stored objects, then three in one frame of 500 bytes at 1000. */
static void fill(struct subject *subject)
{
	static const struct pack_record records[] = {
	    {{{5}}, 13, 103, 0, 100, true, false},
	    {{{3}}, 200, 131079, 0, 131073, true, false},
	    {{{9}}, 140000, 500, 512, 513, false, false},
	    {{{1}}, 140000, 500, 2048, 1, false, true},
	    {{{7}}, 140000, 500, 3072, 4194304, false, false},
	};

	memset(subject, 0, sizeof(*subject));
	memcpy(subject->records, records, sizeof(records));
	subject->index = (struct pack_index){subject->records, 5, 140500};
}

static int parse_size(struct subject *subject, uint64_t pack_size)
{
	return pack_index_parse(&subject->back, &subject->arena,
	    (const uint8_t *)subject->bytes.data, subject->bytes.len, pack_size,
	    &subject->err);
}

static int parse(struct subject *subject)
{
	return parse_size(subject,
	    subject->index.begin + (uint64_t)subject->bytes.len);
}

static int write_and_parse(struct subject *subject)
{
	buf_reset(&subject->bytes);
	pack_index_format(&subject->index, &subject->bytes);
	return parse(subject);
}

static void release(struct subject *subject)
{
	buf_release(&subject->bytes);
	arena_release(&subject->arena);
}

static void reads_what_it_wrote(void **state)
{
	struct subject s;
	struct buf again = {0};

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	assert_int_equal(s.bytes.len, pack_index_size(5));
	assert_int_equal(s.back.count, 5);
	assert_int_equal(s.back.begin, 140500);
	/* Sorted by oid: 1, 3, 5, 7, 9. */
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(s.back.records[i].oid.bytes[0], 2 * i + 1);
	assert_true(s.back.records[0].chunk_list);
	assert_false(s.back.records[0].stored);
	assert_int_equal(s.back.records[0].inner, 2048);
	assert_true(s.back.records[1].stored);
	assert_int_equal(s.back.records[1].offset, 200);
	assert_int_equal(s.back.records[1].length, 131079);
	assert_int_equal(s.back.records[1].size, 131073);
	pack_index_format(&s.back, &again);
	assert_int_equal(again.len, s.bytes.len);
	assert_memory_equal(again.data, s.bytes.data, again.len);
	buf_release(&again);
	release(&s);
}

static void writes_the_bytes_that_the_manual_gives(void **state)
{
	static const uint8_t expected[] = {0x5d, 0x2a, 0x4d, 0x18, 112, 0, 0,
	    0};
	static const uint8_t places[] = {13, 0, 0, 0, 103, 0, 0, 0, 0, 0, 0,
	    0xc0, 100, 0, 0, 0};
	static const uint8_t footer[] = {'m', 'l', 'd', 'v', 'p', 'a', 'c', 'k',
	    1, 0, 0, 0, 1, 0, 0, 0, 0x00, 0x02, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0, 0};
	struct subject s;
	struct oid digest;

	(void)state;
	fill(&s);
	s.records[0].chunk_list = true;
	s.index.count = 1;
	s.index.begin = 512;
	assert_int_equal(write_and_parse(&s), 0);
	assert_int_equal(s.bytes.len, 120);
	assert_memory_equal(s.bytes.data, expected, 8);
	assert_memory_equal(s.bytes.data + 8, s.records[0].oid.bytes, 32);
	assert_memory_equal(s.bytes.data + 40, places, 16);
	assert_memory_equal(s.bytes.data + 56, footer, 32);
	oid_of(s.bytes.data + 8, 48, &digest);
	assert_memory_equal(s.bytes.data + 88, digest.bytes, 32);
	release(&s);
}

static void finds_every_object_and_no_other(void **state)
{
	struct subject s;

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	for (uint8_t i = 0; i < 11; i++) {
		struct oid oid = {{i}};
		const struct pack_record *record =
		    pack_index_find(&s.back, &oid);

		if (i % 2 == 1) {
			assert_non_null(record);
			assert_int_equal(record->oid.bytes[0], i);
		} else {
			assert_null(record);
		}
	}
	s.back.count = 0;
	assert_null(pack_index_find(&s.back, &s.records[0].oid));
	release(&s);
}

static void refuses_every_flipped_byte(void **state)
{
	struct subject s;

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	for (size_t i = 0; i < s.bytes.len; i++) {
		s.bytes.data[i] ^= 0x10;
		assert_int_equal(parse(&s), -1);
		assert_int_equal(s.err.code, MLDV_CORRUPT);
		s.bytes.data[i] ^= 0x10;
	}
	assert_int_equal(parse(&s), 0);
	release(&s);
}

static void refuses_another_length(void **state)
{
	struct subject s;
	size_t len;

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	len = s.bytes.len;
	assert_int_equal(parse_size(&s, 140500 + len - 1), -1);
	assert_int_equal(parse_size(&s, 140500 + len + 1), -1);
	assert_int_equal(parse_size(&s, PACK_LIMIT + 1), -1);
	for (size_t cut = 1; cut < len; cut++) {
		assert_int_equal(pack_index_parse(&s.back, &s.arena,
		                     (uint8_t *)s.bytes.data + cut, len - cut,
		                     140500 + len, &s.err),
		    -1);
	}
	release(&s);
}

static void reads_a_footer_alone(void **state)
{
	struct subject s;
	const uint8_t *footer;
	uint32_t begin = 0;
	uint32_t count = 0;
	uint64_t size;

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	size = 140500 + s.bytes.len;
	footer = (uint8_t *)s.bytes.data + s.bytes.len - PACK_FOOTER_SIZE;
	assert_int_equal(pack_footer_parse(footer, size, &begin, &count,
	                     &s.err),
	    0);
	assert_int_equal(begin, 140500);
	assert_int_equal(count, 5);
	assert_int_equal(pack_footer_parse(footer, size + 48, &begin, &count,
	                     &s.err),
	    -1);
	assert_int_equal(pack_footer_parse(footer, PACK_LIMIT + 1, &begin,
	                     &count, &s.err),
	    -1);
	release(&s);
}

/* Sets four bytes of the footer and parses it. */
static int parse_footer_with(size_t at, uint32_t value, uint64_t pack_size)
{
	struct subject s;
	uint32_t begin, count;
	uint8_t *footer;
	int ret;

	fill(&s);
	pack_index_format(&s.index, &s.bytes);
	footer = (uint8_t *)s.bytes.data + s.bytes.len - PACK_FOOTER_SIZE;
	for (size_t i = 0; i < 4; i++)
		footer[at + i] = (uint8_t)(value >> 8 * i);
	ret = pack_footer_parse(footer, pack_size, &begin, &count, &s.err);
	release(&s);
	return ret;
}

static void refuses_footers_that_promise_too_much(void **state)
{
	uint64_t size = 140500 + pack_index_size(5);

	(void)state;
	assert_int_equal(parse_footer_with(8, 1, size), 0);
	assert_int_equal(parse_footer_with(8, 2, size), -1);
	assert_int_equal(parse_footer_with(12, 0, size), -1);
	assert_int_equal(parse_footer_with(12, 6, size), -1);
	assert_int_equal(parse_footer_with(12, UINT32_MAX, size), -1);
	/* 5 + 2^32 / 48 records would wrap 32 bits to nearly the same. */
	assert_int_equal(parse_footer_with(12, 5 + 89478485, size), -1);
	assert_int_equal(parse_footer_with(16, 0, pack_index_size(5)), -1);
	assert_int_equal(parse_footer_with(16, UINT32_MAX, size), -1);
	assert_int_equal(parse_footer_with(20, 64, size), -1);
	assert_int_equal(parse_footer_with(24, 1, size), -1);
	assert_int_equal(parse_footer_with(28, 1, size), -1);
}

/* Is the index refused when record i is this? */
static void assert_refused(size_t i, struct pack_record record)
{
	struct subject s;

	fill(&s);
	s.records[i] = record;
	if (write_and_parse(&s) == 0)
		fail_msg("record %zu at %u, %u bytes was taken", i,
		    record.offset, record.length);
	assert_int_equal(s.err.code, MLDV_CORRUPT);
	release(&s);
}

static void refuses_records_that_point_outside(void **state)
{
	(void)state;
	/* into the index, across its begin, far away, wrapping */
	assert_refused(0,
	    (struct pack_record){{{5}}, 140500, 103, 0, 100, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 140400, 103, 0, 100, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 1u << 31, 103, 0, 100, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 13, UINT32_MAX, 512, 100, 0, 0});
	assert_refused(0,
	    (struct pack_record){{{5}}, 13, 0, 512, 100, false, false});
}

static void refuses_lengths_that_do_not_fit_the_size(void **state)
{
	(void)state;
	assert_refused(0,
	    (struct pack_record){{{5}}, 13, 102, 0, 100, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 13, 104, 0, 100, true, false});
	assert_refused(1,
	    (struct pack_record){{{3}}, 200, 131076, 0, 131073, true, false});
	assert_refused(1,
	    (struct pack_record){{{3}}, 200, 131078, 0, 131072, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 13, 0, 0, 0, true, false});
	assert_refused(2,
	    (struct pack_record){{{9}}, 140000, 500, 512, 0, false, false});
}

static void refuses_objects_that_are_too_large(void **state)
{
	(void)state;
	assert_refused(4,
	    (struct pack_record){{{7}}, 140000, 500, 3072, TREE_LIMIT + 1,
	        false, false});
	assert_refused(4,
	    (struct pack_record){{{7}}, 140000, 500, 3072, CHUNKS_LIMIT + 1,
	        false, true});
	assert_refused(4,
	    (struct pack_record){{{7}}, 140000, 500, 3072, UINT32_MAX, false,
	        true});
}

static void takes_a_chunk_list_of_the_largest_size(void **state)
{
	struct subject s;

	(void)state;
	fill(&s);
	s.records[4].size = CHUNKS_LIMIT;
	s.records[4].chunk_list = true;
	assert_int_equal(write_and_parse(&s), 0);
	release(&s);
}

static void refuses_impossible_places_in_a_frame(void **state)
{
	static const uint32_t inner[] = {0, 1, 511, 513, PACK_FRAME + 512,
	    UINT32_MAX >> 2};

	(void)state;
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		assert_refused(4,
		    (struct pack_record){{{7}}, 140000, 500, inner[i], 1, false,
		        false});
}

static void refuses_the_empty_object(void **state)
{
	struct pack_record record = {{{5}}, 13, 103, 0, 100, true, false};

	(void)state;
	record.oid = oid_empty;
	assert_refused(0, record);
}

static void refuses_objects_that_overlap(void **state)
{
	(void)state;
	/* stored on stored; the same place; stored into a frame */
	assert_refused(0,
	    (struct pack_record){{{5}}, 100, 103, 0, 100, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 200, 131079, 0, 131073, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 140000, 103, 0, 100, true, false});
	assert_refused(0,
	    (struct pack_record){{{5}}, 140100, 103, 0, 100, true, false});
	/* frames that overlap, or begin together and end apart */
	assert_refused(2,
	    (struct pack_record){{{9}}, 139999, 500, 512, 513, false, false});
	assert_refused(2,
	    (struct pack_record){{{9}}, 140000, 499, 512, 513, false, false});
	/* payloads in one frame, or no room for a header between them */
	assert_refused(2,
	    (struct pack_record){{{9}}, 140000, 500, 512, 1025, false, false});
	assert_refused(2,
	    (struct pack_record){{{9}}, 140000, 500, 2048, 1, false, false});
	assert_refused(2,
	    (struct pack_record){{{9}}, 140000, 500, 1536, 1, false, false});
}

/* Swaps records in the bytes and signs them anew. */
static void swap_records(struct subject *s, size_t a, size_t b)
{
	uint8_t *records = (uint8_t *)s->bytes.data + 8;
	uint8_t *end = records + s->index.count * PACK_RECORD_SIZE;
	uint8_t record[PACK_RECORD_SIZE];
	struct oid digest;

	memcpy(record, records + a * PACK_RECORD_SIZE, sizeof(record));
	memcpy(records + a * PACK_RECORD_SIZE, records + b * PACK_RECORD_SIZE,
	    sizeof(record));
	memcpy(records + b * PACK_RECORD_SIZE, record, sizeof(record));
	oid_of(records, (size_t)(end - records), &digest);
	memcpy(end + 32, digest.bytes, OID_SIZE);
}

static void refuses_records_out_of_order(void **state)
{
	struct subject s;

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	swap_records(&s, 0, 0);
	assert_int_equal(parse(&s), 0);
	swap_records(&s, 3, 4);
	assert_int_equal(parse(&s), -1);
	assert_non_null(strstr(s.err.text, "out of order"));
	swap_records(&s, 3, 4);
	assert_int_equal(parse(&s), 0);
	release(&s);
}

static void refuses_an_object_listed_twice(void **state)
{
	(void)state;
	assert_refused(0,
	    (struct pack_record){{{3}}, 13, 103, 0, 100, true, false});
}

static void refuses_a_stored_object_with_a_place_in_a_frame(void **state)
{
	struct subject s;

	(void)state;
	fill(&s);
	assert_int_equal(write_and_parse(&s), 0);
	/* Record 1 is stored: bits below its two flags. */
	s.bytes.data[8 + PACK_RECORD_SIZE + 41] = 2;
	swap_records(&s, 0, 0);
	assert_int_equal(parse(&s), -1);
	release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_it_wrote),
	    cmocka_unit_test(writes_the_bytes_that_the_manual_gives),
	    cmocka_unit_test(finds_every_object_and_no_other),
	    cmocka_unit_test(refuses_every_flipped_byte),
	    cmocka_unit_test(refuses_another_length),
	    cmocka_unit_test(reads_a_footer_alone),
	    cmocka_unit_test(refuses_footers_that_promise_too_much),
	    cmocka_unit_test(refuses_records_that_point_outside),
	    cmocka_unit_test(refuses_lengths_that_do_not_fit_the_size),
	    cmocka_unit_test(refuses_objects_that_are_too_large),
	    cmocka_unit_test(takes_a_chunk_list_of_the_largest_size),
	    cmocka_unit_test(refuses_impossible_places_in_a_frame),
	    cmocka_unit_test(refuses_the_empty_object),
	    cmocka_unit_test(refuses_objects_that_overlap),
	    cmocka_unit_test(refuses_records_out_of_order),
	    cmocka_unit_test(refuses_an_object_listed_twice),
	    cmocka_unit_test(refuses_a_stored_object_with_a_place_in_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
