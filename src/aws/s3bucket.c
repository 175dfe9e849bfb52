/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/s3bucket.h"

#include <string.h>
#include <time.h>

#include "aws/s3call.h"
#include "aws/xml.h"

#define NAMESPACE    "http://s3.amazonaws.com/doc/2006-03-01/"
#define FIRST_REGION "us-east-1"

/* A bucket has at most 1,000 rules of lifecycle. */
enum { SETTING_LIMIT = 2 << 20 };

bool s3_is_amazon(const struct s3 *s3)
{
	return !s3->endpoint || strstr(s3->endpoint, ".amazonaws.com") != NULL;
}

const char *s3_region(struct s3 *s3, struct arena *arena)
{
	const char *region;

	(void)pthread_mutex_lock(&s3->mutex);
	region = arena_str(arena, s3->region);
	(void)pthread_mutex_unlock(&s3->mutex);
	return region;
}

const char *s3_endpoint(const struct s3 *s3)
{
	return s3->endpoint;
}

int s3_who(struct s3 *s3, struct arena *arena, struct aws_credentials *out,
    struct mldv_error *err)
{
	return aws_credentials_get(s3->provider, arena, out, err);
}

bool s3_has_conditions(struct s3 *s3)
{
	bool plain;

	(void)pthread_mutex_lock(&s3->mutex);
	plain = s3->plain;
	(void)pthread_mutex_unlock(&s3->mutex);
	return !plain;
}

int s3_clock(struct s3 *s3, int64_t *ahead, int *status, struct mldv_error *err)
{
	struct s3_call call = {.method = "HEAD"};
	int ret = s3_call_send(s3, &call, err);
	int64_t date = net_header_time(&call.answer, "date");

	*ahead = date == 0 ? 0 : date - time(NULL);
	*status = call.answer.status;
	s3_call_release(&call);
	return ret;
}

int s3_bucket_find(struct s3 *s3, struct mldv_error *err)
{
	struct s3_call call = {.method = "HEAD"};
	int ret = s3_call_send(s3, &call, err);

	if (ret == 0 && s3_call_is_good(&call))
		ret = 1;
	else if (ret == 0 && call.answer.status == 403)
		ret = err_set(err, MLDV_FAILED,
		    "cannot look at bucket '%s': it is somebody else's, or "
		    "these credentials may not (403); take another name, or "
		    "check what the credentials may do there",
		    s3->bucket);
	else if (ret == 0 && call.answer.status != 404)
		ret = s3_call_refused(s3, &call, "look at", err);
	s3_call_release(&call);
	return ret;
}

/* Sends a document, or nothing, to the bucket. */
static int send_document(struct s3 *s3, struct s3_call *call,
    const char *document, struct mldv_error *err)
{
	size_t size = strlen(document);
	char *md5 = arena_alloc(&call->arena, AWS_BASE64_MD5);
	struct oid *oid = arena_alloc(&call->arena, sizeof(*oid));

	oid_of(document, size, oid);
	call->payload = oid;
	call->body.data = document;
	call->body.size = size;
	if (aws_md5(document, size, md5, err) < 0)
		return -1;
	if (size > 0) {
		s3_call_header(call, "content-md5", md5);
		s3_call_header(call, "content-type", "application/xml");
	}
	return s3_call_send(s3, call, err);
}

static bool has_code(const struct s3_call *call, const char *code)
{
	return strcmp(call->refusal.code, code) == 0;
}

static int made(const struct s3 *s3, const struct s3_call *call,
    struct mldv_error *err)
{
	if (s3_call_is_good(call))
		return 1;
	if (has_code(call, "BucketAlreadyOwnedByYou"))
		return 0;
	if (has_code(call, "BucketAlreadyExists"))
		return err_set(err, MLDV_EXISTS,
		    "cannot make bucket '%s': somebody else has one of that "
		    "name; take another",
		    s3->bucket);
	return s3_call_refused(s3, call, "make", err);
}

