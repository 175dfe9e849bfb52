/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/strs.h"
#include "repo.h"
#include "sample.h"
#include "scratch.h"
#include "store/store.h"

enum { MIB = 1 << 20, BIG = 4 * MIB };

/* Adds size bytes of noise: their oid. */
static struct oid put(struct store_packer *packer, size_t size, uint64_t seed)
{
	char *data = xmalloc(size);
	struct mldv_error err;
	struct oid oid;

	sample_noise(data, size, seed);
	oid_of(data, size, &oid);
	ok(store_packer_put(packer, &oid, data, size, &err), &err);
	free(data);
	return oid;
}

static void expect_noise(struct store_reader *reader, const struct oid *oid,
    size_t size, uint64_t seed)
{
	char *data = xmalloc(size);
	struct mldv_error err;
	struct slice got;

	sample_noise(data, size, seed);
	ok(store_reader_get(reader, oid, &got, &err), &err);
	assert_int_equal(got.len, size);
	assert_memory_equal(got.data, data, size);
	free(data);
}

/* Counts the files below dir/xx/, and refuses temporary names. */
static size_t count_files(const char *dir)
{
	struct strs shards = {0};
	struct mldv_error err;
	size_t count = 0;

	if (access(dir, F_OK) < 0)
		return 0;
	ok(file_list(dir, &shards, &err), &err);
	for (size_t i = 0; i < shards.count; i++) {
		struct strs names = {0};
		struct buf path = {0};

		assert_false(temp_is_name(shards.items[i]));
		buf_printf(&path, "%s/%s", dir, shards.items[i]);
		ok(file_list(buf_str(&path), &names, &err), &err);
		for (size_t j = 0; j < names.count; j++)
			assert_false(temp_is_name(names.items[j]));
		count += names.count;
		strs_release(&names);
		buf_release(&path);
	}
	strs_release(&shards);
	return count;
}

