/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_MARKS_H
#define PROJECT_MARKS_H

/*
 * Every object that some items consist of, as far as their trees are in the
 * store.
 */

#include "format/kind.h"
#include "format/oidset.h"
#include "project/project.h"

/* Zeroed: none. */
struct marks {
	struct oid_set objects;
	/* Read as trees: an oid names bytes, which may be a file's too. */
	struct oid_set trees;
};

/* Adds an item, or what may be one and is a tree if it reads like one. */
void marks_add(struct marks *marks, const struct content *content);
CHECKED int marks_add_named(struct marks *marks, struct mldv_project *project,
    const struct oid_set *named, struct mldv_error *err);
/*
 * Follows the trees. One that the store lacks leads nowhere; a damaged one is
 * an error, since what it leads to cannot be told.
 */
CHECKED int marks_follow(struct marks *marks, struct mldv_project *project,
    struct mldv_error *err);
void marks_release(struct marks *marks);

#endif
