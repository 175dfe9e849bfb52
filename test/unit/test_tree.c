/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/tree.h"

#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD  "mldv-tree 1\n"
#define F     "f 3 " ABC " "

static int parse(struct tree *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	return tree_parse(out, arena, text, strlen(text), err);
}

static void reads_every_sort_of_entry(void **state)
{
	static const char text[] = HEAD "f 3 " ABC " a\n"
	                                "x 0 " EMPTY " b c\n"
	                                "d 12 2 " ABC " dir\n"
	                                "l 7 " ABC " link\n";
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct tree tree;

	(void)state;
	assert_int_equal(parse(&tree, &arena, text, &err), 0);
	assert_int_equal(tree.count, 4);
	assert_false(tree.paged);
	assert_int_equal(tree.entries[0].content.kind, KIND_FILE);
	assert_true(tree.entries[0].content.size == 3);
	assert_int_equal(tree.entries[1].content.kind, KIND_EXEC);
	assert_true(slice_is(tree.entries[1].name, "b c"));
	assert_string_equal(tree.entries[1].name.data, "b c");
	assert_int_equal(tree.entries[2].content.kind, KIND_DIR);
	assert_true(tree.entries[2].content.size == 12);
	assert_true(tree.entries[2].content.files == 2);
	assert_int_equal(tree.entries[3].content.kind, KIND_LINK);
	assert_true(tree.entries[3].content.files == 1);
	arena_release(&arena);
}

static void writes_what_it_read(void **state)
{
	static const char *const texts[] = {
	    HEAD,
	    HEAD F "a\n",
	    HEAD F "a\\nb\n" F "a b \n" F "a\\\\\n" F "\xff\n",
	    HEAD F " \n" F "-\n" F "...\n" F ".a\n" F ".gitignore\n" F "a\n",
	    HEAD "d 0 0 " ABC " d\n",
	    HEAD "d 0 7 " ABC " d\n",
	    HEAD "f 9223372036854775807 " ABC " a\n",
	    HEAD "l 4095 " ABC " a\n",
	    HEAD "p 3 1 " ABC " a\np 0 0 " ABC " b\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct buf out = {0};
		struct tree tree;

		if (parse(&tree, &arena, texts[i], &err) < 0)
			fail_msg("%zu: %s", i, err.text);
		tree_format(&tree, &out);
		assert_string_equal(buf_str(&out), texts[i]);
		buf_release(&out);
		arena_release(&arena);
	}
}

static void refuses_what_is_not_canonical(void **state)
{
	static const char *const texts[] = {
	    "",
	    "mldv-tree 1",
	    "mldv-tree 2\n",
	    HEAD "\n",
	    HEAD F "a",
	    HEAD F "\n",
	    HEAD "f 3 " ABC "\n",
	    HEAD "f 3\n",
	    HEAD "f  3 " ABC " a\n",
	    HEAD "f 03 " ABC " a\n",
	    HEAD "f -3 " ABC " a\n",
	    HEAD "f 9223372036854775808 " ABC " a\n",
	    HEAD "f 3 1 " ABC " a\n",
	    HEAD "d 3 " ABC " a\n",
	    HEAD "d 3 0 " ABC " a\n",
	    HEAD "d 0 0 " EMPTY " a\n",
	    HEAD "f 0 " ABC " a\n",
	    HEAD "f 3 " EMPTY " a\n",
	    HEAD "l 0 " EMPTY " a\n",
	    HEAD "l 4096 " ABC " a\n",
	    HEAD "g 3 " ABC " a\n",
	    HEAD "ff 3 " ABC " a\n",
	    HEAD "F 3 " ABC " a\n",
	    HEAD "f 3 " ABC "0 a\n",
	    HEAD "f 3 sha256:" ABC " a\n",
	    HEAD F "b\n" F "a\n",
	    HEAD F "a\n" F "a\n",
	    HEAD F "a\n"
	           "d 3 1 " ABC " a\n",
	    HEAD F "a\n\n" F "b\n",
	    HEAD F "a\\\n",
	    HEAD F "a\\t\n",
	    HEAD F "a\\x0a\n",
	    HEAD "p 3 1 " ABC " a\n" F "b\n",
	    HEAD F "a\np 3 1 " ABC " b\n",
	    HEAD "p 3 " ABC " a\n",
	    HEAD "p 0 0 " EMPTY " a\n",
	    HEAD "f 9223372036854775807 " ABC " a\nf 1 " ABC " b\n",
	    HEAD "d 0 9223372036854775807 " ABC " a\n" F "b\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct tree tree;

		if (parse(&tree, &arena, texts[i], &err) == 0)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_memory_equal(err.text, "tree, line ", 11);
		arena_release(&arena);
	}
}

