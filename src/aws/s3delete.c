/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws/s3call.h"
#include "aws/s3list.h"
#include "aws/xml.h"

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

enum { DELETE_MOST = 1000 };

static void delete_document(const char *const *keys, size_t count,
    struct buf *out)
{
	buf_add_str(out, "<Delete xmlns=\"" NAMESPACE "\">");
	for (size_t i = 0; i < count; i++) {
		buf_add_str(out, "<Object><Key>");
		xml_escape(out, keys[i]);
		buf_add_str(out, "</Key></Object>");
	}
	buf_add_str(out, "<Quiet>true</Quiet></Delete>");
}

static int check_deleted(const struct s3 *s3, const struct s3_call *call,
    struct mldv_error *err)
{
	struct slice body = {buf_str(&call->answer.body),
	    call->answer.body.len};
	struct s3_undeleted left;
	int ret = 0;

	if (s3_undeleted_read(&left, body, err) < 0)
		return err_prefix(err, "cannot delete from 's3://%s'",
		    s3->bucket);
	if (left.key)
		ret = err_set(err, MLDV_FAILED,
		    "cannot delete 's3://%s/%s': %s", s3->bucket, left.key,
		    left.code ? left.code : "refused");
	arena_release(&left.arena);
	return ret;
}

static int delete_some(struct s3 *s3, const char *const *keys, size_t count,
    struct mldv_error *err)
{
	struct s3_call call = {.method = "POST", .sink.size = S3_PAGE_LIMIT};
	struct buf document = {0};
	char md5[AWS_BASE64_MD5];
	struct oid oid;
	int ret;

	delete_document(keys, count, &document);
	oid_of(document.data, document.len, &oid);
	call.payload = &oid;
	call.body.data = document.data;
	call.body.size = document.len;
	aws_query_add(&call.query, "delete", NULL);
	ret = aws_md5(document.data, document.len, md5, err);
	if (ret == 0) {
		s3_call_header(&call, "content-md5", md5);
		s3_call_header(&call, "content-type", "application/xml");
		ret = s3_call_send(s3, &call, err);
	}
	if (ret == 0 && !s3_call_is_good(&call))
		ret = s3_call_refused(s3, &call, "delete from", err);
	else if (ret == 0)
		ret = check_deleted(s3, &call, err);
	buf_release(&document);
	s3_call_release(&call);
	return ret;
}

int s3_delete_many(struct s3 *s3, const char *const *keys, size_t count,
    struct mldv_error *err)
{
	for (size_t at = 0; at < count; at += DELETE_MOST) {
		size_t n = count - at < DELETE_MOST ? count - at : DELETE_MOST;

		if (delete_some(s3, keys + at, n, err) < 0)
			return -1;
	}
	return 0;
}

static int delete_one(struct s3 *s3, const char *key, const char *version,
    struct mldv_error *err)
{
	struct s3_call call = {.method = "DELETE", .key = key};
	int ret;

	if (version)
		aws_query_add(&call.query, "versionId", version);
	ret = s3_call_send(s3, &call, err);
	if (ret == 0 && !s3_call_is_good(&call) &&
	    strcmp(call.refusal.code, "NoSuchKey") != 0 &&
	    strcmp(call.refusal.code, "NoSuchVersion") != 0)
		ret = s3_call_refused(s3, &call, "delete", err);
	s3_call_release(&call);
	return ret;
}

int s3_delete(struct s3 *s3, const char *key, struct mldv_error *err)
{
	return delete_one(s3, key, NULL, err);
}

/* Adds one page of the versions of a key: 1 if another follows, 0, or -1. */
static int list_versions(struct s3 *s3, const char *key,
    struct s3_versions *out, struct mldv_error *err)
{
	struct s3_call call = {.method = "GET", .sink.size = S3_PAGE_LIMIT};
	struct slice body;
	int ret;

	aws_query_add(&call.query, "versions", NULL);
	aws_query_add(&call.query, "encoding-type", "url");
	aws_query_add(&call.query, "prefix", key);
	if (out->next_key) {
		aws_query_add(&call.query, "key-marker", out->next_key);
		aws_query_add(&call.query, "version-id-marker",
		    out->next_version ? out->next_version : "");
	}
	ret = s3_call_send(s3, &call, err);
	body = (struct slice){buf_str(&call.answer.body), call.answer.body.len};
	if (ret == 0 && !s3_call_is_good(&call))
		ret = s3_call_refused(s3, &call, "list the versions in", err);
	else if (ret == 0)
		ret = s3_versions_read(out, key, body, err);
	s3_call_release(&call);
	return ret;
}

/* The newest is listed first. version: NULL: from that on. */
static int delete_versions(struct s3 *s3, const char *key, const char *version,
    struct mldv_error *err)
{
	struct s3_versions versions = {0};
	size_t first = 0;
	int ret;

	do
		ret = list_versions(s3, key, &versions, err);
	while (ret > 0);
	while (version && first < versions.ids.count &&
	    strcmp(versions.ids.items[first], version) != 0)
		first++;
	for (size_t i = versions.ids.count; ret == 0 && i > first; i--)
		ret = delete_one(s3, key, versions.ids.items[i - 1], err);
	s3_versions_release(&versions);
	return ret;
}

int s3_delete_until(struct s3 *s3, const char *key, const char *version,
    struct mldv_error *err)
{
	return delete_versions(s3, key, version, err);
}

int s3_delete_all(struct s3 *s3, const char *key, struct mldv_error *err)
{
	return delete_versions(s3, key, NULL, err);
}

static void take_status(void *context, const char *path, struct slice text)
{
	if (strcmp(path, "VersioningConfiguration/Status") == 0)
		*(bool *)context = slice_is(text, "Enabled");
}

int s3_keeps_versions(struct s3 *s3, struct mldv_error *err)
{
	struct s3_call call = {.method = "GET", .sink.size = NET_ERROR_LIMIT};
	bool enabled = false;
	const struct xml_visitor visitor = {take_status, &enabled};
	int ret;

	aws_query_add(&call.query, "versioning", NULL);
	ret = s3_call_send(s3, &call, err);
	if (ret == 0 && s3_call_is_good(&call)) {
		ret = xml_read((struct slice){buf_str(&call.answer.body),
		                   call.answer.body.len},
		    &visitor, err);
	} else if (ret == 0 && call.answer.status != 501) {
		ret = s3_call_refused(s3, &call, "ask about versions in", err);
	}
	s3_call_release(&call);
	return ret < 0 ? -1 : enabled;
}
