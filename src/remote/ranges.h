/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_RANGES_H
#define REMOTE_RANGES_H

/*
 * Reading many small objects out of remote packs: what lies close together
 * comes with one request, requests run in parallel, and every object is
 * verified (but for chunk lists, which nobody trusts, and for those of a sink
 * that verifies them itself).
 */

#include "base/str.h"
#include "remote/known.h"

struct range_want {
	struct known_pack *pack;
	const struct pack_record *record;
	void *object; /* of the caller */
};

struct range_sink {
	void *context;
	/* Called from any thread, for each want once. */
	int (*take)(void *context, const struct range_want *want,
	    struct slice payload, struct mldv_error *err);
	bool verifies; /* that the payload has its oid */
};

/* Which wants come with one request. */
struct range {
	size_t first;
	size_t count;
	uint32_t offset;
	uint32_t length;
};

struct ranges {
	struct known *known;
	struct range_want *wants; /* sorted by place */
	struct range *items;
	size_t count;
	const struct range_sink *sink;
};

/* Sorts the wants, which stay the caller's, and divides them. */
void ranges_plan(struct ranges *ranges, struct known *known,
    struct range_want *wants, size_t count, const struct range_sink *sink);
void ranges_release(struct ranges *ranges);
/* Reads one of them, and tells the sink. */
CHECKED int ranges_read(struct ranges *ranges, size_t i,
    struct mldv_error *err);
/* How many bytes all of them are. */
uint64_t ranges_bytes(const struct ranges *ranges);

/* Plan, read all in parallel, release. */
CHECKED int ranges_run(struct known *known, struct range_want *wants,
    size_t count, const struct range_sink *sink, struct mldv_error *err);

#endif
