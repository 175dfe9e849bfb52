/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/pool.h"
#include "net/client.h"
#include "net/text.h"
#include "server.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e\"\r\n\r\nhello"

/* One request to a server that gives these answers. */
struct world {
	struct server *server;
	struct net_client *client;
	struct net_request request;
	struct net_answer answer;
	struct arena arena;
	struct mldv_error err;
};

static void open_world(struct world *world, const struct server_answer *answers,
    size_t count, const struct net_options *options)
{
	static const struct net_options none;

	*world = (struct world){0};
	world->server = server_start(answers, count);
	world->client = net_open(options ? options : &none);
	world->request = (struct net_request){
	    .method = "GET",
	    .url = arena_printf(&world->arena, "%s/a%%2B/..//b?x=%%2F",
	        server_url(world->server)),
	    .sink.size = 100,
	};
}

static int send_it(struct world *world)
{
	return net_send(world->client, &world->request, &world->answer,
	    &world->err);
}

static void close_world(struct world *world, struct strs *requests,
    unsigned *connections)
{
	net_answer_release(&world->answer);
	net_close(world->client);
	server_stop(world->server, requests, connections);
	arena_release(&world->arena);
}

static void gets_what_was_asked_for_by_these_bytes(void **state)
{
	const struct server_answer answer = {.text = OK};
	struct world world;
	struct strs requests = {0};

	(void)state;
	open_world(&world, &answer, 1, NULL);
	assert_int_equal(send_it(&world), 0);
	assert_int_equal(world.answer.status, 200);
	assert_string_equal(buf_str(&world.answer.body), "hello");
	assert_true(slice_is(net_header(&world.answer, "etag"), "\"e\""));
	assert_int_equal(net_header(&world.answer, "nosuch").len, 0);
	close_world(&world, &requests, NULL);
	assert_true(slice_starts(slice_of(requests.items[0]),
	    "GET /a%2B/..//b?x=%2F HTTP/1.1\r\n"));
	assert_null(strcasestr(requests.items[0], "expect:"));
	strs_release(&requests);
}

static void keeps_the_connection(void **state)
{
	const struct server_answer answer = {.text = OK};
	struct world world;
	unsigned connections = 0;

	(void)state;
	open_world(&world, &answer, 1, NULL);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send_it(&world), 0);
	assert_int_equal(net_count(world.client), 5);
	close_world(&world, NULL, &connections);
	assert_int_equal(connections, 1);
}

static void follows_no_redirect(void **state)
{
	const struct server_answer answer = {
	    .text = "HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\n"
	            "Content-Length: 4\r\n\r\ngone",
	};
	struct world world;
	struct strs requests = {0};

	(void)state;
	open_world(&world, &answer, 1, NULL);
	assert_int_equal(send_it(&world), 0);
	assert_int_equal(world.answer.status, 301);
	assert_string_equal(buf_str(&world.answer.body), "gone");
	close_world(&world, &requests, NULL);
	assert_int_equal(requests.count, 1);
	strs_release(&requests);
}

static int see(void *context, const char *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

static void sends_bytes_and_files(void **state)
{
	const struct server_answer answer = {.text = OK};
	struct mldv_error err;
	struct world world;
	struct strs requests = {0};
	struct buf seen = {0};
	int file;

	(void)state;
	open_world(&world, &answer, 1, NULL);
	world.request.method = "PUT";
	world.request.headers = (const char *const[]){"x-a: 1"};
	world.request.header_count = 1;
	world.request.body = (struct net_source){.data = "memory", .size = 6};
	assert_int_equal(send_it(&world), 0);
	file = memfd_create("body", 0);
	assert_int_equal(write(file, "in a file", 9), 9);
	world.request.body = (struct net_source){.fd = file,
	    .size = 9,
	    .see = see,
	    .context = &seen};
	assert_int_equal(send_it(&world), 0);
	/* It is shorter than was said. */
	world.request.body.size = 10;
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.answer.trouble, NET_FINAL);
	assert_int_equal(world.err.code, MLDV_CORRUPT);
	(void)close(file);
	(void)err;
	close_world(&world, &requests, NULL);
	assert_string_equal(strstr(requests.items[0], "\r\n\r\n"),
	    "\r\n\r\nmemory");
	assert_non_null(strstr(requests.items[0], "x-a: 1\r\n"));
	assert_string_equal(strstr(requests.items[1], "\r\n\r\n"),
	    "\r\n\r\nin a file");
	assert_int_equal(strncmp(buf_str(&seen), "in a file", 9), 0);
	buf_release(&seen);
	strs_release(&requests);
}

static void an_answer_that_is_too_long_is_refused(void **state)
{
	const struct server_answer answer = {.text = OK};
	struct world world;
	char room[4];

	(void)state;
	open_world(&world, &answer, 1, NULL);
	world.request.sink.size = 4;
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.err.code, MLDV_CORRUPT);
	assert_int_equal(world.answer.trouble, NET_FINAL);
	world.request.sink.into = room;
	assert_int_equal(send_it(&world), -1);
	close_world(&world, NULL, NULL);
}

static void what_is_cut_short_may_be_asked_for_again(void **state)
{
	const struct server_answer answers[] = {
	    {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	        .close = true},
	    {.text = NULL},
	    {.text = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"},
	    {.text = OK},
	};
	struct world world;

	(void)state;
	open_world(&world, answers, 4, NULL);
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.answer.trouble, NET_BROKEN);
	assert_int_equal(net_wait(world.client, 1, &world.answer, &world.err),
	    1);
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.answer.trouble, NET_BROKEN);
	assert_int_equal(send_it(&world), 0);
	assert_int_equal(world.answer.status, 503);
	assert_int_equal(send_it(&world), 0);
	assert_int_equal(world.answer.status, 200);
	close_world(&world, NULL, NULL);
}

