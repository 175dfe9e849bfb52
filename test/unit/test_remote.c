/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "clone.h"
#include "remote/ops.h"
#include "scratch.h"

/* Somebody who writes to a remote what no mldv would. */
struct peer {
	struct pack_writer *writer;
	struct buf bytes;
	struct pack_sink sink;
	struct manifest manifest;
	struct manifest_pack packs[16];
};

static int add_bytes(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

static void peer_open(struct peer *peer)
{
	*peer = (struct peer){.writer = pack_writer_open()};
	peer->sink.context = &peer->bytes;
	peer->sink.write = add_bytes;
	peer->manifest.packs = peer->packs;
	pack_writer_start(peer->writer, &peer->sink);
	(void)mkdir("remote", 0777);
	scratch_write("remote/format", "mldv-remote 1\n");
}

static void peer_add(struct peer *peer, const struct oid *oid, const void *data,
    size_t size, bool list)
{
	struct mldv_error err;

	if (pack_writer_has(peer->writer, oid))
		return;
	memcpy(pack_writer_room(peer->writer, size), data, size);
	assert_int_equal(pack_writer_add(peer->writer, oid, size, list, &err),
	    0);
}

static struct oid peer_put(struct peer *peer, const char *text)
{
	struct oid oid;

	oid_of(text, strlen(text), &oid);
	peer_add(peer, &oid, text, strlen(text), false);
	return oid;
}

static void peer_end(struct peer *peer, bool trees)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct pack_info info;
	char hex[OID_HEX + 1];
	const char *path;

	assert_int_equal(pack_writer_end(peer->writer, &info, &err), 0);
	oid_hex(&info.id, hex);
	path = arena_printf(&arena, "remote/packs/%.2s/%s.tar.zst", hex, hex);
	assert_int_equal(file_make_parents(path, &err), 0);
	assert_int_equal(file_replace(path, peer->bytes.data, peer->bytes.len,
	                     &err),
	    0);
	peer->packs[peer->manifest.count++] = (struct manifest_pack){
	    .id = info.id,
	    .bytes = info.bytes,
	    .index = info.index,
	    .objects = info.objects,
	    .trees = trees,
	};
	buf_reset(&peer->bytes);
	pack_writer_start(peer->writer, &peer->sink);
	arena_release(&arena);
}

/* Writes the manifest, and lets somebody fetch the item. */
static int peer_tempts(struct peer *peer, const struct content *item,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct remote_count count;
	char hex[OID_HEX + 1];
	const char *path;
	struct clone victim;
	int ret;

	peer->manifest.content = *item;
	manifest_format(&peer->manifest, &text);
	oid_hex(&item->oid, hex);
	path =
	    arena_printf(&arena, "remote/manifests/0123456789abcdef/%.2s/%s.%s",
	        hex, hex, item->kind == KIND_DIR ? "dir" : "file");
	assert_int_equal(file_make_parents(path, err), 0);
	assert_int_equal(file_replace(path, text.data, text.len, err), 0);
	clone_open(&victim, "victim");
	ret = clone_try_fetch(&victim, item, false, &count, err);
	clone_is_sound(&victim);
	clone_close(&victim);
	buf_release(&text);
	arena_release(&arena);
	buf_release(&peer->bytes);
	pack_writer_close(peer->writer);
	return ret;
}

/* A tree of one line, for a file or a directory. */
static struct oid peer_tree(struct peer *peer, const char *line)
{
	struct buf text = {0};
	struct oid oid;

	buf_printf(&text, "mldv-tree 1\n%s\n", line);
	oid = peer_put(peer, text.data);
	buf_release(&text);
	return oid;
}