static void sorts_names_by_their_unescaped_bytes(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct tree tree;

	(void)state;
	/* LF is below space, though its escape is above. */
	assert_int_equal(parse(&tree, &arena, HEAD F "a\\n\n" F "a !\n", &err),
	    0);
	assert_int_equal(parse(&tree, &arena, HEAD F "a !\n" F "a\\n\n", &err),
	    -1);
	assert_int_equal(parse(&tree, &arena, HEAD F "a\n" F "\xe3\n", &err),
	    0);
	arena_release(&arena);
}

static void refuses_names_that_could_do_harm(void **state)
{
	static const struct slice names[] = {{"", 0}, {".", 1}, {"..", 2},
	    {"/", 1}, {"a/b", 3}, {"../x", 4}, {"/etc", 4}, {"a\0b", 3},
	    {"\0", 1}, {".git", 4}, {".GIT", 4}, {".gIt", 4},
	    {".mldv-tmp.", 10}, {".mldv-tmp.0123456789abcdef", 26}};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct mldv_error err = {0};
		struct arena arena = {0};
		struct buf text = {0};
		struct tree tree;

		assert_non_null(tree_name_refused(names[i]));
		buf_add_str(&text, HEAD F);
		buf_add(&text, names[i].data, names[i].len);
		buf_add_char(&text, '\n');
		assert_int_equal(tree_parse(&tree, &arena, text.data, text.len,
		                     &err),
		    -1);
		buf_release(&text);
		arena_release(&arena);
	}
}

static void lets_harmless_names_pass(void **state)
{
	static const char *const names[] = {"a", "...", ".gitignore", "git",
	    ".git2", ".mldv", ".mldv-tmp", "mldv-tmp.1", " ", "\n", "\\", "-rf",
	    "\x83\x5c"};
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(tree_name_refused(slice_of(names[i])));
	memset(name, 'a', sizeof(name));
	assert_null(tree_name_refused((struct slice){name, 255}));
	assert_non_null(tree_name_refused((struct slice){name, 256}));
}

static void shows_a_refused_name_on_one_line(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct tree tree;

	(void)state;
	assert_int_equal(parse(&tree, &arena, HEAD F "a\\n/b\n", &err), -1);
	assert_string_equal(err.text,
	    "tree, line 2: the name 'a\\n/b' holds a slash");
	arena_release(&arena);
}

static void refuses_a_text_that_is_too_long(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf text = {0};
	struct tree tree;

	(void)state;
	buf_add_str(&text, HEAD);
	memset(buf_room(&text, TREE_LIMIT), '\n', TREE_LIMIT);
	text.len = TREE_LIMIT + 1;
	assert_int_equal(tree_parse(&tree, &arena, text.data, text.len, &err),
	    -1);
	assert_non_null(strstr(err.text, "longer than 16777216 bytes"));
	buf_release(&text);
	arena_release(&arena);
}

/* Objects that tree_encode put, as texts in their order. */
struct objects {
	struct arena arena;
	struct slice texts[64];
	struct oid oids[64];
	size_t count;
};

static int keep(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	struct objects *objects = context;
	struct oid own;

	(void)err;
	assert_true(objects->count < 64);
	oid_of(text, len, &own);
	assert_true(oid_equal(&own, oid));
	objects->texts[objects->count].data =
	    arena_strn(&objects->arena, text, len);
	objects->texts[objects->count].len = len;
	objects->oids[objects->count++] = *oid;
	return 0;
}