static void nothing_is_in_an_empty_store(void **state)
{
	struct store *store = store_open("store");
	struct mldv_error err = {0};
	struct buf out = {0};
	struct oid oid;
	size_t count;
	int fd;

	(void)state;
	oid_of("a", 1, &oid);
	assert_int_equal(store_has(store, &oid, 1, &err), 0);
	assert_int_equal(store_has(store, &oid, BIG + 1, &err), 0);
	assert_int_equal(store_has(store, &oid_empty, 0, &err), 1);
	(void)store_packs(store, &count);
	assert_int_equal(count, 0);
	assert_int_equal(store_read(store, &oid, &out, &err), -1);
	assert_int_equal(err.code, MLDV_MISSING);
	assert_non_null(strstr(err.text, "run 'mldv fetch'"));
	assert_int_equal(store_file_open(store, &oid, BIG + 1, &fd, &err), -1);
	assert_int_equal(err.code, MLDV_MISSING);
	assert_int_equal(store_read(store, &oid_empty, &out, &err), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(store_run_read(store, &oid, &out, &err), 0);
	/* Looking makes nothing. */
	assert_int_equal(access("store", F_OK), -1);
	assert_int_equal(store_sweep(store, &err), 0);
	store_close(store);
	buf_release(&out);
}

static const size_t sizes[] = {1, 2, 100, 511, 512, 513, 4096, 100000, 131071,
    131072, 131073, 262144, 300000, BIG};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void what_was_packed_is_read(void **state)
{
	struct store *store = store_open("store");
	struct store_packer *packer = store_packer_open(store);
	struct store_reader *reader;
	const struct store_pack *packs;
	struct oid oids[SIZES], other;
	struct mldv_error err = {0};
	struct stat st;
	struct slice got;
	size_t count;

	(void)state;
	ok(store_load(store, &err), &err);
	for (size_t i = 0; i < SIZES; i++)
		oids[i] = put(packer, sizes[i], i);
	/* Not named before it is complete. */
	assert_null(store_find(store, &oids[0], NULL));
	ok(store_packer_end(packer, &err), &err);
	ok(store_packer_end(packer, &err), &err);
	store_packer_close(packer);
	assert_int_equal(count_files("store/packs"), 1);
	ok(store_refresh(store, &err), &err);
	packs = store_packs(store, &count);
	assert_int_equal(count, 1);
	assert_int_equal(packs[0].index.count, SIZES);
	assert_int_equal(stat(packs[0].path, &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	assert_int_equal(st.st_size, packs[0].bytes);
	reader = store_reader_open(store);
	for (size_t i = 0; i < SIZES; i++)
		expect_noise(reader, &oids[i], sizes[i], i);
	for (size_t i = SIZES; i-- > 0;)
		expect_noise(reader, &oids[i], sizes[i], i);
	for (size_t i = 0; i < 5 * SIZES; i += 5)
		expect_noise(reader, &oids[i % SIZES], sizes[i % SIZES],
		    i % SIZES);
	oid_of("other", 5, &other);
	assert_int_equal(store_reader_get(reader, &other, &got, &err), -1);
	assert_int_equal(err.code, MLDV_MISSING);
	ok(store_reader_get(reader, &oid_empty, &got, &err), &err);
	assert_int_equal(got.len, 0);
	store_reader_close(reader);
	store_close(store);
}

static void an_object_is_stored_once(void **state)
{
	struct store *store = store_open("store");
	struct store_packer *packer = store_packer_open(store);
	struct mldv_error err;
	struct oid oid;
	size_t count;

	(void)state;
	ok(store_load(store, &err), &err);
	oid = put(packer, 1000, 1);
	(void)put(packer, 1000, 1);
	(void)put(packer, 2000, 2);
	(void)put(packer, 1000, 1);
	ok(store_packer_put(packer, &oid_empty, "", 0, &err), &err);
	ok(store_packer_end(packer, &err), &err);
	ok(store_refresh(store, &err), &err);
	assert_int_equal(store_packs(store, &count)[0].index.count, 2);
	assert_int_equal(count, 1);
	/* What is there already makes no pack at all. */
	(void)put(packer, 1000, 1);
	(void)put(packer, 2000, 2);
	ok(store_packer_end(packer, &err), &err);
	assert_int_equal(count_files("store/packs"), 1);
	assert_int_equal(store_has(store, &oid, 1000, &err), 1);
	store_packer_close(packer);
	store_close(store);
}

/* Who goes on after a failure would record what is nowhere. */
static void a_packer_that_failed_fails_for_good(void **state)
{
	struct store *store = store_open("store");
	struct store_packer *packer = store_packer_open(store);
	struct mldv_error err;

	(void)state;
	(void)put(packer, 1000, 1);
	assert_int_equal(rename("store/packs", "store/gone"), 0);
	assert_int_equal(store_packer_end(packer, &err), -1);
	assert_int_equal(rename("store/gone", "store/packs"), 0);
	assert_int_equal(store_packer_end(packer, &err), -1);
	assert_int_equal(store_packer_put(packer, &(struct oid){{1}}, "x", 1,
	                     &err),
	    -1);
	store_packer_close(packer);
	store_close(store);
}

static void a_packer_that_is_closed_leaves_nothing(void **state)
{
	struct store *store = store_open("store");
	struct store_packer *packer = store_packer_open(store);
	struct mldv_error err;

	(void)state;
	ok(store_load(store, &err), &err);
	(void)put(packer, 400000, 1);
	store_packer_close(packer);
	assert_int_equal(count_files("store/packs"), 0);
	store_close(store);
}

/* Objects that stand in the packer's room when the pack has to be changed. */
static void a_new_pack_is_begun_when_one_is_full(void **state)
{
	struct store *store = store_open("store");
	struct store_packer *packer = store_packer_open(store);
	const struct store_pack *packs, *at;
	struct store_reader *reader;
	struct oid oids[18];
	struct mldv_error err;
	size_t count;

	(void)state;
	ok(store_load(store, &err), &err);
	for (size_t i = 0; i < 18; i++) {
		char *room = store_packer_room(packer, BIG + 1);

		sample_noise(room, BIG, i);
		oid_of(room, BIG, &oids[i]);
		ok(store_packer_add(packer, &oids[i], BIG, &err), &err);
	}
	ok(store_packer_end(packer, &err), &err);
	store_packer_close(packer);
	ok(store_refresh(store, &err), &err);
	packs = store_packs(store, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_true(
		    packs[i].index.count == 8 || packs[i].index.count == 2);
	reader = store_reader_open(store);
	for (size_t i = 0; i < 18; i++)
		expect_noise(reader, &oids[i], BIG, i);
	store_reader_close(reader);
	assert_non_null(store_find(store, &oids[0], &at));
	assert_true(at >= packs && at < packs + count);
	store_close(store);
}

enum { JOBS = 8, EACH = 300, SHARED = 100 };

static int pack_some(void *context, size_t i, struct mldv_error *err)
{
	struct store_packer *packer = store_packer_open(context);
	char data[2000];
	struct oid oid;
	int ret = 0;

	for (uint64_t j = 0; ret == 0 && j < EACH; j++) {
		uint64_t seed = j < SHARED ? j : i * 1000 + j;

		sample_noise(data, sizeof data, seed);
		oid_of(data, sizeof data, &oid);
		ret = store_packer_put(packer, &oid, data, sizeof data, err);
	}
	if (ret == 0)
		ret = store_packer_end(packer, err);
	store_packer_close(packer);
	return ret;
}

static int read_some(void *context, size_t i, struct mldv_error *err)
{
	struct store_reader *reader = store_reader_open(context);
	char data[2000];
	struct slice got;
	struct oid oid;
	int ret = 0;

	for (uint64_t j = 0; ret == 0 && j < EACH; j++) {
		uint64_t seed = j < SHARED ? j : i * 1000 + j;

		sample_noise(data, sizeof data, seed);
		oid_of(data, sizeof data, &oid);
		ret = store_reader_get(reader, &oid, &got, err);
		if (ret == 0 &&
		    (got.len != sizeof data ||
		        memcmp(got.data, data, sizeof data) != 0))
			ret = err_set(err, MLDV_FAILED, "other bytes");
	}
	store_reader_close(reader);
	return ret;
}

static void packers_and_readers_work_at_the_same_time(void **state)
{
	struct store *store = store_open("store");
	struct mldv_error err;
	size_t count;

	(void)state;
	ok(store_load(store, &err), &err);
	ok(pool_run(JOBS, JOBS, pack_some, store, &err), &err);
	ok(store_refresh(store, &err), &err);
	(void)store_packs(store, &count);
	assert_int_equal(count, JOBS);
	ok(pool_run(JOBS, JOBS, read_some, store, &err), &err);
	store_close(store);
}

/* One pack of a stored and a compressed frame: its path. */
static void make_pack(struct buf *path, struct oid oids[3])
{
	struct store *store = store_open("store");
	struct store_packer *packer = store_packer_open(store);
	struct mldv_error err;
	char text[3000];
	size_t count;

	ok(store_load(store, &err), &err);
	oids[0] = put(packer, 300000, 0);
	oids[1] = put(packer, 500, 1);
	sample_text(text, sizeof text, 2);
	oid_of(text, sizeof text, &oids[2]);
	ok(store_packer_put(packer, &oids[2], text, sizeof text, &err), &err);
	ok(store_packer_end(packer, &err), &err);
	store_packer_close(packer);
	ok(store_refresh(store, &err), &err);
	buf_reset(path);
	buf_add_str(path, store_packs(store, &count)[0].path);
	assert_int_equal(chmod(buf_str(path), 0644), 0);
	store_close(store);
}

static void flip(const char *path, size_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	assert_int_equal(close(fd), 0);
}

/* Reads all of the store: right, or refused and the file named. */
static void expect_right_or_refused(const char *path, const struct oid *oids,
    size_t count)
{
	struct store *store = store_open("store");
	struct store_reader *reader;
	struct mldv_error err = {0};
	struct slice got;
	struct oid oid;

	ok(store_load(store, &err), &err);
	reader = store_reader_open(store);
	for (size_t i = 0; i < count; i++) {
		char hex[OID_HEX + 1];

		if (store_reader_get(reader, &oids[i], &got, &err) == 0) {
			oid_of(got.data, got.len, &oid);
			assert_memory_equal(&oid, &oids[i], sizeof oid);
			continue;
		}
		oid_hex(&oids[i], hex);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_non_null(strstr(err.text, path));
		assert_non_null(strstr(err.text, hex));
		assert_non_null(strstr(err.text, "mldv fsck --repair"));
	}
	store_reader_close(reader);
	store_close(store);
}

static void a_flipped_byte_gives_no_other_object(void **state)
{
	struct buf path = {0};
	struct oid oids[3];
	struct stat st;
	size_t size;

	(void)state;
	make_pack(&path, oids);
	assert_int_equal(stat(buf_str(&path), &st), 0);
	size = (size_t)st.st_size;
	for (size_t i = 0; i < size;) {
		flip(buf_str(&path), i);
		expect_right_or_refused(buf_str(&path), oids, 3);
		flip(buf_str(&path), i);
		i += i < 300 || i + 1500 > size ? 1 : 9973;
	}
	buf_release(&path);
}

static void a_pack_that_was_cut_is_damaged(void **state)
{
	struct buf path = {0}, whole = {0};
	struct mldv_error err = {0};
	struct oid oids[3];

	(void)state;
	make_pack(&path, oids);
	ok(file_read(buf_str(&path), 1 << 20, &whole, &err), &err);
	for (size_t size = 0; size < whole.len;) {
		struct store *store = store_open("store");

		assert_int_equal(truncate(buf_str(&path), (off_t)size), 0);
		ok(store_load(store, &err), &err);
		assert_string_equal(store_damaged(store), buf_str(&path));
		assert_int_equal(store_load_whole(store, &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_non_null(strstr(err.text, buf_str(&path)));
		assert_int_equal(store_read(store, &oids[0], &whole, &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_non_null(strstr(err.text, buf_str(&path)));
		store_close(store);
		ok(file_replace(buf_str(&path), whole.data, whole.len, &err),
		    &err);
		size += size < 100 || size + 1000 > whole.len ? 13 : 40009;
	}
	buf_release(&path);
	buf_release(&whole);
}

static void a_pack_cut_while_it_is_read_is_damaged(void **state)
{
	struct store *store = store_open("store");
	struct store_reader *reader;
	struct buf path = {0};
	struct mldv_error err = {0};
	struct oid oids[3];
	struct slice got;

	(void)state;
	make_pack(&path, oids);
	ok(store_load(store, &err), &err);
	reader = store_reader_open(store);
	expect_noise(reader, &oids[0], 300000, 0);
	assert_int_equal(truncate(buf_str(&path), 200000), 0);
	assert_int_equal(store_reader_get(reader, &oids[2], &got, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_non_null(strstr(err.text, buf_str(&path)));
	store_reader_close(reader);
	store_close(store);
	buf_release(&path);
}

static void other_files_beside_the_packs_are_passed_over(void **state)
{
	struct buf path = {0};
	struct oid oids[3];

	(void)state;
	make_pack(&path, oids);
	scratch_write("store/packs/README", "nothing");
	scratch_write("store/packs/.mldv-tmp.0123456789abcdef", "half");
	path.len -= strlen("0123456789.tar.zst");
	buf_add_str(&path, "not-a-pack");
	scratch_write(buf_str(&path), "other");
	expect_right_or_refused("nothing is to be refused", oids, 3);
	buf_release(&path);
}

static int to_buf(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

/* Its record has the object's oid, and its bytes are not the object's. */
static void a_chunk_list_is_no_object(void **state)
{
	struct store *store = store_open("store");
	struct pack_writer *writer = pack_writer_open();
	struct buf bytes = {0}, out = {0};
	struct tempfile temp = {0};
	struct pack_info info;
	struct mldv_error err = {0};
	struct oid oid;

	(void)state;
	oid_of("the whole", 9, &oid);
	ok(store_pack_start(store, &temp, &err), &err);
	pack_writer_start(writer, &(struct pack_sink){&bytes, to_buf});
	memcpy(pack_writer_room(writer, 9), "any bytes", 9);
	ok(pack_writer_add(writer, &oid, 9, true, &err), &err);
	ok(pack_writer_end(writer, &info, &err), &err);
	ok(file_write(temp.fd, temp.path, bytes.data, bytes.len, &err), &err);
	ok(store_pack_end(store, &temp, &info.id, &err), &err);
	assert_int_equal(store_has(store, &oid, 9, &err), 0);
	assert_null(store_find(store, &oid, NULL));
	assert_int_equal(store_read(store, &oid, &out, &err), -1);
	assert_int_equal(err.code, MLDV_MISSING);
	pack_writer_close(writer);
	store_close(store);
	buf_release(&bytes);
	buf_release(&out);
}

static void add_bytes(void *context, uint64_t bytes)
{
	*(uint64_t *)context += bytes;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static int put_large(struct store *store, const char *path, uint64_t size,
    bool (*cancelled)(void *context), struct oid *out, struct mldv_error *err)
{
	uint64_t heard = 0;
	struct store_large large = {.name = path,
	    .size = size,
	    .context = &heard,
	    .progress = add_bytes,
	    .cancelled = cancelled};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	assert_true(fd >= 0);
	ret = store_put_large(store, fd, &large, out, err);
	assert_int_equal(close(fd), 0);
	if (ret == 0)
		assert_int_equal(heard, size);
	return ret;
}

static void hash_file(const char *path, struct oid *out)
{
	struct hasher *hasher = hasher_open();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *piece = xmalloc(MIB);
	ssize_t got;

	hasher_start(hasher);
	while ((got = read(fd, piece, MIB)) > 0)
		hasher_add(hasher, piece, (size_t)got);
	assert_int_equal(got, 0);
	hasher_end(hasher, out);
	hasher_close(hasher);
	free(piece);
	assert_int_equal(close(fd), 0);
}

static void large_files_are_kept_whole(void **state)
{
	/* The last is copied in more than one piece. */
	static const size_t large[] = {BIG + 1, BIG + 262144, 5 * MIB, 64 * MIB,
	    64 * MIB + 1};
	struct store *store = store_open("store");
	struct mldv_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
		struct buf path = {0};
		struct oid oid, expected;
		struct stat st, again;
		int fd;

		sample_file("big", large[i], i);
		hash_file("big", &expected);
		ok(put_large(store, "big", large[i], never, &oid, &err), &err);
		assert_memory_equal(&oid, &expected, sizeof oid);
		store_file_path(store, &oid, &path);
		assert_int_equal(stat(buf_str(&path), &st), 0);
		assert_int_equal(st.st_size, large[i]);
		assert_int_equal(st.st_mode & 0222, 0);
		hash_file(buf_str(&path), &expected);
		assert_memory_equal(&oid, &expected, sizeof oid);
		assert_int_equal(store_has(store, &oid, large[i], &err), 1);
		/* By its size one knows where it is not. */
		assert_int_equal(store_has(store, &oid, 1000, &err), 0);
		/* The same again leaves the file that is there. */
		ok(put_large(store, "big", large[i], never, &oid, &err), &err);
		assert_int_equal(stat(buf_str(&path), &again), 0);
		assert_int_equal(st.st_ino, again.st_ino);
		ok(store_file_open(store, &oid, large[i], &fd, &err), &err);
		assert_int_equal(close(fd), 0);
		buf_release(&path);
	}
	assert_int_equal(count_files("store/files"), 5);
	store_close(store);
}

static void a_large_file_that_became_shorter_is_refused(void **state)
{
	struct store *store = store_open("store");
	struct mldv_error err = {0};
	struct oid oid;

	(void)state;
	sample_file("big", 5 * MIB, 1);
	assert_int_equal(put_large(store, "big", 6 * MIB, never, &oid, &err),
	    -1);
	assert_non_null(strstr(err.text, "'big'"));
	assert_int_equal(put_large(store, "big", 70 * MIB, NULL, &oid, &err),
	    -1);
	assert_int_equal(count_files("store/files"), 0);
	store_close(store);
}

static void storing_a_large_file_can_be_interrupted(void **state)
{
	struct store *store = store_open("store");
	struct mldv_error err = {0};
	struct oid oid;

	(void)state;
	sample_file("big", 5 * MIB, 1);
	assert_int_equal(put_large(store, "big", 5 * MIB, always, &oid, &err),
	    -1);
	assert_int_equal(err.code, MLDV_INTERRUPTED);
	assert_int_equal(count_files("store/files"), 0);
	store_close(store);
}

struct put {
	struct store *store;
	struct oid oid;
};

static int put_same(void *context, size_t i, struct mldv_error *err)
{
	struct put *put = context;
	struct oid oid;

	(void)i;
	if (put_large(put->store, "big", 5 * MIB, never, &oid, err) < 0)
		return -1;
	return oid_equal(&oid, &put->oid)
	    ? 0
	    : err_set(err, MLDV_FAILED, "another oid");
}

static void the_same_large_file_may_come_twice_at_once(void **state)
{
	struct put put = {.store = store_open("store")};
	struct mldv_error err;
	int fd;

	(void)state;
	sample_file("big", 5 * MIB, 1);
	hash_file("big", &put.oid);
	ok(pool_run(4, 4, put_same, &put, &err), &err);
	assert_int_equal(count_files("store/files"), 1);
	ok(store_file_open(put.store, &put.oid, 5 * MIB, &fd, &err), &err);
	assert_int_equal(close(fd), 0);
	store_close(put.store);
}

static int open_large(const struct oid *oid, uint64_t size,
    struct mldv_error *err)
{
	struct store *store = store_open("store");
	int fd = -1;
	int ret = store_file_open(store, oid, size, &fd, err);

	if (ret == 0)
		assert_int_equal(close(fd), 0);
	store_close(store);
	return ret;
}

static void a_large_file_that_was_edited_is_found_out(void **state)
{
	struct store *store = store_open("store");
	struct buf path = {0};
	struct timespec times[2];
	struct mldv_error err = {0};
	struct stat st;
	struct oid oid;

	(void)state;
	sample_file("big", 5 * MIB, 1);
	ok(put_large(store, "big", 5 * MIB, never, &oid, &err), &err);
	store_file_path(store, &oid, &path);
	assert_int_equal(stat(buf_str(&path), &st), 0);
	ok(open_large(&oid, 5 * MIB, &err), &err);
	assert_int_equal(open_large(&oid, 5 * MIB + 1, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(chmod(buf_str(&path), 0644), 0);
	flip(buf_str(&path), 3 * MIB);
	assert_int_equal(open_large(&oid, 5 * MIB, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_non_null(strstr(err.text, buf_str(&path)));
	assert_non_null(strstr(err.text, "mldv fsck --repair"));
	/* Once more: that it was wrong is not forgotten. */
	assert_int_equal(open_large(&oid, 5 * MIB, &err), -1);
	flip(buf_str(&path), 3 * MIB);
	ok(open_large(&oid, 5 * MIB, &err), &err);
	/* Another file with the same size and time. */
	assert_int_equal(stat(buf_str(&path), &st), 0);
	sample_file("other", 5 * MIB, 2);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, "other", times, 0), 0);
	assert_int_equal(rename("other", buf_str(&path)), 0);
	assert_int_equal(open_large(&oid, 5 * MIB, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(truncate(buf_str(&path), 0), 0);
	assert_int_equal(open_large(&oid, 5 * MIB, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	buf_release(&path);
	store_close(store);
}

static void what_was_seen_is_only_a_cache(void **state)
{
	struct store *store = store_open("store");
	struct mldv_error err = {0};
	struct oid oid;

	(void)state;
	sample_file("big", 5 * MIB, 1);
	ok(put_large(store, "big", 5 * MIB, never, &oid, &err), &err);
	assert_int_equal(count_files("store/seen"), 1);
	ok(file_remove_tree("store/seen", &err), &err);
	ok(open_large(&oid, 5 * MIB, &err), &err);
	assert_int_equal(count_files("store/seen"), 1);
	ok(file_remove_tree("store/seen", &err), &err);
	/* Where it cannot be written, reading goes on. */
	scratch_write("store/seen", "in the way");
	ok(open_large(&oid, 5 * MIB, &err), &err);
	store_close(store);
}

static void a_large_object_arrives_by_pieces(void **state)
{
	struct store *store = store_open("store");
	struct tempfile temp = {0};
	struct buf data = {0};
	struct mldv_error err;
	struct oid oid;

	(void)state;
	sample_noise(buf_room(&data, 5 * MIB), 5 * MIB, 3);
	oid_of(data.data, 5 * MIB, &oid);
	ok(store_large_start(store, &temp, &err), &err);
	for (size_t i = 0; i < 5; i++)
		ok(file_write(temp.fd, temp.path, data.data + i * MIB, MIB,
		       &err),
		    &err);
	assert_int_equal(store_has(store, &oid, 5 * MIB, &err), 0);
	ok(store_large_end(store, &temp, &oid, &err), &err);
	assert_int_equal(store_has(store, &oid, 5 * MIB, &err), 1);
	ok(open_large(&oid, 5 * MIB, &err), &err);
	buf_release(&data);
	store_close(store);
}

static void the_first_run_record_is_kept(void **state)
{
	struct store *store = store_open("store");
	struct buf one = {0}, two = {0}, out = {0};
	struct mldv_error err = {0};
	struct oid key;

	(void)state;
	oid_of("key", 3, &key);
	buf_add_str(&one, "first\n");
	buf_add_str(&two, "second\n");
	store_run_keep(store, &key, &one);
	store_run_keep(store, &key, &two);
	assert_int_equal(store_run_read(store, &key, &out, &err), 1);
	assert_string_equal(buf_str(&out), "first\n");
	assert_int_equal(access("store", F_OK), -1);
	ok(store_runs_end(store, &err), &err);
	assert_int_equal(count_files("store/runs"), 1);
	store_run_keep(store, &key, &two);
	ok(store_runs_end(store, &err), &err);
	buf_reset(&out);
	assert_int_equal(store_run_read(store, &key, &out, &err), 1);
	assert_string_equal(buf_str(&out), "first\n");
	assert_int_equal(count_files("store/runs"), 1);
	buf_release(&one);
	buf_release(&two);
	buf_release(&out);
	store_close(store);
}

enum { RACERS = 8, RACE_RUNS = 40 };

/* One of several processes, as it were: all have the same keys. */
static int write_runs(void *context, size_t racer, struct mldv_error *err)
{
	struct store *store = store_open("store");
	struct buf text = {0};
	int ret;

	(void)context;
	buf_printf(&text, "racer %zu\n", racer);
	for (uint32_t i = 0; i < RACE_RUNS; i++) {
		struct oid key;

		oid_of(&i, sizeof i, &key);
		store_run_keep(store, &key, &text);
	}
	ret = store_runs_end(store, err);
	buf_release(&text);
	store_close(store);
	return ret;
}

static void many_run_records_are_whole_whoever_writes_them(void **state)
{
	struct store *store = store_open("store");
	struct mldv_error err;

	(void)state;
	ok(pool_run(RACERS, RACERS, write_runs, NULL, &err), &err);
	for (uint32_t i = 0; i < RACE_RUNS; i++) {
		struct buf text = {0};
		struct oid key;

		oid_of(&i, sizeof i, &key);
		assert_int_equal(store_run_read(store, &key, &text, &err), 1);
		assert_int_equal(text.len, sizeof "racer 0\n" - 1);
		assert_memory_equal(buf_str(&text), "racer ", 6);
		buf_release(&text);
	}
	/* No temporary name is left. */
	assert_int_equal(count_files("store/runs"), RACE_RUNS);
	store_close(store);
}

static int begins(void *context, struct mldv_error *err)
{
	int *left = context;

	return --*left < 0 ? err_set(err, MLDV_FAILED, "not now") : 0;
}

static void who_keeps_objects_back_is_told_before_any_is_looked_for(
    void **state)
{
	struct store *store = store_open("store");
	int left = 2;
	struct store_keeper keeper = {begins, &left};
	struct mldv_error err;
	struct oid oid;

	(void)state;
	oid_of("x", 1, &oid);
	store_set_keeper(store, keeper);
	ok(store_load(store, &err), &err);
	assert_int_equal(store_has(store, &oid, 1, &err), 0);
	assert_int_equal(left, 0);
	assert_int_equal(store_has(store, &oid, 1, &err), -1);
	assert_string_equal(err.text, "not now");
	store_set_keeper(store, (struct store_keeper){0});
	assert_int_equal(store_has(store, &oid, 1, &err), 0);
	store_close(store);
}

static void sweeping_removes_what_crashes_left(void **state)
{
	static const char *const kinds[] = {"packs", "files", "runs", "seen"};
	struct store *store = store_open("store");
	struct buf path = {0};
	struct oid oids[3];
	struct mldv_error err;

	(void)state;
	make_pack(&path, oids);
	for (size_t i = 0; i < 4; i++) {
		buf_reset(&path);
		buf_printf(&path, "store/%s/.mldv-tmp.0123456789abcdef",
		    kinds[i]);
		ok(file_make_parents(buf_str(&path), &err), &err);
		scratch_write(buf_str(&path), "half");
	}
	ok(store_sweep(store, &err), &err);
	for (size_t i = 0; i < 4; i++) {
		buf_reset(&path);
		buf_printf(&path, "store/%s/.mldv-tmp.0123456789abcdef",
		    kinds[i]);
		assert_int_equal(access(buf_str(&path), F_OK), -1);
	}
	expect_right_or_refused("nothing is to be refused", oids, 3);
	store_close(store);
	buf_release(&path);
}

static void a_store_that_cannot_be_written_says_so(void **state)
{
	struct store *store = store_open("store");
	struct store_packer *packer;
	struct buf path = {0};
	struct mldv_error err = {0};
	struct oid oids[3], oid;
	char data[10] = "123456789";

	(void)state;
	scratch_drop_privileges();
	make_pack(&path, oids);
	assert_int_equal(chmod("store/packs", 0555), 0);
	ok(store_load(store, &err), &err);
	packer = store_packer_open(store);
	oid_of(data, sizeof data, &oid);
	assert_int_equal(store_packer_put(packer, &oid, data, sizeof data,
	                     &err),
	    -1);
	assert_non_null(strstr(err.text, "store/packs"));
	assert_non_null(strstr(err.text, "Permission denied"));
	store_packer_close(packer);
	expect_right_or_refused("nothing is to be refused", oids, 3);
	assert_int_equal(chmod("store/packs", 0755), 0);
	store_close(store);
	buf_release(&path);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_in_an_empty_store),
	    TEST(what_was_packed_is_read),
	    TEST(an_object_is_stored_once),
	    TEST(a_packer_that_failed_fails_for_good),
	    TEST(a_packer_that_is_closed_leaves_nothing),
	    TEST(a_new_pack_is_begun_when_one_is_full),
	    TEST(packers_and_readers_work_at_the_same_time),
	    TEST(a_flipped_byte_gives_no_other_object),
	    TEST(a_pack_that_was_cut_is_damaged),
	    TEST(a_pack_cut_while_it_is_read_is_damaged),
	    TEST(other_files_beside_the_packs_are_passed_over),
	    TEST(a_chunk_list_is_no_object),
	    TEST(large_files_are_kept_whole),
	    TEST(a_large_file_that_became_shorter_is_refused),
	    TEST(storing_a_large_file_can_be_interrupted),
	    TEST(the_same_large_file_may_come_twice_at_once),
	    TEST(a_large_file_that_was_edited_is_found_out),
	    TEST(what_was_seen_is_only_a_cache),
	    TEST(a_large_object_arrives_by_pieces),
	    TEST(the_first_run_record_is_kept),
	    TEST(many_run_records_are_whole_whoever_writes_them),
	    TEST(who_keeps_objects_back_is_told_before_any_is_looked_for),
	    TEST(sweeping_removes_what_crashes_left),
	    TEST(a_store_that_cannot_be_written_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
