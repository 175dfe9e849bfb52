/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "repo.h"
#include "sample.h"
#include "scratch.h"
#include "store/pieces.h"

enum { PACKS = 5, OBJECTS = 40, SIZE = 20000 };

/* Noise is stored as it is; text is compressed, many objects a frame. */
static void fill(char *data, uint64_t seed)
{
	if (seed % 2 == 0) {
		sample_noise(data, SIZE, seed);
		return;
	}
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)('a' + (i / 7 + seed * (i / 100)) % 26);
	for (size_t i = 0; i < 8; i++)
		data[i] = (char)('a' + (seed >> (4 * i) & 15));
}

static struct oid oid_for(uint64_t seed)
{
	char *data = xmalloc(SIZE);
	struct oid oid;

	fill(data, seed);
	oid_of(data, SIZE, &oid);
	free(data);
	return oid;
}

/* Some packs, the objects of each a run of seeds. */
static void make_packs(struct store *store)
{
	char *data = xmalloc(SIZE);
	struct mldv_error err;

	for (uint64_t p = 0; p < PACKS; p++) {
		struct store_packer *packer = store_packer_open(store);

		ok(store_refresh(store, &err), &err);
		for (uint64_t i = 0; i < OBJECTS; i++) {
			/* A pack of noise, one of text, in turn. */
			uint64_t seed = 2 * (p * OBJECTS + i) + p % 2;
			struct oid oid = oid_for(seed);

			fill(data, seed);
			ok(store_packer_put(packer, &oid, data, SIZE, &err),
			    &err);
		}
		ok(store_packer_end(packer, &err), &err);
		store_packer_close(packer);
	}
	ok(store_refresh(store, &err), &err);
	free(data);
}

static void expect(struct store_reader *reader, uint64_t seed)
{
	struct oid oid = oid_for(seed);
	char *data = xmalloc(SIZE);
	struct mldv_error err;
	struct slice got;

	fill(data, seed);
	ok(store_reader_get(reader, &oid, &got, &err), &err);
	assert_int_equal(got.len, SIZE);
	assert_memory_equal(got.data, data, SIZE);
	free(data);
}

static void expect_all(struct store_reader *reader)
{
	for (uint64_t p = 0; p < PACKS; p++)
		for (uint64_t i = 0; i < OBJECTS; i++)
			expect(reader, 2 * (p * OBJECTS + i) + p % 2);
}

/* Writes every nth object anew, then removes the packs there were. */
static void merge(struct store *store, size_t nth, struct oid_set *made)
{
	const struct store_pack *packs;
	struct pack_piece *pieces;
	struct mldv_error err;
	size_t pack_count;
	size_t count = 0;

	packs = store_packs(store, &pack_count);
	pieces = xcalloc(PACKS * OBJECTS, sizeof(*pieces));
	for (size_t i = 0; i < pack_count; i++)
		for (size_t k = 0; k < packs[i].index.count; k += nth)
			pieces[count++] = (struct pack_piece){&packs[i],
			    &packs[i].index.records[k]};
	pieces_sort(pieces, count);
	ok(pieces_store(store, pieces, count, NULL, made, &err), &err);
	for (size_t i = 0; i < pack_count; i++)
		if (!oid_set_has(made, &packs[i].id))
			assert_int_equal(unlink(packs[i].path), 0);
	free(pieces);
}

static void a_reader_of_the_old_packs_reads_the_new_ones(void **state)
{
	struct store *store = store_open("store");
	struct store *other = store_open("store");
	struct store_reader *reader;
	struct oid_set made = {0};
	struct mldv_error err;

	(void)state;
	make_packs(store);
	reader = store_reader_open(store);
	expect(reader, 0);
	ok(store_load(other, &err), &err);
	merge(other, 1, &made);
	assert_int_equal(made.count, 1);
	expect_all(reader);
	store_reader_close(reader);
	/* The list that it shares with others stayed as it was. */
	reader = store_reader_open(store);
	expect_all(reader);
	store_reader_close(reader);
	oid_set_release(&made);
	store_close(other);
	store_close(store);
}

static void what_is_missing_is_missing_all_the_same(void **state)
{
	struct store *store = store_open("store");
	struct oid_set made = {0};
	struct store_reader *reader;
	struct mldv_error err;
	struct slice got;
	struct oid oid;

	(void)state;
	make_packs(store);
	oid_of("nothing of the kind", 19, &oid);
	reader = store_reader_open(store);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_reader_get(reader, &oid, &got, &err),
		    -1);
		assert_int_equal(err.code, MLDV_MISSING);
	}
	store_reader_close(reader);
	oid_set_release(&made);
	store_close(store);
}

static void half_of_each_pack_makes_a_sound_one(void **state)
{
	struct store *store = store_open("store");
	struct oid_set made = {0};
	struct store_reader *reader;
	struct mldv_error err;
	size_t count;

	(void)state;
	make_packs(store);
	merge(store, 2, &made);
	ok(store_refresh(store, &err), &err);
	(void)store_packs(store, &count);
	assert_int_equal(count, 1);
	assert_int_equal(store_packs(store, &count)->index.count,
	    PACKS * OBJECTS / 2);
	reader = store_reader_open(store);
	for (size_t i = 0; i < store_packs(store, &count)->index.count; i++) {
		const struct pack_record *record =
		    &store_packs(store, &count)->index.records[i];
		struct slice got;

		ok(store_reader_get(reader, &record->oid, &got, &err), &err);
	}
	store_reader_close(reader);
	oid_set_release(&made);
	store_close(store);
}

static void the_same_pieces_make_the_same_pack(void **state)
{
	struct store *store = store_open("store");
	struct oid_set made = {0};
	struct oid_set again = {0};
	struct mldv_error err;

	(void)state;
	make_packs(store);
	merge(store, 1, &made);
	ok(store_refresh(store, &err), &err);
	merge(store, 1, &again);
	assert_int_equal(again.count, 1);
	assert_true(oid_equal(&made.list[0], &again.list[0]));
	oid_set_release(&made);
	oid_set_release(&again);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        a_reader_of_the_old_packs_reads_the_new_ones, scratch_enter,
	        scratch_leave),
	    cmocka_unit_test_setup_teardown(
	        what_is_missing_is_missing_all_the_same, scratch_enter,
	        scratch_leave),
	    cmocka_unit_test_setup_teardown(half_of_each_pack_makes_a_sound_one,
	        scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(the_same_pieces_make_the_same_pack,
	        scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
