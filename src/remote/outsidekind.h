/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_OUTSIDEKIND_H
#define REMOTE_OUTSIDEKIND_H

/*
 * What the kinds of remote/outside.h have in common.
 */

#include "base/str.h"
#include "remote/outside.h"

struct outside {
	const struct outside_table *table;
};

struct outside_table {
	void (*close)(struct outside *outside);
	int (*look)(struct outside *outside, struct buf *version,
	    struct mldv_error *err);
	int (*fetch)(struct outside *outside, const char *to,
	    struct buf *version, struct mldv_error *err);
};

CHECKED int outside_open_s3(struct outside **out, const char *address,
    const struct ops_options *options, struct mldv_error *err);
CHECKED int outside_open_web(struct outside **out, const char *address,
    const struct ops_options *options, struct mldv_error *err);

/*
 * Appends an ETag as a version: without its quotes. False, and nothing, if it
 * could not be told from what stands beside it.
 */
bool outside_add_etag(struct buf *version, struct slice etag);

/* How far it is, of how many bytes; 0: nobody knows. Any thread may say it. */
struct outside_progress {
	const struct mldv_events *events; /* or NULL */
	const char *address;
	uint64_t total;
	uint64_t done;
};
void outside_advance(struct outside_progress *progress, uint64_t bytes);

/* Makes a file that is not there yet: its descriptor, or -1. */
CHECKED int outside_create(const char *path, struct mldv_error *err);

#endif
