/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"
#include "clone.h"
#include "scratch.h"

#define MANIFESTS "remote/manifests/0123456789abcdef"

/* All files below a directory of directories. */
static void list_all(const char *dir, struct strs *out)
{
	struct mldv_error err;
	struct strs above = {0};
	struct arena arena = {0};

	if (file_list(dir, &above, &err) < 0)
		return;
	for (size_t i = 0; i < above.count; i++) {
		const char *path = path_join(&arena, dir, above.items[i]);
		struct strs names = {0};

		assert_int_equal(file_list(path, &names, &err), 0);
		for (size_t k = 0; k < names.count; k++)
			strs_add(out, path_join(&arena, path, names.items[k]));
		strs_release(&names);
	}
	strs_release(&above);
	arena_release(&arena);
}

static void set_age(const char *path, time_t days)
{
	struct stat st;
	struct timespec times[2];

	assert_int_equal(stat(path, &st), 0);
	times[0] = times[1] = st.st_mtim;
	times[0].tv_sec -= days * 24 * 60 * 60;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void set_age_of_all(const char *dir, time_t days)
{
	struct strs names = {0};

	list_all(dir, &names);
	assert_true(names.count > 0);
	for (size_t i = 0; i < names.count; i++)
		set_age(names.items[i], days);
	strs_release(&names);
}

static time_t oldest(const char *dir)
{
	struct strs names = {0};
	time_t least = 0;

	list_all(dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		struct stat st;

		assert_int_equal(stat(names.items[i], &st), 0);
		if (i == 0 || st.st_mtim.tv_sec < least)
			least = st.st_mtim.tv_sec;
	}
	strs_release(&names);
	return least;
}

static void flip(const char *path, off_t at)
{
	unsigned char byte;
	int fd;

	assert_int_equal(chmod(path, 0644), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Does anything below the remote's packs hold these bytes, as they are? */
static bool travelled(const char *needle, size_t len)
{
	struct mldv_error err;
	struct strs names = {0};
	bool found = false;

	list_all("remote/packs", &names);
	for (size_t i = 0; i < names.count; i++) {
		struct buf bytes = {0};

		assert_int_equal(file_read(names.items[i], PACK_LIMIT, &bytes,
		                     &err),
		    0);
		found |= memmem(bytes.data, bytes.len, needle, len) != NULL;
		buf_release(&bytes);
	}
	strs_release(&names);
	return found;
}

static size_t count_of(const char *dir)
{
	struct strs names = {0};
	size_t count;

	list_all(dir, &names);
	count = names.count;
	strs_release(&names);
	return count;
}

/* An item with a bit of everything: two levels, a large file, twins. */
enum { PARTS = 7 };
struct sample {
	struct part inner[2];
	struct part parts[PARTS];
	struct content item;
};

static void sample_make(struct sample *sample, struct clone *clone,
    size_t large)
{
	static const char *const names[PARTS] = {"a", "b", "c", "d", "e", "f",
	    "g"};

	memset(sample, 0, sizeof(*sample));
	for (size_t i = 0; i < PARTS; i++)
		sample->parts[i].name = names[i];
	sample->inner[0].name = "in";
	random_bytes(&sample->inner[0].bytes, 10, 3000);
	sample->inner[1].name = "in2";
	sample->inner[1].kind = KIND_EXEC;
	random_bytes(&sample->inner[1].bytes, 11, 300000);
	random_bytes(&sample->parts[0].bytes, 1, 1000);
	for (int i = 0; i < 5000; i++)
		buf_printf(&sample->parts[1].bytes, "line %d\n", i);
	sample->parts[2].kind = KIND_LINK;
	buf_add_str(&sample->parts[2].bytes, "b");
	random_bytes(&sample->parts[4].bytes, 1, 1000);
	random_bytes(&sample->parts[5].bytes, 2, large);
	clone_add_dir(clone, sample->inner, 2, &sample->parts[6].content);
	sample->parts[6].kind = KIND_DIR;
	clone_add_dir(clone, sample->parts, PARTS, &sample->item);
}

static void sample_expect(const struct sample *sample, struct clone *clone)
{
	for (size_t i = 0; i < 2; i++)
		clone_expect(clone, &sample->inner[i].content.oid,
		    &sample->inner[i].bytes);
	for (size_t i = 0; i < PARTS - 1; i++)
		clone_expect(clone, &sample->parts[i].content.oid,
		    &sample->parts[i].bytes);
	clone_is_sound(clone);
}

static void sample_release(struct sample *sample)
{
	for (size_t i = 0; i < 2; i++)
		buf_release(&sample->inner[i].bytes);
	for (size_t i = 0; i < PARTS; i++)
		buf_release(&sample->parts[i].bytes);
}

static void an_item_goes_and_comes_back(void **state)
{
	struct clone a, b;
	struct sample sample;
	struct remote_count count;
	struct mldv_error err;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 9u << 20);
	assert_int_equal(remote_has(a.remote, &sample.item, &err), 0);
	clone_push(&a, &sample.item, &count);
	assert_false(count.nothing);
	assert_true(count.bytes > 9u << 20);
	assert_int_equal(remote_has(a.remote, &sample.item, &err), 1);
	clone_push(&a, &sample.item, &count);
	assert_true(count.nothing);
	clone_close(&a);

	clone_open(&b, "b");
	clone_fetch(&b, &sample.item, &count);
	sample_expect(&sample, &b);
	assert_false(count.nothing);
	clone_fetch(&b, &sample.item, &count);
	assert_true(count.nothing);
	/* What was fetched can be pushed on, and all of it is there. */
	clone_close(&b);
	assert_int_equal(file_remove_tree("remote", &err), 0);
	clone_open(&b, "b");
	clone_push(&b, &sample.item, &count);
	clone_close(&b);
	clone_open(&b, "c");
	clone_fetch(&b, &sample.item, &count);
	sample_expect(&sample, &b);
	clone_close(&b);
	sample_release(&sample);
}

static void only_what_is_lacking_is_fetched(void **state)
{
	struct clone a, b;
	struct sample sample;
	struct remote_count count;
	struct content file;

	(void)state;
	clone_open(&a, "a");
	clone_open(&b, "b");
	sample_make(&sample, &a, 5u << 20);
	clone_push(&a, &sample.item, &count);
	clone_add_file(&b, &sample.parts[5].bytes, &file);
	clone_add_file(&b, &sample.inner[1].bytes, &file);
	clone_fetch(&b, &sample.item, &count);
	assert_true(count.bytes < 500000);
	/* Two trees, a (whose twin is e), b, the link's text, in. */
	assert_int_equal(count.objects, 6);
	sample_expect(&sample, &b);
	clone_close(&a);
	clone_close(&b);
	sample_release(&sample);
}

static void what_was_never_pushed_is_missing(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct mldv_error err;
	struct content file;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 10);
	assert_int_equal(clone_try_fetch(&a, &sample.item, false, &count, &err),
	    -1);
	assert_int_equal(err.code, MLDV_MISSING);
	clone_add_file(&a, &sample.parts[0].bytes, &file);
	clone_push(&a, &file, &count);
	assert_int_equal(clone_try_fetch(&a, &sample.item, false, &count, &err),
	    -1);
	assert_int_equal(err.code, MLDV_MISSING);
	assert_non_null(strstr(err.text, "'origin'"));
	clone_close(&a);
	sample_release(&sample);
}

static void what_is_not_here_cannot_be_pushed(void **state)
{
	struct clone a, b;
	struct sample sample;
	struct remote_count count;
	struct mldv_error err;
	const struct remote_push options = {0};
	struct buf path = {0};

	(void)state;
	clone_open(&a, "a");
	clone_open(&b, "b");
	sample_make(&sample, &a, 5u << 20);
	assert_int_equal(remote_push(b.remote, b.store, &sample.item, &options,
	                     &count, &err),
	    -1);
	assert_int_equal(err.code, MLDV_MISSING);
	store_file_path(a.store, &sample.parts[5].content.oid, &path);
	assert_int_equal(unlink(buf_str(&path)), 0);
	assert_int_equal(remote_push(a.remote, a.store, &sample.item, &options,
	                     &count, &err),
	    -1);
	assert_int_equal(err.code, MLDV_MISSING);
	assert_int_equal(count_of(MANIFESTS), 0);
	buf_release(&path);
	clone_close(&a);
	clone_close(&b);
	sample_release(&sample);
}

static void empty_items_travel(void **state)
{
	struct clone a, b;
	struct content file, dir;
	struct remote_count count;
	struct buf none = {0};

	(void)state;
	clone_open(&a, "a");
	clone_open(&b, "b");
	clone_add_file(&a, &none, &file);
	clone_add_dir(&a, NULL, 0, &dir);
	clone_push(&a, &file, &count);
	assert_int_equal(count_of("remote/packs"), 0);
	clone_push(&a, &dir, &count);
	clone_fetch(&b, &file, &count);
	clone_fetch(&b, &dir, &count);
	assert_non_null(store_find(b.store, &dir.oid, NULL));
	clone_close(&a);
	clone_close(&b);
}

/* Files in one local pack, one of which was removed before the push. */
static void push_without_canary(const char *canary, size_t canary_len,
    bool compressible, struct clone *a)
{
	struct part parts[40] = {{0}};
	struct part kept[39] = {{0}};
	char names[40][8];
	struct content item;
	struct remote_count count;

	for (size_t i = 0; i < 40; i++) {
		names[i][0] = (char)('A' + i);
		names[i][1] = '\0';
		parts[i].name = names[i];
		if (i == 17)
			buf_add(&parts[i].bytes, canary, canary_len);
		else if (compressible)
			for (int k = 0; k < 3000; k++)
				buf_printf(&parts[i].bytes, "%zu %d\n", i, k);
		else
			random_bytes(&parts[i].bytes, 100 + i, 20000);
	}
	clone_add_dir(a, parts, 40, &item);
	memcpy(kept, parts, 17 * sizeof(*parts));
	memcpy(kept + 17, parts + 18, 22 * sizeof(*parts));
	clone_add_dir(a, kept, 39, &item);
	clone_push(a, &item, &count);
	for (size_t i = 0; i < 39; i++) {
		struct clone b;

		if (i == 0)
			clone_open(&b, compressible ? "bc" : "bi");
		if (i == 0)
			clone_fetch(&b, &item, &count);
		clone_expect(&b, &kept[i].content.oid, &kept[i].bytes);
		if (i == 38)
			clone_close(&b);
	}
	for (size_t i = 0; i < 40; i++)
		buf_release(&parts[i].bytes);
}

static void what_was_removed_before_the_push_stays_here(void **state)
{
	struct clone a;
	struct buf canary = {0};
	struct strs names = {0};
	struct mldv_error err;

	(void)state;
	random_bytes(&canary, 999, 3000);
	clone_open(&a, "a");
	push_without_canary(canary.data, canary.len, false, &a);
	assert_false(travelled(canary.data + 100, 40));
	/* That the search could have found it. */
	list_all("a/store/packs", &names);
	assert_true(names.count > 0);
	clone_close(&a);
	strs_release(&names);
	assert_int_equal(file_remove_tree("remote", &err), 0);
	assert_int_equal(file_remove_tree("a", &err), 0);

	/* Among compressed frames, some of which are copied as they are. */
	clone_open(&a, "a");
	push_without_canary(canary.data, canary.len, true, &a);
	list_all("remote/packs", &names);
	for (size_t i = 0; i < names.count; i++) {
		struct buf bytes = {0};
		struct arena arena = {0};
		struct pack_index index;
		struct oid oid;
		uint32_t begin, count;

		oid_of(canary.data, canary.len, &oid);
		assert_int_equal(file_read(names.items[i], PACK_LIMIT, &bytes,
		                     &err),
		    0);
		assert_int_equal(pack_footer_parse((uint8_t *)bytes.data +
		                         bytes.len - PACK_FOOTER_SIZE,
		                     bytes.len, &begin, &count, &err),
		    0);
		assert_int_equal(pack_index_parse(&index, &arena,
		                     (uint8_t *)bytes.data + begin,
		                     bytes.len - begin, bytes.len, &err),
		    0);
		assert_null(pack_index_find(&index, &oid));
		arena_release(&arena);
		buf_release(&bytes);
	}
	assert_false(travelled(canary.data + 100, 40));
	strs_release(&names);
	clone_close(&a);
	buf_release(&canary);
}

static void fetch_into_new(const char *name, const struct content *item,
    int *ret, struct mldv_error *err)
{
	struct clone b;
	struct remote_count count;
	struct mldv_error second;

	*err = (struct mldv_error){0};
	clone_open(&b, name);
	*ret = clone_try_fetch(&b, item, false, &count, err);
	clone_is_sound(&b);
	clone_close(&b);
	assert_int_equal(file_remove_tree(name, &second), 0);
}

static void a_flipped_byte_of_a_remote_is_never_taken_in(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct strs names = {0};
	struct mldv_error err;
	size_t refused = 0;
	int ret;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 5u << 20);
	clone_push(&a, &sample.item, &count);
	clone_close(&a);
	list_all("remote/packs", &names);
	assert_true(names.count >= 3);
	for (size_t i = 0; i < names.count; i++) {
		off_t size = size_of(names.items[i]);

		for (off_t k = 0; k < 24; k++) {
			/* The begin, the end with the index, in between. */
			off_t at = k < 8 ? k * 67
			    : k < 16     ? size - 1 - (k - 8) * 17
			                 : size / 24 * k;

			if (at < 0 || at >= size)
				continue;
			flip(names.items[i], at);
			fetch_into_new("b", &sample.item, &ret, &err);
			flip(names.items[i], at);
			if (ret == 0)
				continue;
			refused++;
			assert_int_equal(err.code, MLDV_CORRUPT);
			assert_non_null(strstr(err.text, "packs/"));
			assert_non_null(
			    strstr(err.text, "push the item again"));
		}
	}
	assert_true(refused > 30);
	fetch_into_new("b", &sample.item, &ret, &err);
	assert_int_equal(ret, 0);
	strs_release(&names);
	sample_release(&sample);
}

