/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_OUTSIDE_H
#define REMOTE_OUTSIDE_H

/*
 * Data that lies somewhere already and is no mldv remote, only to be read:
 *
 *     s3://bucket/key        an object
 *     s3://bucket/prefix/    all objects whose keys begin so, as a directory
 *     https://host/file      what a web server gives out; http:// too
 *
 * A version says what is there now, in one word: the version id or the ETag
 * of an object, the ETag or else the time of a file on the web, and of a
 * prefix the SHA-256 of the keys, sizes and ETags below it. OUTSIDE_UNKNOWN
 * if the server says neither, so that only reading it all can tell.
 */

#include "base/buf.h"
#include "remote/ops.h"

#define OUTSIDE_UNKNOWN "-"

/* Does it look like such an address? */
bool outside_is_address(const char *text);

struct outside;

/*
 * Looks at nothing yet; MLDV_USAGE for an address that is none, or that holds
 * a secret. Of options, those of S3 and the events count.
 */
CHECKED int outside_open(struct outside **out, const char *address,
    const struct ops_options *options, struct mldv_error *err);
void outside_close(struct outside *outside);

/* Which version is there, at the price of a request or a listing. */
CHECKED int outside_look(struct outside *outside, struct buf *version,
    struct mldv_error *err);
/*
 * Makes the file or directory to, which is not there yet, and says of which
 * version it is. MLDV_NOT_FOUND if nothing is there; MLDV_CORRUPT if it
 * changed meanwhile. What was begun stays on failure.
 */
CHECKED int outside_fetch(struct outside *outside, const char *to,
    struct buf *version, struct mldv_error *err);

#endif