int s3_bucket_make(struct s3 *s3, struct mldv_error *err)
{
	struct s3_call call = {.method = "PUT"};
	struct s3_call plain = {.method = "PUT"};
	const char *region = s3_region(s3, &call.arena);
	const char *document = "";
	int ret;

	if (strcmp(region, FIRST_REGION) != 0)
		document = arena_printf(&call.arena,
		    "<CreateBucketConfiguration xmlns=\"" NAMESPACE
		    "\"><LocationConstraint>%s</LocationConstraint>"
		    "</CreateBucketConfiguration>",
		    region);
	ret = send_document(s3, &call, document, err);
	/* The regions of other services need not be names for this. */
	if (ret == 0 && !s3_is_amazon(s3) && *document &&
	    call.answer.status == 400) {
		ret = send_document(s3, &plain, "", err);
		if (ret == 0)
			ret = made(s3, &plain, err);
	} else if (ret == 0) {
		ret = made(s3, &call, err);
	}
	s3_call_release(&plain);
	s3_call_release(&call);
	return ret;
}

/* Is the answer that the server has no such thing? */
static bool is_unknown(const struct s3_call *call)
{
	return call->answer.status == 501 || call->answer.status == 405 ||
	    has_code(call, "NotImplemented") ||
	    has_code(call, "MethodNotAllowed");
}

struct root {
	const char *name;
	bool seen;
};

static void see_root(void *context, const char *path, struct slice text)
{
	struct root *root = context;

	size_t name = strlen(root->name);
	size_t len = strlen(path);

	(void)text;
	if (!strchr(path, '/') && len >= name &&
	    strcmp(path + len - name, root->name) == 0)
		root->seen = true;
}

static int take_document(const struct s3_call *call, const char *name,
    struct buf *out)
{
	struct root root = {.name = name};
	const struct xml_visitor visitor = {see_root, &root};
	struct slice body = {buf_str(&call->answer.body),
	    call->answer.body.len};
	struct mldv_error ignored;

	if (xml_read(body, &visitor, &ignored) < 0 || !root.seen)
		return S3_UNKNOWN;
	buf_add(out, body.data, body.len);
	return S3_SET;
}

int s3_setting_get(struct s3 *s3, const char *setting, const char *root,
    struct buf *out, struct mldv_error *err)
{
	struct s3_call call = {.method = "GET", .sink.size = SETTING_LIMIT};
	int ret;

	aws_query_add(&call.query, setting, NULL);
	ret = s3_call_send(s3, &call, err);
	if (ret < 0)
		goto out;
	if (s3_call_is_good(&call))
		ret = take_document(&call, root, out);
	else if (is_unknown(&call))
		ret = S3_UNKNOWN;
	else if (call.answer.status == 404 && !has_code(&call, "NoSuchBucket"))
		ret = S3_UNSET;
	else
		ret = s3_call_refused(s3, &call,
		    arena_printf(&call.arena, "ask for the %s of", setting),
		    err);
out:
	s3_call_release(&call);
	return ret;
}

int s3_setting_put(struct s3 *s3, const char *setting, const char *document,
    struct mldv_error *err)
{
	struct s3_call call = {.method = "PUT"};
	int ret;

	aws_query_add(&call.query, setting, NULL);
	ret = send_document(s3, &call, document, err);
	if (ret == 0 && s3_call_is_good(&call))
		ret = S3_SET;
	else if (ret == 0 && is_unknown(&call))
		ret = S3_UNKNOWN;
	else if (ret == 0)
		ret = s3_call_refused(s3, &call,
		    arena_printf(&call.arena, "set the %s of", setting), err);
	s3_call_release(&call);
	return ret;
}

int s3_setting_drop(struct s3 *s3, const char *setting, struct mldv_error *err)
{
	struct s3_call call = {.method = "DELETE"};
	int ret;

	aws_query_add(&call.query, setting, NULL);
	ret = s3_call_send(s3, &call, err);
	if (ret == 0 && !s3_call_is_good(&call))
		ret = s3_call_refused(s3, &call,
		    arena_printf(&call.arena, "take away the %s of", setting),
		    err);
	s3_call_release(&call);
	return ret;
}
