/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_S3CALL_H
#define AWS_S3CALL_H

/*
 * One request to S3: where it goes, signed, and repeated while that may help.
 */

#include <pthread.h>

#include "aws/answer.h"
#include "aws/s3.h"
#include "aws/sign.h"

enum { S3_HEADERS = 12, S3_REGION = 64 };

struct s3 {
	struct arena arena;
	struct net_client *net;
	const struct mldv_events *events;
	struct aws_provider *provider;
	const char *bucket;
	enum s3_addressing addressing;
	pthread_mutex_t mutex; /* guards what follows */
	bool settled;          /* endpoint and region are known */
	const char *endpoint;  /* NULL: Amazon's */
	char region[S3_REGION];
	int64_t skew; /* what to add to this machine's clock */
	bool reached; /* it answered once */
	bool lost;    /* it could not be reached: */
	struct mldv_error why;
	bool plain; /* it has no conditional PUT */
};

struct s3_call {
	const char *method;
	const char *key; /* NULL: the bucket itself */
	struct aws_query query;
	struct aws_header headers[S3_HEADERS];
	size_t header_count;
	struct net_source body;
	const struct oid *payload;     /* NULL: the body is empty */
	void (*rewind)(void *context); /* of the body, before each sending */
	struct net_sink sink;
	/* The answer, in the end: */
	struct net_answer answer;
	struct aws_refusal refusal; /* unless the status is 2xx */
	bool document; /* of status 200, and an error all the same */
	struct arena arena;
};

void s3_call_header(struct s3_call *call, const char *name, const char *value);

/*
 * Sends it: 0 whatever the status, which stays in call->answer.status; -1 if
 * there is no answer.
 */
CHECKED int s3_call_send(struct s3 *s3, struct s3_call *call,
    struct mldv_error *err);
bool s3_call_is_good(const struct s3_call *call);
void s3_call_release(struct s3_call *call);

/* What kind of object it makes: type, storage class, encryption. */
void s3_put_headers(struct s3_call *call, const struct s3_put *put);
/* As s3_put, of a file, in parts: 1, or -1. */
CHECKED int s3_put_parts(struct s3 *s3, const char *key,
    const struct s3_put *put, struct mldv_error *err);

/* Says that it was refused to do that ("read"), with the way out; -1. */
CHECKED int s3_call_refused(const struct s3 *s3, const struct s3_call *call,
    const char *verb, struct mldv_error *err);

/* Where a request goes; text in the arena. */
struct s3_place {
	const char *scheme; /* "https" */
	const char *host;   /* as signed, and as the Host header says it */
	const char *path;   /* encoded */
	const char *query;  /* as it is sent */
};
/* All but the query. */
CHECKED int s3_place_of(const struct s3 *s3, const char *region,
    const char *key, struct arena *arena, struct s3_place *out,
    struct mldv_error *err);
/* Finds endpoint and region, once. */
CHECKED int s3_settle(struct s3 *s3, struct mldv_error *err);

#endif
