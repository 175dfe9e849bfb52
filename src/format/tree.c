/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tree.h"

#include <string.h>
#include <strings.h>

#include "format/lines.h"

#define FIRST_LINE "mldv-tree 1\n"
#define NAME_LIMIT 255
/* The shortest entry: a letter, a digit, an oid, a name of one byte, LF. */
#define SHORTEST (2 + 2 + OID_HEX + 1 + 1 + 1)
/* What an entry needs beside its name: a letter, two numbers, an oid, LF. */
#define LINE_ROOM (2 + 21 + 21 + OID_HEX + 1 + 1)
#define SIZE_MOST ((uint64_t)INT64_MAX)

const char *tree_name_refused(struct slice name)
{
	if (name.len == 0)
		return "is empty";
	if (name.len > NAME_LIMIT)
		return "is longer than 255 bytes";
	if (memchr(name.data, '\0', name.len) != NULL)
		return "holds a NUL byte";
	if (memchr(name.data, '/', name.len) != NULL)
		return "holds a slash";
	if (name.data[0] != '.')
		return NULL;
	if (slice_is(name, ".") || slice_is(name, ".."))
		return "would leave its directory";
	if (name.len == 4 && strncasecmp(name.data, ".git", 4) == 0)
		return "is Git's own";
	if (slice_starts(name, ".mldv-tmp."))
		return "is a temporary name of mldv";
	return NULL;
}

/* A page ends after a name whose SHA-256 begins with twelve zero bits. */
static bool ends_page(struct hasher *hasher, struct slice name)
{
	struct oid oid;

	hasher_oid(hasher, name.data, name.len, &oid);
	return oid.bytes[0] == 0 && oid.bytes[1] < 16;
}

/* Adds an entry to the sums; false: they do not fit in 63 bits. */
static bool add_up(struct content *sum, const struct content *entry)
{
	if (entry->size > SIZE_MOST - sum->size ||
	    entry->files > SIZE_MOST - sum->files)
		return false;
	sum->size += entry->size;
	sum->files += entry->files;
	return true;
}

/* A name for a message: LF written \n, and cut. */
static const char *shown(struct slice name, char out[512])
{
	size_t len = name.len < 250 ? name.len : 250;

	*lines_put_path(out, name.data, len) = '\0';
	return out;
}

/*
 * Where text is parsed: in a copy that the arena owns, so that the names can
 * stay where they are, unescaped and terminated in place.
 */
struct parser {
	struct lines lines;
	char *copy;
	const char *start; /* of the copy */
};

static int take_name(struct parser *parser, struct slice *out,
    struct mldv_error *err)
{
	struct lines *lines = &parser->lines;
	char *text = parser->copy + (lines->line.data - parser->start);
	size_t len = lines->line.len;
	struct slice name;
	const char *why;

	if (len == 0)
		return lines_error(lines, err, "the name is missing");
	if (memchr(text, '\\', len) != NULL &&
	    !lines_unescape(lines->line, text, &len))
		return lines_error(lines, err,
		    "a backslash is followed by neither n nor another");
	name = (struct slice){text, len};
	why = tree_name_refused(name);
	if (why != NULL) {
		char show[512];

		return lines_error(lines, err, "the name '%s' %s",
		    shown(name, show), why);
	}
	/* At most the place of the LF, which was read. */
	text[len] = '\0';
	*out = name;
	return 0;
}

static int take_letter(struct parser *parser, struct tree *tree,
    struct tree_entry *entry, struct mldv_error *err)
{
	struct lines *lines = &parser->lines;
	struct slice word;
	bool page;

	if (lines_word(lines, &word, err) < 0)
		return -1;
	page = slice_is(word, "p");
	if (page)
		entry->content.kind = KIND_DIR;
	else if (!kind_of_letter(word, &entry->content.kind))
		return lines_error(lines, err,
		    "begins with none of f, x, l, d, p");
	if (tree->count == 0)
		tree->paged = page;
	else if (tree->paged != page)
		return lines_error(lines, err,
		    "stands among entries of another sort");
	return 0;
}

static int take_entry(struct parser *parser, struct tree *tree,
    struct mldv_error *err)
{
	struct tree_entry *entry = &tree->entries[tree->count];
	struct lines *lines = &parser->lines;
	const char *why;

