/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_ANSWER_H
#define AWS_ANSWER_H

/*
 * What a service of AWS says when it refuses, and what may be done about it.
 */

#include "net/client.h"

#define AWS_CODE    64
#define AWS_MESSAGE 512

struct aws_refusal {
	int status;
	char code[AWS_CODE]; /* "NoSuchKey"; "" if it says none, as to HEAD */
	char message[AWS_MESSAGE];
	char region[AWS_CODE];      /* where the bucket is, or "" */
	char request[2 * AWS_CODE]; /* its number of the request, or "" */
};

/*
 * Takes the document of an error, in XML, and the headers. A document that is
 * none leaves code and message empty.
 */
void aws_refusal_read(struct aws_refusal *out, const struct net_answer *answer);

/*
 * The same of a service that speaks JSON: "__type" after its '#' and before a
 * ':', "message" or "Message" (botocore 1.43's BaseJSONParser).
 */
void aws_refusal_read_json(struct aws_refusal *out,
    const struct net_answer *answer);

enum aws_verdict {
	AWS_FINAL,   /* it will say the same again */
	AWS_AGAIN,   /* worth repeating after a while */
	AWS_MOVED,   /* to be signed for, or sent to, another region */
	AWS_SKEWED,  /* this machine's clock differs from the service's */
	AWS_EXPIRED, /* the credentials are not good, or not any more */
};

/*
 * Sources: botocore 1.43's retries/standard.py and _retry.json for what is
 * repeated, utils.py (S3RegionRedirectorv2) for regions; for the rest the
 * table "Error responses" of the Amazon S3 API Reference.
 */
enum aws_verdict aws_judge(const struct aws_refusal *refusal);

/* "AccessDenied: Access Denied (403, request 4442587FB7D0A2F9)" */
void aws_refusal_text(const struct aws_refusal *refusal, struct buf *out);

#endif
