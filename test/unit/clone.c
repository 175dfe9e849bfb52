/* SPDX-License-Identifier: Apache-2.0 */
#include "clone.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"

#define PROJECT "0123456789abcdef"

static bool is_cancelled(void *context)
{
	struct clone *clone = context;

	return clone->nervous && atomic_fetch_sub(&clone->calm, 1) <= 0;
}

void clone_open(struct clone *clone, const char *name)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct remote_options options = {.name = "origin", .project = PROJECT};
	char *cwd;

	assert_int_equal(path_cwd(&arena, &cwd, &err), 0);
	*clone = (struct clone){.name = name};
	clone->events.context = clone;
	clone->events.cancelled = is_cancelled;
	clone->store =
	    store_open(arena_printf(&arena, "%s/%s/store", cwd, name));
	options.url = arena_printf(&arena, "%s/remote", cwd);
	options.state = arena_printf(&arena, "%s/%s/state", cwd, name);
	options.events = &clone->events;
	assert_int_equal(remote_open(&clone->remote, &options, &err), 0);
	arena_release(&arena);
}

void clone_close(struct clone *clone)
{
	remote_close(clone->remote);
	store_close(clone->store);
}

void random_bytes(struct buf *out, uint64_t seed, size_t size)
{
	char *to = buf_room(out, size);
	uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		to[i] = (char)(x >> 24);
	}
	out->len += size;
}

static void put_large(struct clone *clone, const struct buf *bytes,
    struct oid *out)
{
	struct store_large large = {.name = "large", .size = bytes->len};
	struct mldv_error err;
	int fd = open("large", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, "large", bytes->data, bytes->len, &err),
	    0);
	assert_int_equal(store_put_large(clone->store, fd, &large, out, &err),
	    0);
	(void)close(fd);
	(void)unlink("large");
}

static void put_bytes(struct clone *clone, struct store_packer *packer,
    const struct buf *bytes, struct oid *out)
{
	struct mldv_error err;

	if (bytes->len > OBJECT_WHOLE_MAX) {
		put_large(clone, bytes, out);
		return;
	}
	oid_of(buf_str(bytes), bytes->len, out);
	if (bytes->len > 0)
		assert_int_equal(store_packer_put(packer, out, bytes->data,
		                     bytes->len, &err),
		    0);
}

static int put_tree(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	return store_packer_put(context, oid, text, len, err);
}

static void end(struct clone *clone, struct store_packer *packer)
{
	struct mldv_error err;

	assert_int_equal(store_packer_end(packer, &err), 0);
	store_packer_close(packer);
	assert_int_equal(store_refresh(clone->store, &err), 0);
}

void clone_add_dir(struct clone *clone, struct part *parts, size_t count,
    struct content *out)
{
	struct store_packer *packer = store_packer_open(clone->store);
	struct store_packer *trees = store_packer_open(clone->store);
	struct tree_sink sink = {.context = trees, .put = put_tree};
	struct tree_entry *entries = xcalloc(count + 1, sizeof(*entries));
	struct hasher *hasher = hasher_open();
	struct mldv_error err;

	for (size_t i = 0; i < count; i++) {
		struct part *part = &parts[i];

		if (part->kind != KIND_DIR) {
			part->content.kind = part->kind;
			part->content.size = part->bytes.len;
			part->content.files = 1;
			put_bytes(clone, packer, &part->bytes,
			    &part->content.oid);
		}
		entries[i].content = part->content;
		entries[i].name = slice_of(part->name);
	}
	assert_int_equal(tree_encode(entries, count, hasher, &sink, out, &err),
	    0);
	hasher_close(hasher);
	free(entries);
	end(clone, packer);
	end(clone, trees);
}

void clone_add_file(struct clone *clone, const struct buf *bytes,
    struct content *out)
{
	struct store_packer *packer = store_packer_open(clone->store);

	*out = (struct content){
	    .kind = KIND_FILE,
	    .size = bytes->len,
	    .files = 1,
	};
	put_bytes(clone, packer, bytes, &out->oid);
	end(clone, packer);
}

void clone_push(struct clone *clone, const struct content *item,
    struct remote_count *out)
{
	const struct remote_push options = {0};
	struct mldv_error err = {0};

	if (remote_push(clone->remote, clone->store, item, &options, out,
	        &err) < 0)
		fail_msg("%s", err.text);
}

int clone_try_fetch(struct clone *clone, const struct content *item,
    bool dry_run, struct remote_count *out, struct mldv_error *err)
{
	const struct remote_wanted wanted = {
	    .item = item,
	    .parts = item,
	    .count = 1,
	    .dry_run = dry_run,
	};

	return remote_fetch_parts(clone->remote, clone->store, &wanted, out,
	    err);
}

void clone_fetch(struct clone *clone, const struct content *item,
    struct remote_count *out)
{
	struct mldv_error err = {0};

	if (clone_try_fetch(clone, item, false, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(store_refresh(clone->store, &err), 0);
}

void clone_expect(struct clone *clone, const struct oid *oid,
    const struct buf *bytes)
{
	struct mldv_error err = {0};
	struct buf got = {0};
	struct buf path = {0};
	int ret;

	if (bytes->len <= OBJECT_WHOLE_MAX) {
		ret = bytes->len > 0 ? store_read(clone->store, oid, &got, &err)
		                     : 0;
	} else {
		store_file_path(clone->store, oid, &path);
		ret = file_read(buf_str(&path), bytes->len, &got, &err);
	}
	if (ret < 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.len, bytes->len);
	if (bytes->len > 0)
		assert_memory_equal(got.data, bytes->data, bytes->len);
	buf_release(&got);
	buf_release(&path);
}

static void check_names(const char *dir)
{
	struct mldv_error err;
	struct strs names = {0};
	struct arena arena = {0};

	if (file_list(dir, &names, &err) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		const char *path = path_join(&arena, dir, names.items[i]);
		struct strs files = {0};

		assert_int_equal(file_list(path, &files, &err), 0);
		for (size_t k = 0; k < files.count; k++) {
			struct buf bytes = {0};
			struct oid oid;
			char hex[OID_HEX + 1];

			assert_false(temp_is_name(files.items[k]));
			assert_int_equal(file_read(path_join(&arena, path,
			                               files.items[k]),
			                     SIZE_MAX / 2, &bytes, &err),
			    0);
			oid_of(buf_str(&bytes), bytes.len, &oid);
			oid_hex(&oid, hex);
			assert_memory_equal(files.items[k], hex, OID_HEX);
			buf_release(&bytes);
		}
		strs_release(&files);
	}
	strs_release(&names);
	arena_release(&arena);
}

void clone_is_sound(struct clone *clone)
{
	struct arena arena = {0};
	const char *dir = store_dir(clone->store);
	struct mldv_error err = {0};
	struct store_reader *reader;
	const struct store_pack *packs;
	size_t count;

	check_names(path_join(&arena, dir, "files"));
	check_names(path_join(&arena, dir, "packs"));
	arena_release(&arena);
	assert_int_equal(store_refresh(clone->store, &err), 0);
	packs = store_packs(clone->store, &count);
	reader = store_reader_open(clone->store);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < packs[i].index.count; k++) {
			struct slice bytes;

			if (store_reader_get(reader,
			        &packs[i].index.records[k].oid, &bytes,
			        &err) < 0)
				fail_msg("%s", err.text);
		}
	}
	store_reader_close(reader);
}