static void a_tree_that_lies_about_sizes_is_refused(void **state)
{
	static const char *const words[] = {"f 4", "d 9 1", "d 5 2", "d 5 1"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct peer peer;
		struct mldv_error err = {0};
		struct content item = {
		    .kind = KIND_DIR,
		    .size = i == 0 ? 4 : 5,
		    .files = 1,
		};
		char hex[OID_HEX + 1];
		char line[128];
		struct oid oid;
		int ret;

		peer_open(&peer);
		oid = peer_put(&peer, "hello");
		peer_end(&peer, false);
		if (i > 0) {
			oid_hex(&oid, hex);
			(void)snprintf(line, sizeof(line), "f 5 %s y", hex);
			oid = peer_tree(&peer, line);
		}
		oid_hex(&oid, hex);
		(void)snprintf(line, sizeof(line), "%s %s x", words[i], hex);
		item.oid = peer_tree(&peer, line);
		peer_end(&peer, true);
		ret = peer_tempts(&peer, &item, &err);
		/* The last one tells the truth. */
		if (i == 3)
			assert_int_equal(ret, 0);
		else
			assert_int_equal(ret, -1);
		if (i < 3)
			assert_int_equal(err.code, MLDV_CORRUPT);
	}
}

static void nested(unsigned levels, unsigned width, struct peer *peer,
    struct content *item)
{
	struct buf text = {0};
	char hex[OID_HEX + 1];
	struct oid oid = peer_put(peer, "x");
	uint64_t files = 1;

	peer_end(peer, false);
	for (unsigned i = 0; i < levels; i++) {
		oid_hex(&oid, hex);
		buf_reset(&text);
		buf_add_str(&text, "mldv-tree 1\n");
		for (unsigned k = 0; k < width; k++) {
			if (i == 0)
				buf_printf(&text, "f 1 %s %c\n", hex,
				    (char)('a' + k));
			else
				buf_printf(&text, "d %llu %llu %s %c\n",
				    (unsigned long long)files,
				    (unsigned long long)files, hex,
				    (char)('a' + k));
		}
		files *= width;
		oid = peer_put(peer, text.data);
	}
	peer_end(peer, true);
	*item = (struct content){
	    .kind = KIND_DIR,
	    .oid = oid,
	    .size = files,
	    .files = files,
	};
	buf_release(&text);
}

