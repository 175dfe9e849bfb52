/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/s3.h"
#include "server.h"

#define EMPTY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"
#define SAY(status, headers, body) \
	"HTTP/1.1 " status "\r\n" headers "Content-Length: *\r\n\r\n" body
#define REFUSE(status, code) \
	SAY(status, "", "<Error><Code>" code "</Code></Error>")

struct world {
	struct server *server;
	struct net_client *net;
	struct s3 *s3;
	struct mldv_events events;
	struct strs warnings;
	struct strs requests;
	struct mldv_error err;
};

static void warn(void *context, const char *text)
{
	strs_add(&((struct world *)context)->warnings, text);
}

static void open_world(struct world *world, const struct server_answer *answers,
    size_t count)
{
	const struct net_options none = {0};
	struct s3_options options = {
	    .events = &world->events,
	    .bucket = "bucket",
	    .region = "us-east-1",
	};

	*world = (struct world){.events = {.context = world, .warn = warn}};
	world->server = server_start(answers, count);
	world->net = net_open(&none);
	options.net = world->net;
	options.endpoint = server_url(world->server);
	assert_int_equal(s3_open(&world->s3, &options, &world->err), 0);
}

/* Ends the server: now its requests may be looked at. */
static void settle(struct world *world)
{
	s3_close(world->s3);
	net_close(world->net);
	server_stop(world->server, &world->requests, NULL);
}

static void close_world(struct world *world)
{
	strs_release(&world->requests);
	strs_release(&world->warnings);
}

static bool asked(const struct world *world, size_t i, const char *what)
{
	return i < world->requests.count &&
	    strcasestr(world->requests.items[i], what) != NULL;
}

static int put_abc(struct world *world, bool only_new)
{
	const struct s3_put put = {
	    .data = "abc",
	    .size = 3,
	    .only_new = only_new,
	    .storage_class = "STANDARD_IA",
	    .sse = "aws:kms",
	    .kms_key = "k1",
	};

	return s3_put(world->s3, "a b/c", &put, &world->err);
}

static void put_says_what_is_put(void **state)
{
	const struct server_answer answer = {.text = EMPTY("200 OK")};
	struct world world;

	(void)state;
	open_world(&world, &answer, 1);
	assert_int_equal(put_abc(&world, true), 1);
	settle(&world);
	assert_true(asked(&world, 0, "PUT /bucket/a%20b/c HTTP/1.1\r\n"));
	assert_true(asked(&world, 0, "\r\nif-none-match: *\r\n"));
	/* FIPS 180-4: the SHA-256 of "abc", in base64 and in hexadecimal. */
	assert_true(asked(&world, 0,
	    "\r\nx-amz-checksum-sha256: "
	    "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\r\n"));
	assert_true(asked(&world, 0,
	    "\r\nx-amz-content-sha256: ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad\r\n"));
	assert_true(asked(&world, 0, "\r\nx-amz-storage-class: STANDARD_IA"));
	assert_true(
	    asked(&world, 0, "\r\nx-amz-server-side-encryption: aws:kms\r\n"));
	assert_true(asked(&world, 0,
	    "\r\nx-amz-server-side-encryption-aws-kms-key-id: k1\r\n"));
	assert_true(asked(&world, 0, "\r\n\r\nabc"));
	close_world(&world);
}

