/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/s3call.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/xml.h"

/* So often a request is sent in all; and so often to another region. */
enum { ATTEMPTS = 10, MOVES = 3 };
/* A clock that differs by less is good enough (S3 allows 15 minutes). */
enum { SKEW = 4 * 60 };

/* What was tried so far. */
struct tries {
	unsigned attempts;
	unsigned moves;
	bool renewed;   /* other credentials */
	bool corrected; /* the clock */
	char access_key[256];
	char region[S3_REGION];
};

void s3_call_header(struct s3_call *call, const char *name, const char *value)
{
	call->headers[call->header_count++] = (struct aws_header){name, value};
}

bool s3_call_is_good(const struct s3_call *call)
{
	return call->answer.status >= 200 && call->answer.status < 300 &&
	    !call->document;
}

void s3_call_release(struct s3_call *call)
{
	aws_query_release(&call->query);
	net_answer_release(&call->answer);
	arena_release(&call->arena);
}

static int sign(struct s3 *s3, struct s3_call *call, struct tries *tries,
    const struct s3_place *place, struct strs *lines, struct mldv_error *err)
{
	struct aws_credentials keys;
	struct arena arena = {0};
	struct aws_unsigned request = {
	    .method = call->method,
	    .host = place->host,
	    .path = place->path,
	    .query = place->query,
	    .region = tries->region,
	    .service = "s3",
	    .payload = call->payload ? call->payload : &oid_empty,
	    .headers = call->headers,
	    .header_count = call->header_count,
	};
	int ret = aws_credentials_get(s3->provider, &arena, &keys, err);

	if (ret == 0) {
		(void)pthread_mutex_lock(&s3->mutex);
		request.time = time(NULL) + s3->skew;
		(void)pthread_mutex_unlock(&s3->mutex);
		(void)snprintf(tries->access_key, sizeof(tries->access_key),
		    "%s", keys.access_key);
		ret = aws_sign(&request, &keys, lines, err);
	}
	arena_release(&arena);
	return ret;
}

static int send_once(struct s3 *s3, struct s3_call *call, struct tries *tries,
    struct mldv_error *err)
{
	struct s3_place place;
	struct strs lines = {0};
	struct buf query = {0};
	struct buf url = {0};
	struct net_request request = {
	    .method = call->method,
	    .body = call->body,
	    .sink = call->sink,
	};
	int ret = -1;

	(void)pthread_mutex_lock(&s3->mutex);
	memcpy(tries->region, s3->region, sizeof(tries->region));
	(void)pthread_mutex_unlock(&s3->mutex);
	if (s3_place_of(s3, tries->region, call->key, &call->arena, &place,
	        err) < 0)
		goto out;
	aws_query_text(&call->query, &query);
	place.query = buf_str(&query);
	buf_printf(&url, "%s://%s%s%s%s", place.scheme, place.host, place.path,
	    query.len > 0 ? "?" : "", place.query);
	if (sign(s3, call, tries, &place, &lines, err) < 0)
		goto out;
	request.url = buf_str(&url);
	request.headers = lines.items;
	request.header_count = lines.count;
	if (call->rewind)
		call->rewind(call->body.context);
	ret = net_send(s3->net, &request, &call->answer, err);
out:
	strs_release(&lines);
	buf_release(&query);
	buf_release(&url);
	return ret;
}

/* S3 may say 200 first and find out later. */
static bool is_error_document(const struct net_answer *answer)
{
	struct slice body = slice_trim(
	    (struct slice){buf_str(&answer->body), answer->body.len});
	struct slice line;

	if (answer->status != 200 || body.len == 0 || body.data[0] != '<')
		return false;
	if (slice_starts(body, "<?xml")) {
		if (!slice_cut(&body, '>', &line))
			return false;
		body = slice_trim(body);
	}
	return slice_starts(body, "<Error>") || slice_starts(body, "<Error ");
}

/* Takes the region that the refusal names: 1, or 0 if it names none. */
static int move(struct s3 *s3, const struct s3_call *call, struct tries *tries)
{
	const char *region = call->refusal.region;
	size_t len = strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-");
	int ret;

	if (len == 0 || region[len] != '\0' || len >= S3_REGION ||
	    tries->moves++ >= MOVES)
		return 0;
	(void)pthread_mutex_lock(&s3->mutex);
	/* Another thread may have moved meanwhile. */
	ret = strcmp(region, tries->region) != 0 ||
	    strcmp(s3->region, tries->region) != 0;
	if (ret)
		(void)snprintf(s3->region, sizeof(s3->region), "%s", region);
	(void)pthread_mutex_unlock(&s3->mutex);
	return ret;
}

static void say_skew(const struct s3 *s3, int64_t skew)
{
	struct arena arena = {0};
	int64_t minutes = (skew < 0 ? -skew : skew) / 60;

	if (s3->events && s3->events->warn)
		s3->events->warn(s3->events->context,
		    arena_printf(&arena,
		        "this machine's clock is %" PRId64
		        " minutes %s that of the bucket's service, whose time "
		        "is used instead; set the clock",
		        minutes, skew > 0 ? "behind" : "ahead of"));
	arena_release(&arena);
}

/* Takes over the service's clock: 1, or 0 if it is not the clock. */
static int correct(struct s3 *s3, const struct s3_call *call,
    struct tries *tries)
{
	int64_t date = net_header_time(&call->answer, "date");
	int64_t now = time(NULL);
	bool say = false;
	int ret = 0;

