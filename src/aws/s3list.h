/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_S3LIST_H
#define AWS_S3LIST_H

/*
 * The documents of listings and of deletions, read from bytes alone.
 */

#include "aws/s3.h"
#include "base/strs.h"

/* Of a page of at most 1,000 keys, each at most 1,024 bytes, all as %XX. */
#define S3_PAGE_LIMIT (8 * 1024 * 1024)

struct s3_page {
	struct arena arena;
	struct s3_listed *objects;
	size_t count;
	size_t capacity;
	struct s3_listed one; /* that is being read */
	const char *next;     /* token of the page that follows, or NULL */
	bool more;
	bool wrong; /* a key is not encoded as it should be */
};
/* ListObjectsV2's answer, with encoding-type=url. */
CHECKED int s3_page_read(struct s3_page *out, struct slice document,
    struct mldv_error *err);
void s3_page_release(struct s3_page *page);

/*
 * ListObjectVersions' answer: the versions of just that key, newest first,
 * delete markers among them. Adds to what earlier pages gave; 1 if another
 * page follows, from next_key and next_version on.
 */
struct s3_versions {
	struct strs ids;
	struct arena arena;
	const char *next_key;
	const char *next_version;
	const char *of;  /* the key */
	const char *key; /* of what is being read, … */
	const char *id;  /* … and its version */
	bool more;
	bool wrong;
};
CHECKED int s3_versions_read(struct s3_versions *versions, const char *key,
    struct slice document, struct mldv_error *err);
void s3_versions_release(struct s3_versions *versions);

/* DeleteObjects' answer: the first key that was not deleted, and why. */
struct s3_undeleted {
	struct arena arena;
	const char *key; /* NULL: all were */
	const char *code;
};
CHECKED int s3_undeleted_read(struct s3_undeleted *out, struct slice document,
    struct mldv_error *err);

#endif