static void equal_nested_trees_are_visited_once(void **state)
{
	struct peer peer;
	struct content item;
	struct mldv_error err = {0};

	(void)state;
	peer_open(&peer);
	nested(10, 10, &peer, &item);
	assert_true(item.files == 10000000000);
	assert_int_equal(peer_tempts(&peer, &item, &err), 0);
	/* With more of them than the pointer says it is refused. */
	peer_open(&peer);
	nested(10, 10, &peer, &item);
	item.files = item.size = 10;
	assert_int_equal(file_remove_tree("victim", &err), 0);
	assert_int_equal(peer_tempts(&peer, &item, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
}

static void directories_too_deep_are_refused(void **state)
{
	struct peer peer;
	struct content item;
	struct mldv_error err = {0};

	(void)state;
	peer_open(&peer);
	nested(2 * TREE_DEPTH + 2, 1, &peer, &item);
	assert_int_equal(peer_tempts(&peer, &item, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_non_null(strstr(err.text, "deeper"));
}

static void a_manifest_that_lacks_an_object_is_refused(void **state)
{
	struct peer peer;
	struct content item = {.kind = KIND_FILE, .size = 5, .files = 1};
	struct mldv_error err = {0};

	(void)state;
	peer_open(&peer);
	(void)peer_put(&peer, "other");
	peer_end(&peer, false);
	oid_of("hello", 5, &item.oid);
	assert_int_equal(peer_tempts(&peer, &item, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_non_null(strstr(err.text, "no pack"));
}

static void a_tree_in_a_pack_of_files_does_not_count(void **state)
{
	struct peer peer;
	struct content item = {.kind = KIND_DIR};
	struct mldv_error err = {0};

	(void)state;
	peer_open(&peer);
	item.oid = peer_put(&peer, "mldv-tree 1\n");
	peer_end(&peer, false);
	assert_int_equal(peer_tempts(&peer, &item, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
}

static void bytes_under_a_wrong_name_are_refused(void **state)
{
	(void)state;
	/* With another object beside it the pack does not come whole. */
	for (int whole = 0; whole < 2; whole++) {
		struct peer peer;
		struct content item = {
		    .kind = KIND_FILE,
		    .size = 5,
		    .files = 1,
		};
		struct mldv_error err = {0};

		peer_open(&peer);
		oid_of("hello", 5, &item.oid);
		peer_add(&peer, &item.oid, "hallo", 5, false);
		if (!whole)
			(void)peer_put(&peer, "other");
		peer_end(&peer, false);
		assert_int_equal(peer_tempts(&peer, &item, &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
}

enum { LARGE = 5 << 20 };

/* How the list of a large object is wrong. */
enum lie { TRUTH, SIZE_LIES, CHUNK_LACKS, ORDER_LIES, NO_LIST };

static int tempt_with_list(enum lie lie, struct mldv_error *err)
{
	struct peer peer;
	struct buf bytes = {0};
	struct buf text = {0};
	struct content item = {.kind = KIND_FILE, .size = LARGE, .files = 1};
	struct chunk chunks[6];
	struct chunks list = {.items = chunks, .count = 5, .size = LARGE};
	int ret;

	peer_open(&peer);
	random_bytes(&bytes, 1, LARGE);
	oid_of(bytes.data, bytes.len, &item.oid);
	for (size_t i = 0; i < 5; i++) {
		const char *at = bytes.data + (i << 20);

		chunks[i].size = 1 << 20;
		oid_of(at, 1 << 20, &chunks[i].oid);
		if (lie != CHUNK_LACKS || i < 4)
			peer_add(&peer, &chunks[i].oid, at, 1 << 20, false);
	}
	chunks[5] = chunks[0];
	if (lie == SIZE_LIES)
		list.count = 6;
	if (lie == ORDER_LIES)
		chunks[0] = chunks[1];
	chunks_format(&list, &text);
	peer_add(&peer, &item.oid, text.data, text.len, lie != NO_LIST);
	peer_end(&peer, false);
	ret = peer_tempts(&peer, &item, err);
	buf_release(&bytes);
	buf_release(&text);
	return ret;
}

static void a_list_of_chunks_is_trusted_for_nothing(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	for (enum lie lie = SIZE_LIES; lie <= NO_LIST; lie++) {
		assert_int_equal(tempt_with_list(lie, &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
	assert_int_equal(tempt_with_list(TRUTH, &err), 0);
}

static void a_url_that_is_no_directory_is_refused(void **state)
{
	static const char *const urls[] = {"", "relative", "s3://", "s3:///p",
	    "s3://b?c", "file://host/x", "file:relative", "http://",
	    "http://u:p@x/", "https://x/?q"};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		const struct remote_options options = {
		    .name = "origin",
		    .url = urls[i],
		    .project = "0123456789abcdef",
		};
		struct remote *remote;
		struct mldv_error err = {0};

		assert_int_equal(remote_open(&remote, &options, &err), -1);
		assert_int_equal(err.code, MLDV_USAGE);
	}
}

static int push_hello(struct mldv_error *err)
{
	struct clone a;
	struct buf bytes = {0};
	struct content item;
	struct remote_count count;
	const struct remote_push options = {0};
	int ret;

	buf_add_str(&bytes, "hello");
	clone_open(&a, "a");
	clone_add_file(&a, &bytes, &item);
	ret = remote_push(a.remote, a.store, &item, &options, &count, err);
	buf_release(&bytes);
	clone_close(&a);
	return ret;
}

static void the_first_push_says_what_the_place_is(void **state)
{
	struct mldv_error err = {0};
	struct buf text = {0};

	(void)state;
	assert_int_equal(mkdir("remote", 0777), 0);
	assert_int_equal(mkdir("remote/lost+found", 0777), 0);
	scratch_write("remote/.mldv-tmp.0123456789abcdef", "left by a crash");
	if (push_hello(&err) < 0)
		fail_msg("%s", err.text);
	scratch_expect("remote/format", "mldv-remote 1\n");
	assert_int_equal(file_read("remote/README.txt", 10000, &text, &err), 0);
	assert_non_null(strstr(text.data, "zstd -dc"));
	buf_release(&text);
}

static void a_foreign_directory_is_left_alone(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(mkdir("remote", 0777), 0);
	scratch_write("remote/thesis.tex", "years of work");
	assert_int_equal(push_hello(&err), -1);
	assert_non_null(strstr(err.text, "'thesis.tex'"));
	assert_int_equal(file_exists("remote/format", &err), 0);
	assert_int_equal(file_exists("remote/packs", &err), 0);
}

static void a_place_that_is_not_mounted_is_not_made(void **state)
{
	struct clone a;
	struct arena arena = {0};
	char *cwd;
	struct mldv_error err = {0};
	struct remote_options options = {
	    .name = "origin",
	    .project = "0123456789abcdef",
	};
	struct remote *remote;
	const struct remote_push push = {0};
	struct remote_count count;
	struct content item;
	struct buf bytes = {0};

	(void)state;
	buf_add_str(&bytes, "hello");
	clone_open(&a, "a");
	clone_add_file(&a, &bytes, &item);
	assert_int_equal(path_cwd(&arena, &cwd, &err), 0);
	options.url = arena_printf(&arena, "file://%s/mnt/team/data", cwd);
	assert_int_equal(remote_open(&remote, &options, &err), 0);
	assert_int_equal(remote_has(remote, &item, &err), 0);
	assert_int_equal(remote_push(remote, a.store, &item, &push, &count,
	                     &err),
	    -1);
	assert_non_null(strstr(err.text, "/mnt/team'"));
	assert_int_equal(file_exists("mnt", &err), 0);
	remote_close(remote);
	clone_close(&a);
	buf_release(&bytes);
	arena_release(&arena);
}

static void a_later_format_is_refused_by_its_number(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(mkdir("remote", 0777), 0);
	scratch_write("remote/format", "mldv-remote 2\n");
	assert_int_equal(push_hello(&err), -1);
	assert_non_null(strstr(err.text, "format 2"));
	scratch_write("remote/format", "something else\n");
	assert_int_equal(push_hello(&err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(file_exists("remote/packs", &err), 0);
}

static struct ops *open_dir(struct arena *arena)
{
	struct mldv_error err;
	char *cwd;

	assert_int_equal(path_cwd(arena, &cwd, &err), 0);
	return dir_open(arena_printf(arena, "%s/place", cwd), "origin", NULL);
}

static void a_name_is_given_once_unless_replaced(void **state)
{
	struct arena arena = {0};
	struct ops *ops = open_dir(&arena);
	struct ops_source one = {.data = "one", .size = 3};
	struct ops_source two = {.data = "two", .size = 3};
	struct ops_info info;
	struct mldv_error err = {0};
	struct buf text = {0};

	(void)state;
	assert_int_equal(ops->table->prepare(ops, &err), 0);
	assert_int_equal(ops->table->head(ops, "a/b", true, &info, &err), 0);
	assert_int_equal(ops->table->put(ops, "a/b", &one, OPS_NEW, &err), 1);
	assert_int_equal(ops->table->put(ops, "a/b", &two, OPS_NEW, &err), 0);
	scratch_expect("place/a/b", "one");
	assert_int_equal(ops->table->put(ops, "a/b", &two, OPS_REPLACE, &err),
	    1);
	assert_int_equal(ops->table->sync(ops, &err), 0);
	assert_int_equal(ops->table->head(ops, "a/b", true, &info, &err), 1);
	assert_int_equal(info.size, 3);
	assert_true(info.age < 60);
	assert_int_equal(ops->table->get(ops, "a/b", 3, &text, &err), 1);
	assert_string_equal(buf_str(&text), "two");
	assert_int_equal(ops->table->get(ops, "a/b", 2, &text, &err), -1);
	assert_int_equal(ops->table->get(ops, "a/c", 2, &text, &err), 0);
	ops->table->close(ops);
	buf_release(&text);
	arena_release(&arena);
}

static void a_range_is_just_that_or_an_error(void **state)
{
	struct arena arena = {0};
	struct ops *ops = open_dir(&arena);
	struct ops_source source = {.data = "0123456789", .size = 10};
	struct mldv_error err = {0};
	char out[16] = "";

	(void)state;
	assert_int_equal(ops->table->prepare(ops, &err), 0);
	assert_int_equal(ops->table->put(ops, "x", &source, OPS_NEW, &err), 1);
	assert_int_equal(ops->table->get_range(ops, "x", 3, 4, out, &err), 0);
	assert_string_equal(out, "3456");
	assert_int_equal(ops->table->get_range(ops, "x", 8, 3, out, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(ops->table->get_range(ops, "x", 11, 1, out, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(ops->table->get_range(ops, "y", 0, 1, out, &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
	ops->table->close(ops);
	arena_release(&arena);
}

static void a_file_that_does_not_hash_to_its_name_is_not_put(void **state)
{
	struct arena arena = {0};
	struct ops *ops = open_dir(&arena);
	struct ops_source source = {.name = "file", .size = 5};
	struct mldv_error err = {0};
	struct oid oid;

	(void)state;
	scratch_write("file", "hello");
	oid_of("hello", 5, &oid);
	source.oid = &oid;
	source.fd = open("file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ops->table->prepare(ops, &err), 0);
	assert_int_equal(ops->table->put(ops, "x", &source, OPS_NEW, &err), 1);
	scratch_expect("place/x", "hello");
	oid.bytes[0] ^= 1;
	assert_int_equal(ops->table->put(ops, "y", &source, OPS_NEW, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(file_exists("place/y", &err), 0);
	(void)close(source.fd);
	ops->table->close(ops);
	arena_release(&arena);
}

static void a_push_waits_while_a_gc_holds_the_place(void **state)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct clone a;
	struct buf bytes = {0};
	struct content item;
	struct remote_count count;
	const struct remote_push options = {0};
	struct mldv_error err = {0};
	int fd;

	(void)state;
	assert_int_equal(push_hello(&err), 0);
	fd = open("remote/format", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &range), 0);
	buf_add_str(&bytes, "more");
	clone_open(&a, "a");
	clone_add_file(&a, &bytes, &item);
	a.nervous = true;
	atomic_store(&a.calm, 4);
	assert_int_equal(remote_push(a.remote, a.store, &item, &options, &count,
	                     &err),
	    -1);
	assert_int_equal(err.code, MLDV_INTERRUPTED);
	(void)close(fd);
	a.nervous = false;
	clone_push(&a, &item, &count);
	clone_close(&a);
	buf_release(&bytes);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_tree_that_lies_about_sizes_is_refused),
	    CASE(equal_nested_trees_are_visited_once),
	    CASE(directories_too_deep_are_refused),
	    CASE(a_manifest_that_lacks_an_object_is_refused),
	    CASE(a_tree_in_a_pack_of_files_does_not_count),
	    CASE(bytes_under_a_wrong_name_are_refused),
	    CASE(a_list_of_chunks_is_trusted_for_nothing),
	    CASE(a_url_that_is_no_directory_is_refused),
	    CASE(the_first_push_says_what_the_place_is),
	    CASE(a_foreign_directory_is_left_alone),
	    CASE(a_place_that_is_not_mounted_is_not_made),
	    CASE(a_later_format_is_refused_by_its_number),
	    CASE(a_name_is_given_once_unless_replaced),
	    CASE(a_range_is_just_that_or_an_error),
	    CASE(a_file_that_does_not_hash_to_its_name_is_not_put),
	    CASE(a_push_waits_while_a_gc_holds_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
