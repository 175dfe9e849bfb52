/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TREE_H
#define FORMAT_TREE_H

/*
 * The object that lists a directory, and how a large directory is divided
 * into pages: mldv-format(5). One directory has one encoding.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/kind.h"

#define TREE_LIMIT        (16 << 20) /* bytes of one tree or page */
#define TREE_DEPTH        1024
#define TREE_UNPAGED      8192  /* entries; more are written in pages */
#define TREE_PAGE_ENTRIES 32768 /* a page ends here at the latest */

struct tree_entry {
	struct content content; /* KIND_DIR with files; else files is 1 */
	struct slice name;
};

struct tree {
	struct tree_entry *entries; /* sorted by name, unsigned bytes */
	size_t count;
	/* The entries are pages: content.oid a tree, name its first entry. */
	bool paged;
};

/*
 * Parses a tree or a page, refusing what is not canonical and any name that
 * could leave its directory or hit Git's or our own files. Entries and names
 * (terminated) live in the arena.
 */
CHECKED int tree_parse(struct tree *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err);

/* Why a name may not stand in a tree: a phrase, or NULL if it may. */
const char *tree_name_refused(struct slice name);

/* Appends the text of a tree of these sorted entries (or of pages). */
void tree_format(const struct tree *tree, struct buf *out);

/*
 * Encodes one whole directory, in pages if it is large: put is called for
 * each object, pages before the tree that lists them, with its text and oid.
 * *out is what the directory is in its parent.
 */
struct tree_sink {
	void *context;
	int (*put)(void *context, const struct oid *oid, const char *text,
	    size_t len, struct mldv_error *err);
};
CHECKED int tree_encode(const struct tree_entry *entries, size_t count,
    struct hasher *hasher, const struct tree_sink *sink, struct content *out,
    struct mldv_error *err);

/*
 * Is this the page that line at of a paged tree promises, cut where a page
 * is cut? Whoever reads a large directory asks for every page, and refuses
 * the directory if all pages together have no more than TREE_UNPAGED entries.
 */
CHECKED int tree_check_page(const struct tree *pages, size_t at,
    const struct tree *page, struct hasher *hasher, struct mldv_error *err);

#endif