static void put_says_that_a_name_is_taken(void **state)
{
	const struct server_answer answers[] = {
	    {.text = REFUSE("409 Conflict", "ConditionalRequestConflict")},
	    {.text = REFUSE("412 Precondition Failed", "PreconditionFailed")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 2);
	assert_int_equal(put_abc(&world, true), 0);
	settle(&world);
	assert_int_equal(world.requests.count, 2);
	close_world(&world);
}

static void put_looks_first_where_there_are_no_conditions(void **state)
{
	const struct server_answer answers[] = {
	    {.text = REFUSE("501 Not Implemented", "NotImplemented")},
	    {.text = EMPTY("404 Not Found")},
	    {.text = EMPTY("200 OK")},
	    {.text = EMPTY("200 OK")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 4);
	assert_int_equal(put_abc(&world, true), 1);
	/* It is known now, and there is one now. */
	assert_int_equal(put_abc(&world, true), 0);
	settle(&world);
	assert_int_equal(world.requests.count, 4);
	assert_true(asked(&world, 1, "HEAD "));
	assert_true(asked(&world, 2, "PUT "));
	assert_false(asked(&world, 2, "if-none-match"));
	assert_true(asked(&world, 3, "HEAD "));
	close_world(&world);
}

static void a_file_that_has_changed_is_not_sent_whole(void **state)
{
	const struct server_answer answer = {.text = EMPTY("200 OK")};
	struct s3_put put = {.name = "f", .size = 3};
	struct world world;
	struct oid oid;
	int file = memfd_create("f", 0);

	(void)state;
	assert_int_equal(write(file, "abc", 3), 3);
	oid_of("abc", 3, &oid);
	put.fd = file;
	put.oid = &oid;
	open_world(&world, &answer, 1);
	assert_int_equal(s3_put(world.s3, "k", &put, &world.err), 1);
	assert_int_equal(pwrite(file, "x", 1, 0), 1);
	assert_int_equal(s3_put(world.s3, "k", &put, &world.err), -1);
	assert_int_equal(world.err.code, MLDV_CORRUPT);
	assert_string_equal(world.err.text,
	    "'f' is damaged: its bytes do not have its name; run 'mldv fsck'");
	settle(&world);
	assert_int_equal(world.requests.count, 1);
	(void)close(file);
	close_world(&world);
}

static void what_helps_is_repeated(void **state)
{
	const struct server_answer answers[] = {
	    {.text = REFUSE("500 Oops", "InternalError")},
	    {.text = NULL},
	    {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	        .close = true},
	    {.text = SAY("200 OK", "", "hello")},
	};
	struct world world;
	struct buf text = {0};

	(void)state;
	open_world(&world, answers, 4);
	assert_int_equal(s3_get(world.s3, "k", 100, &text, &world.err), 1);
	assert_string_equal(buf_str(&text), "hello");
	settle(&world);
	assert_int_equal(world.requests.count, 4);
	buf_release(&text);
	close_world(&world);
}

static void what_does_not_help_is_said(void **state)
{
	const struct server_answer answers[] = {
	    {.text = REFUSE("403 Forbidden", "AccessDenied")},
	    {.text = REFUSE("404 Not Found", "NoSuchBucket")},
	    {.text = REFUSE("404 Not Found", "NoSuchKey")},
	};
	struct world world;
	struct s3_info info;
	struct buf text = {0};

	(void)state;
	open_world(&world, answers, 3);
	assert_int_equal(s3_get(world.s3, "k", 100, &text, &world.err), -1);
	assert_string_equal(world.err.text,
	    "cannot read 's3://bucket/k': AccessDenied (403); check what the "
	    "credentials may do there");
	assert_int_equal(s3_get(world.s3, "k", 100, &text, &world.err), -1);
	assert_string_equal(world.err.text,
	    "cannot read 's3://bucket/k': NoSuchBucket (404); make the bucket "
	    "'bucket', or correct the remote's address");
	assert_int_equal(s3_get(world.s3, "k", 100, &text, &world.err), 0);
	assert_int_equal(s3_head(world.s3, "k", &info, &world.err), 0);
	settle(&world);
	close_world(&world);
}

static void ranges_are_just_what_was_asked_for(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("206 Partial Content",
	         "Content-Range: bytes 2-4/9\r\n", "cde")},
	    {.text = SAY("206 Partial Content",
	         "Content-Range: bytes 0-2/9\r\n", "abc")},
	    {.text = SAY("206 Partial Content",
	         "Content-Range: bytes 2-3/4\r\n", "cd")},
	    {.text = REFUSE("416 Range", "InvalidRange")},
	    {.text = SAY("200 OK", "", "abcdefghi")},
	    {.text = REFUSE("404 Not Found", "NoSuchKey")},
	    {.text = EMPTY("412 Precondition Failed")},
	};
	static const enum mldv_code codes[] = {MLDV_CORRUPT, MLDV_CORRUPT,
	    MLDV_CORRUPT, MLDV_CORRUPT, MLDV_NOT_FOUND, MLDV_CORRUPT};
	const struct s3_range range = {2, 3, "\"e\""};
	struct world world;
	char out[3];

	(void)state;
	open_world(&world, answers, 7);
	assert_int_equal(s3_get_range(world.s3, "k", &range, out, &world.err),
	    0);
	assert_memory_equal(out, "cde", 3);
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		assert_int_equal(s3_get_range(world.s3, "k", &range, out,
		                     &world.err),
		    -1);
		assert_int_equal(world.err.code, codes[i]);
	}
	settle(&world);
	assert_true(asked(&world, 0, "\r\nrange: bytes=2-4\r\n"));
	assert_true(asked(&world, 0, "\r\nif-match: \"e\"\r\n"));
	close_world(&world);
}

