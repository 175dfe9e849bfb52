/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_DOCUMENT_H
#define AWS_DOCUMENT_H

/*
 * Credentials in JSON, as a command, a container's or an instance's endpoint,
 * and the portal of single sign-on give them.
 */

#include "aws/credentials.h"
#include "base/str.h"
#include "format/json.h"

/* What the members are called. */
struct aws_member_names {
	const char *access_key;
	const char *secret_key;
	const char *session_token;
	const char *expires;
};

/* A text or number at a name with dots, as text; NULL: it is not there. */
const char *aws_member(const struct json_values *values, const char *name);

/*
 * Reads them into *out; the strings are the arena's. That a key is not there,
 * or that there is something in one that cannot go into a header, is an error.
 * A number for expires is milliseconds.
 */
CHECKED int aws_document_read(const struct json_values *values,
    const struct aws_member_names *names, struct aws_credentials *out,
    struct mldv_error *err);

/* Keys that a header can hold. */
CHECKED int aws_credentials_check(const struct aws_credentials *credentials,
    struct mldv_error *err);

/*
 * Seconds since 1970 of "2026-11-24T11:30:51Z", also with "+00:00", a
 * fraction, or "UTC" as older tools write it; 0: it is none.
 */
int64_t aws_time(const char *text);

#endif
