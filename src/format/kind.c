/* SPDX-License-Identifier: Apache-2.0 */
#include "format/kind.h"

#include <string.h>

#include "format/lines.h"

static const char *const names[] = {
    [KIND_FILE] = "file",
    [KIND_EXEC] = "exec",
    [KIND_LINK] = "link",
    [KIND_DIR] = "dir",
};
static const char letters[] = {
    [KIND_FILE] = 'f',
    [KIND_EXEC] = 'x',
    [KIND_LINK] = 'l',
    [KIND_DIR] = 'd',
};

/* Of "mldv-tree 1\n": the directory without entries. */
static const struct oid empty_tree = {{
    0x8b,
    0x6c,
    0xe5,
    0x2a,
    0x28,
    0x95,
    0xe2,
    0x5d,
    0xf8,
    0xec,
    0x36,
    0xdd,
    0x46,
    0x94,
    0xdc,
    0x25,
    0x5a,
    0xa1,
    0xca,
    0x78,
    0x52,
    0xd4,
    0xe9,
    0xce,
    0x29,
    0xa6,
    0xb8,
    0x81,
    0x32,
    0xde,
    0x2e,
    0x89,
}};

const char *kind_name(enum kind kind)
{
	return names[kind];
}

char kind_letter(enum kind kind)
{
	return letters[kind];
}

bool kind_of_letter(struct slice word, enum kind *out)
{
	const char *at;

	if (word.len != 1)
		return false;
	at = memchr(letters, word.data[0], sizeof(letters));
	if (at == NULL)
		return false;
	*out = (enum kind)(at - letters);
	return true;
}

bool content_equal(const struct content *a, const struct content *b)
{
	return a->kind == b->kind && a->size == b->size &&
	    a->files == b->files && oid_equal(&a->oid, &b->oid);
}

static const char *dir_refused(const struct content *content)
{
	if (oid_equal(&content->oid, &oid_empty))
		return "a directory is not the empty object";
	if (content->files == 0 && content->size > 0)
		return "a directory without files has no size";
	if (content->files > 0 && oid_equal(&content->oid, &empty_tree))
		return "the tree without entries has no files";
	return NULL;
}

const char *content_refused(const struct content *content)
{
	if (content->kind == KIND_DIR)
		return dir_refused(content);
	if (content->files != 1)
		return "what is not a directory is one file";
	if ((content->size == 0) != oid_equal(&content->oid, &oid_empty))
		return "just the empty object has size 0";
	if (content->kind == KIND_LINK &&
	    (content->size == 0 || content->size > LINK_LIMIT))
		return "the target of a link has 1 to 4095 bytes";
	return NULL;
}

static int parse_kind(struct lines *lines, enum kind *out,
    struct mldv_error *err)
{
	struct slice word;

	if (lines_field(lines, "kind", err) < 0 ||
	    lines_word(lines, &word, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(word, names[i])) {
			*out = (enum kind)i;
			return 0;
		}
	}
	return lines_error(lines, err,
	    "the kind is none of file, exec, link, dir");
}

static int parse_oid(struct lines *lines, struct oid *out,
    struct mldv_error *err)
{
	struct slice name = slice_of("sha256:");

	if (lines_field(lines, "oid", err) < 0)
		return -1;
	if (!slice_starts(lines->line, "sha256:"))
		return lines_error(lines, err, "does not say 'oid sha256:'");
	lines->line.data += name.len;
	lines->line.len -= name.len;
	if (lines_oid(lines, out, err) < 0)
		return -1;
	return lines_end(lines, err);
}

static int parse_number(struct lines *lines, const char *name, uint64_t *out,
    struct mldv_error *err)
{
	if (lines_field(lines, name, err) < 0 ||
	    lines_number(lines, out, err) < 0)
		return -1;
	return lines_end(lines, err);
}

int content_parse(struct content *out, struct lines *lines,
    struct mldv_error *err)
{
	struct content content = {0};
	const char *why;

	if (parse_kind(lines, &content.kind, err) < 0 ||
	    parse_oid(lines, &content.oid, err) < 0 ||
	    parse_number(lines, "size", &content.size, err) < 0 ||
	    parse_number(lines, "files", &content.files, err) < 0)
		return -1;
	why = content_refused(&content);
	if (why != NULL)
		return lines_error(lines, err, "%s", why);
	*out = content;
	return 0;
}

void content_format(const struct content *content, struct buf *out)
{
	buf_add_str(out, "kind ");
	buf_add_str(out, kind_name(content->kind));
	buf_add_str(out, "\noid sha256:");
	lines_add_oid(out, &content->oid);
	buf_add_str(out, "\nsize ");
	lines_add_number(out, content->size);
	buf_add_str(out, "\nfiles ");
	lines_add_number(out, content->files);
	buf_add_char(out, '\n');
}
