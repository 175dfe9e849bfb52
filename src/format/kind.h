/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_KIND_H
#define FORMAT_KIND_H

/*
 * What a name in a work tree can be, and the item that it stands for.
 */

#include <stdint.h>

#include "format/oid.h"

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

#endif