static void a_flipped_byte_of_a_manifest_is_refused(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct strs names = {0};
	struct mldv_error err;
	int ret;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 1000);
	clone_push(&a, &sample.item, &count);
	clone_close(&a);
	list_all(MANIFESTS, &names);
	assert_int_equal(names.count, 1);
	for (off_t at = 0; at < size_of(names.items[0]); at++) {
		flip(names.items[0], at);
		fetch_into_new("b", &sample.item, &ret, &err);
		flip(names.items[0], at);
		assert_int_equal(ret, -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_non_null(strstr(err.text, "push the item again"));
	}
	strs_release(&names);
	sample_release(&sample);
}

static void a_lost_or_cut_pack_is_named(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct strs names = {0};
	struct mldv_error err;
	int ret;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 1000);
	clone_push(&a, &sample.item, &count);
	clone_close(&a);
	list_all("remote/packs", &names);
	for (size_t i = 0; i < names.count; i++) {
		off_t size = size_of(names.items[i]);
		struct buf whole = {0};

		assert_int_equal(file_read(names.items[i], PACK_LIMIT, &whole,
		                     &err),
		    0);
		assert_int_equal(rename(names.items[i], "aside"), 0);
		fetch_into_new("b", &sample.item, &ret, &err);
		assert_int_equal(ret, -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		if (!strstr(err.text, names.items[i] + strlen("remote/")))
			fail_msg("%s", err.text);
		assert_int_equal(rename("aside", names.items[i]), 0);
		assert_int_equal(chmod(names.items[i], 0600), 0);
		assert_int_equal(truncate(names.items[i], size - 1), 0);
		fetch_into_new("b", &sample.item, &ret, &err);
		assert_int_equal(ret, -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_int_equal(file_replace(names.items[i], whole.data,
		                     whole.len, &err),
		    0);
		buf_release(&whole);
	}
	strs_release(&names);
	sample_release(&sample);
}

static void damage_here_does_not_travel(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct strs names = {0};
	struct mldv_error err;
	const struct remote_push options = {0};

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 5u << 20);
	clone_close(&a);
	list_all("a/store/packs", &names);
	list_all("a/store/files", &names);
	assert_true(names.count >= 3);
	for (size_t i = 0; i < names.count; i++) {
		flip(names.items[i], 130);
		clone_open(&a, "a");
		assert_int_equal(remote_push(a.remote, a.store, &sample.item,
		                     &options, &count, &err),
		    -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_non_null(strstr(err.text, "a/store/"));
		assert_non_null(strstr(err.text, "fsck"));
		assert_int_equal(count_of(MANIFESTS), 0);
		clone_close(&a);
		flip(names.items[i], 130);
		/* Else what did travel would be found there. */
		assert_int_equal(file_remove_tree("remote", &err), 0);
	}
	clone_open(&a, "a");
	clone_push(&a, &sample.item, &count);
	clone_close(&a);
	strs_release(&names);
	sample_release(&sample);
}

/* A directory, and a file with the very bytes of the directory's tree. */
static void push_tree_and_file(bool file_first)
{
	struct clone a, b;
	struct part inner = {.name = "x"};
	struct part outer[2] = {{.name = "f"}, {.name = "t", .kind = KIND_DIR}};
	struct content dir, file, both;
	struct remote_count count;
	struct mldv_error err;
	const struct content *order[2] = {&dir, &file};

	random_bytes(&inner.bytes, 5, 100);
	clone_open(&a, "a");
	clone_add_dir(&a, &inner, 1, &dir);
	assert_int_equal(store_read(a.store, &dir.oid, &outer[0].bytes, &err),
	    0);
	clone_close(&a);
	assert_int_equal(file_remove_tree("a", &err), 0);

	clone_open(&a, "a");
	if (file_first) {
		clone_add_file(&a, &outer[0].bytes, &file);
		clone_add_dir(&a, &inner, 1, &dir);
		order[0] = &file;
		order[1] = &dir;
	} else {
		clone_add_dir(&a, &inner, 1, &dir);
		clone_add_file(&a, &outer[0].bytes, &file);
	}
	assert_true(oid_equal(&dir.oid, &file.oid));
	outer[1].content = dir;
	clone_add_dir(&a, outer, 2, &both);
	for (size_t i = 0; i < 2; i++) {
		struct remote_push options = {
		    .earlier = order[0],
		    .earlier_count = i,
		};

		assert_int_equal(remote_push(a.remote, a.store, order[i],
		                     &options, &count, &err),
		    0);
		assert_false(count.nothing);
	}
	{
		struct content earlier[2] = {*order[0], *order[1]};
		struct remote_push options = {
		    .earlier = earlier,
		    .earlier_count = 2,
		};

		assert_int_equal(remote_push(a.remote, a.store, &both, &options,
		                     &count, &err),
		    0);
	}
	clone_close(&a);
	order[0] = &dir;
	order[1] = &file;
	for (size_t i = 0; i < 3; i++) {
		clone_open(&b, "b");
		clone_fetch(&b, i < 2 ? order[i] : &both, &count);
		clone_expect(&b, &dir.oid, &outer[0].bytes);
		if (i != 1)
			clone_expect(&b, &inner.content.oid, &inner.bytes);
		clone_is_sound(&b);
		clone_close(&b);
		assert_int_equal(file_remove_tree("b", &err), 0);
	}
	buf_release(&inner.bytes);
	buf_release(&outer[0].bytes);
}

static void a_file_may_have_the_bytes_of_a_tree(void **state)
{
	struct mldv_error err;

	(void)state;
	push_tree_and_file(false);
	assert_int_equal(file_remove_tree("a", &err), 0);
	assert_int_equal(file_remove_tree("remote", &err), 0);
	push_tree_and_file(true);
}

static void an_insertion_sends_only_what_is_new(void **state)
{
	struct clone a, b;
	struct buf before = {0}, after = {0};
	struct content old, new;
	struct remote_count count;
	struct remote_push options = {.earlier = &old, .earlier_count = 1};
	struct mldv_error err;

	(void)state;
	random_bytes(&before, 3, 40u << 20);
	buf_add(&after, before.data, 20u << 20);
	random_bytes(&after, 4, 100000);
	buf_add(&after, before.data + (20u << 20), 20u << 20);
	clone_open(&a, "a");
	clone_add_file(&a, &before, &old);
	clone_push(&a, &old, &count);
	clone_close(&a);
	/* The other clone has no index, and no state. */
	clone_open(&b, "b");
	clone_add_file(&b, &after, &new);
	assert_int_equal(remote_push(b.remote, b.store, &new, &options, &count,
	                     &err),
	    0);
	assert_true(count.bytes < 9u << 20);
	/* And once more, with nothing changed but the directory around it. */
	clone_close(&b);
	clone_open(&a, "c");
	clone_fetch(&a, &new, &count);
	clone_expect(&a, &new.oid, &after);
	clone_is_sound(&a);
	clone_close(&a);
	buf_release(&before);
	buf_release(&after);
}

static void a_large_file_of_equal_chunks_comes_back(void **state)
{
	struct clone a, b;
	struct buf bytes = {0};
	struct content item;
	struct remote_count count;

	(void)state;
	memset(buf_room(&bytes, 70u << 20), 0, 70u << 20);
	bytes.len = 70u << 20;
	random_bytes(&bytes, 1, 5);
	clone_open(&a, "a");
	clone_open(&b, "b");
	clone_add_file(&a, &bytes, &item);
	clone_push(&a, &item, &count);
	assert_true(count.bytes < 100000);
	clone_fetch(&b, &item, &count);
	clone_expect(&b, &item.oid, &bytes);
	clone_is_sound(&b);
	clone_close(&a);
	clone_close(&b);
	buf_release(&bytes);
}

static void known_large_files_are_not_sent_again(void **state)
{
	struct clone a;
	struct sample sample;
	struct part more[2] = {{.name = "g", .kind = KIND_DIR}, {.name = "h"}};
	struct content item;
	struct remote_count count;
	struct remote_push options = {
	    .earlier = &sample.item,
	    .earlier_count = 1,
	};
	struct mldv_error err;
	struct clone b;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 30u << 20);
	clone_push(&a, &sample.item, &count);
	more[0].content = sample.item;
	random_bytes(&more[1].bytes, 77, 2000);
	clone_add_dir(&a, more, 2, &item);
	assert_int_equal(remote_push(a.remote, a.store, &item, &options, &count,
	                     &err),
	    0);
	assert_true(count.bytes < 10000);
	clone_open(&b, "b");
	clone_fetch(&b, &item, &count);
	sample_expect(&sample, &b);
	clone_close(&a);
	clone_close(&b);
	sample_release(&sample);
	buf_release(&more[1].bytes);
}

