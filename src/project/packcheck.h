/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PACKCHECK_H
#define PROJECT_PACKCHECK_H

/* Whether a pack is what its name says, and what of it is whole. */

#include "base/buf.h"
#include "format/oid.h"
#include "format/packindex.h"

/* What is wrong with the pack in this file: *what stays NULL if nothing is. */
CHECKED int packcheck_file(const char *path, uint64_t size,
    const struct oid *id, const char **what, struct mldv_error *err);

/* Reads the index of a pack that is in memory; false if it cannot be read. */
bool packcheck_index(struct arena *arena, const struct buf *pack,
    struct pack_index *out);

/*
 * Decodes every object of a pack in memory. visit gets those that are what
 * their names say, with their bytes, and the others with NULL.
 */
CHECKED int packcheck_each(const struct buf *pack,
    const struct pack_index *index,
    int (*visit)(void *context, const struct pack_record *record,
        const struct slice *payload, struct mldv_error *err),
    void *context, struct mldv_error *err);

#endif
