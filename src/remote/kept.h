/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_KEPT_H
#define REMOTE_KEPT_H

/*
 * What was read from a remote before, by oid, in its state directory. It saves
 * reading it again, and is never evidence that it is there still. That it
 * could not be kept, or is not any more, is no error.
 */

#include "remote/inner.h"

/* Appends what is kept below dir ("packs"); false if there is nothing. */
bool kept_read(const struct remote *remote, const char *dir,
    const struct oid *oid, size_t limit, struct buf *out);
void kept_write(const struct remote *remote, const char *dir,
    const struct oid *oid, const void *data, size_t size);

/* A tree, which must hash to its oid. */
bool kept_tree(const struct remote *remote, const struct oid *oid,
    struct buf *out);
void kept_put_tree(const struct remote *remote, const struct oid *oid,
    struct slice text);

/*
 * A manifest: which packs an item was in when it was read. One that was
 * replaced since may name packs that are gone. Only of remotes that are asked
 * over a network.
 */
bool kept_manifest(const struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out);
void kept_put_manifest(const struct remote *remote, struct manifest *manifest);

#endif