static void an_old_manifest_is_written_again(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct strs names = {0};
	struct buf before = {0}, after = {0};
	struct mldv_error err;
	time_t then;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 1000);
	clone_push(&a, &sample.item, &count);
	list_all(MANIFESTS, &names);
	assert_int_equal(file_read(names.items[0], 10000, &before, &err), 0);
	set_age(names.items[0], 6);
	then = oldest(MANIFESTS);
	clone_push(&a, &sample.item, &count);
	assert_true(count.nothing);
	assert_int_equal(oldest(MANIFESTS), then);
	set_age(names.items[0], 2);
	then = oldest(MANIFESTS);
	clone_push(&a, &sample.item, &count);
	assert_true(count.nothing);
	assert_true(oldest(MANIFESTS) > then + 7 * 24 * 60 * 60);
	assert_int_equal(file_read(names.items[0], 10000, &after, &err), 0);
	assert_string_equal(buf_str(&after), buf_str(&before));
	clone_close(&a);
	strs_release(&names);
	buf_release(&before);
	buf_release(&after);
	sample_release(&sample);
}

static void a_pack_of_nobody_is_trusted_only_while_young(void **state)
{
	struct clone a;
	struct sample sample;
	struct remote_count count;
	struct strs names = {0};
	struct mldv_error err;
	time_t then;
	off_t size;

	(void)state;
	clone_open(&a, "a");
	sample_make(&sample, &a, 1000);
	clone_push(&a, &sample.item, &count);
	assert_int_equal(file_remove_tree("remote/manifests", &err), 0);
	set_age_of_all("remote/packs", 6);
	then = oldest("remote/packs");
	clone_push(&a, &sample.item, &count);
	assert_int_equal(count.bytes, 0);
	assert_int_equal(oldest("remote/packs"), then);

	assert_int_equal(file_remove_tree("remote/manifests", &err), 0);
	set_age_of_all("remote/packs", 2);
	then = oldest("remote/packs");
	clone_push(&a, &sample.item, &count);
	assert_true(count.bytes > 0);
	assert_true(oldest("remote/packs") > then + 7 * 24 * 60 * 60);

	/* A torn one, as no push leaves it, is put again. */
	assert_int_equal(file_remove_tree("remote/manifests", &err), 0);
	list_all("remote/packs", &names);
	size = size_of(names.items[0]);
	assert_int_equal(chmod(names.items[0], 0600), 0);
	assert_int_equal(truncate(names.items[0], 10), 0);
	clone_push(&a, &sample.item, &count);
	assert_int_equal(size_of(names.items[0]), size);
	strs_release(&names);
	clone_close(&a);
	sample_release(&sample);
}

