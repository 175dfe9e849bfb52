/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/s3call.h"

static bool is_bucket(const char *name)
{
	size_t len = strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	/* Those of other services, and old ones, are not so strict. */
	return len >= 1 && len <= 255 && name[len] == '\0' && name[0] != '.' &&
	    name[0] != '-';
}

enum s3_addressing s3_addressing_of(const char *text)
{
	if (text && strcmp(text, "path") == 0)
		return S3_PATH;
	if (text && strcmp(text, "virtual") == 0)
		return S3_VIRTUAL;
	return S3_AUTO;
}

int s3_open(struct s3 **out, const struct s3_options *options,
    struct mldv_error *err)
{
	const struct aws_provider_options who = {
	    .profile = options->profile,
	    .net = options->net,
	    .events = options->events,
	};
	struct arena arena = {0};
	struct s3_place place;
	struct s3 *s3;
	int ret = 0;

	/* What is too long is no region either, but would be cut to one. */
	if (options->region && strlen(options->region) >= S3_REGION)
		return err_set(err, MLDV_USAGE, "'%s' is no region of AWS",
		    options->region);
	if (!is_bucket(options->bucket))
		return err_set(err, MLDV_USAGE,
		    "'%s' cannot be the name of a bucket", options->bucket);
	s3 = xcalloc(1, sizeof(*s3));
	s3->net = options->net;
	s3->events = options->events;
	s3->addressing = options->addressing;
	s3->bucket = arena_str(&s3->arena, options->bucket);
	if (options->endpoint)
		s3->endpoint = arena_str(&s3->arena, options->endpoint);
	if (options->region)
		(void)snprintf(s3->region, sizeof(s3->region), "%s",
		    options->region);
	s3->provider = aws_provider_open(&who);
	(void)pthread_mutex_init(&s3->mutex, NULL);
	if (s3->endpoint)
		ret = s3_place_of(s3, "", NULL, &arena, &place, err);
	arena_release(&arena);
	if (ret < 0)
		s3_close(s3);
	else
		*out = s3;
	return ret;
}

void s3_close(struct s3 *s3)
{
	if (!s3)
		return;
	aws_provider_close(s3->provider);
	(void)pthread_mutex_destroy(&s3->mutex);
	arena_release(&s3->arena);
	free(s3);
}

static bool has_code(const struct s3_call *call, const char *code)
{
	return strcmp(call->refusal.code, code) == 0;
}

/* HEAD says no more than 404. */
static bool is_absent(const struct s3_call *call)
{
	return call->answer.status == 404 &&
	    (has_code(call, "NoSuchKey") || *call->refusal.code == '\0');
}

/* What is too long for it is none. */
static void copy_header(const struct net_answer *answer, const char *name,
    char *out, size_t room)
{
	struct slice value = net_header(answer, name);

	if (value.len > 0 && value.len < room)
		memcpy(out, value.data, value.len);
}

static void take_info(const struct s3_call *call, struct s3_info *out)
{
	const struct net_answer *answer = &call->answer;
	struct slice sum = net_header(answer, "x-amz-checksum-sha256");
	struct slice length = net_header(answer, "content-length");

	*out = (struct s3_info){
	    .modified = net_header_time(answer, "last-modified"),
	    .now = net_header_time(answer, "date"),
	};
	if (!slice_number(length, &out->size))
		out->size = 0;
	copy_header(answer, "x-amz-version-id", out->version, S3_VERSION);
	copy_header(answer, "etag", out->etag, S3_ETAG);
	out->has_oid = aws_parse_base64_oid(&out->oid, sum);
}

/*
 * A refused HEAD gives no reason; GET does, or it is let in, since the region
 * or the clock was put right on the way: 1, 0 if there is no such object, or
 * -1.
 */
static int explain(struct s3 *s3, const char *key, struct mldv_error *err)
{
	struct s3_call call = {.method = "GET", .key = key, .sink.size = 1};
	int ret;

	s3_call_header(&call, "range", "bytes=0-0");
	ret = s3_call_send(s3, &call, err);
	/* Of an object without a byte there is no range. */
	if (ret == 0 && (s3_call_is_good(&call) || call.answer.status == 416))
		ret = 1;
	else if (ret == 0 && !is_absent(&call))
		ret = s3_call_refused(s3, &call, "look at", err);
	s3_call_release(&call);
	return ret;
}

