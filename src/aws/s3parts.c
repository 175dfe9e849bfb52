/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "aws/s3call.h"
#include "aws/xml.h"
#include "base/file.h"

/*
 * A file in parts: CreateMultipartUpload, UploadPart and
 * CompleteMultipartUpload of the Amazon S3 API Reference. Nobody sees anything
 * of it before the last of these.
 */

#define PARTS_MOST 10000 /* the service's own limit */

struct upload {
	struct s3 *s3;
	const char *key;
	const struct s3_put *put;
	const char *id;
	size_t part_size;
	char *part; /* the bytes of one */
	struct strs etags;
	struct arena arena;
};

static void take_id(void *context, const char *path, struct slice text)
{
	struct upload *upload = context;

	if (strcmp(path, "InitiateMultipartUploadResult/UploadId") == 0)
		upload->id = arena_strn(&upload->arena, text.data, text.len);
}

static int refused(const struct upload *upload, const struct s3_call *call,
    struct mldv_error *err)
{
	return s3_call_refused(upload->s3, call, "write", err);
}

static int start(struct upload *upload, struct mldv_error *err)
{
	struct s3_call call = {
	    .method = "POST",
	    .key = upload->key,
	    .sink.size = NET_ERROR_LIMIT,
	};
	const struct xml_visitor visitor = {take_id, upload};
	int ret;

	aws_query_add(&call.query, "uploads", NULL);
	call.body.data = "";
	s3_put_headers(&call, upload->put);
	ret = s3_call_send(upload->s3, &call, err);
	if (ret == 0 && !s3_call_is_good(&call))
		ret = refused(upload, &call, err);
	else if (ret == 0)
		ret = xml_read((struct slice){buf_str(&call.answer.body),
		                   call.answer.body.len},
		    &visitor, err);
	if (ret == 0 && !upload->id)
		ret = err_set(err, MLDV_CORRUPT,
		    "cannot write 's3://%s/%s': the service gave no number "
		    "for an upload in parts",
		    upload->s3->bucket, upload->key);
	s3_call_release(&call);
	return ret;
}

static int send_part(struct upload *upload, size_t size, struct mldv_error *err)
{
	char number[24];
	struct oid oid;
	struct slice etag;
	struct s3_call call = {
	    .method = "PUT",
	    .key = upload->key,
	    .body = {.data = upload->part, .size = size},
	    .payload = &oid,
	    .sink.size = NET_ERROR_LIMIT,
	};
	struct buf text = {0};
	int ret;

	buf_printf(&text, "%zu", upload->etags.count + 1);
	memcpy(number, buf_str(&text), text.len + 1);
	buf_release(&text);
	oid_of(upload->part, size, &oid);
	aws_query_add(&call.query, "partNumber", number);
	aws_query_add(&call.query, "uploadId", upload->id);
	ret = s3_call_send(upload->s3, &call, err);
	if (ret == 0 && !s3_call_is_good(&call))
		ret = refused(upload, &call, err);
	etag = net_header(&call.answer, "etag");
	if (ret == 0 && etag.len == 0)
		ret = err_set(err, MLDV_CORRUPT,
		    "cannot write 's3://%s/%s': the service gave no ETag for a "
		    "part",
		    upload->s3->bucket, upload->key);
	if (ret == 0)
		strs_add_n(&upload->etags, etag.data, etag.len);
	s3_call_release(&call);
	return ret;
}

static int send_parts(struct upload *upload, struct mldv_error *err)
{
	const struct s3_put *put = upload->put;
	struct hasher *hasher = hasher_open();
	struct oid oid;
	int ret = 0;

	hasher_start(hasher);
	for (uint64_t at = 0; ret == 0 && at < put->size;) {
		size_t size = put->size - at < upload->part_size
		    ? (size_t)(put->size - at)
		    : upload->part_size;

		ret = file_read_at(put->fd, put->name, upload->part, size, at,
		    err);
		if (ret == 0) {
			hasher_add(hasher, upload->part, size);
			ret = send_part(upload, size, err);
		}
		at += size;
	}
	hasher_end(hasher, &oid);
	hasher_close(hasher);
	if (ret == 0 && put->oid && !oid_equal(&oid, put->oid))
		ret = err_set(err, MLDV_CORRUPT,
		    "'%s' is damaged: its bytes do not have its name; run "
		    "'mldv fsck'",
		    put->name);
	return ret;
}

static int complete(struct upload *upload, struct mldv_error *err)
{
	struct buf document = {0};
	struct oid oid;
	struct s3_call call = {
	    .method = "POST",
	    .key = upload->key,
	    .payload = &oid,
	    .sink.size = NET_ERROR_LIMIT,
	};
	int ret;

	buf_add_str(&document,
	    "<CompleteMultipartUpload xmlns=\""
	    "http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < upload->etags.count; i++) {
		buf_printf(&document,
		    "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
		xml_escape(&document, upload->etags.items[i]);
		buf_add_str(&document, "</ETag></Part>");
	}
	buf_add_str(&document, "</CompleteMultipartUpload>");
	oid_of(document.data, document.len, &oid);
	call.body.data = document.data;
	call.body.size = document.len;
	aws_query_add(&call.query, "uploadId", upload->id);
	s3_call_header(&call, "content-type", "application/xml");
	ret = s3_call_send(upload->s3, &call, err);
	if (ret == 0 && !s3_call_is_good(&call))
		ret = refused(upload, &call, err);
	buf_release(&document);
	s3_call_release(&call);
	return ret;
}

/* What was sent is not to be paid for; that it failed is told already. */
static void give_up(struct upload *upload)
{
	struct s3_call call = {.method = "DELETE", .key = upload->key};
	struct mldv_error ignored;

	aws_query_add(&call.query, "uploadId", upload->id);
	if (s3_call_send(upload->s3, &call, &ignored) == 0)
		upload->id = NULL;
	s3_call_release(&call);
}

int s3_put_parts(struct s3 *s3, const char *key, const struct s3_put *put,
    struct mldv_error *err)
{
	struct upload upload = {
	    .s3 = s3,
	    .key = key,
	    .put = put,
	    .part_size = S3_PART,
	};
	int ret;

	while (put->size / upload.part_size >= PARTS_MOST)
		upload.part_size *= 2;
	ret = start(&upload, err);
	if (ret == 0) {
		upload.part = xmalloc(upload.part_size);
		ret = send_parts(&upload, err);
		if (ret == 0)
			ret = complete(&upload, err);
		if (ret < 0)
			give_up(&upload);
	}
	free(upload.part);
	strs_release(&upload.etags);
	arena_release(&upload.arena);
	return ret < 0 ? -1 : 1;
}