static void an_interrupted_push_goes_on_where_it_was(void **state)
{
	struct clone a, b;
	struct buf bytes = {0};
	struct content item;
	struct remote_count count;
	struct mldv_error err = {0};
	const struct remote_push options = {0};
	size_t packs;

	(void)state;
	random_bytes(&bytes, 8, 150u << 20);
	clone_open(&a, "a");
	clone_add_file(&a, &bytes, &item);
	a.nervous = true;
	atomic_store(&a.calm, 30);
	assert_int_equal(remote_push(a.remote, a.store, &item, &options, &count,
	                     &err),
	    -1);
	assert_int_equal(err.code, MLDV_INTERRUPTED);
	packs = count_of("remote/packs");
	assert_true(packs > 0);
	assert_int_equal(count_of(MANIFESTS), 0);
	assert_int_equal(count_of("a/state"), packs + 1);
	a.nervous = false;
	clone_push(&a, &item, &count);
	assert_true(count.bytes < (151u << 20) - packs * (32u << 20));
	assert_int_equal(count_of("a/state/pushes"), 0);
	clone_close(&a);
	clone_open(&b, "b");
	clone_fetch(&b, &item, &count);
	clone_expect(&b, &item.oid, &bytes);
	clone_close(&b);
	buf_release(&bytes);
}

