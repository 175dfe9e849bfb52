/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aws/answer.h"
#include "aws/s3list.h"
#include "aws/xml.h"

static void note(void *context, const char *path, struct slice text)
{
	buf_printf(context, "%s=%.*s\n", path, (int)text.len, text.data);
}

static int read_xml(const char *text, struct buf *out, struct mldv_error *err)
{
	const struct xml_visitor visitor = {note, out};

	buf_reset(out);
	return xml_read(slice_of(text), &visitor, err);
}

static void xml_gives_paths_and_texts(void **state)
{
	struct mldv_error err;
	struct buf out = {0};

	(void)state;
	assert_int_equal(
	    read_xml("<?xml version=\"1.0\"?>\n"
	             "<a xmlns=\"urn:x\" xmlns:n=\"urn:n\">"
	             "<n:b c=\"1\">x &amp; <d>y</d>z</n:b><b/></a>",
	        &out, &err),
	    0);
	assert_string_equal(buf_str(&out), "a/b/d=y\na/b=x & z\na/b=\na=\n");
	buf_release(&out);
}

static void xml_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "<a>",
	    "<a></b>",
	    "no",
	    "<a/><b/>",
	    "<!DOCTYPE a><a/>",
	    "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
	    "<a>&e;</a>",
	};
	struct mldv_error err;
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(read_xml(texts[i], &out, &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
	buf_release(&out);
}

static void xml_is_bounded(void **state)
{
	struct mldv_error err;
	struct buf text = {0};
	struct buf out = {0};

	(void)state;
	buf_add_str(&text, "<a>");
	for (size_t i = 0; i <= XML_TEXT; i++)
		buf_add_char(&text, 'x');
	buf_add_str(&text, "</a>");
	assert_int_equal(read_xml(buf_str(&text), &out, &err), -1);
	buf_reset(&text);
	for (size_t i = 0; i <= XML_DEPTH; i++)
		buf_add_str(&text, "<a>");
	for (size_t i = 0; i <= XML_DEPTH; i++)
		buf_add_str(&text, "</a>");
	assert_int_equal(read_xml(buf_str(&text), &out, &err), -1);
	assert_non_null(strstr(err.text, "nested"));
	buf_reset(&text);
	buf_add_str(&text, "<a><");
	for (size_t i = 0; i <= XML_PATH; i++)
		buf_add_char(&text, 'x');
	buf_add_str(&text, "/></a>");
	assert_int_equal(read_xml(buf_str(&text), &out, &err), -1);
	buf_release(&text);
	buf_release(&out);
}

struct judged {
	int status;
	enum aws_verdict verdict;
	const char *headers;
	const char *body;
	const char *text;
};

#define ERROR(code) "<Error><Code>" code "</Code></Error>"

static const struct judged answers[] = {
    {404, AWS_FINAL, "", "<?xml version=\"1.0\"?>" ERROR("NoSuchKey"),
        "NoSuchKey (404)"},
    {403, AWS_FINAL, "x-amz-request-id: R1\n",
        "<Error><Code>AccessDenied</Code><Message>Access Denied."
        "</Message><RequestId>R0</RequestId></Error>",
        "AccessDenied: Access Denied (403, request R1)"},
    {403, AWS_FINAL, "", "", "refused (403)"},
    {503, AWS_AGAIN, "", ERROR("SlowDown"), "SlowDown (503)"},
    {503, AWS_AGAIN, "", "<html>not XML<br></html>", "refused (503)"},
    {500, AWS_AGAIN, "", "", "refused (500)"},
    {429, AWS_AGAIN, "", "", "refused (429)"},
    {501, AWS_FINAL, "", ERROR("NotImplemented"), "NotImplemented (501)"},
    {400, AWS_AGAIN, "", ERROR("RequestTimeout"), "RequestTimeout (400)"},
    {409, AWS_AGAIN, "", ERROR("ConditionalRequestConflict"),
        "ConditionalRequestConflict (409)"},
    {409, AWS_FINAL, "", ERROR("BucketAlreadyExists"),
        "BucketAlreadyExists (409)"},
    {412, AWS_FINAL, "", ERROR("PreconditionFailed"),
        "PreconditionFailed (412)"},
    {301, AWS_MOVED, "x-amz-bucket-region: eu-west-1\n",
        ERROR("PermanentRedirect"), "PermanentRedirect (301)"},
    {400, AWS_MOVED, "x-amz-bucket-region: eu-west-1\n", "", "refused (400)"},
    {400, AWS_MOVED, "",
        "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1"
        "</Region></Error>",
        "AuthorizationHeaderMalformed (400)"},
    {307, AWS_MOVED, "", "", "refused (307)"},
    {403, AWS_SKEWED, "", ERROR("RequestTimeTooSkewed"),
        "RequestTimeTooSkewed (403)"},
    {400, AWS_EXPIRED, "", ERROR("ExpiredToken"), "ExpiredToken (400)"},
    {400, AWS_EXPIRED, "", "", "refused (400)"},
    {403, AWS_EXPIRED, "",
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
        "<Error><Type>Sender</Type><Code>ExpiredTokenException</Code>"
        "</Error><RequestId>S1</RequestId></ErrorResponse>",
        "ExpiredTokenException (403, request S1)"},
    {403, AWS_FINAL, "", "<Error><Code>A\x1b[31mB</Code></Error>",
        "refused (403)"},
};

static void refusals_are_read_and_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		const struct judged *say = &answers[i];
		struct net_answer answer = {.status = say->status};
		struct aws_refusal refusal;
		struct buf text = {0};

		buf_add_str(&answer.headers, say->headers);
		buf_add_str(&answer.body, say->body);
		aws_refusal_read(&refusal, &answer);
		aws_refusal_text(&refusal, &text);
		assert_string_equal(buf_str(&text), say->text);
		assert_int_equal(aws_judge(&refusal), say->verdict);
		buf_release(&text);
		net_answer_release(&answer);
	}
}