static int refuse_all(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	(void)context;
	(void)oid;
	(void)text;
	(void)len;
	return err_set(err, MLDV_FAILED, "the disk is full");
}

/* count files named 0000000, 0000001, … of one byte each. */
static struct tree_entry *make_entries(struct arena *arena, size_t count)
{
	struct tree_entry *entries =
	    arena_array(arena, count, sizeof(*entries));

	for (size_t i = 0; i < count; i++) {
		entries[i].name = slice_of(arena_printf(arena, "%07zu", i));
		entries[i].content.size = 1;
		entries[i].content.files = 1;
		entries[i].content.oid.bytes[0] = 1;
	}
	return entries;
}

static int encode(const struct tree_entry *entries, size_t count,
    struct objects *objects, struct content *out, struct mldv_error *err)
{
	const struct tree_sink sink = {objects, keep};
	struct hasher *hasher = hasher_open();
	int ret = tree_encode(entries, count, hasher, &sink, out, err);

	hasher_close(hasher);
	return ret;
}

static void a_directory_without_entries_is_one_line(void **state)
{
	struct objects objects = {0};
	struct mldv_error err = {0};
	struct content content;

	(void)state;
	assert_int_equal(encode(NULL, 0, &objects, &content, &err), 0);
	assert_int_equal(objects.count, 1);
	assert_string_equal(objects.texts[0].data, HEAD);
	assert_int_equal(content.kind, KIND_DIR);
	assert_true(content.size == 0 && content.files == 0);
	assert_null(content_refused(&content));
	arena_release(&objects.arena);
}

static void a_small_directory_is_one_tree(void **state)
{
	struct objects objects = {0};
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries = make_entries(&objects.arena, TREE_UNPAGED);
	struct tree tree;

	(void)state;
	entries[0].content =
	    (struct content){KIND_DIR, entries[0].content.oid, 100, 9};
	assert_int_equal(encode(entries, TREE_UNPAGED, &objects, &content,
	                     &err),
	    0);
	assert_int_equal(objects.count, 1);
	assert_true(oid_equal(&content.oid, &objects.oids[0]));
	assert_true(content.size == TREE_UNPAGED - 1 + 100);
	assert_true(content.files == TREE_UNPAGED - 1 + 9);
	assert_int_equal(tree_parse(&tree, &objects.arena,
	                     objects.texts[0].data, objects.texts[0].len, &err),
	    0);
	assert_int_equal(tree.count, TREE_UNPAGED);
	assert_false(tree.paged);
	arena_release(&objects.arena);
}

/* Parses the pages, checks them against their list; the entries in all. */
static size_t read_pages(struct objects *objects, const struct tree *list)
{
	struct hasher *hasher = hasher_open();
	struct mldv_error err = {0};
	size_t total = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct tree page;

		assert_true(oid_equal(&list->entries[i].content.oid,
		    &objects->oids[i]));
		assert_int_equal(tree_parse(&page, &objects->arena,
		                     objects->texts[i].data,
		                     objects->texts[i].len, &err),
		    0);
		if (tree_check_page(list, i, &page, hasher, &err) < 0)
			fail_msg("%s", err.text);
		total += page.count;
	}
	hasher_close(hasher);
	return total;
}

static void a_large_directory_is_written_in_pages(void **state)
{
	const size_t count = 50000;
	struct objects objects = {0};
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries = make_entries(&objects.arena, count);
	struct tree list;
	size_t last;

	(void)state;
	assert_int_equal(encode(entries, count, &objects, &content, &err), 0);
	assert_true(objects.count > 4);
	last = objects.count - 1;
	assert_true(oid_equal(&content.oid, &objects.oids[last]));
	assert_true(content.size == count && content.files == count);
	assert_int_equal(tree_parse(&list, &objects.arena,
	                     objects.texts[last].data, objects.texts[last].len,
	                     &err),
	    0);
	assert_true(list.paged);
	assert_int_equal(list.count, last);
	assert_int_equal(read_pages(&objects, &list), count);
	arena_release(&objects.arena);
}