static void many_small_packs_become_one(void **state)
{
	struct clone a, b;
	struct part parts[40] = {{0}};
	char names[40][8];
	struct content items[40];
	struct remote_count count;
	struct mldv_error err;
	struct buf text = {0};
	struct arena arena = {0};
	struct manifest manifest;
	struct strs manifests = {0};

	(void)state;
	clone_open(&a, "a");
	for (size_t i = 0; i < 40; i++) {
		struct remote_push options = {
		    .earlier = i > 0 ? &items[i - 1] : NULL,
		    .earlier_count = i > 0,
		};

		names[i][0] = (char)('A' + i);
		names[i][1] = '\0';
		parts[i].name = names[i];
		random_bytes(&parts[i].bytes, 500 + i, 3000);
		clone_add_dir(&a, parts, i + 1, &items[i]);
		if (remote_push(a.remote, a.store, &items[i], &options, &count,
		        &err) < 0)
			fail_msg("%s", err.text);
	}
	list_all(MANIFESTS, &manifests);
	assert_int_equal(manifests.count, 40);
	for (size_t i = 0; i < 40; i++) {
		buf_reset(&text);
		assert_int_equal(file_read(manifests.items[i], 100000, &text,
		                     &err),
		    0);
		assert_int_equal(manifest_parse(&manifest, &arena,
		                     buf_str(&text), text.len, &err),
		    0);
		/* Fifteen of files and as many of trees, at most. */
		assert_true(manifest.count <= 30);
	}
	clone_close(&a);
	clone_open(&b, "b");
	clone_fetch(&b, &items[39], &count);
	for (size_t i = 0; i < 40; i++) {
		clone_expect(&b, &parts[i].content.oid, &parts[i].bytes);
		buf_release(&parts[i].bytes);
	}
	clone_is_sound(&b);
	clone_close(&b);
	strs_release(&manifests);
	buf_release(&text);
	arena_release(&arena);
}