	if (take_letter(parser, tree, entry, err) < 0 ||
	    lines_number(lines, &entry->content.size, err) < 0)
		return -1;
	entry->content.files = 1;
	if (entry->content.kind == KIND_DIR &&
	    lines_number(lines, &entry->content.files, err) < 0)
		return -1;
	if (lines_oid(lines, &entry->content.oid, err) < 0)
		return -1;
	why = content_refused(&entry->content);
	if (why != NULL)
		return lines_error(lines, err, "%s", why);
	if (take_name(parser, &entry->name, err) < 0)
		return -1;
	if (tree->count > 0 && slice_compare(entry[-1].name, entry->name) >= 0)
		return lines_error(lines, err,
		    "the name is not after the one before it");
	return 0;
}

static int take_entries(struct parser *parser, struct tree *tree,
    struct mldv_error *err)
{
	struct lines *lines = &parser->lines;
	struct content sum = {0};
	int more;

	while ((more = lines_next(lines, err)) > 0) {
		if (take_entry(parser, tree, err) < 0)
			return -1;
		if (!add_up(&sum, &tree->entries[tree->count].content))
			return lines_error(lines, err,
			    "the sum of the sizes is above 2^63-1");
		tree->count++;
		if (!tree->paged && tree->count > TREE_PAGE_ENTRIES)
			return lines_error(lines, err,
			    "a page has at most %d entries", TREE_PAGE_ENTRIES);
	}
	return more;
}

/* What is too long to be a whole directory is a page, and must be one. */
static int check_page(const struct tree *tree, struct mldv_error *err)
{
	struct hasher *hasher;
	size_t i;

	if (tree->paged || tree->count <= TREE_UNPAGED)
		return 0;
	hasher = hasher_open();
	for (i = 0; i + 1 < tree->count; i++)
		if (ends_page(hasher, tree->entries[i].name))
			break;
	hasher_close(hasher);
	if (i + 1 < tree->count)
		return err_set(err, MLDV_CORRUPT,
		    "tree, line %zu: a page ends here, but more follows",
		    i + 2);
	return 0;
}

int tree_parse(struct tree *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct parser parser = {0};
	struct tree tree = {0};
	size_t most;

	if (len > TREE_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "tree: is longer than %d bytes", TREE_LIMIT);
	/* First as it is: what is no tree at all is not worth a copy. */
	if (lines_start(&parser.lines, "tree", text, len, err) < 0)
		return -1;
	parser.copy = arena_strn(arena, text, len);
	parser.start = parser.copy;
	if (lines_start(&parser.lines, "tree", parser.start, len, err) < 0)
		return -1;
	most = lines_count(&parser.lines, SHORTEST);
	/* One more than can be: a line that is too short is not yet refused
	 * when it is begun. */
	tree.entries = arena_array(arena, most + 1, sizeof(*tree.entries));
	if (take_entries(&parser, &tree, err) < 0 || check_page(&tree, err) < 0)
		return -1;
	*out = tree;
	return 0;
}

static void format_entry(char letter, const struct tree_entry *entry,
    struct buf *out)
{
	const struct content *content = &entry->content;
	char *to = buf_room(out, LINE_ROOM + 2 * entry->name.len + 1);

	*to++ = letter;
	*to++ = ' ';
	to = lines_put_number(to, content->size);
	*to++ = ' ';
	if (content->kind == KIND_DIR) {
		to = lines_put_number(to, content->files);
		*to++ = ' ';
	}
	oid_hex(&content->oid, to);
	to += OID_HEX;
	*to++ = ' ';
	to = lines_put_path(to, entry->name.data, entry->name.len);
	*to++ = '\n';
	*to = '\0';
	out->len = (size_t)(to - out->data);
}

static void format_entries(const struct tree_entry *entries, size_t count,
    struct buf *out)
{
	buf_add_str(out, FIRST_LINE);
	for (size_t i = 0; i < count; i++)
		format_entry(kind_letter(entries[i].content.kind), &entries[i],
		    out);
}

void tree_format(const struct tree *tree, struct buf *out)
{
	if (!tree->paged) {
		format_entries(tree->entries, tree->count, out);
		return;
	}
	buf_add_str(out, FIRST_LINE);
	for (size_t i = 0; i < tree->count; i++)
		format_entry('p', &tree->entries[i], out);
}

/* Refuses what tree_parse would refuse in the entries; adds them up. */
static int check_entries(const struct tree_entry *entries, size_t count,
    struct content *sum, struct mldv_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *why = tree_name_refused(entries[i].name);
		char show[512];

		if (why == NULL && i > 0 &&
		    slice_compare(entries[i - 1].name, entries[i].name) >= 0)
			why = "is not after the one before it";
		if (why == NULL)
			why = content_refused(&entries[i].content);
		if (why == NULL && !add_up(sum, &entries[i].content))
			why = "brings the sizes above 2^63-1";
		if (why != NULL)
			return err_set(err, MLDV_FAILED,
			    "cannot list '%s': the name %s",
			    shown(entries[i].name, show), why);
	}
	return 0;
}

