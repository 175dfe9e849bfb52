/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws/s3call.h"

/* Hashes a file on its way: what is sent must have its name. */
struct watch {
	struct hasher *hasher;
	const struct s3_put *put;
	uint64_t seen;
};

static void rewind_watch(void *context)
{
	struct watch *watch = context;

	watch->seen = 0;
	hasher_start(watch->hasher);
}

static int damaged(const struct s3_put *put, struct mldv_error *err)
{
	return err_set(err, MLDV_CORRUPT,
	    "'%s' is damaged: its bytes do not have its name; run 'mldv fsck'",
	    put->name ? put->name : "what was to be sent");
}

static int see(void *context, const char *data, size_t size,
    struct mldv_error *err)
{
	struct watch *watch = context;
	struct oid oid;

	hasher_add(watch->hasher, data, size);
	watch->seen += size;
	if (watch->seen < watch->put->size)
		return 0;
	hasher_end(watch->hasher, &oid);
	return oid_equal(&oid, watch->put->oid) ? 0 : damaged(watch->put, err);
}

static bool has_code(const struct s3_call *call, const char *code)
{
	return strcmp(call->refusal.code, code) == 0;
}

/*
 * 1 or 0 as s3_put, 2 if the service has no conditions, or -1. Without a
 * condition neither 412 nor 501 says that anything is there.
 */
static int outcome(const struct s3 *s3, const struct s3_call *call,
    const struct s3_put *put, bool conditional, struct mldv_error *err)
{
	if (s3_call_is_good(call))
		return 1;
	if (conditional && call->answer.status == 412)
		return 0;
	if (conditional && call->answer.status == 501)
		return 2;
	if (has_code(call, "XAmzContentSHA256Mismatch"))
		return damaged(put, err);
	return s3_call_refused(s3, call, "write", err);
}

void s3_put_headers(struct s3_call *call, const struct s3_put *put)
{
	if (put->type)
		s3_call_header(call, "content-type", put->type);
	if (put->storage_class)
		s3_call_header(call, "x-amz-storage-class", put->storage_class);
	if (put->sse)
		s3_call_header(call, "x-amz-server-side-encryption", put->sse);
	if (put->kms_key)
		s3_call_header(call,
		    "x-amz-server-side-encryption-aws-kms-key-id",
		    put->kms_key);
}

static void set_headers(struct s3_call *call, const struct s3_put *put,
    bool conditional)
{
	char *sum = arena_alloc(&call->arena, AWS_BASE64_SHA256);

	aws_base64_oid(call->payload, sum);
	s3_call_header(call, "x-amz-checksum-sha256", sum);
	if (conditional)
		s3_call_header(call, "if-none-match", "*");
	s3_put_headers(call, put);
}

static int put_once(struct s3 *s3, const char *key, const struct s3_put *put,
    bool conditional, struct mldv_error *err)
{
	struct watch watch = {.put = put};
	struct oid oid;
	struct s3_call call = {
	    .method = "PUT",
	    .key = key,
	    .body = {.data = put->data, .fd = put->fd, .size = put->size},
	    .payload = put->oid,
	};
	int ret;

	if (put->size == 0)
		call.body.data = "";
	if (!put->oid) {
		oid_of(put->data, (size_t)put->size, &oid);
		call.payload = &oid;
	}
	if (!call.body.data) {
		watch.hasher = hasher_open();
		call.body.see = see;
		call.body.context = &watch;
		call.rewind = rewind_watch;
	}
	set_headers(&call, put, conditional);
	ret = s3_call_send(s3, &call, err);
	if (ret == 0)
		ret = outcome(s3, &call, put, conditional, err);
	if (watch.hasher)
		hasher_close(watch.hasher);
	s3_call_release(&call);
	return ret;
}

/* Without conditions two may write at once: of the same name, the same. */
static int put_plainly(struct s3 *s3, const char *key, const struct s3_put *put,
    struct mldv_error *err)
{
	struct s3_info info;
	int found = s3_head(s3, key, &info, err);

	if (found != 0)
		return found < 0 ? -1 : 0;
	return put_once(s3, key, put, false, err);
}

int s3_put(struct s3 *s3, const char *key, const struct s3_put *put,
    struct mldv_error *err)
{
	bool plain;
	int ret;

	if (!put->only_new && !put->data && put->size > S3_PART)
		return s3_put_parts(s3, key, put, err);
	if (!put->only_new)
		return put_once(s3, key, put, false, err);
	(void)pthread_mutex_lock(&s3->mutex);
	plain = s3->plain;
	(void)pthread_mutex_unlock(&s3->mutex);
	if (plain)
		return put_plainly(s3, key, put, err);
	ret = put_once(s3, key, put, true, err);
	if (ret != 2)
		return ret;
	(void)pthread_mutex_lock(&s3->mutex);
	s3->plain = true;
	(void)pthread_mutex_unlock(&s3->mutex);
	return put_plainly(s3, key, put, err);
}