	if (date == 0 || tries->corrected)
		return 0;
	tries->corrected = true;
	(void)pthread_mutex_lock(&s3->mutex);
	if (date - now - s3->skew > SKEW || now + s3->skew - date > SKEW) {
		say = s3->skew == 0;
		s3->skew = date - now;
		ret = 1;
	} else {
		ret = s3->skew != 0; /* another thread has corrected it */
	}
	(void)pthread_mutex_unlock(&s3->mutex);
	if (say)
		say_skew(s3, date - now);
	return ret;
}

static int renew(struct s3 *s3, struct tries *tries)
{
	if (tries->renewed)
		return 0;
	tries->renewed = true;
	aws_credentials_refused(s3->provider, tries->access_key);
	return 1;
}

/* A wrong signature may come of the clock, too. */
static bool is_signature(const struct aws_refusal *refusal)
{
	return strcmp(refusal->code, "SignatureDoesNotMatch") == 0 ||
	    (*refusal->code == '\0' && refusal->status == 403);
}

/* After an answer: 1 to send it again, 0 if it stands, -1. */
static int judge(struct s3 *s3, struct s3_call *call, struct tries *tries,
    struct mldv_error *err)
{
	/* An object may read like that. */
	call->document = strcmp(call->method, "GET") != 0 &&
	    is_error_document(&call->answer);
	if (s3_call_is_good(call))
		return 0;
	aws_refusal_read(&call->refusal, &call->answer);
	switch (aws_judge(&call->refusal)) {
	case AWS_MOVED:
		return move(s3, call, tries);
	case AWS_SKEWED:
		return correct(s3, call, tries);
	case AWS_EXPIRED:
		return renew(s3, tries);
	case AWS_AGAIN:
		if (tries->attempts >= ATTEMPTS)
			return 0;
		return net_wait(s3->net, tries->attempts, &call->answer, err);
	default:
		return is_signature(&call->refusal) ? correct(s3, call, tries)
		                                    : 0;
	}
}

/* Without an answer: 1 to send it again, or -1. */
static int no_answer(struct s3 *s3, const struct s3_call *call,
    const struct tries *tries, struct mldv_error *err)
{
	enum net_trouble trouble = call->answer.trouble;
	struct mldv_error ignored;
	bool reached;
	int ret = -1;

	if (trouble == NET_FINAL)
		return -1;
	(void)pthread_mutex_lock(&s3->mutex);
	reached = s3->reached || trouble != NET_UNREACHED;
	/* Offline, the first failure says it; the others need not wait. */
	if (!reached && !s3->lost) {
		s3->lost = true;
		s3->why = *err;
	}
	(void)pthread_mutex_unlock(&s3->mutex);
	if (reached && tries->attempts < ATTEMPTS) {
		ret =
		    net_wait(s3->net, tries->attempts, &call->answer, &ignored);
		if (ret < 0)
			*err = ignored;
	}
	return ret > 0 ? 1 : -1;
}

static int send_until_answered(struct s3 *s3, struct s3_call *call,
    struct tries *tries, struct mldv_error *err)
{
	bool lost;

	(void)pthread_mutex_lock(&s3->mutex);
	lost = s3->lost;
	if (lost)
		*err = s3->why;
	(void)pthread_mutex_unlock(&s3->mutex);
	if (lost)
		return -1;
	tries->attempts++;
	/* Before it is known to have been sent, it is not. */
	call->answer.trouble = NET_FINAL;
	if (send_once(s3, call, tries, err) < 0)
		return no_answer(s3, call, tries, err);
	(void)pthread_mutex_lock(&s3->mutex);
	s3->reached = true;
	(void)pthread_mutex_unlock(&s3->mutex);
	return judge(s3, call, tries, err);
}

int s3_call_send(struct s3 *s3, struct s3_call *call, struct mldv_error *err)
{
	struct tries tries = {0};
	struct mldv_error error;
	int ret;

	if (s3_settle(s3, err) < 0)
		return -1;
	do
		ret = send_until_answered(s3, call, &tries, &error);
	while (ret > 0);
	if (ret < 0)
		*err = error;
	return ret;
}

/* What to do about a refusal: "; …", or "". */
static const char *way_out(const struct s3 *s3, const struct s3_call *call,
    struct arena *arena)
{
	const char *code = call->refusal.code;

	if (strcmp(code, "NoSuchBucket") == 0)
		return arena_printf(arena,
		    "; make the bucket '%s', or correct the remote's address",
		    s3->bucket);
	if (strcmp(code, "InvalidObjectState") == 0)
		return "; it was archived: restore it first";
	if (strcmp(code, "SignatureDoesNotMatch") == 0)
		return "; check the secret key";
	if (strcmp(code, "InvalidAccessKeyId") == 0)
		return "; get other credentials, or check 'profile' of "
		       "the remote";
	if (aws_judge(&call->refusal) == AWS_EXPIRED)
		return "; get new credentials";
	if (aws_judge(&call->refusal) == AWS_MOVED)
		return "; set 'region' of the remote to where the bucket is";
	if (aws_judge(&call->refusal) == AWS_SKEWED)
		return "; set this machine's clock";
	if (aws_judge(&call->refusal) == AWS_AGAIN)
		return "; run the command again later";
	if (call->refusal.status == 403)
		return "; check what the credentials may do there";
	return "";
}

int s3_call_refused(const struct s3 *s3, const struct s3_call *call,
    const char *verb, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf why = {0};

	aws_refusal_text(&call->refusal, &why);
	(void)err_set(err, MLDV_FAILED, "cannot %s 's3://%s%s%s': %s%s", verb,
	    s3->bucket, call->key ? "/" : "", call->key ? call->key : "",
	    buf_str(&why), way_out(s3, call, &arena));
	buf_release(&why);
	arena_release(&arena);
	return -1;
}
