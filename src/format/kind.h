/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_KIND_H
#define FORMAT_KIND_H

/*
 * What a name in a work tree can be, and the item that it stands for.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/oid.h"

/* Bytes of a symbolic link's target: PATH_MAX without the NUL. */
#define LINK_LIMIT 4095

struct lines;

enum kind { KIND_FILE, KIND_EXEC, KIND_LINK, KIND_DIR };

/*
 * All that identifies an item's content. size is the sum of the lengths of
 * the files below (a link counts its target's length); files counts files
 * and links, 1 unless it is a directory.
 */
struct content {
	enum kind kind;
	struct oid oid;
	uint64_t size;
	uint64_t files;
};

/* "file", "exec", "link", "dir" */
const char *kind_name(enum kind kind);
/* 'f', 'x', 'l', 'd' */
char kind_letter(enum kind kind);
bool kind_of_letter(struct slice word, enum kind *out);
bool content_equal(const struct content *a, const struct content *b);
/*
 * Why oid, size and files cannot go together with each other and the kind (an
 * empty file that is not the empty object, two files in one …): a phrase, or
 * NULL if they can.
 */
const char *content_refused(const struct content *content);

/* The four lines kind, oid, size and files of a pointer and a manifest. */
CHECKED int content_parse(struct content *out, struct lines *lines,
    struct mldv_error *err);
void content_format(const struct content *content, struct buf *out);

#endif