static int put_text(const struct buf *text, struct hasher *hasher,
    const struct tree_sink *sink, struct oid *oid, struct mldv_error *err)
{
	if (text->len > TREE_LIMIT)
		return err_set(err, MLDV_FAILED,
		    "cannot list a directory: its names need more than %d "
		    "bytes; divide it",
		    TREE_LIMIT);
	hasher_oid(hasher, text->data, text->len, oid);
	return sink->put(sink->context, oid, text->data, text->len, err);
}

/* The length of the page that begins at entries[0]. */
static size_t page_length(const struct tree_entry *entries, size_t count,
    struct hasher *hasher)
{
	if (count > TREE_PAGE_ENTRIES)
		count = TREE_PAGE_ENTRIES;
	for (size_t i = 0; i < count; i++)
		if (ends_page(hasher, entries[i].name))
			return i + 1;
	return count;
}

/* Puts a page, and adds its line to the list of the pages. */
static int put_page(const struct tree_entry *entries, size_t count,
    struct hasher *hasher, const struct tree_sink *sink, struct buf *list,
    struct mldv_error *err)
{
	struct tree_entry page = {.name = entries[0].name};
	struct buf text = {0};
	int ret;

	page.content.kind = KIND_DIR;
	for (size_t i = 0; i < count; i++)
		/* The whole adds up, hence so does a part. */
		(void)add_up(&page.content, &entries[i].content);
	format_entries(entries, count, &text);
	ret = put_text(&text, hasher, sink, &page.content.oid, err);
	if (ret == 0)
		format_entry('p', &page, list);
	buf_release(&text);
	return ret;
}

static int put_pages(const struct tree_entry *entries, size_t count,
    struct hasher *hasher, const struct tree_sink *sink, struct buf *list,
    struct mldv_error *err)
{
	buf_add_str(list, FIRST_LINE);
	while (count > 0) {
		size_t length = page_length(entries, count, hasher);

		if (put_page(entries, length, hasher, sink, list, err) < 0)
			return -1;
		entries += length;
		count -= length;
	}
	return 0;
}

int tree_encode(const struct tree_entry *entries, size_t count,
    struct hasher *hasher, const struct tree_sink *sink, struct content *out,
    struct mldv_error *err)
{
	struct content content = {.kind = KIND_DIR};
	struct buf text = {0};
	int ret = 0;

	if (check_entries(entries, count, &content, err) < 0)
		return -1;
	if (count <= TREE_UNPAGED)
		format_entries(entries, count, &text);
	else
		ret = put_pages(entries, count, hasher, sink, &text, err);
	if (ret == 0)
		ret = put_text(&text, hasher, sink, &content.oid, err);
	if (ret == 0)
		*out = content;
	buf_release(&text);
	return ret;
}

int tree_check_page(const struct tree *pages, size_t at,
    const struct tree *page, struct hasher *hasher, struct mldv_error *err)
{
	const struct tree_entry *line = &pages->entries[at];
	struct content sum = {0};
	bool ends = false;
	const char *why = NULL;
	char show[512];

	for (size_t i = 0; i < page->count && !ends; i++) {
		(void)add_up(&sum, &page->entries[i].content);
		ends = ends_page(hasher, page->entries[i].name);
		if (ends && i + 1 < page->count)
			why = "goes on after its end";
	}
	if (page->paged || page->count == 0)
		why = "is not a page";
	else if (slice_compare(line->name, page->entries[0].name) != 0)
		why = "begins with another name";
	else if (why == NULL && at + 1 < pages->count && !ends &&
	    page->count < TREE_PAGE_ENTRIES)
		why = "ends too early";
	else if (why == NULL &&
	    (sum.size != line->content.size ||
	        sum.files != line->content.files))
		why = "does not add up to its size and files";
	else if (why == NULL && at + 1 < pages->count &&
	    slice_compare(page->entries[page->count - 1].name, line[1].name) >=
	        0)
		why = "reaches into the next one";
	if (why == NULL)
		return 0;
	return err_set(err, MLDV_CORRUPT, "the page '%s' of a tree %s",
	    shown(line->name, show), why);
}
