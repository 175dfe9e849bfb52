/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_SIGN_H
#define AWS_SIGN_H

/*
 * Signature Version 4 in the Authorization header, as S3 wants it: AWS's
 * "Authenticating Requests: Using the Authorization Header (AWS Signature
 * Version 4)". For the other services, whose path is "/", it is the same.
 *
 * libcurl's own signing is not used: 7.88.1 signs another path or query than
 * it sends when there is '=' or '+' in them, or when they are not sorted.
 */

#include "aws/credentials.h"
#include "base/strs.h"
#include "format/oid.h"

/* A query string, sorted and encoded: so it is sent, and so it is signed. */
struct aws_query {
	struct strs pairs;
};
/* value: NULL for a name without one ("?uploads", sent as "uploads="). */
void aws_query_add(struct aws_query *query, const char *name,
    const char *value);
/* Appends it, without the question mark. */
void aws_query_text(struct aws_query *query, struct buf *out);
void aws_query_release(struct aws_query *query);

struct aws_header {
	const char *name; /* lower case */
	const char *value;
};

struct aws_unsigned {
	const char *method;
	const char *host;  /* with the port, unless it is the scheme's own */
	const char *path;  /* encoded, as it is sent; "" means "/" */
	const char *query; /* as it is sent: of aws_query_text */
	const char *region;
	const char *service;
	int64_t time; /* seconds since 1970 */
	/* Of the body; NULL: it is not signed ("UNSIGNED-PAYLOAD"). */
	const struct oid *payload;
	/* All that are to be signed; those that follow from the above are
	 * added: host, x-amz-date, x-amz-security-token, and for S3
	 * x-amz-content-sha256. */
	const struct aws_header *headers;
	size_t header_count;
};

/*
 * Appends all headers as lines "name: value", authorization last, but for
 * host.
 */
CHECKED int aws_sign(const struct aws_unsigned *request,
    const struct aws_credentials *credentials, struct strs *out,
    struct mldv_error *err);

#define AWS_BASE64_MD5    25 /* with the final NUL */
#define AWS_BASE64_SHA256 45

/* RFC 1864: what Content-MD5 holds. */
CHECKED int aws_md5(const void *data, size_t size, char out[AWS_BASE64_MD5],
    struct mldv_error *err);
#define AWS_SHA1_HEX 41

/* FIPS 180-4, in lower case: names the files in which AWS's tools keep tokens.
 */
CHECKED int aws_sha1(const void *data, size_t size, char out[AWS_SHA1_HEX],
    struct mldv_error *err);
/* What x-amz-checksum-sha256 holds. */
void aws_base64_oid(const struct oid *oid, char out[AWS_BASE64_SHA256]);
/* False unless it is just that. */
bool aws_parse_base64_oid(struct oid *out, struct slice text);

#endif
