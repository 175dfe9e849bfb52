/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_YAML_H
#define FORMAT_YAML_H

/*
 * YAML as JSON, so that one reader serves both. The home of libyaml.
 *
 * Plain scalars are what the core schema of YAML 1.2 (section 10.3.2) says:
 * 1e-3 is a number, yes and on are texts, 0o14 is octal and 014 is not, and
 * .inf and .nan, which JSON lacks, are texts. An alias is a copy of what it
 * stands for. One document, a map; keys are scalars and are taken as texts;
 * of tags, only those of JSON's types.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define YAML_DEPTH   100
#define YAML_ANCHORS 1000

/*
 * Appends the document as JSON of at most limit bytes, which bounds what
 * aliases of aliases can make of a short text. A key that is there twice is
 * the JSON reader's to refuse.
 */
CHECKED int yaml_to_json(struct buf *out, struct slice text, size_t limit,
    struct mldv_error *err);

#endif
