/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PIECES_H
#define STORE_PIECES_H

/*
 * New packs out of parts of the store's: a compressed frame of which all is
 * wanted is copied as it is, after it was decoded to see that it is sound.
 */

#include "format/oidset.h"
#include "mldv/events.h"
#include "store/store.h"

/* One object, and where it lies. */
struct pack_piece {
	const struct store_pack *pack;
	const struct pack_record *record;
};

/* In the order of the packs, and of the objects in them. */
void pieces_sort(struct pack_piece *pieces, size_t count);
/* How many of the first of them go into one pack; at least one. */
size_t pieces_fit(const struct pack_piece *pieces, size_t count);
/* Copies sorted pieces into a pack that was started. events may be NULL. */
CHECKED int pieces_copy(struct pack_writer *writer,
    const struct pack_piece *pieces, size_t count,
    const struct mldv_events *events, struct mldv_error *err);

/*
 * Puts sorted pieces into new packs of their store, each durable, and appends
 * the packs' ids to *ids. The list of packs that was loaded stays as it was.
 */
CHECKED int pieces_store(struct store *store, const struct pack_piece *pieces,
    size_t count, const struct mldv_events *events, struct oid_set *ids,
    struct mldv_error *err);
bool pack_ids_have(const struct oid_set *ids, const struct oid *id);
void pack_ids_release(struct oid_set *ids);

#endif
