/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_JSONCALL_H
#define AWS_JSONCALL_H

/*
 * Services of AWS that speak JSON 1.1: each operation a signed POST to "/",
 * named by the header X-Amz-Target, the arguments an object and the answer
 * one. Smithy, "AWS JSON 1.1 protocol"; botocore 1.43, JSONSerializer.
 *
 * For one thread.
 */

#include "aws/answer.h"
#include "aws/credentials.h"
#include "format/json.h"
#include "net/client.h"

struct aws_json_service {
	const char *name; /* signed for: "logs" */
	/* What settings call it, AWS_ENDPOINT_URL_… and [services], where
	 * that is not the name; or NULL. */
	const char *setting;
	const char *host;   /* before ".<region>.amazonaws.com" */
	const char *target; /* before ".<operation>" */
};

struct aws_json_options {
	const struct aws_json_service *service; /* outlives it */
	struct net_client *net;                 /* outlives it */
	const struct mldv_events *events;       /* or NULL */
	const char *profile; /* NULL: as the environment says */
	/* NULL: AWS_REGION, AWS_DEFAULT_REGION, the profile. */
	const char *region;
};

struct aws_json;
/* Looks at nothing yet. */
struct aws_json *aws_json_open(const struct aws_json_options *options);
void aws_json_close(struct aws_json *json);

/*
 * The region, found as the options say; borrowed. MLDV_USAGE if nobody says
 * one.
 */
CHECKED int aws_json_region(struct aws_json *json, const char **out,
    struct mldv_error *err);

/*
 * Sends, and repeats while that may help: throttling, failures of the service
 * or the connection, a wrong clock, credentials that have expired. 1 and the
 * answer, to be closed with json_close; 0 if it was refused, for a reason
 * that aws_json_refusal gives; -1 if there is no answer.
 */
CHECKED int aws_json_call(struct aws_json *json, const char *operation,
    const struct buf *arguments, struct json **out, struct mldv_error *err);

/*
 * Of the last call; its status is 0 if there was no answer. Borrowed until the
 * next.
 */
const struct aws_refusal *aws_json_refusal(const struct aws_json *json);
/* Was that the reason? */
bool aws_json_refused_for(const struct aws_json *json, const char *code);
/* Says that it was refused to do what ("start job 'x'"); -1. */
CHECKED int aws_json_refused(const struct aws_json *json, const char *what,
    struct mldv_error *err);

#endif