int s3_head(struct s3 *s3, const char *key, struct s3_info *out,
    struct mldv_error *err)
{
	int ret = 1;

	for (unsigned attempt = 1; ret > 0; attempt++) {
		struct s3_call call = {.method = "HEAD", .key = key};
		bool good;

		s3_call_header(&call, "x-amz-checksum-mode", "ENABLED");
		ret = s3_call_send(s3, &call, err);
		good = ret == 0 && s3_call_is_good(&call);
		if (good)
			take_info(&call, out);
		else if (ret == 0 && !is_absent(&call))
			ret = attempt == 1
			    ? explain(s3, key, err)
			    : s3_call_refused(s3, &call, "look at", err);
		s3_call_release(&call);
		if (good)
			return 1;
	}
	return ret;
}

int s3_get(struct s3 *s3, const char *key, size_t limit, struct buf *out,
    struct mldv_error *err)
{
	struct s3_call call = {
	    .method = "GET",
	    .key = key,
	    .sink.size = limit,
	};
	int ret = s3_call_send(s3, &call, err);

	if (ret < 0 && err->code == MLDV_CORRUPT) {
		ret = err_prefix(err, "cannot read 's3://%s/%s'", s3->bucket,
		    key);
	} else if (ret == 0 && s3_call_is_good(&call)) {
		buf_add(out, buf_str(&call.answer.body), call.answer.body.len);
		ret = 1;
	} else if (ret == 0 && !is_absent(&call)) {
		ret = s3_call_refused(s3, &call, "read", err);
	}
	s3_call_release(&call);
	return ret;
}

static int cut_short(const struct s3 *s3, const char *key,
    struct mldv_error *err)
{
	return err_set(err, MLDV_CORRUPT, "'s3://%s/%s' is cut short",
	    s3->bucket, key);
}

/* Are these the bytes that were asked for? */
static int check_range(const struct s3 *s3, const struct s3_call *call,
    const struct s3_range *range, struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice said = net_header(&call->answer, "content-range");
	bool right = true;

	if (call->answer.status == 206)
		right = slice_starts(said,
		    arena_printf(&arena, "bytes %llu-",
		        (unsigned long long)range->offset));
	else
		right = range->offset == 0;
	arena_release(&arena);
	if (!right)
		return err_set(err, MLDV_CORRUPT,
		    "'s3://%s/%s' came with other bytes than were asked for",
		    s3->bucket, call->key);
	if (call->answer.size != range->size)
		return cut_short(s3, call->key, err);
	return 0;
}

static int range_refused(const struct s3 *s3, const struct s3_call *call,
    struct mldv_error *err)
{
	if (is_absent(call))
		return err_set(err, MLDV_NOT_FOUND, "there is no 's3://%s/%s'",
		    s3->bucket, call->key);
	if (call->answer.status == 416)
		return cut_short(s3, call->key, err);
	if (call->answer.status == 412)
		return err_set(err, MLDV_CORRUPT,
		    "'s3://%s/%s' was replaced meanwhile", s3->bucket,
		    call->key);
	return s3_call_refused(s3, call, "read", err);
}

int s3_get_range(struct s3 *s3, const char *key, const struct s3_range *range,
    char *out, struct mldv_error *err)
{
	struct s3_call call = {
	    .method = "GET",
	    .key = key,
	    .sink = {.into = out, .size = range->size},
	};
	int ret;

	if (range->size == 0)
		return 0;
	s3_call_header(&call, "range",
	    arena_printf(&call.arena, "bytes=%llu-%llu",
	        (unsigned long long)range->offset,
	        (unsigned long long)(range->offset + range->size - 1)));
	if (range->etag)
		s3_call_header(&call, "if-match", range->etag);
	ret = s3_call_send(s3, &call, err);
	if (ret < 0 && err->code == MLDV_CORRUPT)
		ret = err_prefix(err, "cannot read 's3://%s/%s'", s3->bucket,
		    key);
	else if (ret == 0 && s3_call_is_good(&call))
		ret = check_range(s3, &call, range, err);
	else if (ret == 0)
		ret = range_refused(s3, &call, err);
	s3_call_release(&call);
	return ret;
}
