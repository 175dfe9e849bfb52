/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_S3BUCKET_H
#define AWS_S3BUCKET_H

/*
 * A bucket itself: making it, and its settings, which are XML documents.
 *
 * Source: the Amazon S3 API Reference, CreateBucket and PutBucket*.
 */

#include "aws/s3.h"
#include "base/strs.h"

/* Is it Amazon that is asked? Known once something was asked. */
bool s3_is_amazon(const struct s3 *s3);
/* The region that requests are signed for, copied into the arena. */
const char *s3_region(struct s3 *s3, struct arena *arena);
/* Where it is asked: "http://host:port", or NULL for Amazon's own. */
const char *s3_endpoint(const struct s3 *s3);

/* Where the credentials are from, and until when; strings in the arena. */
CHECKED int s3_who(struct s3 *s3, struct arena *arena,
    struct aws_credentials *out, struct mldv_error *err);
/* Does it have conditional PUTs? Known once it was asked for one. */
bool s3_has_conditions(struct s3 *s3);
/*
 * How many seconds its clock is ahead of this machine's, of any answer, and
 * that answer's status.
 */
CHECKED int s3_clock(struct s3 *s3, int64_t *ahead, int *status,
    struct mldv_error *err);

/* 1 if it is there and may be looked at, 0 if nobody has one of that name. */
CHECKED int s3_bucket_find(struct s3 *s3, struct mldv_error *err);
/*
 * Makes it: 1, or 0 if it is there and of the same owner. Call it only after
 * s3_bucket_find gave 0: Amazon's oldest region resets who may do what in a
 * bucket that is made again.
 */
CHECKED int s3_bucket_make(struct s3 *s3, struct mldv_error *err);

/* A server need not know every setting. */
enum { S3_UNSET = 0, S3_SET = 1, S3_UNKNOWN = 2 };

/*
 * Appends the document of a setting ("lifecycle"): S3_SET, S3_UNSET or
 * S3_UNKNOWN. root: how the name of its root element ends; servers that do not
 * know a setting may answer with something else.
 */
CHECKED int s3_setting_get(struct s3 *s3, const char *setting, const char *root,
    struct buf *out, struct mldv_error *err);
/* S3_SET or S3_UNKNOWN. */
CHECKED int s3_setting_put(struct s3 *s3, const char *setting,
    const char *document, struct mldv_error *err);
CHECKED int s3_setting_drop(struct s3 *s3, const char *setting,
    struct mldv_error *err);

/* --- what the documents say --- */

enum s3_versioning { S3_NEVER, S3_ENABLED, S3_SUSPENDED };
CHECKED int s3_versioning_read(enum s3_versioning *out, struct slice document,
    struct mldv_error *err);
/* Of the four kinds of public access; no kind is what is not set. */
enum s3_public { S3_OPEN, S3_SOME_BLOCKED, S3_BLOCKED };
CHECKED int s3_public_read(enum s3_public *out, struct slice document,
    struct mldv_error *err);
/* "AES256", "aws:kms", … in the arena, or NULL if it names none. */
CHECKED int s3_encryption_read(const char **out, struct arena *arena,
    struct slice document, struct mldv_error *err);

struct s3_rule {
	const char *id;
	const char *prefix; /* "": the whole bucket */
	bool enabled;
	bool narrowed;        /* by tags or sizes */
	bool expires;         /* current versions go */
	bool archives;        /* they move where they cannot be read */
	unsigned old_days;    /* after that old versions go; 0: never */
	unsigned upload_days; /* … incomplete uploads */
};
struct s3_lifecycle {
	struct arena arena;
	struct s3_rule *rules;
	size_t count;
	size_t capacity;
	struct s3_rule one; /* that is being read */
};
CHECKED int s3_lifecycle_read(struct s3_lifecycle *out, struct slice document,
    struct mldv_error *err);
void s3_lifecycle_release(struct s3_lifecycle *lifecycle);

#endif