static void the_region_is_learnt_and_kept(void **state)
{
	const struct server_answer answers[] = {
	    {.text =
	            SAY("301 Moved", "x-amz-bucket-region: eu-west-1\r\n", "")},
	    {.text = EMPTY("200 OK")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 2);
	assert_int_equal(put_abc(&world, false), 1);
	assert_int_equal(put_abc(&world, false), 1);
	settle(&world);
	assert_int_equal(world.requests.count, 3);
	assert_true(asked(&world, 0, "/us-east-1/s3/aws4_request"));
	assert_true(asked(&world, 1, "/eu-west-1/s3/aws4_request"));
	assert_true(asked(&world, 2, "/eu-west-1/s3/aws4_request"));
	close_world(&world);
}

static void a_region_that_leads_nowhere_ends(void **state)
{
	const struct server_answer answer = {
	    .text = SAY("301 Moved", "x-amz-bucket-region: eu-west-1\r\n", ""),
	};
	struct world world;

	(void)state;
	open_world(&world, &answer, 1);
	assert_int_equal(put_abc(&world, false), -1);
	assert_string_equal(world.err.text,
	    "cannot write 's3://bucket/a b/c': refused (301); set 'region' of "
	    "the remote to where the bucket is");
	settle(&world);
	assert_int_equal(world.requests.count, 2);
	close_world(&world);
}

static void a_wrong_clock_is_corrected_once_and_said(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("403 Forbidden",
	         "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n",
	         "<Error><Code>RequestTimeTooSkewed</Code></Error>")},
	    {.text = EMPTY("200 OK")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 2);
	assert_int_equal(put_abc(&world, false), 1);
	assert_int_equal(put_abc(&world, false), 1);
	settle(&world);
	assert_int_equal(world.requests.count, 3);
	assert_true(asked(&world, 1, "x-amz-date: 20300101T0000"));
	assert_true(asked(&world, 2, "x-amz-date: 20300101T0000"));
	assert_int_equal(world.warnings.count, 1);
	close_world(&world);
}

static void an_error_with_status_200_is_one(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "",
	         "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code>"
	         "</Error>")},
	    {.text = SAY("200 OK", "", "<DeleteResult/>")},
	};
	const char *keys[] = {"a&b"};
	struct world world;

	(void)state;
	open_world(&world, answers, 2);
	assert_int_equal(s3_delete_many(world.s3, keys, 1, &world.err), 0);
	settle(&world);
	assert_int_equal(world.requests.count, 2);
	assert_true(asked(&world, 0, "POST /bucket?delete= HTTP/1.1\r\n"));
	assert_true(asked(&world, 0, "<Object><Key>a&amp;b</Key></Object>"));
	assert_true(asked(&world, 0, "\r\ncontent-md5: "));
	close_world(&world);
}

static void older_versions_are_deleted_before_the_one(void **state)
{
#define LISTED(id) \
	"<Version><Key>k</Key><VersionId>" id "</VersionId></Version>"
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "",
	         "<ListVersionsResult>" LISTED("v3") LISTED("v2")
	             LISTED("v1") "</ListVersionsResult>")},
	    {.text = EMPTY("204 No Content")},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 2);
	assert_int_equal(s3_delete_until(world.s3, "k", "v2", &world.err), 0);
	settle(&world);
	assert_int_equal(world.requests.count, 3);
	assert_true(asked(&world, 1, "DELETE /bucket/k?versionId=v1 HTTP"));
	assert_true(asked(&world, 2, "DELETE /bucket/k?versionId=v2 HTTP"));
	close_world(&world);
}

static int add_key(void *context, const struct s3_listed *object,
    struct mldv_error *err)
{
	(void)err;
	strs_add(context, object->key);
	return 0;
}

