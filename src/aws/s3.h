/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_S3_H
#define AWS_S3_H

/*
 * Objects of a bucket of S3, or of a service that speaks as S3 does.
 *
 * Each function is one request as a rule, repeated while that may help, and
 * may be called by several threads at once. Messages name "s3://bucket/key".
 */

#include "aws/credentials.h"
#include "format/oid.h"
#include "net/client.h"

enum s3_addressing {
	/* The bucket in the host of Amazon's own addresses if it has no dot
	 * in its name; in the path of all others. */
	S3_AUTO,
	S3_PATH,
	S3_VIRTUAL,
};
/* "path", "virtual"; NULL and all else: S3_AUTO. */
enum s3_addressing s3_addressing_of(const char *text);

struct s3_options {
	struct net_client *net;           /* outlives it */
	const struct mldv_events *events; /* or NULL; for warnings */
	const char *bucket;
	/* "https://host[:port]"; NULL: AWS_ENDPOINT_URL_S3,
	 * AWS_ENDPOINT_URL, the profile, else Amazon's. */
	const char *endpoint;
	/* NULL: AWS_REGION, AWS_DEFAULT_REGION, the profile, else us-east-1
	 * until the service names another. */
	const char *region;
	const char *profile; /* NULL: as the environment says */
	enum s3_addressing addressing;
};

struct s3;
/* Looks at nothing yet. MLDV_USAGE for a bucket or an endpoint that is none. */
CHECKED int s3_open(struct s3 **out, const struct s3_options *options,
    struct mldv_error *err);
void s3_close(struct s3 *s3);

#define S3_VERSION 128 /* with the final NUL */
#define S3_ETAG    128

struct s3_info {
	uint64_t size;
	int64_t modified; /* seconds since 1970, by the service's clock … */
	int64_t now;      /* … and the time of its answer */
	bool has_oid;     /* the service knows the SHA-256: */
	struct oid oid;
	char version[S3_VERSION]; /* "" where there are none */
	char etag[S3_ETAG];       /* with its quotes; "" if none is said */
};
/* 1, or 0 if there is no such object. */
CHECKED int s3_head(struct s3 *s3, const char *key, struct s3_info *out,
    struct mldv_error *err);

/* Appends all of it: 1, or 0 if there is no such object. */
CHECKED int s3_get(struct s3 *s3, const char *key, size_t limit,
    struct buf *out, struct mldv_error *err);
struct s3_range {
	uint64_t offset;
	size_t size;
	const char *etag; /* of just this version; or NULL */
};
/*
 * Just these bytes. MLDV_NOT_FOUND if there is no such object; MLDV_CORRUPT if
 * it ends before them, or has another ETag.
 */
CHECKED int s3_get_range(struct s3 *s3, const char *key,
    const struct s3_range *range, char *out, struct mldv_error *err);

#define S3_PART ((size_t)64 << 20)

struct s3_put {
	const void *data; /* or NULL: */
	int fd;
	const char *name; /* of the file, for messages */
	/* One request carries it, up to 5 GiB; what is not only_new of a file
	 * above S3_PART goes in parts. */
	uint64_t size;
	/* Of these bytes; else MLDV_CORRUPT. NULL, for data only: computed. */
	const struct oid *oid;
	bool only_new;             /* If-None-Match: * */
	const char *type;          /* "text/csv"; or NULL */
	const char *storage_class; /* or NULL */
	const char *sse;           /* "AES256", "aws:kms", …; or NULL */
	const char *kms_key;       /* or NULL */
};
/* 1 if it was written, 0 if there is such an object (only_new). */
CHECKED int s3_put(struct s3 *s3, const char *key, const struct s3_put *put,
    struct mldv_error *err);

/* All keys that begin so, in the service's order: that of their bytes. */
struct s3_listed {
	const char *key;
	uint64_t size;
	const char *etag; /* with its quotes; "" if none is said */
	int64_t modified;
	int64_t now; /* of the answer that listed it */
};
/* most: 0 for all of them. visit: -1 ends it. */
CHECKED int s3_list(struct s3 *s3, const char *prefix, size_t most,
    int (*visit)(void *context, const struct s3_listed *object,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/*
 * That there is none is no error. In a bucket with versions it becomes an
 * earlier one, and stays.
 */
CHECKED int s3_delete(struct s3 *s3, const char *key, struct mldv_error *err);
/*
 * Deletes a version and all that are older, for good; what was put later
 * stays. The older ones go first, so that they never come to light.
 */
CHECKED int s3_delete_until(struct s3 *s3, const char *key, const char *version,
    struct mldv_error *err);
/* The same of all versions, markers of deletions too: nothing stays. */
CHECKED int s3_delete_all(struct s3 *s3, const char *key,
    struct mldv_error *err);
/* Does the bucket keep versions? 1, or 0. */
CHECKED int s3_keeps_versions(struct s3 *s3, struct mldv_error *err);

/* The same for many, 1,000 in a request. */
CHECKED int s3_delete_many(struct s3 *s3, const char *const *keys, size_t count,
    struct mldv_error *err);

#endif