static void a_changed_entry_changes_one_page(void **state)
{
	const size_t count = 50000;
	struct objects before = {0};
	struct objects after = {0};
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries = make_entries(&before.arena, count);
	size_t differ = 0;

	(void)state;
	assert_int_equal(encode(entries, count, &before, &content, &err), 0);
	entries[count / 2].content.size = 2;
	assert_int_equal(encode(entries, count, &after, &content, &err), 0);
	assert_int_equal(before.count, after.count);
	for (size_t i = 0; i < before.count; i++)
		differ += !oid_equal(&before.oids[i], &after.oids[i]);
	assert_int_equal(differ, 2);
	arena_release(&before.arena);
	arena_release(&after.arena);
}

/* Entries of which no name ends a page. */
static struct tree_entry *make_endless(struct arena *arena, size_t count)
{
	struct tree_entry *entries = make_entries(arena, count * 2);
	size_t kept = 0;

	for (size_t i = 0; kept < count; i++) {
		struct oid oid;

		oid_of(entries[i].name.data, entries[i].name.len, &oid);
		if (oid.bytes[0] != 0 || oid.bytes[1] >= 16)
			entries[kept++] = entries[i];
	}
	return entries;
}

static void a_page_ends_with_its_last_possible_entry(void **state)
{
	struct objects objects = {0};
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries =
	    make_endless(&objects.arena, TREE_PAGE_ENTRIES + 1);
	struct tree list;

	(void)state;
	assert_int_equal(encode(entries, TREE_PAGE_ENTRIES + 1, &objects,
	                     &content, &err),
	    0);
	assert_int_equal(objects.count, 3);
	assert_int_equal(tree_parse(&list, &objects.arena,
	                     objects.texts[2].data, objects.texts[2].len, &err),
	    0);
	assert_int_equal(list.count, 2);
	assert_true(list.entries[0].content.files == TREE_PAGE_ENTRIES);
	assert_true(list.entries[1].content.files == 1);
	assert_int_equal(read_pages(&objects, &list), TREE_PAGE_ENTRIES + 1);
	arena_release(&objects.arena);
}

static void refuses_what_is_too_long_for_a_page(void **state)
{
	const size_t count = 50000;
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct buf text = {0};
	struct tree tree = {0};
	struct tree back;

	(void)state;
	tree.entries = make_endless(&arena, count);
	tree.count = TREE_PAGE_ENTRIES;
	tree_format(&tree, &text);
	assert_int_equal(tree_parse(&back, &arena, text.data, text.len, &err),
	    0);
	tree.count++;
	buf_reset(&text);
	tree_format(&tree, &text);
	assert_int_equal(tree_parse(&back, &arena, text.data, text.len, &err),
	    -1);
	assert_non_null(strstr(err.text, "line 32770: a page has at most"));
	buf_release(&text);
	arena_release(&arena);
}

static void refuses_a_large_directory_that_is_not_in_pages(void **state)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct buf text = {0};
	struct tree tree = {0};
	struct tree back;

	(void)state;
	/* Somewhere in 20,000 of these names a page ends. */
	tree.entries = make_entries(&arena, 20000);
	tree.count = 20000;
	tree_format(&tree, &text);
	assert_int_equal(tree_parse(&back, &arena, text.data, text.len, &err),
	    -1);
	assert_non_null(strstr(err.text, "a page ends here"));
	buf_release(&text);
	arena_release(&arena);
}

/* Encodes 50,000 entries and gives the list of pages and the first page. */
static void two_levels(struct objects *objects, struct tree *list,
    struct tree *page)
{
	const size_t count = 50000;
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries = make_entries(&objects->arena, count);
	struct slice text;

	assert_int_equal(encode(entries, count, objects, &content, &err), 0);
	text = objects->texts[objects->count - 1];
	assert_int_equal(tree_parse(list, &objects->arena, text.data, text.len,
	                     &err),
	    0);
	text = objects->texts[0];
	assert_int_equal(tree_parse(page, &objects->arena, text.data, text.len,
	                     &err),
	    0);
}