static void a_dry_run_writes_nothing(void **state)
{
	struct clone a, b;
	struct sample sample;
	struct remote_count count;
	struct remote_push options = {.dry_run = true};
	struct mldv_error err;

	(void)state;
	clone_open(&a, "a");
	clone_open(&b, "b");
	sample_make(&sample, &a, 5u << 20);
	assert_int_equal(remote_push(a.remote, a.store, &sample.item, &options,
	                     &count, &err),
	    0);
	assert_true(count.bytes > 5u << 20);
	assert_int_equal(file_exists("remote", &err), 0);
	clone_push(&a, &sample.item, &count);
	assert_int_equal(clone_try_fetch(&b, &sample.item, true, &count, &err),
	    0);
	assert_true(count.bytes > 5u << 20);
	assert_int_equal(count_of("b/store"), 0);
	clone_close(&a);
	clone_close(&b);
	sample_release(&sample);
}

static void single_objects_are_fetched_again(void **state)
{
	struct clone a, b;
	struct sample sample;
	struct remote_count count;
	struct oid oids[3];
	struct mldv_error err;

	(void)state;
	clone_open(&a, "a");
	clone_open(&b, "b");
	sample_make(&sample, &a, 5u << 20);
	clone_push(&a, &sample.item, &count);
	oids[0] = sample.parts[5].content.oid;
	oids[1] = sample.parts[1].content.oid;
	oids[2] = sample.item.oid;
	if (remote_fetch_objects(b.remote, b.store, &sample.item, oids, 3,
	        &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(store_refresh(b.store, &err), 0);
	clone_expect(&b, &oids[0], &sample.parts[5].bytes);
	clone_expect(&b, &oids[1], &sample.parts[1].bytes);
	assert_non_null(store_find(b.store, &oids[2], NULL));
	clone_is_sound(&b);
	clone_close(&a);
	clone_close(&b);
	sample_release(&sample);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(an_item_goes_and_comes_back),
	    CASE(only_what_is_lacking_is_fetched),
	    CASE(what_was_never_pushed_is_missing),
	    CASE(what_is_not_here_cannot_be_pushed),
	    CASE(empty_items_travel),
	    CASE(what_was_removed_before_the_push_stays_here),
	    CASE(a_flipped_byte_of_a_remote_is_never_taken_in),
	    CASE(a_flipped_byte_of_a_manifest_is_refused),
	    CASE(a_lost_or_cut_pack_is_named),
	    CASE(damage_here_does_not_travel),
	    CASE(a_file_may_have_the_bytes_of_a_tree),
	    CASE(an_insertion_sends_only_what_is_new),
	    CASE(a_large_file_of_equal_chunks_comes_back),
	    CASE(known_large_files_are_not_sent_again),
	    CASE(an_old_manifest_is_written_again),
	    CASE(a_pack_of_nobody_is_trusted_only_while_young),
	    CASE(an_interrupted_push_goes_on_where_it_was),
	    CASE(many_small_packs_become_one),
	    CASE(a_dry_run_writes_nothing),
	    CASE(single_objects_are_fetched_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
