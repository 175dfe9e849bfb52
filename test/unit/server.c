/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

enum { MOST = 128 };

struct connection {
	int fd;
	bool hung;
	struct buf in;
};

struct server {
	const struct server_answer *answers;
	size_t answer_count;
	char url[64];
	int fd;
	int quit[2]; /* a pipe: closed when it is to end */
	pthread_t thread;
	struct connection connections[MOST];
	size_t count;
	struct strs requests;
};

/* How long the request at the front is; 0: not yet complete. */
static size_t request_length(const struct buf *in)
{
	const char *text = buf_str(in);
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");
	size_t body = 0;

	if (!end)
		return 0;
	if (length && length < end)
		body = strtoul(length + 17, NULL, 10);
	body += (size_t)(end - text) + 4;
	return body <= in->len ? body : 0;
}

static void drop(struct connection *connection)
{
	if (connection->fd >= 0)
		(void)close(connection->fd);
	connection->fd = -1;
	buf_release(&connection->in);
}

static void say_text(int fd, const char *text)
{
	const char *length = strstr(text, "\r\nContent-Length: *\r\n");
	const char *body = strstr(text, "\r\n\r\n");
	struct buf out = {0};

	if (length && length < body) {
		buf_add(&out, text, (size_t)(length - text));
		buf_printf(&out, "\r\nContent-Length: %zu\r\n",
		    strlen(body + 4));
		text = length + strlen("\r\nContent-Length: *\r\n");
	}
	buf_add_str(&out, text);
	(void)send(fd, out.data, out.len, MSG_NOSIGNAL);
	buf_release(&out);
}

static void answer(struct server *server, struct connection *connection)
{
	size_t i = server->requests.count - 1;
	const struct server_answer *say;

	if (i >= server->answer_count)
		i = server->answer_count - 1;
	say = &server->answers[i];
	if (say->text)
		say_text(connection->fd, say->text);
	connection->hung = say->hang;
	if (!say->text || say->close)
		drop(connection);
}

static void receive(struct server *server, struct connection *connection)
{
	char *room = buf_room(&connection->in, 65536);
	ssize_t n = recv(connection->fd, room, 65536, 0);
	size_t length;

	if (n <= 0) {
		drop(connection);
		return;
	}
	connection->in.len += (size_t)n;
	connection->in.data[connection->in.len] = '\0';
	length = request_length(&connection->in);
	if (length > 0 && !connection->hung) {
		strs_add_n(&server->requests, connection->in.data, length);
		buf_reset(&connection->in);
		answer(server, connection);
	}
}

static void *serve(void *context)
{
	struct server *server = context;
	struct pollfd polls[MOST + 2];

	for (;;) {
		polls[0] = (struct pollfd){server->quit[0], POLLIN, 0};
		polls[1] = (struct pollfd){server->fd, POLLIN, 0};
		for (size_t i = 0; i < server->count; i++)
			polls[i + 2] =
			    (struct pollfd){server->connections[i].fd, POLLIN,
			        0};
		(void)poll(polls, server->count + 2, -1);
		if (polls[0].revents)
			return NULL;
		for (size_t i = 0; i < server->count; i++) {
			if (polls[i + 2].revents)
				receive(server, &server->connections[i]);
		}
		if (polls[1].revents && server->count < MOST)
			server->connections[server->count++] =
			    (struct connection){
			        .fd = accept(server->fd, NULL, NULL)};
	}
}

struct server *server_start(const struct server_answer *answers, size_t count)
{
	struct server *server = xcalloc(1, sizeof(*server));
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof address;

	server->answers = answers;
	server->answer_count = count;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->fd >= 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size),
	    0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address,
	                     &size),
	    0);
	assert_int_equal(listen(server->fd, 64), 0);
	assert_int_equal(pipe(server->quit), 0);
	(void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u",
	    ntohs(address.sin_port));
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server),
	    0);
	return server;
}

const char *server_url(const struct server *server)
{
	return server->url;
}

void server_stop(struct server *server, struct strs *requests,
    unsigned *connections)
{
	(void)close(server->quit[1]);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->quit[0]);
	(void)close(server->fd);
	for (size_t i = 0; i < server->count; i++)
		drop(&server->connections[i]);
	if (connections)
		*connections = (unsigned)server->count;
	if (requests)
		*requests = server->requests;
	else
		strs_release(&server->requests);
	free(server);
}