static void listings_go_on_to_the_next_page(void **state)
{
	const struct server_answer answers[] = {
	    {.text = SAY("200 OK", "",
	         "<ListBucketResult><IsTruncated>true</IsTruncated>"
	         "<NextContinuationToken>t/1</NextContinuationToken><Contents>"
	         "<Key>a+b%2Bc</Key><Size>1</Size></Contents>"
	         "</ListBucketResult>")},
	    {.text = SAY("200 OK", "",
	         "<ListBucketResult><Contents><Key>b</Key><Size>1</Size>"
	         "</Contents></ListBucketResult>     ")},
	};
	struct world world;
	struct strs keys = {0};

	(void)state;
	open_world(&world, answers, 2);
	assert_int_equal(s3_list(world.s3, "p/", 0, add_key, &keys, &world.err),
	    0);
	settle(&world);
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0], "a b+c");
	assert_true(asked(&world, 0,
	    "GET /bucket?encoding-type=url&list-type=2&prefix=p%2F HTTP"));
	assert_true(asked(&world, 1, "GET /bucket?continuation-token=t%2F1&"));
	strs_release(&keys);
	close_world(&world);
}

static void offline_is_tried_once(void **state)
{
	const struct net_options none = {0};
	struct s3_options options = {
	    .bucket = "bucket",
	    .endpoint = "http://127.0.0.1:1",
	    .region = "us-east-1",
	};
	struct mldv_error err;
	struct s3_info info;
	struct s3 *s3;

	(void)state;
	options.net = net_open(&none);
	assert_int_equal(s3_open(&s3, &options, &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s3_head(s3, "k", &info, &err), -1);
		assert_int_equal(net_count(options.net), 1);
		assert_non_null(strstr(err.text, "cannot reach '127.0.0.1:1'"));
	}
	s3_close(s3);
	net_close(options.net);
}

static void strange_regions_are_refused(void **state)
{
	static const char *const regions[] = {"a/b", "evil.example/", "A", "a#",
	    " "};
	const struct net_options none = {0};
	struct mldv_error err;
	struct s3_info info;
	struct s3 *s3;

	(void)state;
	for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
		struct s3_options options = {.bucket = "b",
		    .region = regions[i]};

		options.net = net_open(&none);
		assert_int_equal(s3_open(&s3, &options, &err), 0);
		assert_int_equal(s3_head(s3, "k", &info, &err), -1);
		assert_int_equal(err.code, MLDV_USAGE);
		assert_int_equal(net_count(options.net), 0);
		s3_close(s3);
		net_close(options.net);
	}
}

static void strange_buckets_and_endpoints_are_refused(void **state)
{
	static const struct s3_options options[] = {
	    {.bucket = ""},
	    {.bucket = "a/b"},
	    {.bucket = "-a"},
	    {.bucket = "a b"},
	    {.bucket = "b", .endpoint = "ftp://host"},
	    {.bucket = "b", .endpoint = "https://"},
	    {.bucket = "b", .endpoint = "https://user@host"},
	    {.bucket = "b", .endpoint = "https://host?x"},
	};
	struct mldv_error err;
	struct s3 *s3;

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		assert_int_equal(s3_open(&s3, &options[i], &err), -1);
		assert_int_equal(err.code, MLDV_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(put_says_what_is_put),
	    cmocka_unit_test(put_says_that_a_name_is_taken),
	    cmocka_unit_test(put_looks_first_where_there_are_no_conditions),
	    cmocka_unit_test(a_file_that_has_changed_is_not_sent_whole),
	    cmocka_unit_test(what_helps_is_repeated),
	    cmocka_unit_test(what_does_not_help_is_said),
	    cmocka_unit_test(ranges_are_just_what_was_asked_for),
	    cmocka_unit_test(the_region_is_learnt_and_kept),
	    cmocka_unit_test(a_region_that_leads_nowhere_ends),
	    cmocka_unit_test(a_wrong_clock_is_corrected_once_and_said),
	    cmocka_unit_test(an_error_with_status_200_is_one),
	    cmocka_unit_test(older_versions_are_deleted_before_the_one),
	    cmocka_unit_test(listings_go_on_to_the_next_page),
	    cmocka_unit_test(offline_is_tried_once),
	    cmocka_unit_test(strange_regions_are_refused),
	    cmocka_unit_test(strange_buckets_and_endpoints_are_refused),
	};

	(void)setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
	(void)setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	(void)unsetenv("AWS_SESSION_TOKEN");
	(void)unsetenv("AWS_PROFILE");
	(void)setenv("AWS_CONFIG_FILE", "/nonexistent", 1);
	(void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
	(void)setenv("no_proxy", "127.0.0.1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
