/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aws/sign.h"

/*
 * The keys, time and first four signatures are those that AWS publishes:
 * "Authenticating Requests: Using the Authorization Header", Amazon S3 API
 * Reference, sig-v4-header-based-auth. The others were computed with botocore
 * 1.44.5 from the same keys and time.
 */
static const struct aws_credentials keys = {
    .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
enum { TIME = 1369353600 }; /* 20130524T000000Z */

#define HOST "examplebucket.s3.amazonaws.com"

struct vector {
	const char *method;
	const char *host;
	const char *path;
	const char *query;
	const char *body; /* NULL: not signed */
	struct aws_header headers[4];
	const char *region;
	const char *service;
	const char *token;
	const char *signed_headers;
	const char *signature;
};

static const struct vector vectors[] = {
    {"GET", HOST, "/test.txt", "", "", {{"range", "bytes=0-9"}}, NULL, NULL,
        NULL, "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT", HOST, "/test%24file.text", "", "Welcome to Amazon S3.",
        {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
            {"date", "Fri, 24 May 2013 00:00:00 GMT"}},
        NULL, NULL, NULL,
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET", HOST, "", "lifecycle=", "", {{0}}, NULL, NULL, NULL,
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET", HOST, "/", "max-keys=2&prefix=J", "", {{0}}, NULL, NULL, NULL,
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    /* A path that another client would tidy up, and a session token. */
    {"HEAD", HOST, "/a%2B%3D%20b/..//%C3%A9", "", "", {{0}}, NULL, NULL,
        "IQoJb3JpZ2luX2VjEXAMPLE//////////token==",
        "host;x-amz-content-sha256;x-amz-date;x-amz-security-token",
        "e3987a733ef51e90ec05e763a62d708a480f13a3d161fc5757a90fa0e56dce77"},
    {"GET", "127.0.0.1:9000", "/bucket",
        "encoding-type=url&list-type=2&prefix=packs%2F&x=2&x-a=1", "", {{0}},
        NULL, NULL, NULL, "host;x-amz-content-sha256;x-amz-date",
        "16a329e3cb4f7909bc2dd8a12904a465f6f1fa385906efa88a841ca87c79acaa"},
    /* Names of which one begins another, and spaces in a value. */
    {"PUT", "examplebucket.s3.eu-central-1.amazonaws.com", "/k", "", "abc",
        {{"x-amz-meta-a-b", "2"}, {"x-amz-meta-a", "1  and   2"},
            {"if-none-match", "*"}, {"content-type", "text/plain"}},
        "eu-central-1", NULL, NULL,
        "content-type;host;if-none-match;x-amz-content-sha256;x-amz-date;"
        "x-amz-meta-a;x-amz-meta-a-b",
        "b357c7624dd9d08146e87e51574aa54d54db015e4fb6feb682210867cd7ed491"},
    {"PUT", HOST, "/k", "", NULL, {{0}}, NULL, NULL, NULL,
        "host;x-amz-content-sha256;x-amz-date",
        "fe9e666b10d57c981c9fac1b314ec84292dad4c8df64fb9bf5690403b5b77d49"},
    {"POST", "sts.eu-west-1.amazonaws.com", "/", "",
        "Action=GetCallerIdentity&Version=2011-06-15",
        {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
        "eu-west-1", "sts", NULL, "content-type;host;x-amz-date",
        "be68260988a1a498463fda6191a501cb22cc7261dc21a3c726f2c01379de699e"},
};

static void sign(const struct vector *vector, struct strs *out)
{
	struct aws_credentials credentials = keys;
	struct mldv_error err;
	struct oid payload;
	struct aws_unsigned request = {
	    .method = vector->method,
	    .host = vector->host,
	    .path = vector->path,
	    .query = vector->query,
	    .region = vector->region ? vector->region : "us-east-1",
	    .service = vector->service ? vector->service : "s3",
	    .time = TIME,
	    .headers = vector->headers,
	};

	credentials.session_token = vector->token;
	while (request.header_count < 4 &&
	    vector->headers[request.header_count].name)
		request.header_count++;
	if (vector->body) {
		oid_of(vector->body, strlen(vector->body), &payload);
		request.payload = &payload;
	}
	assert_int_equal(aws_sign(&request, &credentials, out, &err), 0);
}

static void signs_as_aws_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		const struct vector *vector = &vectors[i];
		struct strs lines = {0};
		struct arena arena = {0};

		sign(vector, &lines);
		assert_string_equal(lines.items[lines.count - 1],
		    arena_printf(&arena,
		        "authorization: AWS4-HMAC-SHA256 Credential="
		        "AKIAIOSFODNN7EXAMPLE/20130524/%s/%s/aws4_request, "
		        "SignedHeaders=%s, Signature=%s",
		        vector->region ? vector->region : "us-east-1",
		        vector->service ? vector->service : "s3",
		        vector->signed_headers, vector->signature));
		strs_release(&lines);
		arena_release(&arena);
	}
}

static void sends_all_that_it_signs_but_the_host(void **state)
{
	struct strs lines = {0};

	(void)state;
	sign(&vectors[4], &lines);
	assert_int_equal(lines.count, 4);
	assert_true(strs_has(&lines, "x-amz-date: 20130524T000000Z"));
	assert_true(strs_has(&lines,
	    "x-amz-security-token: IQoJb3JpZ2luX2VjEXAMPLE//////////token=="));
	strs_release(&lines);
	sign(&vectors[7], &lines);
	assert_true(strs_has(&lines, "x-amz-content-sha256: UNSIGNED-PAYLOAD"));
	strs_release(&lines);
}

static void queries_are_sorted_by_name_then_value(void **state)
{
	struct aws_query query = {0};
	struct buf text = {0};

	(void)state;
	aws_query_add(&query, "x-a", "1");
	aws_query_add(&query, "x", "b/c d");
	aws_query_add(&query, "x", "a+");
	aws_query_add(&query, "uploads", NULL);
	aws_query_text(&query, &text);
	assert_string_equal(buf_str(&text),
	    "uploads=&x=a%2B&x=b%2Fc%20d&x-a=1");
	aws_query_release(&query);
	buf_release(&text);
}

static void digests_are_in_base64(void **state)
{
	struct mldv_error err;
	char md5[AWS_BASE64_MD5];
	char sha256[AWS_BASE64_SHA256];

	(void)state;
	/* RFC 1321, A.5, and FIPS 180-4: of "abc", as base64. */
	assert_int_equal(aws_md5("abc", 3, md5, &err), 0);
	assert_string_equal(md5, "kAFQmDzST7DWlj99KOF/cg==");
	aws_base64_oid(&oid_empty, sha256);
	assert_string_equal(sha256,
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signs_as_aws_does),
	    cmocka_unit_test(sends_all_that_it_signs_but_the_host),
	    cmocka_unit_test(queries_are_sorted_by_name_then_value),
	    cmocka_unit_test(digests_are_in_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
