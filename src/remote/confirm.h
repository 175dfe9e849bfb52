/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_CONFIRM_H
#define REMOTE_CONFIRM_H

/*
 * Asking what a remote has, without fetching content; and the records of
 * runs there.
 */

#include "remote/remote.h"

/* 1 if something was ever pushed there, else 0. */
CHECKED int remote_exists(struct remote *remote, struct mldv_error *err);
/* 0 if there is a remote at all; if not, nothing can be told about it. */
CHECKED int remote_is_there(struct remote *remote, struct mldv_error *err);
/*
 * Which of the items' manifests are there: out[i]. Many are looked up in a
 * list instead of being asked for one by one.
 */
CHECKED int remote_has_each(struct remote *remote, const struct content *items,
    size_t count, bool *out, struct mldv_error *err);
/* 1 if the pack is there and as long as it should be, else 0. */
CHECKED int remote_has_pack(struct remote *remote,
    const struct manifest_pack *pack, struct mldv_error *err);

/* Appends the record of the run with this key: 1, or 0 if there is none. */
CHECKED int remote_run_get(struct remote *remote, const struct oid *key,
    struct buf *out, struct mldv_error *err);
/* 1 if it was written, 0 if there is one already, which stays. */
CHECKED int remote_run_put(struct remote *remote, const struct oid *key,
    const struct buf *text, struct mldv_error *err);

/*
 * The same of many keys at once. What was read is kept until the caller
 * releases the texts; found: 1, or 0 if there is none.
 */
struct remote_run {
	int found;
	struct buf text;
};
CHECKED int remote_run_get_many(struct remote *remote, const struct oid *keys,
    size_t count, struct remote_run *out, struct mldv_error *err);

#endif
