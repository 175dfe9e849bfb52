/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A directory in pages: each page is the one that its line promises. With
 * bytes set anywhere, whatever still parses is checked, and what was changed
 * is refused: a directory has one encoding.
 *
 * The pages are small, for the marks that end them are names that were looked
 * for. The input is how many entries they have, and the bytes: which text,
 * where, and what.
 *
 * Covers: format/tree.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/tree.h"

#define PAGES   4
#define ENTRIES 16 /* of a page, at most */
#define PREFIX  PAGES
#define CHANGE  4 /* bytes of the input per change */
#define CHANGES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

struct encoding {
	struct buf
	    texts[PAGES + 1]; /* the last one is the list of the others */
	size_t entries;
	bool changed[PAGES + 1];
};

/* One page; its line. */
static void add_page(struct encoding *out, size_t number, size_t count,
    struct arena *arena, struct tree_entry *line)
{
	/* The SHA-256 of each begins with twelve zero bits. */
	static const char *const marks[PAGES] = {"a9-1293", "b9-4303", "c9-374",
	    "d9-4068"};
	struct tree_entry entries[ENTRIES + 1] = {0};
	struct tree page = {.entries = entries, .count = count + 1};
	struct buf *text = &out->texts[number];

	line->content = (struct content){.kind = KIND_DIR};
	for (size_t i = 0; i <= count; i++) {
		const char *name = i == count
		    ? marks[number]
		    : arena_printf(arena, "%c%02zu", 'a' + (int)number, i);

		entries[i].name = slice_of(name);
		entries[i].content = (struct content){.kind = KIND_FILE,
		    .size = i + 1,
		    .files = 1};
		oid_of(name, strlen(name), &entries[i].content.oid);
		line->content.size += i + 1;
		line->content.files++;
	}
	tree_format(&page, text);
	oid_of(text->data, text->len, &line->content.oid);
	line->name = slice_of(
	    arena_strn(arena, entries[0].name.data, entries[0].name.len));
	out->entries += count + 1;
}

static void encode(const uint8_t *data, struct arena *arena,
    struct encoding *out)
{
	struct tree_entry lines[PAGES];
	struct tree list = {.entries = lines, .count = PAGES, .paged = true};

	for (size_t i = 0; i < PAGES; i++)
		add_page(out, i, data[i] % ENTRIES, arena, &lines[i]);
	tree_format(&list, &out->texts[PAGES]);
}

static void change(struct encoding *encoding, const uint8_t *data, size_t size)
{
	for (int i = 0; i < CHANGES && size >= CHANGE; i++) {
		size_t which = data[0] % (PAGES + 1);
		struct buf *text = &encoding->texts[which];
		size_t at = ((size_t)data[1] << 8 | data[2]) % text->len;

		if (text->data[at] != (char)data[3])
			encoding->changed[which] = true;
		text->data[at] = (char)data[3];
		data += CHANGE;
		size -= CHANGE;
	}
}

static bool parse(struct tree *out, struct arena *arena, const struct buf *text)
{
	struct mldv_error err = {0};
	struct buf again = {0};

	if (tree_parse(out, arena, text->data, text->len, &err) < 0) {
		check(err.code == MLDV_CORRUPT && err.text[0] != '\0');
		return false;
	}
	tree_format(out, &again);
	check(again.len == text->len &&
	    memcmp(again.data, text->data, again.len) == 0);
	buf_release(&again);
	return true;
}

static void check_pages(const struct encoding *encoding, struct arena *arena)
{
	struct hasher *hasher = hasher_open();
	struct tree list;
	size_t sum = 0;

	if (!parse(&list, arena, &encoding->texts[PAGES]) || !list.paged) {
		check(encoding->changed[PAGES]);
		list.count = 0;
	}
	for (size_t i = 0; i < list.count && i < PAGES; i++) {
		struct mldv_error err = {0};
		struct tree page;
		bool good = parse(&page, arena, &encoding->texts[i]) &&
		    tree_check_page(&list, i, &page, hasher, &err) == 0;

		check(good || encoding->changed[i] || encoding->changed[PAGES]);
		if (good)
			sum += page.count;
	}
	check(sum <= encoding->entries || encoding->changed[PAGES]);
	hasher_close(hasher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct encoding encoding = {0};

	if (size < PREFIX)
		return 0;
	encode(data, &arena, &encoding);
	change(&encoding, data + PREFIX, size - PREFIX);
	check_pages(&encoding, &arena);
	for (size_t i = 0; i <= PAGES; i++)
		buf_release(&encoding.texts[i]);
	arena_release(&arena);
	return 0;
}