static void refuses_a_page_that_is_not_the_one_promised(void **state)
{
	struct hasher *hasher = hasher_open();
	struct objects objects = {0};
	struct mldv_error err = {0};
	struct tree list, page, wrong;

	(void)state;
	two_levels(&objects, &list, &page);
	assert_int_equal(tree_check_page(&list, 0, &page, hasher, &err), 0);
	assert_int_equal(tree_check_page(&list, 1, &page, hasher, &err), -1);
	wrong = page;
	wrong.count--;
	assert_int_equal(tree_check_page(&list, 0, &wrong, hasher, &err), -1);
	wrong.count = 0;
	assert_int_equal(tree_check_page(&list, 0, &wrong, hasher, &err), -1);
	wrong = page;
	wrong.paged = true;
	assert_int_equal(tree_check_page(&list, 0, &wrong, hasher, &err), -1);
	list.entries[0].content.size++;
	assert_int_equal(tree_check_page(&list, 0, &page, hasher, &err), -1);
	list.entries[0].content.size--;
	list.entries[0].content.files--;
	assert_int_equal(tree_check_page(&list, 0, &page, hasher, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	arena_release(&objects.arena);
	hasher_close(hasher);
}

static void encodes_nothing_that_it_would_not_read(void **state)
{
	struct objects objects = {0};
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries = make_entries(&objects.arena, 3);

	(void)state;
	entries[1].name = slice_of(".GIT");
	assert_int_equal(encode(entries, 2, &objects, &content, &err), -1);
	assert_string_equal(err.text,
	    "cannot list '.GIT': the name is Git's own");
	entries[1].name = entries[0].name;
	assert_int_equal(encode(entries, 3, &objects, &content, &err), -1);
	entries[1].name = slice_of("00000001");
	assert_int_equal(encode(entries, 3, &objects, &content, &err), 0);
	entries[1].content.size = INT64_MAX;
	assert_int_equal(encode(entries, 3, &objects, &content, &err), -1);
	entries[1].content.size = 0;
	assert_int_equal(encode(entries, 3, &objects, &content, &err), -1);
	assert_int_equal(objects.count, 1);
	arena_release(&objects.arena);
}

static void passes_on_what_the_sink_says(void **state)
{
	const struct tree_sink sink = {NULL, refuse_all};
	struct hasher *hasher = hasher_open();
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct content content;
	struct tree_entry *entries = make_entries(&arena, 9000);

	(void)state;
	assert_int_equal(tree_encode(entries, 10, hasher, &sink, &content,
	                     &err),
	    -1);
	assert_string_equal(err.text, "the disk is full");
	assert_int_equal(tree_encode(entries, 9000, hasher, &sink, &content,
	                     &err),
	    -1);
	arena_release(&arena);
	hasher_close(hasher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_sort_of_entry),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	    cmocka_unit_test(sorts_names_by_their_unescaped_bytes),
	    cmocka_unit_test(refuses_names_that_could_do_harm),
	    cmocka_unit_test(lets_harmless_names_pass),
	    cmocka_unit_test(shows_a_refused_name_on_one_line),
	    cmocka_unit_test(refuses_a_text_that_is_too_long),
	    cmocka_unit_test(a_directory_without_entries_is_one_line),
	    cmocka_unit_test(a_small_directory_is_one_tree),
	    cmocka_unit_test(a_large_directory_is_written_in_pages),
	    cmocka_unit_test(a_changed_entry_changes_one_page),
	    cmocka_unit_test(a_page_ends_with_its_last_possible_entry),
	    cmocka_unit_test(refuses_what_is_too_long_for_a_page),
	    cmocka_unit_test(refuses_a_large_directory_that_is_not_in_pages),
	    cmocka_unit_test(refuses_a_page_that_is_not_the_one_promised),
	    cmocka_unit_test(encodes_nothing_that_it_would_not_read),
	    cmocka_unit_test(passes_on_what_the_sink_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
