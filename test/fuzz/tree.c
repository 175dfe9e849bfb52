/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a tree is written again as it was, has names that are
 * harmless and in order, and is what tree_encode would make of its entries.
 *
 * Covers: format/tree.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct slice name = tree->entries[i].name;

		if (tree_name_refused(name) != NULL ||
		    name.data[name.len] != '\0')
			abort();
		if (i > 0 &&
		    slice_compare(tree->entries[i - 1].name, name) >= 0)
			abort();
	}
}

struct expected {
	const uint8_t *data;
	size_t size;
};

static int compare(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	const struct expected *expected = context;
	struct oid own;

	(void)err;
	oid_of(text, len, &own);
	if (!oid_equal(oid, &own) || len != expected->size ||
	    memcmp(text, expected->data, len) != 0)
		abort();
	return 0;
}

static void check_encoding(const struct tree *tree, const uint8_t *data,
    size_t size)
{
	struct expected expected = {data, size};
	const struct tree_sink sink = {&expected, compare};
	struct hasher *hasher;
	struct mldv_error err = {0};
	struct content content;

	if (tree->paged || tree->count > TREE_UNPAGED)
		return;
	hasher = hasher_open();
	if (tree_encode(tree->entries, tree->count, hasher, &sink, &content,
	        &err) < 0 ||
	    content_refused(&content) != NULL)
		abort();
	hasher_close(hasher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct tree tree;

	if (tree_parse(&tree, &arena, (const char *)data, size, &err) == 0) {
		check_names(&tree);
		check_encoding(&tree, data, size);
		tree_format(&tree, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0') {
		abort();
	}
	buf_release(&out);
	arena_release(&arena);
	return 0;
}