static void a_stall_ends(void **state)
{
	const struct server_answer answer = {
	    .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	    .hang = true,
	};
	const struct net_options options = {.stall_s = 1};
	struct world world;

	(void)state;
	open_world(&world, &answer, 1, &options);
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.answer.trouble, NET_BROKEN);
	close_world(&world, NULL, NULL);
}

static void nobody_there_is_said(void **state)
{
	const struct server_answer answer = {.text = OK};
	struct world world;

	(void)state;
	open_world(&world, &answer, 1, NULL);
	world.request.url = "http://127.0.0.1:1/x";
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.answer.trouble, NET_UNREACHED);
	assert_true(slice_starts(slice_of(world.err.text),
	    "cannot reach '127.0.0.1:1': "));
	world.request.url = "file:///etc/passwd";
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.answer.trouble, NET_FINAL);
	close_world(&world, NULL, NULL);
}

static bool is_set(void *context)
{
	return atomic_load((atomic_bool *)context);
}

static int send_or_stop(void *context, size_t i, struct mldv_error *err)
{
	struct world *world = context;
	struct net_answer answer = {0};
	int ret = 0;

	if (i == 0) {
		(void)usleep(100 * 1000);
		atomic_store((atomic_bool *)world->request.sink.context, true);
	} else {
		ret = net_send(world->client, &world->request, &answer, err);
		assert_int_equal(ret, -1);
		assert_int_equal(err->code, MLDV_INTERRUPTED);
	}
	net_answer_release(&answer);
	return 0;
}

static void all_stops_when_interrupted(void **state)
{
	const struct server_answer answer = {
	    .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	    .hang = true,
	};
	atomic_bool stop = false;
	const struct mldv_events events = {.context = &stop,
	    .cancelled = is_set};
	/* One is under way, and one waits. */
	const struct net_options options = {.events = &events, .most = 1};
	struct world world;

	(void)state;
	open_world(&world, &answer, 1, &options);
	world.request.sink.context = &stop;
	assert_int_equal(pool_run(3, 3, send_or_stop, &world, &world.err), 0);
	assert_int_equal(send_it(&world), -1);
	assert_int_equal(world.err.code, MLDV_INTERRUPTED);
	close_world(&world, NULL, NULL);
}

static int send_one(void *context, size_t i, struct mldv_error *err)
{
	struct world *world = context;
	struct net_answer answer = {0};
	int ret = net_send(world->client, &world->request, &answer, err);

	(void)i;
	if (ret == 0)
		assert_string_equal(buf_str(&answer.body), "hello");
	net_answer_release(&answer);
	return ret;
}

static void many_threads_share_few_connections(void **state)
{
	const struct server_answer answer = {.text = OK};
	const struct net_options options = {.most = 4};
	struct world world;
	struct strs requests = {0};
	unsigned connections;

	(void)state;
	open_world(&world, &answer, 1, &options);
	assert_int_equal(pool_run(16, 200, send_one, &world, &world.err), 0);
	close_world(&world, &requests, &connections);
	assert_int_equal(requests.count, 200);
	assert_in_range(connections, 1, 4);
	strs_release(&requests);
}

static void text_is_encoded_and_decoded(void **state)
{
	struct buf out = {0};

	(void)state;
	net_encode(&out, slice_of("a/b c+d=~\xc3\xa9"), true);
	assert_string_equal(buf_str(&out), "a/b%20c%2Bd%3D~%C3%A9");
	buf_reset(&out);
	net_encode(&out, slice_of("a/b"), false);
	assert_string_equal(buf_str(&out), "a%2Fb");
	buf_reset(&out);
	assert_true(net_decode(&out, slice_of("a%2fb%C3%A9+")));
	assert_string_equal(buf_str(&out), "a/b\xc3\xa9+");
	assert_false(net_decode(&out, slice_of("a%2")));
	assert_false(net_decode(&out, slice_of("%zz")));
	buf_release(&out);
}

static void times_are_read(void **state)
{
	(void)state;
	/* RFC 9110, 5.6.7, and S3's API reference for ListObjectsV2. */
	assert_int_equal(net_time(slice_of("Sun, 06 Nov 1994 08:49:37 GMT")),
	    784111777);
	assert_int_equal(net_time(slice_of("2009-10-12T17:50:30.000Z")),
	    1255369830);
	assert_int_equal(net_time(slice_of("2009-10-12T17:50:30Z")),
	    1255369830);
	assert_int_equal(net_time(slice_of("")), 0);
	assert_int_equal(net_time(slice_of("Sun, 06 Nov 1994 08:49:37")), 0);
	assert_int_equal(net_time(slice_of("2009-13-12T17:50:30.000Z")), 0);
	assert_int_equal(net_time(slice_of("yesterday")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gets_what_was_asked_for_by_these_bytes),
	    cmocka_unit_test(keeps_the_connection),
	    cmocka_unit_test(follows_no_redirect),
	    cmocka_unit_test(sends_bytes_and_files),
	    cmocka_unit_test(an_answer_that_is_too_long_is_refused),
	    cmocka_unit_test(what_is_cut_short_may_be_asked_for_again),
	    cmocka_unit_test(a_stall_ends),
	    cmocka_unit_test(nobody_there_is_said),
	    cmocka_unit_test(all_stops_when_interrupted),
	    cmocka_unit_test(many_threads_share_few_connections),
	    cmocka_unit_test(text_is_encoded_and_decoded),
	    cmocka_unit_test(times_are_read),
	};

	(void)setenv("no_proxy", "127.0.0.1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