static void listings_are_read(void **state)
{
	const char *text =
	    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/"
	    "\"><Name>b</Name><Prefix>p/</Prefix><IsTruncated>true"
	    "</IsTruncated><NextContinuationToken>1&amp;2"
	    "</NextContinuationToken>"
	    "<Contents><Key>p/a%2Bb</Key><LastModified>2009-10-12T17:50:30.000Z"
	    "</LastModified><Size>434234</Size></Contents>"
	    "<Contents><Key>p/%0A</Key><Size>0</Size></Contents>"
	    "</ListBucketResult>";
	struct mldv_error err;
	struct s3_page page;

	(void)state;
	assert_int_equal(s3_page_read(&page, slice_of(text), &err), 0);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.objects[0].key, "p/a+b");
	assert_int_equal(page.objects[0].size, 434234);
	assert_int_equal(page.objects[0].modified, 1255369830);
	assert_string_equal(page.objects[1].key, "p/\n");
	assert_string_equal(page.next, "1&2");
	s3_page_release(&page);
}

static void listings_that_are_damaged_are_refused(void **state)
{
#define LIST(text) "<ListBucketResult>" text "</ListBucketResult>"
	static const char *const texts[] = {
	    "",
	    LIST("<IsTruncated>true</IsTruncated>"),
	    LIST("<Contents><Size>1</Size></Contents>"),
	    LIST("<Contents><Key>a%0</Key><Size>1</Size></Contents>"),
	    LIST("<Contents><Key>a%00</Key><Size>1</Size></Contents>"),
	    LIST("<Contents><Key>a</Key><Size>-1</Size></Contents>"),
	};
	struct mldv_error err;
	struct s3_page page;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(s3_page_read(&page, slice_of(texts[i]), &err),
		    -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
}

#define VERSION(what, key, id) \
	"<" what "><Key>" key "</Key><VersionId>" id "</VersionId></" what ">"

static void versions_of_just_one_key_are_read(void **state)
{
	const char *first =
	    "<ListVersionsResult><IsTruncated>true</IsTruncated>"
	    "<NextKeyMarker>a%2Fb</NextKeyMarker>"
	    "<NextVersionIdMarker>v1</NextVersionIdMarker>" VERSION(
	        "DeleteMarker", "a%2Fb", "v2")
	        VERSION("Version", "a%2Fb", "v1") "</ListVersionsResult>";
	const char *second =
	    "<ListVersionsResult><IsTruncated>true</IsTruncated>"
	    "<NextKeyMarker>a%2Fc</NextKeyMarker>" VERSION("Version", "a%2Fb",
	        "v0") VERSION("Version", "a%2Fc", "w") "</ListVersionsResult>";
	struct s3_versions versions = {0};
	struct mldv_error err;

	(void)state;
	assert_int_equal(s3_versions_read(&versions, "a/b", slice_of(first),
	                     &err),
	    1);
	assert_string_equal(versions.next_key, "a/b");
	assert_string_equal(versions.next_version, "v1");
	assert_int_equal(s3_versions_read(&versions, "a/b", slice_of(second),
	                     &err),
	    0);
	assert_int_equal(versions.ids.count, 3);
	assert_string_equal(versions.ids.items[0], "v2");
	assert_string_equal(versions.ids.items[2], "v0");
	s3_versions_release(&versions);
	/* A page that leads to itself would be without end. */
	assert_int_equal(s3_versions_read(&versions, "a/b", slice_of(first),
	                     &err),
	    1);
	assert_int_equal(s3_versions_read(&versions, "a/b", slice_of(first),
	                     &err),
	    -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	s3_versions_release(&versions);
}

static void what_was_not_deleted_is_named(void **state)
{
	struct mldv_error err;
	struct s3_undeleted left;

	(void)state;
	assert_int_equal(s3_undeleted_read(&left, slice_of("<DeleteResult/>"),
	                     &err),
	    0);
	assert_null(left.key);
	arena_release(&left.arena);
	assert_int_equal(s3_undeleted_read(&left,
	                     slice_of("<DeleteResult><Error><Key>k</Key><Code>"
	                              "AccessDenied</Code></Error><Error><Key>l"
	                              "</Key></Error></DeleteResult>"),
	                     &err),
	    0);
	assert_string_equal(left.key, "k");
	assert_string_equal(left.code, "AccessDenied");
	arena_release(&left.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(xml_gives_paths_and_texts),
	    cmocka_unit_test(xml_that_is_none_is_refused),
	    cmocka_unit_test(xml_is_bounded),
	    cmocka_unit_test(refusals_are_read_and_judged),
	    cmocka_unit_test(listings_are_read),
	    cmocka_unit_test(listings_that_are_damaged_are_refused),
	    cmocka_unit_test(versions_of_just_one_key_are_read),
	    cmocka_unit_test(what_was_not_deleted_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
