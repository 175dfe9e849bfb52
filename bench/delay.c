/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A proxy that answers later than the service behind it, and counts.
 *
 *   delay MILLISECONDS PORT LOG
 *
 * Listens on loopback, prints its port, and passes everything on to PORT; the
 * first bytes of each answer wait for so long. Appends the method of each
 * request to LOG. For HTTP/1.1 without pipelining. Ends with its parent.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 256 * 1024, CLIENTS = 1024 };

struct connection {
	int client;
	int service;
	int log;
	useconds_t delay;
	bool asked; /* the last bytes came from the client */
	char data[PIECE];
};

static void stop(const char *what)
{
	(void)fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int connect_to(const struct sockaddr_in *service)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)(const void *)service,
	        sizeof(*service)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return true;
}

static void note(const struct connection *at, size_t size)
{
	size_t len = 0;
	char line[16];

	while (len < size && len < sizeof(line) - 1 && at->data[len] != ' ') {
		line[len] = at->data[len];
		len++;
	}
	line[len] = '\n';
	(void)!write(at->log, line, len + 1);
}

/* Passes on what has come; false when that side has ended. */
static bool pass(struct connection *at, bool from_client)
{
	int from = from_client ? at->client : at->service;
	ssize_t n = read(from, at->data, PIECE);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (from_client && !at->asked)
		note(at, (size_t)n);
	if (!from_client && at->asked && at->delay > 0)
		(void)usleep(at->delay);
	at->asked = from_client;
	return write_all(from_client ? at->service : at->client, at->data,
	    (size_t)n);
}

static void *serve(void *context)
{
	struct connection *at = context;
	struct pollfd fds[2] = {{at->client, POLLIN, 0},
	    {at->service, POLLIN, 0}};
	bool open = true;

	while (open) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			open = pass(at, true);
		if (open && fds[1].revents)
			open = pass(at, false);
	}
	(void)close(at->client);
	(void)close(at->service);
	free(at);
	return NULL;
}

static void start(const struct connection *with,
    const struct sockaddr_in *service)
{
	struct connection *at = malloc(sizeof(*at));
	pthread_t thread;
	int on = 1;

	if (!at)
		stop("memory");
	at->client = with->client;
	at->log = with->log;
	at->delay = with->delay;
	at->asked = false;
	at->service = connect_to(service);
	if (at->service < 0 || pthread_create(&thread, NULL, serve, at) != 0) {
		(void)close(at->client);
		free(at);
		return;
	}
	(void)setsockopt(at->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(at->service, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof(on));
	(void)pthread_detach(thread);
}

static int listen_anywhere(void)
{
	struct sockaddr_in at = loopback(0);
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&at, size) < 0 ||
	    listen(fd, CLIENTS) < 0 ||
	    getsockname(fd, (struct sockaddr *)(void *)&at, &size) < 0)
		stop("listen");
	(void)printf("%d\n", ntohs(at.sin_port));
	(void)fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	static struct connection with;
	struct sockaddr_in service;
	int listening;

	if (argc != 4) {
		(void)fputs("usage: delay MILLISECONDS PORT LOG\n", stderr);
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)signal(SIGPIPE, SIG_IGN);
	service = loopback((uint16_t)strtoul(argv[2], NULL, 10));
	with.delay = (useconds_t)strtoul(argv[1], NULL, 10) * 1000;
	with.log =
	    open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (with.log < 0)
		stop(argv[3]);
	listening = listen_anywhere();
	for (;;) {
		with.client = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (with.client >= 0)
			start(&with, &service);
	}
}
