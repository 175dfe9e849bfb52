/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_PLAIN_H
#define REMOTE_PLAIN_H

/*
 * Plain objects on a remote, beside the packs: what a service reads or writes
 * there that knows nothing of mldv, and what a stage takes along that runs on
 * another machine. All names are below "export/", "jobs/", "checkpoints/" and
 * "ci/", which nothing else uses, and which may expire.
 */

#include "remote/remote.h"

/*
 * The address of a name, "s3://bucket/prefix/name", in the arena; MLDV_USAGE
 * if the remote is no bucket, whose objects AWS could read.
 */
CHECKED int remote_plain_url(const struct remote *remote, const char *name,
    struct arena *arena, const char **out, struct mldv_error *err);
/* The name of such an address, borrowed; NULL if it is not below the remote. */
const char *remote_plain_name(const struct remote *remote, const char *url,
    struct arena *arena);

/* 1 if it is there and not older than so many seconds, else 0. */
CHECKED int remote_plain_has(struct remote *remote, const char *name,
    uint64_t age, struct mldv_error *err);
CHECKED int remote_plain_put(struct remote *remote, const char *name,
    const void *data, size_t size, struct mldv_error *err);
/* 1 if it was written, 0 if the name is taken. */
CHECKED int remote_plain_put_new(struct remote *remote, const char *name,
    const struct buf *text, struct mldv_error *err);
/* Appends all of it: 1, or 0 if there is none. */
CHECKED int remote_plain_read(struct remote *remote, const char *name,
    size_t limit, struct buf *out, struct mldv_error *err);

/* A file to be put, whose bytes must be these, else MLDV_CORRUPT. */
struct remote_plain {
	const char *name;
	const char *file; /* absolute */
	struct oid oid;
	uint64_t size;
};
/* Many at once; what was put when it fails stays. */
CHECKED int remote_plain_put_many(struct remote *remote,
    const struct remote_plain *files, size_t count, struct mldv_error *err);
/*
 * Writes all of it to a file: 1, or 0 if there is none. MLDV_CORRUPT, before
 * anything is written, if it has more bytes than most.
 */
CHECKED int remote_plain_get(struct remote *remote, const char *name,
    uint64_t most, int fd, struct mldv_error *err);

#endif
