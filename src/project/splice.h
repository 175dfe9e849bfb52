/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_SPLICE_H
#define PROJECT_SPLICE_H

/*
 * Storing an item of which not all is here: its new trees are made of those
 * that it had, which are fetched if need be, and of what lies there.
 *
 * The caller holds the locks of store and item. Everything is durable after.
 */

#include "project/partial.h"
#include "project/worktree.h"

/*
 * All of an item (content is what it was; all zero: it is new) as it lies
 * there, and what of it need not be here as it was. Durable when the batch
 * has ended.
 */
CHECKED int splice_store(struct mldv_project *project, const struct item *item,
    struct worktree_batch *batch, struct content *out,
    struct worktree_count *count, struct mldv_error *err);
/* Something inside an item that is to be stored, and what it turned out to be.
 */
struct splice {
	const char *inner;
	struct content content;
	struct worktree_count count;
};
/*
 * The item as it was, but for what lies there. If none of the rest is here,
 * that is noted.
 */
CHECKED int splice_inside(struct mldv_project *project, const struct item *item,
    struct splice *splice, struct content *out, struct mldv_error *err);

#endif
